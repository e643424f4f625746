"""The key slots: the ways to the master key, each wrapped by what opens it. They are read before there is any key."""

from __future__ import annotations

import sqlite3

from common.crypto.keyslots import Slot


class Slots:
    """The slots of one database. One object belongs to one connection; writing needs a transaction."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def all(self) -> list[Slot]:
        """The ways to the master key, oldest first."""
        rows = self._conn.execute("SELECT kind, salt, ops, mem, wrapped, created_at FROM key_slots ORDER BY id")
        return [Slot(*row) for row in rows]

    def add(self, slot: Slot) -> None:
        """Store one more way to the master key."""
        self._conn.execute(
            "INSERT INTO key_slots (kind, salt, ops, mem, wrapped, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (slot.kind, slot.salt, slot.ops, slot.mem, slot.wrapped, slot.created_ms),
        )

    def remove(self, slot: Slot) -> None:
        """Let *slot* open the database no more."""
        self._conn.execute("DELETE FROM key_slots WHERE kind = ? AND salt = ?", (slot.kind, slot.salt))


def add_slot(conn: sqlite3.Connection, slot: Slot) -> None:
    """Let *slot* open the database in place of those of its kind; the others go on opening it. One transaction."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        conn.execute("DELETE FROM key_slots WHERE kind = ?", (slot.kind,))
        Slots(conn).add(slot)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def replace_slots(conn: sqlite3.Connection, slot: Slot) -> None:
    """Let *slot* and the recovery code open the database, and nothing else any more. One transaction."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        conn.execute("DELETE FROM key_slots WHERE kind <> 'recovery'")
        Slots(conn).add(slot)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
