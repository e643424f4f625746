"""What was done to the relay: sealed records, each bound to its number and time; the newest are kept."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from common.ids import Millis
from common.protocol import limits
from common.protocol.messages import AuditEntry, AuditVia
from relay.storage.vault import Vault

_SAID: Final = "audit.said"
_KEPT_MS: Final = limits.AUDIT_DAYS * 24 * 3600 * 1000
_TIDIED_AT_ONCE: Final = 100
"""With each new record so many old ones may go at most: more than come."""


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a record says, as it is sealed. The fields are those of `AuditEntry`."""

    act: str
    via: AuditVia
    by: str = ""
    whom: str = ""
    detail: str = ""


class Audit:
    """The records. One object belongs to one connection."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault) -> None:
        self._conn = conn
        self._vault = vault

    def add(self, note: Note, now: Millis) -> None:
        """Write *note* down. What is too old, or beyond the newest so many, goes at the same time."""
        self._conn.execute("INSERT INTO audit (at, said) VALUES (?, x'')", (now,))
        (number,) = self._conn.execute("SELECT last_insert_rowid()").fetchone()
        sealed = self._vault.seal_text(msgspec.json.encode(note).decode(), _SAID, number, now)
        self._conn.execute("UPDATE audit SET said = ? WHERE id = ?", (sealed, number))
        self.tidy(now)

    def tidy(self, now: Millis) -> None:
        """Let go what is too old, and what is beyond the newest so many."""
        (newest,) = self._conn.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()
        self._conn.execute("DELETE FROM audit WHERE id <= ?", (newest - limits.AUDIT_ENTRIES,))
        self._conn.execute(
            "DELETE FROM audit WHERE at < ? AND id IN (SELECT id FROM audit ORDER BY id LIMIT ?)",
            (now - _KEPT_MS, _TIDIED_AT_ONCE),
        )

    def newest(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """The newest *limit* records, of those before the number *before* if one is given; the newest first."""
        rows = self._conn.execute(
            "SELECT id, at, said FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
            (2**63 - 1 if before is None else before, limit),
        )
        return [self._entry(*row) for row in rows.fetchall()]

    def _entry(self, number: int, at: int, said: bytes) -> AuditEntry:
        opened = self._vault.open_text(said, _SAID, number, at)
        if opened is None:
            return AuditEntry(number, Millis(at), damaged=True)
        note = msgspec.json.decode(opened, type=Note)
        return AuditEntry(number, Millis(at), note.act, note.via, note.by, note.whom, note.detail)
