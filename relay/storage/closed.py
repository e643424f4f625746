"""Looks into a database that no relay has open, without changing it and without its keys: for whoever asks why a relay does not start."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from common.crypto.keyslots import Slot
from common.ids import Millis
from relay.storage.checkup import search_damage
from relay.storage.folder import DATABASE, lock_folder
from relay.storage.meta import read_setting
from relay.storage.migrate import version_of
from relay.storage.slots import Slots

_NEWEST = "SELECT max((SELECT at FROM entries WHERE group_id = groups.id ORDER BY seq DESC LIMIT 1)) FROM groups"


class Closed(Struct, frozen=True):
    """What was found. *damage*: in words, empty without any; *is_whole*: all of it was looked at. *confirmed*: the salt of the recovery
    code's slot that somebody has typed back."""

    schema: int
    slots: list[Slot]
    confirmed: bytes | None
    newest_at: Millis
    damage: str
    is_whole: bool


def look_into(folder: Path, within_s: float) -> Closed | None:
    """What is in the data *folder*; None while there is no database. Blocks; no relay can start there meanwhile.

    Raises:
        StartupError: a relay runs there.
        sqlite3.Error: it is no database, or cannot be read.
    """
    path = folder / DATABASE
    if not path.exists() or not path.stat().st_size:
        return None
    lock = lock_folder(folder)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as conn:
            conn.execute("PRAGMA query_only = ON")
            damage, is_whole = search_damage(conn, within_s)
            (newest,) = (0,) if damage else conn.execute(_NEWEST).fetchone()
            return Closed(
                schema=version_of(conn),
                slots=Slots(conn).all(),
                confirmed=read_setting(conn, "confirmed_slot"),
                newest_at=Millis(newest if isinstance(newest, int) else 0),
                damage=damage or "",
                is_whole=is_whole,
            )
    finally:
        lock.release()
