"""No column and no setting is forgotten when the master key is exchanged."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from relay.storage.exchange import RECORDS
from relay.storage.migrate import migrations

ELSEWHERE = {
    ("settings", "value"),  # its names stand in `meta.SEALED`, which `Meta` holds itself to
    ("key_slots", "salt"),
    ("key_slots", "wrapped"),
    ("data_keys", "wrapped"),
    ("entries", "body"),
    ("reactions", "emoji_hash"),
}
"""Exchanged too, each in a way of its own; the last two by `Resealing`."""
UNSEALED = {
    ("sessions", "token_hash"),
    ("webhooks", "token_hash"),
    ("invites", "code_hash"),
    ("entries", "nonce"),
    ("freed_names", "name_hash"),
}
"""Random, or hashes that depend on no key that is exchanged."""


def test_every_column_that_may_be_sealed_is_exchanged():
    """A new one belongs into `RECORDS` (and into what `tests.rotation.Talk` does), or it is lost with the old master key."""
    with closing(sqlite3.connect(":memory:")) as conn:
        for script in migrations().values():
            conn.executescript(script)
        tables = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        there = {
            (name, column[1])
            for (name,) in tables.fetchall()
            for column in conn.execute(f"PRAGMA table_info({name})")
            if column[2] == "BLOB"
        }
    exchanged = {(records.table, column) for records in RECORDS for column in records.columns}
    assert there == exchanged | ELSEWHERE | UNSEALED
