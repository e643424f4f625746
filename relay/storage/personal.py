"""What is stored about one person beside their account and what they said: memberships, read markers, bans, invitations."""

from __future__ import annotations

import sqlite3
from typing import cast

from msgspec import Struct

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Invite, NotifyLevel, Role


class Membership(Struct, frozen=True):
    """Somebody's own place in a group: since when, as what, how far they have read, and how they want it."""

    group: GroupId
    role: Role
    joined_at: Millis
    read_seq: Seq
    notify: NotifyLevel
    hidden: bool


class Personal:
    """By person. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def since(self, user: UserId) -> Millis:
        """When *user* got their account."""
        (at,) = self._conn.execute("SELECT created_at FROM users WHERE id = ?", (user,)).fetchone()
        return Millis(at)

    def memberships(self, user: UserId) -> list[Membership]:
        """The groups that *user* is in, by id."""
        rows = self._conn.execute(
            "SELECT group_id, role, joined_at, read_seq, notify, hidden FROM members WHERE user_id = ? ORDER BY group_id",
            (user,),
        )
        return [
            Membership(GroupId(group), cast(Role, role), Millis(at), Seq(seq), cast(NotifyLevel, notify), bool(hidden))
            for group, role, at, seq, notify, hidden in rows.fetchall()
        ]

    def reads(self, user: UserId, group: GroupId) -> list[tuple[Seq, Millis]]:
        """The last moves of *user*'s read marker in *group*: how far, and when (0: said before they came)."""
        return self._conn.execute(
            "SELECT seq, at FROM reads WHERE group_id = ? AND user_id = ? ORDER BY seq", (group, user)
        ).fetchall()

    def bans(self, user: UserId) -> list[tuple[GroupId, Millis]]:
        """Where *user* may not come back, and since when."""
        return self._conn.execute(
            "SELECT group_id, at FROM bans WHERE user_id = ? ORDER BY group_id", (user,)
        ).fetchall()

    def invites(self, user: UserId) -> list[Invite]:
        """The invitations that *user* has made and that are not used up, the oldest first."""
        rows = self._conn.execute(
            "SELECT id, by_id, created_at, group_id, uses, expires_at FROM invites WHERE by_id = ? ORDER BY id", (user,)
        )
        return [Invite(*row) for row in rows.fetchall()]
