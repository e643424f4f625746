"""What the relay knows of itself: its identity (sealed), name, epoch and codes."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

import msgspec

from common.crypto.certificate import Identity
from common.crypto.keyslots import MasterKey
from common.crypto.sealing import associated_data, derive, open_sealed, seal
from common.ids import Epoch, Millis, RelayId
from relay.storage.codes import code_hash, new_code
from relay.storage.vault import Vault

SEALED: Final = ("relay_name", "owner_code_text", "invitation_code", "settings_seen")
"""The settings that are sealed as texts."""

# -- before there is a vault -------------------------------------------------------------------------------------------


def read_setting(conn: sqlite3.Connection, name: str) -> bytes | None:
    """The stored value called *name*."""
    row = conn.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def write_setting(conn: sqlite3.Connection, name: str, value: bytes) -> None:
    """Store *value* under *name*, in place of what was there."""
    conn.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def read_relay_id(conn: sqlite3.Connection) -> RelayId | None:
    """Whose database this is; None while it is empty."""
    value = read_setting(conn, "relay_id")
    return None if value is None else RelayId(value.decode("ascii"))


def write_identity(conn: sqlite3.Connection, master: MasterKey, identity: Identity) -> None:
    """Store *identity* sealed, and its relay id in clear: that is in every announcement anyway."""
    relay_id = identity.relay_id
    plaintext = msgspec.json.encode({"certificate": identity.certificate_pem, "key": identity.private_key_pem})
    sealed = seal(derive(master, "identity"), plaintext, associated_data("settings.identity", relay_id))
    write_setting(conn, "relay_id", relay_id.encode("ascii"))
    write_setting(conn, "identity", sealed)


def read_identity(conn: sqlite3.Connection, master: MasterKey, relay_id: RelayId) -> Identity:
    """The relay's certificate and key.

    Raises:
        SealError: the record is damaged, or is another relay's.
    """
    sealed = read_setting(conn, "identity") or b""
    plaintext = open_sealed(derive(master, "identity"), sealed, associated_data("settings.identity", relay_id))
    parts = msgspec.json.decode(plaintext, type=dict[str, bytes])
    return Identity(parts["certificate"], parts["key"])


# -- with one ----------------------------------------------------------------------------------------------------------


class Meta:
    """Settings that the relay keeps for itself. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def epoch(self) -> Epoch:
        """The name of this life of the log."""
        value = read_setting(self._conn, "epoch")
        assert value is not None, "written with the database"
        return Epoch(value.decode("ascii"))

    def renew_epoch(self) -> Epoch:
        """Begin another life of the log: clients start their cursors afresh."""
        epoch = Epoch(secrets.token_hex(16))
        write_setting(self._conn, "epoch", epoch.encode("ascii"))
        return epoch

    def relay_name(self) -> str | None:
        """The label that was last in use; None when none was, or its record is damaged."""
        return self._sealed("relay_name")

    def set_relay_name(self, name: str) -> None:
        """Remember the relay's label."""
        self._seal("relay_name", name)

    def owner_code_hash(self) -> bytes | None:
        """The hash of the owner code that still waits to be used."""
        return read_setting(self._conn, "owner_code")

    def new_owner_code(self) -> str:
        """Make an owner code in place of an older one."""
        code = new_code()
        write_setting(self._conn, "owner_code", self._code_hash(code))
        self._seal("owner_code_text", code)
        return code

    def waiting_owner_code(self) -> str | None:
        """The owner code, while nobody has used it; another one where its record is damaged or only its hash was kept."""
        if self.owner_code_hash() is None:
            return None
        return self._sealed("owner_code_text") or self.new_owner_code()

    def is_owner_code(self, code: str) -> bool:
        """Whether *code*, as somebody typed it, is the owner code that still waits to be used."""
        stored = self.owner_code_hash()
        return stored is not None and secrets.compare_digest(stored, self._code_hash(code))

    def take_owner_code(self, code: str) -> bool:
        """Use the owner code up; False when *code* is not the one that waits."""
        if not self.is_owner_code(code):
            return False
        self._conn.execute("DELETE FROM settings WHERE name IN ('owner_code', 'owner_code_text')")
        return True

    def invitation_code(self) -> str:
        """The standing code that lets people in where the policy is ``invite``; "" when its record is damaged."""
        return self._sealed("invitation_code") or ""

    def is_invitation_code(self, code: str) -> bool:
        """Whether *code*, as somebody typed it, is the standing invitation code."""
        expected = self.invitation_code()
        return bool(expected) and secrets.compare_digest(self._code_hash(expected), self._code_hash(code))

    def renew_invitation_code(self) -> str:
        """Make another standing code; the one before lets nobody in any more."""
        code = new_code()
        self._seal("invitation_code", code)
        return code

    def confirmed_slot(self) -> bytes | None:
        """The salt of the recovery code's slot that somebody has typed back; None when nobody has yet."""
        return read_setting(self._conn, "confirmed_slot")

    def set_confirmed_slot(self, salt: bytes) -> None:
        """The recovery code whose slot has that *salt* was typed back."""
        write_setting(self._conn, "confirmed_slot", salt)

    def backup_at(self) -> Millis | None:
        """When the last backup was made; None when none was yet."""
        value = read_setting(self._conn, "backup_at")
        return None if value is None else Millis(int(value))

    def set_backup_at(self, at: Millis) -> None:
        """One was made."""
        write_setting(self._conn, "backup_at", str(at).encode("ascii"))

    def settings_seen(self) -> str | None:
        """With which settings the relay ran last, as they were given to `set_settings_seen`; None when that was never noted."""
        return self._sealed("settings_seen")

    def set_settings_seen(self, settings: str) -> None:
        """It runs with these now."""
        self._seal("settings_seen", settings)

    def _code_hash(self, code: str) -> bytes:
        return code_hash(self._vault, code)

    def _seal(self, name: str, text: str) -> None:
        assert name in SEALED, "else it is lost when the master key is exchanged"
        write_setting(self._conn, name, self._vault.seal_text(text, "settings." + name))

    def _sealed(self, name: str) -> str | None:
        sealed = read_setting(self._conn, name)
        return None if sealed is None else self._vault.open_text(sealed, "settings." + name)
