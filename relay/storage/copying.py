"""A copy of the database as it is at one moment, made while it is written to; and what such a copy says of itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.crypto.keyslots import Slot
from common.protocol.messages import FileId
from relay.storage.keyring import generation_of
from relay.storage.migrate import version_of
from relay.storage.slots import Slots

_PAGES: Final = 2048
"""Copied between two looks at whether to go on."""


class Copy(Struct, frozen=True):
    """What is in a copy. *files*: those that are whole and have contents."""

    schema: int
    slots: list[Slot]
    entries: int
    files: list[FileId]


def copy_database(conn: sqlite3.Connection, target: Path, look: Callable[[], None]) -> int:
    """Copy what *conn* sees at this moment, to a file that is not there yet. *look* may raise, to end it. The copy's generation."""
    conn.execute("BEGIN")  # one state for all steps; without it each write of somebody else would begin the copy anew
    try:
        generation = generation_of(conn)
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            conn.backup(copy, pages=_PAGES, progress=lambda *_: look(), sleep=0)
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # it stands alone, without a log beside it
        return generation
    finally:
        conn.execute("ROLLBACK")


def look_at_copy(path: Path) -> Copy:
    """What is in the copy at *path*, which nobody writes to.

    Raises:
        sqlite3.DatabaseError: it was damaged before it was copied.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as conn:
        (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        (entries,) = conn.execute("SELECT count(*) FROM entries").fetchone()
        files = conn.execute("SELECT id FROM files WHERE digest IS NOT NULL AND size > 0 ORDER BY id")
        return Copy(version_of(conn), Slots(conn).all(), entries, [FileId(file_id) for (file_id,) in files])
