"""What the log says of its messages as it stands now: the newest edit, reactions, pins, whom they call.

Every row follows from an entry of the log and is written in the same transaction. A message that was taken back has none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from common.ids import GroupId, Seq, UserId
from relay.storage.vault import Vault

EVERYBODY: Final = UserId(0)
"""Stands among mentions for all members of the group."""


class Said:
    """What is said of messages. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def of(self, group: GroupId, first: Seq, last: Seq) -> list[tuple[Seq, Seq]]:
        """What holds of the entries from *first* to *last*: newest edits, reactions that are there, the last of each pin whether it is
        there or not. Each with its target, by target."""
        return self._conn.execute(
            "SELECT target, seq FROM edits WHERE group_id = :group AND target BETWEEN :first AND :last"
            " UNION ALL SELECT target, seq FROM reactions"
            " WHERE group_id = :group AND target BETWEEN :first AND :last AND is_on"
            " UNION ALL SELECT target, seq FROM pins WHERE group_id = :group AND target BETWEEN :first AND :last"
            " ORDER BY 1, 2",
            {"group": group, "first": first, "last": last},
        ).fetchall()

    # -- edits ---------------------------------------------------------------------------------------------------------

    def newest_edits(self, group: GroupId, first: Seq, last: Seq) -> dict[Seq, Seq]:
        """The newest edit of each entry from *first* to *last* that has one."""
        return dict(
            self._conn.execute(
                "SELECT target, seq FROM edits WHERE group_id = ? AND target BETWEEN ? AND ?", (group, first, last)
            )
        )

    def newest_edit(self, group: GroupId, target: Seq) -> Seq | None:
        """The newest edit of one entry."""
        return self.newest_edits(group, target, target).get(target)

    def set_edit(self, group: GroupId, target: Seq, seq: Seq) -> None:
        """The edit at *seq* is the newest of *target*."""
        self._conn.execute(
            "INSERT INTO edits (group_id, target, seq) VALUES (?, ?, ?)"
            " ON CONFLICT (group_id, target) DO UPDATE SET seq = excluded.seq",
            (group, target, seq),
        )

    # -- reactions -----------------------------------------------------------------------------------------------------

    def reaction(self, group: GroupId, target: Seq, user: UserId, emoji: str) -> tuple[Seq, bool] | None:
        """The last entry about *user*'s *emoji* at *target*, and whether it is there now; None when it never was."""
        row = self._conn.execute(
            "SELECT seq, is_on FROM reactions WHERE group_id = ? AND target = ? AND user_id = ? AND emoji_hash IN (?, ?)"
            " ORDER BY seq DESC LIMIT 1",
            (group, target, user, *self._vault.emoji_hashes(emoji)),
        ).fetchone()
        return None if row is None else (Seq(row[0]), bool(row[1]))

    def set_reaction(self, group: GroupId, target: Seq, user: UserId, emoji: str, seq: Seq, on: bool) -> None:
        """The entry at *seq* puts *user*'s *emoji* to *target*, or takes it away."""
        before, emoji_hash = self._vault.emoji_hashes(emoji)
        if before is not None:
            self._conn.execute(
                "DELETE FROM reactions WHERE group_id = ? AND target = ? AND user_id = ? AND emoji_hash = ?",
                (group, target, user, before),
            )
        self._conn.execute(
            "INSERT INTO reactions (group_id, target, user_id, emoji_hash, seq, is_on) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (group_id, target, user_id, emoji_hash) DO UPDATE SET seq = excluded.seq, is_on = excluded.is_on",
            (group, target, user, emoji_hash, seq, on),
        )

    def put(self, group: GroupId, targets: Iterable[Seq]) -> set[Seq]:
        """The entries that put what is there now at *targets*."""
        select = "SELECT seq FROM reactions WHERE group_id = ? AND target = ? AND is_on"
        return {Seq(seq) for target in targets for (seq,) in self._conn.execute(select, (group, target))}

    def reactions(self, group: GroupId, target: Seq, user: UserId) -> tuple[int, int]:
        """How many there are at *target*: of *user*, and of everybody."""
        own, every = self._conn.execute(
            "SELECT count(*) FILTER (WHERE user_id = ?), count(*) FROM reactions WHERE group_id = ? AND target = ? AND is_on",
            (user, group, target),
        ).fetchone()
        return own, every

    # -- pins ----------------------------------------------------------------------------------------------------------

    def pin(self, group: GroupId, target: Seq) -> tuple[Seq, bool] | None:
        """The last entry about pinning *target*, and whether it is pinned now; None when it never was."""
        row = self._conn.execute(
            "SELECT seq, is_on FROM pins WHERE group_id = ? AND target = ?", (group, target)
        ).fetchone()
        return None if row is None else (Seq(row[0]), bool(row[1]))

    def set_pin(self, group: GroupId, target: Seq, seq: Seq, on: bool) -> None:
        """The entry at *seq* pins *target*, or takes it off."""
        self._conn.execute(
            "INSERT INTO pins (group_id, target, seq, is_on) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (group_id, target) DO UPDATE SET seq = excluded.seq, is_on = excluded.is_on",
            (group, target, seq, on),
        )

    def pinned(self, group: GroupId) -> list[Seq]:
        """What is pinned in *group*, the newest pin first."""
        rows = self._conn.execute("SELECT target FROM pins WHERE group_id = ? AND is_on ORDER BY seq DESC", (group,))
        return [Seq(target) for (target,) in rows]

    # -- mentions ------------------------------------------------------------------------------------------------------

    def add_mentions(self, mentions: Iterable[tuple[GroupId, UserId, Seq]]) -> None:
        """Messages call people: each as group, whom, and the message's seq."""
        self._conn.executemany("INSERT INTO mentions (group_id, user_id, seq) VALUES (?, ?, ?)", mentions)

    def set_mentions(self, group: GroupId, seq: Seq, users: Iterable[UserId]) -> None:
        """The message at *seq* calls *users* now, and nobody else any more."""
        self._conn.execute("DELETE FROM mentions WHERE group_id = ? AND seq = ?", (group, seq))
        self.add_mentions((group, user, seq) for user in users)

    def mentions_of(self, group: GroupId, user: UserId, read_seq: Seq, cap: int) -> int:
        """How many messages of others after *read_seq* call *user*; counting ends at *cap*."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM (SELECT DISTINCT seq FROM mentions JOIN entries USING (group_id, seq)"
            " WHERE group_id = ? AND user_id IN (?, ?) AND seq > ? AND sender <> ?"
            " AND sender NOT IN (SELECT id FROM users WHERE erasing = 1) LIMIT ?)",
            (group, user, EVERYBODY, read_seq, user, cap),
        ).fetchone()
        return int(count)

    # -- the end -------------------------------------------------------------------------------------------------------

    def forget(self, group: GroupId, target: Seq) -> None:
        """*target* was taken back: nothing is said of it any more."""
        for table in ("edits", "reactions", "pins"):
            self._conn.execute(f"DELETE FROM {table} WHERE group_id = ? AND target = ?", (group, target))
        self._conn.execute("DELETE FROM mentions WHERE group_id = ? AND seq = ?", (group, target))
