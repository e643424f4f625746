"""All tables of one connection."""

from __future__ import annotations

import sqlite3

from relay.storage.audit import Audit
from relay.storage.bans import Bans
from relay.storage.directs import Directs
from relay.storage.entries import Entries
from relay.storage.erasure import Erasure
from relay.storage.files import Files
from relay.storage.groups import Groups
from relay.storage.invites import Invites
from relay.storage.limits import Limits
from relay.storage.log_order import LogOrder
from relay.storage.meta import Meta
from relay.storage.mutes import Mutes
from relay.storage.people import People
from relay.storage.personal import Personal
from relay.storage.receipts import Receipts
from relay.storage.resealing import Resealing
from relay.storage.retention import Retention
from relay.storage.said import Said
from relay.storage.sessions import Sessions
from relay.storage.slots import Slots
from relay.storage.vault import Vault
from relay.storage.webhooks import Webhooks


class Tables:
    """One object for each table family, all on the same connection and so of use on its thread only."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self.entries = Entries(conn, vault)
        self.said = Said(conn, vault)
        self.groups = Groups(conn, vault)
        self.receipts = Receipts(conn, vault)
        self.retention = Retention(conn)
        self.erasure = Erasure(conn, vault)
        self.directs = Directs(conn)
        self.bans = Bans(conn)
        self.mutes = Mutes(conn)
        self.limits = Limits(conn)
        self.invites = Invites(conn, vault)
        self.webhooks = Webhooks(conn, vault)
        self.log = LogOrder(conn, vault)
        self.people = People(conn, vault)
        self.personal = Personal(conn)
        self.sessions = Sessions(conn, vault)
        self.files = Files(conn, vault)
        self.meta = Meta(conn, vault)
        self.slots = Slots(conn)
        self.audit = Audit(conn, vault)
        self.resealing = Resealing(conn, vault)
