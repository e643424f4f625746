"""The entries of all groups in the order of their commits, each by its number: what follows the whole log reads it here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

from msgspec import structs

from common.ids import GroupId, Seq
from common.protocol.messages import Entry
from relay.storage.entries import Entries

_COLUMNS: Final = "group_id, seq, kind, sender, at, nonce, target, key_id, body"


class LogOrder(Entries):
    """Reads entries by their numbers, which rise with every commit. One object belongs to one connection."""

    def numbered_after(self, number: int, limit: int) -> list[tuple[int, Entry]]:
        """The first *limit* entries after *number*, as they are stored, each with its own number."""
        rows = self._conn.execute(
            f"SELECT id, {_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ?", (number, limit)
        ).fetchall()
        return [(row[0], self._open(*row[1:])) for row in rows]

    def number_of(self, group: GroupId, seq: Seq) -> int | None:
        """The number of the entry in that place."""
        row = self._conn.execute("SELECT id FROM entries WHERE group_id = ? AND seq = ?", (group, seq)).fetchone()
        return None if row is None else int(row[0])

    def place_of(self, number: int) -> tuple[GroupId, Seq] | None:
        """The place of the entry with that number."""
        row = self._conn.execute("SELECT group_id, seq FROM entries WHERE id = ?", (number,)).fetchone()
        return None if row is None else (GroupId(row[0]), Seq(row[1]))

    def has_body(self, number: int) -> bool:
        """Whether what the entry with that number says was not destroyed."""
        row = self._conn.execute("SELECT body IS NOT NULL FROM entries WHERE id = ?", (number,)).fetchone()
        return row is not None and bool(row[0])

    def last_number(self) -> int:
        """The number of the newest entry; 0 while there is none."""
        (number,) = self._conn.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        return int(number)

    def messages_now(self, numbers: Iterable[int]) -> list[tuple[int, Entry]]:
        """Those of *numbers* that are messages which can be read, in the order asked and with the text that they have now."""
        found: list[tuple[int, Entry]] = []
        for number in numbers:
            row = self._conn.execute(
                f"SELECT {_COLUMNS} FROM entries WHERE id = ? AND kind = 'message' AND body IS NOT NULL", (number,)
            ).fetchone()
            if row is not None and not (entry := self._now(self._open(*row))).damaged:
                found.append((number, entry))
        return found

    def _now(self, entry: Entry) -> Entry:
        rows: sqlite3.Cursor = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE (group_id, seq) ="
            " (SELECT group_id, seq FROM edits WHERE group_id = ? AND target = ?)",
            (entry.group, entry.seq),
        )
        edit = next(iter(self._opened(rows)), None)
        if edit is None or edit.redacted:
            return entry
        return structs.replace(entry, body=edit.body, edited=True, damaged=entry.damaged or edit.damaged)
