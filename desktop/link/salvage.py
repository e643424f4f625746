"""What becomes of an archive file that is damaged: it is moved aside, kept, and what can still be read goes into a new one.

Entries are left behind, for the relay has them. What only this client had is carried over as it is, sealed: whom it knows by which
pin, who was signed in, drafts, and above all the outbox.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from common.ids import Millis

SUSPECT: Final = ".suspect"
"""Beside the file: damage was met while it was open, so look at all of it before it is used again."""
_FILES: Final = ("", "-wal", "-shm")
_CARRIED: Final = {
    "relay": "relay_id, sealed",
    "account": "id, relay_id, user, sealed",
    "draft": "account, room, sealed",
    "draft_files": "account, room, sealed",
    "former": "account, room, sealed",
    "exporting": "account, sealed",
    "outbox": "account, nonce, place, sealed",
    "choice": "account, room, sealed",
    "own_status": "account, sealed",
}
_LATER: Final = frozenset({"choice", "own_status", "draft_files", "former", "exporting"})
"""Not in archives that an earlier program made."""
_BY_INDEX: Final = {
    # Enough to know whose the unsent messages are, once that person has signed in again.
    "account": "SELECT id, relay_id, user, x'' FROM account INDEXED BY sqlite_autoindex_account_1 ORDER BY relay_id, user"
}

_log = logging.getLogger(__name__)


def is_damage(error: Exception) -> bool:
    """Whether *error* says that the file itself is broken: not that it is locked, missing, or on a full disk."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def look_at_all(conn: sqlite3.Connection) -> None:
    """Read every page.

    Raises:
        sqlite3.DatabaseError: one is damaged.
    """
    (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def move_aside(path: Path, now: Millis) -> Path:
    """Give the damaged file at *path* the name ``<name>.damaged-<time>``, with its log; where it is now.

    Raises:
        OSError: it cannot be renamed.
    """
    time = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    aside, number = path.with_name(f"{path.name}.damaged-{time}"), 1
    while aside.exists():
        aside, number = path.with_name(f"{path.name}.damaged-{time}-{number}"), number + 1
    for ending in _FILES:
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    return aside


def carry_over(aside: Path, conn: sqlite3.Connection) -> bool:
    """Copy into the new archive *conn* what can be read of the one *aside*. Whether everything could."""
    is_whole = True
    with closing(sqlite3.connect(aside, isolation_level=None)) as damaged:
        for table, columns in _CARRIED.items():
            if table in _LATER and not _has(damaged, table):
                continue
            marks = ", ".join("?" * len(columns.split(",")))
            # From either end up to the damage.
            whole = f"SELECT {columns} FROM {table} ORDER BY 1"
            for statement in (f"{whole} ASC", f"{whole} DESC", _BY_INDEX.get(table, "SELECT 0 WHERE FALSE")):
                try:
                    for row in damaged.execute(statement):
                        _carry(conn, f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", row)
                except sqlite3.DatabaseError as error:
                    _log.warning("not all of table %s can be read: %s", table, error)
                    is_whole = False
                else:
                    break
    return is_whole


def _carry(conn: sqlite3.Connection, statement: str, row: tuple[object, ...]) -> None:
    try:
        conn.execute(statement, row)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError) as error:
        _log.warning("a damaged record is left behind: %s", error)


def _has(conn: sqlite3.Connection, table: str) -> bool:
    try:
        return conn.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone() is not None
    except sqlite3.DatabaseError:
        return True  # then reading it fails too, and says so
