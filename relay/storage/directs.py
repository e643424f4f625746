"""Which group is the direct conversation of which two people; of one with themselves, that of their notes."""

from __future__ import annotations

import sqlite3

from common.ids import GroupId, UserId


class Directs:
    """The direct conversations. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def between(self, one: UserId, other: UserId) -> GroupId | None:
        """Their conversation, whoever of the two asks."""
        row = self._conn.execute(
            "SELECT group_id FROM directs WHERE low = ? AND high = ?", (min(one, other), max(one, other))
        ).fetchone()
        return None if row is None else GroupId(row[0])

    def add(self, one: UserId, other: UserId, group: GroupId) -> None:
        """*group* is their conversation; there is never a second one."""
        self._conn.execute(
            "INSERT INTO directs (low, high, group_id) VALUES (?, ?, ?)", (min(one, other), max(one, other), group)
        )
