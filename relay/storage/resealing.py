"""After an exchange of the master key: older entries are sealed anew with the successors of their data keys, then those are destroyed.

It goes through the log by the entries' numbers, a slice at a time: read and sealed anew on a reader's thread, put in place on the writer's.
How far it has come is written with each slice, so whenever the relay is killed the next start goes on from there. A body changes only where
it still is what was read; one that was taken back meanwhile stays destroyed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from common.crypto.sealing import SealKey, open_sealed, seal
from common.errors import SealError
from common.ids import GroupId, Millis
from relay.storage.entries import Entries, is_whole
from relay.storage.keyring import forget_names_before
from relay.storage.meta import read_setting, write_setting

T = TypeVar("T")

_SETTING: Final = "resealing"
_COLUMNS: Final = "id, group_id, seq, kind, sender, at, nonce, target, key_id, body"


class Reached(msgspec.Struct, frozen=True):
    """How far it has come: up to the entry number *reached* of *last*. *began_at*: when the master key was exchanged."""

    began_at: Millis
    last: int
    reached: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all entries were gone through."""
        return self.reached >= self.last


class Slice(Struct, frozen=True):
    """Some entries, sealed anew. *bodies* and *emoji*: the values of their statements in `Resealing.put`."""

    before: Reached
    reached: int
    bodies: list[tuple[bytes, int, int, int]]
    emoji: list[tuple[Any, ...]]


class Resealing(Entries):
    """Of one connection."""

    def state(self) -> Reached | None:
        """How far it has come; None when there is nothing to do."""
        stored = read_setting(self._conn, _SETTING)
        return None if stored is None else msgspec.json.decode(stored, type=Reached)

    def begin(self, now: Millis) -> None:
        """Everything that is in the log now is to be sealed anew."""
        (last,) = self._conn.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        self._write(Reached(now, last))

    def on_connection(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns of this connection: it prepares an exchange."""
        return work(self._conn)

    def next_slice(self, rows_at_most: int, bytes_at_most: int) -> Slice | None:
        """The next entries, sealed anew; None when all were gone through. It ends with the entry that reaches *bytes_at_most*."""
        state = self.state()
        if state is None or state.is_whole:
            return None
        successors = self._successors()
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (state.reached, state.last, rows_at_most),
        )
        made = Slice(state, state.last, [], [])
        reached, count, size = state.last, 0, 0
        for row in rows:
            number, key_id, body = row[0], row[8], row[9]
            count, reached = count + 1, number
            if key_id in successors and isinstance(body, bytes):
                self._renew(made, row, successors[key_id])
                size += len(body)
                if size >= bytes_at_most:
                    break
        else:
            reached = reached if count == rows_at_most else state.last
        rows.close()
        return Slice(state, reached, made.bodies, made.emoji)

    def put(self, made: Slice) -> Reached:
        """Put *made* in its place, in a transaction; how far it has come then."""
        if self.state() != made.before:
            raise LookupError("another slice was put in place meanwhile")
        self._conn.executemany(
            "UPDATE entries SET body = ?, key_id = ? WHERE id = ? AND key_id = ? AND body IS NOT NULL", made.bodies
        )
        self._conn.executemany(
            "UPDATE OR IGNORE reactions SET emoji_hash = ?"
            " WHERE group_id = ? AND target = ? AND user_id = ? AND emoji_hash = ?",
            made.emoji,
        )
        return self._write(msgspec.structs.replace(made.before, reached=made.reached))

    def first_left_over(self) -> int | None:
        """The number of the first entry that only a key to be destroyed opens, wherever it stands. Looks through all of the log."""
        rows = self._conn.execute(
            f"SELECT {_COLUMNS} FROM entries WHERE body IS NOT NULL"
            " AND key_id IN (SELECT id FROM data_keys WHERE successor <> 0) ORDER BY id"
        )
        found = next((row[0] for row in rows if self._opened_by_old(row) is not None), None)
        rows.close()
        return found

    def go_back(self, number: int) -> None:
        """Go through the log from entry *number* on once more, to its end as it is now."""
        state = self.state()
        assert state is not None
        (last,) = self._conn.execute("SELECT coalesce(max(id), 0) FROM entries").fetchone()
        self._write(msgspec.structs.replace(state, reached=number - 1, last=last))

    def finish(self) -> list[int]:
        """Destroy the data keys of before, in a transaction; their ids."""
        gone = self._conn.execute("DELETE FROM data_keys WHERE successor IS NOT NULL RETURNING id").fetchall()
        self._conn.execute("DELETE FROM settings WHERE name = ?", (_SETTING,))
        forget_names_before(self._conn)
        return [key_id for (key_id,) in gone]

    # -- one entry -----------------------------------------------------------------------------------------------------

    def _renew(self, made: Slice, row: tuple[Any, ...], successor: int) -> None:
        number, group, seq, kind, sender, at, _nonce, target, key_id, _body = row
        plaintext = self._opened_by_old(row)
        if plaintext is None:  # it is shown as damaged, now and later
            return
        key = self._key(group, successor)
        place = self._vault.places.associated(group, seq, kind, sender, at, target, successor)
        made.bodies.append((seal(key, plaintext, place), successor, number, key_id))
        if kind == "reaction":
            emoji = self._open(*row[1:]).body or ""
            before, after = self._vault.emoji_hashes(emoji)
            if before is not None:
                made.emoji.append((after, group, target, sender, before))

    def _opened_by_old(self, row: tuple[Any, ...]) -> bytes | None:
        _number, group, seq, kind, sender, at, nonce, target, key_id, body = row
        try:
            if is_whole(kind, sender, at, nonce, target, key_id, body):
                place = self._vault.places.associated(group, seq, kind, sender, at, target, key_id)
                return open_sealed(self._key(group, key_id), body, place)
        except SealError:
            pass
        self._vault.found_damaged("entries", group, seq)
        return None

    def _key(self, group: GroupId, key_id: int) -> SealKey:
        return self._vault.keys.get(key_id) or self._load_key(group, key_id)

    def _successors(self) -> dict[int, int]:
        rows = self._conn.execute("SELECT id, successor FROM data_keys WHERE successor IS NOT NULL AND successor <> 0")
        return dict(rows.fetchall())

    def _write(self, state: Reached) -> Reached:
        write_setting(self._conn, _SETTING, msgspec.json.encode(state))
        return state
