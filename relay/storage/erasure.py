"""Deleting accounts: what is done at once, in one transaction, and what follows in steps.

Who has deleted their account keeps a row, because the log speaks of its number. The sealed user name is the last of it that goes: as long
as there is one beside `deleted_at`, something is left to do, whenever the relay was killed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Fate, FileId
from relay.storage.entries import SAID
from relay.storage.vault import Vault

_NONCE_BYTES: Final = 16
_SAID: Final = f"({', '.join(map(repr, SAID))})"


class Own(Struct, frozen=True):
    """An entry that somebody sent. *number*: its place in the order of all; *target*: the message that it speaks of."""

    number: int
    nonce: bytes
    group: GroupId
    seq: Seq
    kind: str
    target: Seq | None


class Erasure:
    """One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    # -- at once -------------------------------------------------------------------------------------------------------

    def begin(self, user: UserId, username: str, fate: Fate, now: Millis) -> None:
        """*user* has no account any more: nothing signs in as them or speaks for them, and nobody is told their name."""
        conn = self._conn
        conn.execute(
            "UPDATE users SET deleted_at = ?, erasing = ?, disabled = 1, role = 'member', receipts = 1, password_hash = x'',"
            " display_name = x'', username_hash = randomblob(32) WHERE id = ?",
            (now, fate == "erase", user),
        )
        conn.execute(
            "INSERT OR IGNORE INTO freed_names (name_hash) VALUES (?)", (self._vault.freed_name_hash(username),)
        )
        self._forget(user)

    def _forget(self, user: UserId) -> None:
        """All that is theirs alone, and in no group."""
        conn = self._conn
        for table, column in (
            ("sessions", "user_id"),
            ("invites", "by_id"),
            ("webhooks", "by_id"),
            ("relay_mutes", "user_id"),
            ("mutes", "user_id"),
            ("bans", "user_id"),
            ("paces", "user_id"),
            ("limits", "user_id"),
        ):
            conn.execute(f"DELETE FROM {table} WHERE {column} = ?", (user,))
        conn.execute("UPDATE groups SET by_id = NULL WHERE by_id = ?", (user,))

    def held(self, user: UserId) -> bool:
        """Whether a group is held that *user* is in or has said something in."""
        held = "SELECT id FROM groups WHERE held = 1"
        found = self._conn.execute(
            f"SELECT 1 FROM members WHERE user_id = :user AND group_id IN ({held})"
            f" UNION ALL SELECT 1 FROM entries WHERE sender = :user AND nonce IS NOT NULL AND group_id IN ({held}) LIMIT 1",
            {"user": user},
        ).fetchone()
        return found is not None

    # -- who -----------------------------------------------------------------------------------------------------------

    def unfinished(self) -> list[tuple[UserId, Fate]]:
        """Whose account is deleted while something is left to do, and what becomes of what they said."""
        rows = self._conn.execute(
            "SELECT id, erasing FROM users WHERE deleted_at IS NOT NULL AND (erasing OR length(username) > 0) ORDER BY id"
        )
        return [(UserId(user), "erase" if erasing else "anonymous") for user, erasing in rows.fetchall()]

    def is_deleted(self, user: UserId) -> bool:
        """Whether *user* had an account and deleted it."""
        row = self._conn.execute("SELECT 1 FROM users WHERE id = ? AND deleted_at IS NOT NULL", (user,)).fetchone()
        return row is not None

    def is_erasing(self, user: UserId) -> bool:
        """Whether what *user* has said is being destroyed."""
        row = self._conn.execute("SELECT 1 FROM users WHERE id = ? AND erasing = 1", (user,)).fetchone()
        return row is not None

    def deserted(self) -> set[GroupId]:
        """The conversations of two of whom one has deleted their account."""
        rows = self._conn.execute(
            "SELECT d.group_id FROM directs AS d JOIN users AS u ON u.id IN (d.low, d.high)"
            " WHERE d.low <> d.high AND u.deleted_at IS NOT NULL"
        )
        return {GroupId(group) for (group,) in rows}

    def is_deserted(self, group: GroupId) -> bool:
        """Whether *group* is such a conversation."""
        row = self._conn.execute(
            "SELECT 1 FROM directs AS d JOIN users AS u ON u.id IN (d.low, d.high)"
            " WHERE d.group_id = ? AND d.low <> d.high AND u.deleted_at IS NOT NULL",
            (group,),
        ).fetchone()
        return row is not None

    # -- in steps ------------------------------------------------------------------------------------------------------

    def groups_of(self, user: UserId) -> list[GroupId]:
        """The groups that *user* is still a member of."""
        rows = self._conn.execute("SELECT group_id FROM members WHERE user_id = ? ORDER BY group_id", (user,))
        return [GroupId(group) for (group,) in rows.fetchall()]

    def is_alone(self, group: GroupId, user: UserId) -> bool:
        """Whether nobody who has an account is in *group* but *user*, and nobody can come into it."""
        row = self._conn.execute("SELECT private FROM groups WHERE id = ?", (group,)).fetchone()
        others = self._conn.execute(
            "SELECT 1 FROM members AS m JOIN users AS u ON u.id = m.user_id"
            " WHERE m.group_id = ? AND m.user_id <> ? AND u.deleted_at IS NULL",
            (group, user),
        ).fetchone()
        return bool(row[0]) and others is None

    def forget_in(self, group: GroupId, user: UserId) -> None:
        """How far *user* has read *group*, how they wanted it, and where they were called; a conversation of two keeps its members."""
        for table in ("reads", "mentions"):
            self._conn.execute(f"DELETE FROM {table} WHERE group_id = ? AND user_id = ?", (group, user))
        self._conn.execute(
            "UPDATE members SET read_seq = 0, notify = 'all', hidden = 0 WHERE group_id = ? AND user_id = ?",
            (group, user),
        )

    def close_direct(self, group: GroupId) -> None:
        """*group* is nobody's conversation any more."""
        self._conn.execute("DELETE FROM directs WHERE group_id = ?", (group,))

    def files_of(self, user: UserId, limit: int) -> list[FileId]:
        """Some of the files that *user* has uploaded."""
        rows = self._conn.execute("SELECT id FROM files WHERE owner = ? LIMIT ?", (user, limit))
        return [file_id for (file_id,) in rows.fetchall()]

    def said_by(self, user: UserId, after: bytes, limit: int) -> list[Own]:
        """What *user* has said and what was not destroyed yet, in the order of the nonces, those after *after*."""
        rows = self._conn.execute(
            "SELECT id, nonce, group_id, seq, kind, target FROM entries WHERE sender = ? AND nonce IS NOT NULL AND nonce > ?"
            f" AND body IS NOT NULL AND kind IN {_SAID} ORDER BY nonce LIMIT ?",
            (user, after, limit),
        )
        return [Own(*row) for row in rows.fetchall()]

    def empty(self, entries: Iterable[Own]) -> None:
        """Destroy what these edits and reactions say."""
        for each in entries:
            self._conn.execute("UPDATE entries SET body = NULL WHERE id = ?", (each.number,))

    def forget_reactions(self, user: UserId, entries: Iterable[Own]) -> None:
        """*user*'s reactions are not at the messages any more that these entries have put them to."""
        self._conn.executemany(
            "DELETE FROM reactions WHERE group_id = ? AND target = ? AND user_id = ?",
            [(each.group, each.target, user) for each in entries],
        )

    def name_of(self, user: UserId) -> str | None:
        """The user name of who has deleted their account, while it is still needed to find it elsewhere; None: it is gone or damaged."""
        (sealed,) = self._conn.execute("SELECT username FROM users WHERE id = ?", (user,)).fetchone()
        return self._vault.open_text(sealed, "users.username", user) if sealed else None

    def finish(self, user: UserId) -> None:
        """All is done: the name goes too, and what commands that were on their way at the beginning have left."""
        self._forget(user)
        self._conn.execute(
            "UPDATE users SET username = x'', username_hash = randomblob(32), erasing = 0 WHERE id = ?", (user,)
        )

    def free_name(self, username: str) -> bool:
        """Let somebody else have the name of a deleted account; whether there was one."""
        hashed = self._vault.freed_name_hash(username)
        return self._conn.execute("DELETE FROM freed_names WHERE name_hash = ?", (hashed,)).rowcount > 0


def pseudonym(user: UserId) -> str:
    """What stands in place of a name that is gone; nobody can be called so."""
    return f"#{user}"


def farewell_nonce(group: GroupId) -> Nonce:
    """Of the entry that tells *group* of a deleted account: always the same, so that it is told once."""
    return Nonce(hashlib.sha256(f"deleted {group}".encode()).digest()[:_NONCE_BYTES].hex())
