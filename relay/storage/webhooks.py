"""Webhooks: addresses that post into a group in the name of who made them. What is secret of an address is kept as a hash only."""

from __future__ import annotations

import sqlite3
from typing import Final

from common.ids import GroupId, Millis, UserId
from common.protocol.messages import Webhook
from relay.storage.vault import Vault

_NAME: Final = "webhooks.name"
_COLUMNS: Final = "w.id, w.group_id, w.name, w.by_id, w.token_hash, w.created_at"
_GOOD: Final = "webhooks AS w JOIN users AS u ON u.id = w.by_id AND NOT u.disabled"


class Webhooks:
    """The webhooks. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def add(self, group: GroupId, by: UserId, name: str, secret_hash: bytes, now: Millis) -> Webhook:
        """Store a new one."""
        sealed = self._vault.seal_text(name, _NAME, group, by, secret_hash)
        added = self._conn.execute(
            "INSERT INTO webhooks (group_id, by_id, name, token_hash, created_at) VALUES (?, ?, ?, ?, ?)",
            (group, by, sealed, secret_hash, now),
        )
        assert added.lastrowid is not None
        return Webhook(added.lastrowid, group, name, by, now)

    def get(self, webhook: int) -> Webhook | None:
        """One of them."""
        return self._one(f"SELECT {_COLUMNS} FROM webhooks AS w WHERE w.id = ?", webhook)

    def by_secret(self, secret_hash: bytes) -> Webhook | None:
        """The one at an address; None when there is none, or when who made it is disabled."""
        return self._one(f"SELECT {_COLUMNS} FROM {_GOOD} WHERE w.token_hash = ?", secret_hash)

    def of_group(self, group: GroupId) -> list[Webhook]:
        """Those that post into *group*, the oldest first."""
        rows = self._conn.execute(f"SELECT {_COLUMNS} FROM {_GOOD} WHERE w.group_id = ? ORDER BY w.id", (group,))
        return [self._webhook(*row) for row in rows.fetchall()]

    def made_by(self, user: UserId) -> int:
        """How many there are that *user* has made."""
        (count,) = self._conn.execute("SELECT count(*) FROM webhooks WHERE by_id = ?", (user,)).fetchone()
        return int(count)

    def all_of(self, user: UserId) -> list[Webhook]:
        """Those that post in the name of *user*, the oldest first."""
        rows = self._conn.execute(f"SELECT {_COLUMNS} FROM webhooks AS w WHERE w.by_id = ? ORDER BY w.id", (user,))
        return [self._webhook(*row) for row in rows.fetchall()]

    def revoke(self, webhook: int) -> None:
        """Its address leads nowhere from now on."""
        self._conn.execute("DELETE FROM webhooks WHERE id = ?", (webhook,))

    def revoke_all_of(self, group: GroupId, by: UserId) -> None:
        """What *by* made for *group* leads nowhere from now on."""
        self._conn.execute("DELETE FROM webhooks WHERE group_id = ? AND by_id = ?", (group, by))

    def revoke_beyond(self, by: UserId) -> None:
        """What *by* made for groups that they do not lead themselves leads nowhere from now on."""
        self._conn.execute(
            "DELETE FROM webhooks WHERE by_id = :by AND group_id IN"
            " (SELECT group_id FROM members WHERE user_id = :by AND role = 'member')",
            {"by": by},
        )

    def _one(self, select: str, value: int | bytes) -> Webhook | None:
        row = self._conn.execute(select, (value,)).fetchone()
        return None if row is None else self._webhook(*row)

    def _webhook(self, webhook: int, group: int, name: bytes, by: int, secret_hash: bytes, at: int) -> Webhook:
        shown = self._vault.open_name(name, _NAME, group, by, secret_hash)
        return Webhook(webhook, GroupId(group), shown, UserId(by), Millis(at))
