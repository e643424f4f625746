"""Brings a database to the schema of this program: numbered SQL files, in order, each once, all in one transaction."""

from __future__ import annotations

import re
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Final

from common.errors import DatabaseTooNew, StartupError
from relay.storage.checkup import look_over

APPLICATION_ID: Final = 0x50794D73
"""``PyMs``: in the header of the file, so that a stranger's database is not taken for ours."""
_FILE: Final = re.compile(r"(\d{4})_\w+\.sql")


def migrations() -> dict[int, str]:
    """Every migration's SQL by its number, rising."""
    found = {
        int(match[1]): file.read_text(encoding="utf-8")
        for file in files("relay.storage.migrations").iterdir()
        if (match := _FILE.fullmatch(file.name))
    }
    return dict(sorted(found.items()))


def version_of(conn: sqlite3.Connection) -> int:
    """The last migration that ran; 0 for an empty database."""
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(conn: sqlite3.Connection, path: Path, steps: dict[int, str] | None = None) -> None:
    """Look the database over, and run what is missing. One that has something in it is copied before that, to
    ``<name>.before-NNNN`` beside it.

    Raises:
        DatabaseTooNew: it was written by a later version of this program.
        StartupError: it is another program's database, or damaged.
    """
    steps = migrations() if steps is None else steps
    before, newest = version_of(conn), max(steps)
    if before > newest:
        raise DatabaseTooNew(
            f"The database {path} has version {before}; this program knows versions up to {newest}. "
            "Start the version of the program that wrote it, or a later one. Nothing was changed."
        )
    _refuse_a_stranger(conn, path, before)
    look_over(conn, path)
    if before == newest:
        return
    if before:
        _copy(conn, path.with_name(f"{path.name}.before-{newest:04}"))
    conn.execute("BEGIN IMMEDIATE")
    try:
        for version, script in steps.items():
            if version > before:
                for statement in _statements(script):
                    conn.execute(statement)
        conn.execute(f"PRAGMA user_version = {newest}")
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _refuse_a_stranger(conn: sqlite3.Connection, path: Path, version: int) -> None:
    (application,) = conn.execute("PRAGMA application_id").fetchone()
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == APPLICATION_ID or (not version and not tables):
        return
    raise StartupError(f"{path} is a database of another program. Choose another folder with RELAY_DATA_DIR.")


def _copy(conn: sqlite3.Connection, place: Path) -> None:
    """A copy as sealed as the original, made whole or not at all."""
    unfinished = place.with_name(place.name + ".part")
    unfinished.unlink(missing_ok=True)
    conn.execute("VACUUM INTO ?", (str(unfinished),))
    unfinished.replace(place)


def _statements(script: str) -> list[str]:
    """The statements of *script*; `executescript` would commit before it begins."""
    statements: list[str] = []
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            statements.append(gathered)
            gathered = ""
    if gathered.strip():
        raise ValueError(f"a migration ends in the middle of a statement: {gathered.strip()[:60]}")
    return statements
