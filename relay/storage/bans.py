"""Who may not come back into a group."""

from __future__ import annotations

import sqlite3

from common.ids import GroupId, Millis, UserId


class Bans:
    """The bans. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def holds(self, group: GroupId, user: UserId) -> bool:
        """Whether *user* is banned from *group*."""
        found = self._conn.execute("SELECT 1 FROM bans WHERE group_id = ? AND user_id = ?", (group, user)).fetchone()
        return found is not None

    def of(self, group: GroupId) -> list[tuple[UserId, UserId, Millis]]:
        """Who is banned from *group*, by whom, and since when; the last one first."""
        rows = self._conn.execute(
            "SELECT user_id, by_id, at FROM bans WHERE group_id = ? ORDER BY at DESC, user_id", (group,)
        )
        return [(UserId(user), UserId(by), Millis(at)) for user, by, at in rows]

    def add(self, group: GroupId, user: UserId, by: UserId, now: Millis) -> None:
        """Keep *user* out of *group*."""
        self._conn.execute(
            "INSERT INTO bans (group_id, user_id, by_id, at) VALUES (?, ?, ?, ?)", (group, user, by, now)
        )

    def lift(self, group: GroupId, user: UserId) -> None:
        """Let *user* come back into *group*."""
        self._conn.execute("DELETE FROM bans WHERE group_id = ? AND user_id = ?", (group, user))
