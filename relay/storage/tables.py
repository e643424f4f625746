"""All tables of one connection."""

from __future__ import annotations

import sqlite3

from relay.storage.entries import Entries
from relay.storage.groups import Groups
from relay.storage.meta import Meta
from relay.storage.people import People
from relay.storage.sessions import Sessions
from relay.storage.vault import Vault


class Tables:
    """One object for each table family, all on the same connection and so of use on its thread only."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self.entries = Entries(conn, vault)
        self.groups = Groups(conn, vault)
        self.people = People(conn, vault)
        self.sessions = Sessions(conn, vault)
        self.meta = Meta(conn, vault)
