"""Which master key a state of the database belongs to. Each exchange of it begins a *generation*, whose number stands in the settings.

A reader that began before an exchange sees the tables as they were, so it needs the vault of then: every transaction asks for the
number first, and takes the vault that has it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from common.crypto.keyslots import MasterKey
from common.ids import RelayId
from relay.storage.meta import read_setting, write_setting
from relay.storage.vault import Vault

_GENERATION: Final = "generation"
LOOKUP_KEYS: Final = ("code_key", "names_before")


def generation_of(conn: sqlite3.Connection) -> int:
    """How often the master key had been exchanged when what *conn* sees was written."""
    value = read_setting(conn, _GENERATION)
    return 0 if value is None else int(value)


def open_vault(conn: sqlite3.Connection, relay_id: RelayId, master: MasterKey) -> Vault:
    """The vault of that relay as it stands in the database, with its own *master*."""
    vault = Vault(relay_id, master, generation_of(conn))
    stored = {name: read_setting(conn, name) for name in LOOKUP_KEYS}
    vault.take_lookup_keys({name: value for name, value in stored.items() if value is not None})
    return vault


def write_keyring(conn: sqlite3.Connection, vault: Vault) -> None:
    """What `open_vault` needs to make *vault* again, besides its master key."""
    write_setting(conn, _GENERATION, str(vault.generation).encode("ascii"))
    for name, wrapped in vault.wrap_lookup_keys().items():
        write_setting(conn, name, wrapped)


def forget_names_before(conn: sqlite3.Connection) -> None:
    """Nothing is looked up any more as in the generation before."""
    conn.execute("DELETE FROM settings WHERE name = 'names_before'")
