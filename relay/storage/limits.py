"""What was set of the limits of people, in place of the settings: for everybody, or for somebody alone."""

from __future__ import annotations

import sqlite3
from typing import cast

from common.ids import UserId
from common.protocol.messages import LimitName
from relay.personal_limits import NAMES, Setting


class Limits:
    """The limits that were set. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def all(self) -> list[Setting]:
        """Every one that this version knows."""
        rows = self._conn.execute("SELECT name, user_id, value FROM limits ORDER BY id").fetchall()
        return [
            Setting(cast(LimitName, name), None if user is None else UserId(user), value)
            for name, user, value in rows
            if name in NAMES
        ]

    def put(self, setting: Setting) -> None:
        """It is so from now on, in place of what was set before."""
        self.lift(setting.name, setting.user)
        self._conn.execute(
            "INSERT INTO limits (name, user_id, value) VALUES (?, ?, ?)", (setting.name, setting.user, setting.value)
        )

    def lift(self, name: LimitName, user: UserId | None) -> None:
        """Nothing is set there any more."""
        self._conn.execute("DELETE FROM limits WHERE name = ? AND user_id IS ?", (name, user))
