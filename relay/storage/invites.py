"""Invitations that people made: whom a code lets in, how often still, and until when. Codes are kept as hashes only."""

from __future__ import annotations

import sqlite3
from typing import Final

from common.ids import GroupId, Millis, UserId
from common.protocol.messages import Invite
from relay.storage.codes import code_hash, new_code
from relay.storage.vault import Vault

_COLUMNS: Final = "i.id, i.by_id, i.created_at, i.group_id, i.uses, i.expires_at"
_GOOD: Final = "(i.expires_at IS NULL OR i.expires_at > :now) AND NOT u.disabled"
"""One that is used up has no row any more."""
_SELECT: Final = f"SELECT {_COLUMNS} FROM invites AS i JOIN users AS u ON u.id = i.by_id WHERE {_GOOD}"


class Invites:
    """The invitations. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def add(
        self, by: UserId, group: GroupId | None, uses: int | None, expires: Millis | None, now: Millis
    ) -> tuple[Invite, str]:
        """Make one, and the code that is shown once. Expired ones go at the same time."""
        self._conn.execute("DELETE FROM invites WHERE expires_at <= ?", (now,))
        code = new_code()
        added = self._conn.execute(
            "INSERT INTO invites (code_hash, group_id, by_id, uses, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            (code_hash(self._vault, code), group, by, uses, now, expires),
        )
        assert added.lastrowid is not None
        return Invite(added.lastrowid, by, now, group, uses, expires), code

    def get(self, invite: int) -> Invite | None:
        """One invitation, good or not."""
        row = self._conn.execute(f"SELECT {_COLUMNS} FROM invites AS i WHERE i.id = ?", (invite,)).fetchone()
        return None if row is None else Invite(*row)

    def by_code(self, code: str, now: Millis) -> Invite | None:
        """The invitation with that *code*, as somebody typed it, if it is still good."""
        row = self._conn.execute(
            f"{_SELECT} AND i.code_hash = :hash", {"hash": code_hash(self._vault, code), "now": now}
        ).fetchone()
        return None if row is None else Invite(*row)

    def good_ones(self, group: GroupId | None, now: Millis) -> list[Invite]:
        """The invitations to *group*, to the relay alone for None, the oldest first."""
        rows = self._conn.execute(f"{_SELECT} AND i.group_id IS :group ORDER BY i.id", {"group": group, "now": now})
        return [Invite(*row) for row in rows.fetchall()]

    def all_good(self, now: Millis) -> list[Invite]:
        """The invitations that let somebody in, to the relay and to all groups, the oldest first."""
        return [Invite(*row) for row in self._conn.execute(f"{_SELECT} ORDER BY i.id", {"now": now}).fetchall()]

    def made_by(self, user: UserId, now: Millis) -> int:
        """How many of *user*'s still let somebody in."""
        (count,) = self._conn.execute(
            "SELECT count(*) FROM invites WHERE by_id = ? AND (expires_at IS NULL OR expires_at > ?)", (user, now)
        ).fetchone()
        return int(count)

    def use(self, invite: Invite) -> None:
        """Somebody came in by it; with its last use it goes."""
        self._conn.execute("UPDATE invites SET uses = uses - 1 WHERE id = ?", (invite.id,))
        self._conn.execute("DELETE FROM invites WHERE id = ? AND uses <= 0", (invite.id,))

    def revoke(self, invite: int) -> None:
        """Let nobody in by it any more."""
        self._conn.execute("DELETE FROM invites WHERE id = ?", (invite,))

    def revoke_all_of(self, group: GroupId, by: UserId) -> None:
        """Let nobody into *group* any more by what *by* gave out."""
        self._conn.execute("DELETE FROM invites WHERE group_id = ? AND by_id = ?", (group, by))

    def revoke_beyond(self, by: UserId) -> None:
        """Let nobody in any more by what *by* gave out for the relay, and for groups that they do not lead themselves."""
        self._conn.execute(
            "DELETE FROM invites WHERE by_id = :by AND (group_id IS NULL OR group_id IN"
            " (SELECT group_id FROM members WHERE user_id = :by AND role = 'member'))",
            {"by": by},
        )
