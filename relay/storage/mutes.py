"""Who may not write, where and until when; and when somebody said something last where there is a pause between messages."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from common.ids import GroupId, Millis, UserId


class MuteRow(Struct, frozen=True):
    """*group*: None for the whole relay. *by*: None by the command line, or by who is gone. *until*: None until it is lifted."""

    group: GroupId | None
    user: UserId
    by: UserId | None
    at: Millis
    until: Millis | None

    def holds(self, now: Millis) -> bool:
        """Whether it still is so at *now*."""
        return self.until is None or self.until > now

    def outlasts(self, other: MuteRow | None) -> bool:
        """Whether it ends after *other*."""
        if other is None or self.until is None:
            return True
        return other.until is not None and self.until > other.until


class Mutes:
    """The mutes. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def all(self) -> list[MuteRow]:
        """Every one, also those whose time is over."""
        rows = self._conn.execute(
            "SELECT group_id, user_id, by_id, at, until FROM mutes"
            " UNION ALL SELECT NULL, user_id, by_id, at, until FROM relay_mutes"
        )
        return [MuteRow(*row) for row in rows.fetchall()]

    def of(self, group: GroupId | None) -> list[MuteRow]:
        """Those in *group*, of the whole relay for None, the last one first."""
        if group is None:
            rows = self._conn.execute(
                "SELECT NULL, user_id, by_id, at, until FROM relay_mutes ORDER BY at DESC, user_id"
            )
        else:
            rows = self._conn.execute(
                "SELECT group_id, user_id, by_id, at, until FROM mutes WHERE group_id = ? ORDER BY at DESC, user_id",
                (group,),
            )
        return [MuteRow(*row) for row in rows.fetchall()]

    def get(self, group: GroupId | None, user: UserId) -> MuteRow | None:
        """The one of *user* exactly there."""
        if group is None:
            select, place = "SELECT NULL, user_id, by_id, at, until FROM relay_mutes WHERE user_id = ?", (user,)
        else:
            select = "SELECT group_id, user_id, by_id, at, until FROM mutes WHERE group_id = ? AND user_id = ?"
            place = (group, user)  # type: ignore[assignment]
        row = self._conn.execute(select, place).fetchone()
        return None if row is None else MuteRow(*row)

    def holding(self, group: GroupId, user: UserId, now: Millis) -> MuteRow | None:
        """What keeps *user* from writing in *group* at *now*: of two the one that lasts longer."""
        found: MuteRow | None = None
        for row in (self.get(None, user), self.get(group, user)):
            if row is not None and row.holds(now) and row.outlasts(found):
                found = row
        return found

    def of_user(self, user: UserId) -> dict[GroupId | None, MuteRow]:
        """All of *user*, by where."""
        rows = self._conn.execute(
            "SELECT group_id, user_id, by_id, at, until FROM mutes WHERE user_id = :user"
            " UNION ALL SELECT NULL, user_id, by_id, at, until FROM relay_mutes WHERE user_id = :user",
            {"user": user},
        )
        return {row[0]: MuteRow(*row) for row in rows.fetchall()}

    def put(self, row: MuteRow) -> None:
        """It is so from now on, in place of one before."""
        if row.group is None:
            self._conn.execute(
                "INSERT OR REPLACE INTO relay_mutes (user_id, by_id, at, until) VALUES (?, ?, ?, ?)",
                (row.user, row.by, row.at, row.until),
            )
        else:
            self._conn.execute(
                "INSERT OR REPLACE INTO mutes (group_id, user_id, by_id, at, until) VALUES (?, ?, ?, ?, ?)",
                (row.group, row.user, row.by, row.at, row.until),
            )

    def lift(self, group: GroupId | None, user: UserId) -> None:
        """Let *user* write there again."""
        if group is None:
            self._conn.execute("DELETE FROM relay_mutes WHERE user_id = ?", (user,))
        else:
            self._conn.execute("DELETE FROM mutes WHERE group_id = ? AND user_id = ?", (group, user))

    # -- the pause between messages ------------------------------------------------------------------------------------

    def said_at(self, group: GroupId, user: UserId) -> Millis | None:
        """When *user* said something last in *group*, as far as it was noted."""
        row = self._conn.execute("SELECT at FROM paces WHERE group_id = ? AND user_id = ?", (group, user)).fetchone()
        return None if row is None else Millis(row[0])

    def note_said(self, group: GroupId, user: UserId, now: Millis) -> None:
        """*user* says something in *group*."""
        self._conn.execute("INSERT OR REPLACE INTO paces (group_id, user_id, at) VALUES (?, ?, ?)", (group, user, now))

    def forget_said(self, group: GroupId) -> None:
        """There is no pause in *group* any more, so nothing needs to be known of it."""
        self._conn.execute("DELETE FROM paces WHERE group_id = ?", (group,))
