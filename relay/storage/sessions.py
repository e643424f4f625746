"""Device sessions: a token's hash, whose it is, and what the device calls itself (sealed)."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

from common.ids import Millis, SessionId, UserId
from common.protocol.messages import User
from relay.storage.people import People
from relay.storage.vault import Vault

_DEVICE: Final = "sessions.device"


@dataclass(frozen=True, slots=True)
class DeviceSession:
    """One signed-in device. Times in Unix milliseconds."""

    id: SessionId
    user: User
    device: str
    created_at: Millis
    seen_at: Millis


class Sessions:
    """The device sessions. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault
        self._people = People(conn, vault)

    def add(self, user: UserId, token_hash: bytes, device: str, now: Millis) -> SessionId:
        """Store a new device session of *user*."""
        sealed = self._vault.seal_text(device, _DEVICE, user, token_hash)
        added = self._conn.execute(
            "INSERT INTO sessions (user_id, token_hash, device, created_at, seen_at) VALUES (?, ?, ?, ?, ?)",
            (user, token_hash, sealed, now, now),
        )
        assert added.lastrowid is not None
        return SessionId(added.lastrowid)

    def by_token(self, token_hash: bytes) -> DeviceSession | None:
        """Whose token it is; None when it was never given out or was revoked, or when its user is disabled."""
        row = self._conn.execute(
            "SELECT s.id, s.user_id, s.token_hash, s.device, s.created_at, s.seen_at"
            " FROM sessions AS s JOIN users AS u ON u.id = s.user_id WHERE s.token_hash = ? AND NOT u.disabled",
            (token_hash,),
        ).fetchone()
        return None if row is None else self._session(*row)

    def of_user(self, user: UserId) -> list[DeviceSession]:
        """Where *user* is signed in, oldest first."""
        rows = self._conn.execute(
            "SELECT id, user_id, token_hash, device, created_at, seen_at FROM sessions WHERE user_id = ? ORDER BY id",
            (user,),
        ).fetchall()
        return [self._session(*row) for row in rows]

    def touch(self, session: SessionId, now: Millis) -> None:
        """The device was here."""
        self._conn.execute("UPDATE sessions SET seen_at = max(seen_at, ?) WHERE id = ?", (now, session))

    def revoke(self, session: SessionId) -> None:
        """The token is worth nothing from now on."""
        self._conn.execute("DELETE FROM sessions WHERE id = ?", (session,))

    def _session(
        self, session_id: int, user_id: int, token_hash: bytes, device: bytes, created_at: int, seen_at: int
    ) -> DeviceSession:
        user = self._people.get(UserId(user_id))
        assert user is not None, "a foreign key says that there is one"
        name = self._vault.open_name(device, _DEVICE, user_id, token_hash)
        return DeviceSession(SessionId(session_id), user, name, Millis(created_at), Millis(seen_at))
