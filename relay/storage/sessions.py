"""Device sessions, and the access tokens of scripts: a token's hash, whose it is, and what the device or script is called (sealed)."""

from __future__ import annotations

import sqlite3
from typing import Final, cast

from msgspec import Struct

from common.ids import Millis, SessionId, UserId
from common.protocol.messages import AccessToken, Scope, User
from relay.storage.people import People
from relay.storage.vault import Vault

_DEVICE: Final = "sessions.device"
_COLUMNS: Final = "s.id, s.user_id, s.token_hash, s.device, s.created_at, s.seen_at, s.scopes, s.expires_at"


class DeviceSession(Struct, frozen=True):
    """One signed-in device, or (with *scopes*) an access token. Times in Unix milliseconds."""

    id: SessionId
    user: User
    device: str
    created_at: Millis
    seen_at: Millis
    scopes: tuple[Scope, ...] | None = None
    expires_at: Millis | None = None


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

    def by_token(self, token_hash: bytes, now: Millis) -> DeviceSession | None:
        """Whose token it is; None when it was never given out, was revoked or has expired, or when its user is disabled."""
        row = self._conn.execute(
            f"SELECT {_COLUMNS} FROM sessions AS s JOIN users AS u ON u.id = s.user_id"
            " WHERE s.token_hash = ? AND NOT u.disabled AND (s.expires_at IS NULL OR s.expires_at > ?)",
            (token_hash, now),
        ).fetchone()
        return None if row is None else self._session(*row)

    def of_user(self, user: UserId) -> list[DeviceSession]:
        """Where *user* is signed in, oldest first; scripts are not counted."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM sessions AS s WHERE s.user_id = ? AND s.scopes IS NULL ORDER BY s.id", (user,)
        ).fetchall()
        return [self._session(*row) for row in rows]

    def seen_of(self, user: UserId) -> list[tuple[SessionId, Millis]]:
        """Where *user* is signed in and when each was here last, that of the longest time ago first; scripts are not counted."""
        rows = self._conn.execute(
            "SELECT id, seen_at FROM sessions WHERE user_id = ? AND scopes IS NULL ORDER BY seen_at, id", (user,)
        ).fetchall()
        return [(SessionId(session), Millis(seen_at)) for session, seen_at in rows]

    def all_of(self, user: UserId) -> list[DeviceSession]:
        """Where *user* is signed in, and the access tokens of their scripts, expired ones too; oldest first."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM sessions AS s WHERE s.user_id = ? ORDER BY s.id", (user,)
        ).fetchall()
        return [self._session(*row) for row in rows]

    def counts(self) -> dict[UserId, tuple[int, Millis]]:
        """On how many devices each person is signed in, and when one of them was here last; scripts are not counted."""
        rows = self._conn.execute(
            "SELECT user_id, count(*), max(seen_at) FROM sessions WHERE scopes IS NULL GROUP BY user_id"
        )
        return {UserId(user): (count, Millis(seen_at)) for user, count, seen_at in rows}

    def holds(self, session: SessionId) -> bool:
        """Whether it was not revoked."""
        return self._conn.execute("SELECT 1 FROM sessions WHERE id = ?", (session,)).fetchone() is not None

    def touch(self, session: SessionId, now: Millis) -> None:
        """The device was here."""
        self._conn.execute("UPDATE sessions SET seen_at = max(seen_at, ?) WHERE id = ?", (now, session))

    def revoke(self, session: SessionId) -> None:
        """The token is worth nothing from now on."""
        self._conn.execute("DELETE FROM sessions WHERE id = ?", (session,))

    # -- access tokens -------------------------------------------------------------------------------------------------

    def add_token(
        self,
        user: UserId,
        token_hash: bytes,
        name: str,
        scopes: tuple[Scope, ...],
        expires: Millis | None,
        now: Millis,
    ) -> AccessToken:
        """Store a new access token of *user*. Expired ones go at the same time."""
        self._conn.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,))
        session = self.add(user, token_hash, name, now)
        self._conn.execute(
            "UPDATE sessions SET scopes = ?, expires_at = ? WHERE id = ?", (" ".join(scopes), expires, session)
        )
        return AccessToken(session, name, scopes, now, now, expires)

    def tokens_of(self, user: UserId, now: Millis) -> list[AccessToken]:
        """The access tokens of *user* that are still good, oldest first."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM sessions AS s WHERE s.user_id = ? AND s.scopes IS NOT NULL"
            " AND (s.expires_at IS NULL OR s.expires_at > ?) ORDER BY s.id",
            (user, now),
        ).fetchall()
        found = [self._session(*row) for row in rows]
        return [
            AccessToken(each.id, each.device, each.scopes or (), each.created_at, each.seen_at, each.expires_at)
            for each in found
        ]

    def revoke_token(self, user: UserId, session: SessionId) -> bool:
        """Make an access token of *user* worthless; whether there was one."""
        gone = self._conn.execute(
            "DELETE FROM sessions WHERE id = ? AND user_id = ? AND scopes IS NOT NULL", (session, user)
        )
        return gone.rowcount > 0

    def _session(
        self,
        session_id: int,
        user_id: int,
        token_hash: bytes,
        device: bytes,
        created_at: int,
        seen_at: int,
        scopes: str | None,
        expires_at: int | None,
    ) -> DeviceSession:
        user = self._people.get(UserId(user_id))
        assert user is not None, "a foreign key says that there is one"
        name = self._vault.open_name(device, _DEVICE, user_id, token_hash)
        return DeviceSession(
            SessionId(session_id),
            user,
            name,
            Millis(created_at),
            Millis(seen_at),
            None if scopes is None else cast(tuple[Scope, ...], tuple(scopes.split())),
            None if expires_at is None else Millis(expires_at),
        )
