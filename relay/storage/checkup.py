"""Looks a database over before the relay builds on it: damage is told at the start, not by whoever scrolls to it.

The small tables are checked with all that belongs to them, for an index that has lost a name or a token would let nobody in and
nobody notice. The entries, which may be millions, are looked over as a whole, for as long as a start may take.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path
from typing import Final

from common.errors import StartupError

CHECK_S: Final = 2.0
"""In this time about a million entries are looked over when the system has read them before."""
_STEPS: Final = 1000
_LARGE: Final = "entries"
_SHOWN: Final = 200
"""Characters of what SQLite has found; a badly damaged file would fill pages."""

_log = logging.getLogger(__name__)


def look_over(conn: sqlite3.Connection, path: Path, within_s: float = CHECK_S) -> None:
    """Look for damage for at most *within_s* seconds; what was not reached then is taken to be sound.

    Raises:
        StartupError: the database is damaged.
    """
    found, is_whole = search_damage(conn, within_s)
    if not is_whole:
        _log.info("The database %s is large: it was looked over for %s s, and not to its end.", path, within_s)
    if found is not None:
        raise StartupError(
            f"The database {path} is damaged ({found}). Restore the data folder from a backup, and have a look at the disk. "
            "Nothing was changed."
        )


def search_damage(conn: sqlite3.Connection, within_s: float) -> tuple[str | None, bool]:
    """The first damage that is found within *within_s* seconds, in words, None without any; and whether all was looked at."""
    ends = time.monotonic() + within_s
    conn.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        return _first_damage(conn), True
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None, False
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        return str(error), True
    finally:
        conn.set_progress_handler(None, 0)


def _first_damage(conn: sqlite3.Connection) -> str | None:
    names = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ? ORDER BY name", (_LARGE,))
    checks = [f"PRAGMA integrity_check('{name}')" for (name,) in names.fetchall()] + ["PRAGMA quick_check"]
    for check in checks:
        (found,) = conn.execute(check).fetchone()
        if found != "ok":
            return " ".join(str(found).split())[:_SHOWN]
    return None
