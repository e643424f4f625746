"""Brings a database to the schema of this program: numbered SQL files, in order, each once, all in one transaction."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

from common.errors import DatabaseTooNew, StartupError
from common.ids import Millis
from relay.sizes import size_text
from relay.storage.checkup import look_over

Told = Callable[[int, int], None]

APPLICATION_ID: Final = 0x50794D73
"""``PyMs``: in the header of the file, so that a stranger's database is not taken for ours."""
KEEP_COPIES_DAYS: Final = 30
_DAY_MS: Final = 24 * 60 * 60 * 1000
_FILE: Final = re.compile(r"(\d{4})_\w+\.sql")

_log = logging.getLogger(__name__)


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


def migrate(
    conn: sqlite3.Connection, path: Path, steps: dict[int, str] | None = None, told: Told | None = None
) -> None:
    """Look the database over, and run what is missing. One that has something in it is copied before that, to
    ``<name>.before-NNNN`` beside it; *told* hears its version and the one that it gets, before anything takes time.

    Raises:
        DatabaseTooNew: it was written by a later version of this program.
        StartupError: it is another program's database, or damaged, or there is no room. Nothing was changed.
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
    copy = path.with_name(f"{path.name}.before-{newest:04}") if before else None
    if before and told is not None:
        told(before, newest)
    try:
        if copy is not None:
            _copy(conn, copy)
        _run(conn, {version: script for version, script in steps.items() if version > before})
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_FULL:
            raise
        if copy is not None:
            copy.unlink(missing_ok=True)  # of what is still there
        raise _no_room(conn, path) from error
    except OSError as error:
        raise StartupError(
            f"The database {path} cannot be copied before it is brought to this version ({error.strerror or error}). Look at the disk "
            "and at the rights of this user. Nothing was changed."
        ) from error


def forget_copies(path: Path, now: Millis) -> None:
    """Delete copies that were made before an upgrade longer than `KEEP_COPIES_DAYS` ago: what was deleted since is still in them."""
    for copy in path.parent.glob(f"{path.name}.before-[0-9][0-9][0-9][0-9]"):
        if now - copy.stat().st_mtime * 1000 > KEEP_COPIES_DAYS * _DAY_MS:
            copy.unlink(missing_ok=True)
            _log.info("The copy %s of the database before an upgrade was deleted: it has served its time.", copy)


def _run(conn: sqlite3.Connection, steps: dict[int, str]) -> None:
    """All *steps* or none. A step may make a table anew: what refers to its rows stays meanwhile, and is checked in the end."""
    (checked,) = conn.execute("PRAGMA foreign_keys").fetchone()
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("BEGIN IMMEDIATE")
    try:
        lost_before = set(conn.execute("PRAGMA foreign_key_check"))
        for script in steps.values():
            for statement in _statements(script):
                conn.execute(statement)
        lost = set(conn.execute("PRAGMA foreign_key_check")) - lost_before
        if lost:
            raise sqlite3.IntegrityError(f"a migration leaves rows without what they belong to: {sorted(lost)[:3]}")
        conn.execute(f"PRAGMA user_version = {max(steps)}")
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
    finally:
        conn.execute(f"PRAGMA foreign_keys = {checked}")


def _refuse_a_stranger(conn: sqlite3.Connection, path: Path, version: int) -> None:
    (application,) = conn.execute("PRAGMA application_id").fetchone()
    (tables,) = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == APPLICATION_ID or (not version and not tables):
        return
    raise StartupError(f"{path} is a database of another program. Choose another folder with RELAY_DATA_DIR.")


def _copy(conn: sqlite3.Connection, place: Path) -> None:
    """A copy as sealed as the original, made whole or not at all."""
    place.unlink(missing_ok=True)  # of an upgrade that was broken off, or of one that somebody has gone back from
    unfinished = place.with_name(place.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        conn.execute("VACUUM INTO ?", (str(unfinished),))
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(place)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _no_room(conn: sqlite3.Connection, path: Path) -> StartupError:
    (pages,), (page_bytes,) = conn.execute("PRAGMA page_count").fetchone(), conn.execute("PRAGMA page_size").fetchone()
    needed, free = 2 * pages * page_bytes, shutil.disk_usage(path.parent).free
    return StartupError(
        f"There is no room on the disk to bring the database {path} to this version: about {size_text(needed)} are needed for a copy and the "
        f"change, {size_text(free)} are free. Make room and start again. Nothing was changed."
    )


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
