"""Who has read how far, and when; and who does not tell."""

from __future__ import annotations

import sqlite3
from typing import Final

from common.ids import GroupId, Millis, Seq, UserId
from relay.storage.vault import Vault

MOVES_KEPT: Final = 200
"""Of each read marker. Of older messages it is known that they were read, and no later than the oldest move that is kept."""
_BEFORE_THEY_CAME: Final = 0


class Receipts:
    """The moves of the read markers. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn

    def silent(self) -> set[UserId]:
        """Who does not tell how far they have read."""
        return {UserId(user) for (user,) in self._conn.execute("SELECT id FROM users WHERE receipts = 0")}

    def set_told(self, user: UserId, told: bool) -> None:
        """Whether *user* tells how far they have read."""
        self._conn.execute("UPDATE users SET receipts = ? WHERE id = ?", (told, user))

    def moved(self, group: GroupId, user: UserId, before: Seq, seq: Seq, now: Millis) -> bool:
        """The marker of *user* has moved from *before* to *seq*; whether it was never so far before."""
        furthest = self._furthest(group, user)
        if furthest is None and before:
            self._add(group, user, before, Millis(_BEFORE_THEY_CAME))
        if furthest is not None and seq <= furthest:
            return False
        self._add(group, user, seq, now)
        self._conn.execute(
            "DELETE FROM reads WHERE group_id = :group AND user_id = :user AND seq <="
            " (SELECT seq FROM reads WHERE group_id = :group AND user_id = :user ORDER BY seq DESC LIMIT 1 OFFSET :kept)",
            {"group": group, "user": user, "kept": MOVES_KEPT},
        )
        return True

    def readers(self, group: GroupId, seq: Seq) -> list[tuple[UserId, Millis]]:
        """Who has read the entry at *seq* and when, the first reader first."""
        rows = self._conn.execute(
            "SELECT user_id, at FROM (SELECT user_id, (SELECT at FROM reads WHERE group_id = members.group_id"
            " AND user_id = members.user_id AND seq >= :seq ORDER BY seq LIMIT 1) AS at FROM members WHERE group_id = :group)"
            " WHERE at > :never ORDER BY at, user_id",
            {"group": group, "seq": seq, "never": _BEFORE_THEY_CAME},
        )
        return [(UserId(user), Millis(at)) for user, at in rows]

    def furthest(self, group: GroupId) -> dict[UserId, Seq]:
        """How far each member ever told that they had read: going back, and reading in silence, is nobody else's business."""
        rows = self._conn.execute(
            "SELECT user_id, seq FROM (SELECT user_id, (SELECT max(seq) FROM reads WHERE group_id = members.group_id"
            " AND user_id = members.user_id) AS seq FROM members WHERE group_id = ?) WHERE seq IS NOT NULL",
            (group,),
        )
        return {UserId(user): Seq(seq) for user, seq in rows}

    def _furthest(self, group: GroupId, user: UserId) -> Seq | None:
        (seq,) = self._conn.execute(
            "SELECT max(seq) FROM reads WHERE group_id = ? AND user_id = ?", (group, user)
        ).fetchone()
        return None if seq is None else Seq(seq)

    def _add(self, group: GroupId, user: UserId, seq: Seq, at: Millis) -> None:
        self._conn.execute("INSERT INTO reads (group_id, user_id, seq, at) VALUES (?, ?, ?, ?)", (group, user, seq, at))
