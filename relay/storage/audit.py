"""What was done to the relay: sealed records, each bound to its number and time; the newest are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
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

    def naming(self, name: str, after: int, limit: int) -> tuple[list[int], int | None]:
        """Which of the *limit* records after the number *after* name that person; and the last number that was looked at, None at the
        end."""
        rows = self._conn.execute("SELECT id, at, said FROM audit WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        read = [(number, self._note(number, at, said)) for number, at, said in rows.fetchall()]
        found = [number for number, note in read if note is not None and name in (note.by, note.whom)]
        return found, read[-1][0] if read else None

    def rename(self, numbers: Iterable[int], name: str, pseudonym: str) -> None:
        """Let these records say *pseudonym* where they say *name*."""
        for number in numbers:
            row = self._conn.execute("SELECT at, said FROM audit WHERE id = ?", (number,)).fetchone()
            if row is None or (note := self._note(number, *row)) is None:
                continue
            by, whom = (pseudonym if named == name else named for named in (note.by, note.whom))
            said = msgspec.json.encode(msgspec.structs.replace(note, by=by, whom=whom)).decode()
            sealed = self._vault.seal_text(said, _SAID, number, row[0])
            self._conn.execute("UPDATE audit SET said = ? WHERE id = ?", (sealed, number))

    def newest(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """The newest *limit* records, of those before the number *before* if one is given; the newest first."""
        rows = self._conn.execute(
            "SELECT id, at, said FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
            (2**63 - 1 if before is None else before, limit),
        )
        return [self._entry(*row) for row in rows.fetchall()]

    def _entry(self, number: int, at: int, said: bytes) -> AuditEntry:
        note = self._note(number, at, said)
        if note is None:
            return AuditEntry(number, Millis(at), damaged=True)
        return AuditEntry(number, Millis(at), note.act, note.via, note.by, note.whom, note.detail)

    def _note(self, number: int, at: int, said: bytes) -> Note | None:
        """What a record says; None when it does not open."""
        opened = self._vault.open_text(said, _SAID, number, at)
        return None if opened is None else msgspec.json.decode(opened, type=Note)
