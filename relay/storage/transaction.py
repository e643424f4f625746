"""One transaction on the writer's thread, and how entries get their places in it.

Where each group's log ends is kept in memory by the writer (`Heads`), so that an entry costs no query. A transaction works on its
own copies; they become the heads when, and only when, it was committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar, cast

import msgspec

from common.crypto.sealing import SealKey, seal
from common.errors import InternalError, NonceReused, SealError, UnknownGroup
from common.ids import GroupId, Millis, Seq
from common.protocol.messages import Entry
from relay.storage.entries import Draft, Row, plaintext_of
from relay.storage.tables import Tables
from relay.storage.vault import KEY_ENTRIES, Vault

T = TypeVar("T")

_INSERT: Final = "INSERT INTO entries (group_id, seq, kind, sender, at, nonce, target, key_id, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Head(msgspec.Struct, frozen=True):
    """Where a group's log ends, and the data key for what comes next."""

    seq: Seq
    key: SealKey
    key_from: Seq
    """The first entry that the key seals."""


Heads = dict[GroupId, Head]


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands for a result where one part of a transaction came to nothing and the rest goes on."""

    reason: Exception


class Transaction(Tables):
    """The tables for writing. Lives as long as one transaction; *now* is its time for every entry."""

    def __init__(self, conn: sqlite3.Connection, vault: Vault, heads: Heads, now: Millis) -> None:
        super().__init__(conn, vault)
        self.now = now
        self.appended: list[Entry] = []
        """The entries that were appended so far, in their order."""
        self.heads: Heads = {}
        """The heads of the groups that have grown; the store keeps them after the commit."""
        self._conn = conn
        self._vault = vault
        self._committed_heads = heads
        self._changes_before = conn.total_changes

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written inside either stays as a whole or, when an exception leaves the block, is undone."""
        heads, appended = self.heads.copy(), len(self.appended)
        self._conn.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.heads = heads
            del self.appended[appended:]
            if self._conn.in_transaction:  # a full disk makes SQLite undo the whole transaction by itself
                self._conn.execute("ROLLBACK TO part")
                self._conn.execute("RELEASE part")
            raise
        self._conn.execute("RELEASE part")

    def attempt(self, work: Callable[[Transaction], T]) -> T | Failed:
        """What *work* returns; when it fails, what it wrote is undone and the rest of the transaction goes on.

        Only a failing disk is raised: then there is no rest.
        """
        try:
            with self.savepoint():
                return work(self)
        except sqlite3.IntegrityError as error:
            return Failed(error)
        except sqlite3.Error:
            raise
        except Exception as error:
            return Failed(error)

    def append(self, draft: Draft) -> Entry:
        """Give *draft* the next place in its group; of a repeated nonce, the entry that is there already.

        Raises:
            NonceReused: the author used the nonce for something else.
            UnknownGroup: there is no such group.
        """
        if draft.nonce is not None and (first := self.entries.by_nonce(draft.sender, draft.nonce)) is not None:
            return _the_same(first, draft)
        entry, row, head = self._placed(draft)
        try:
            self._conn.execute(_INSERT, row)
        except sqlite3.IntegrityError as error:
            raise InternalError("This entry does not fit into the log.") from error
        self.heads[draft.group] = head
        self.appended.append(entry)
        return entry

    def append_all(self, drafts: Sequence[Draft]) -> list[Entry | Failed]:
        """As `append`, for many at once; in place of an entry that cannot be appended, why not. The others are."""
        together = self._append_together(drafts)
        if together is not None:
            return together
        # A nonce is repeated, or one of them is wrong: rare enough to find out by taking them one by one.
        return [self.attempt(partial(Transaction.append, draft=draft)) for draft in drafts]

    def _append_together(self, drafts: Sequence[Draft]) -> list[Entry | Failed] | None:
        """All of *drafts* as new entries, or None and nothing."""
        if self._conn.total_changes != self._changes_before:
            together = self.attempt(partial(Transaction._append_new, drafts=drafts))
            return together if isinstance(together, list) else None
        # Nothing was written yet, so beginning anew undoes as much as a savepoint would, and costs nothing when all goes
        # well: after a savepoint SQLite keeps a copy of every page that is changed.
        try:
            return self._append_new(drafts)
        except sqlite3.IntegrityError:
            self._begin_anew()
        except sqlite3.Error:
            raise
        except Exception:  # the one that is at fault is found, and told, when they are taken one by one
            self._begin_anew()
        return None

    def _begin_anew(self) -> None:
        self._conn.execute("ROLLBACK")
        self._conn.execute("BEGIN IMMEDIATE")
        self._changes_before = self._conn.total_changes
        self.heads.clear()

    def _append_new(self, drafts: Sequence[Draft]) -> list[Entry | Failed]:
        entries: list[Entry | Failed] = []
        rows: list[Row] = []
        heads, placed = self.heads, self._placed
        for draft in drafts:
            entry, row, heads[draft.group] = placed(draft)
            entries.append(entry)
            rows.append(row)
        self._conn.executemany(_INSERT, rows)
        self.appended += cast(list[Entry], entries)
        return entries

    def _placed(self, draft: Draft) -> tuple[Entry, Row, Head]:
        """*draft* as an entry and as a sealed row at the end of its group, and the end after it."""
        group, sender, kind, target = draft.group, draft.sender, draft.kind, draft.target
        head = self.heads.get(group) or self._head(group)
        if head.seq - head.key_from >= KEY_ENTRIES - 1:
            head = self._with_new_key(group, head.seq)
        seq, key = Seq(head.seq + 1), head.key
        at = self.now if draft.at is None else draft.at
        place = self._vault.places.associated(group, seq, kind, sender, at, target, key.key_id)
        sealed = seal(key, plaintext_of(draft.body), place)
        nonce = None if draft.nonce is None else bytes.fromhex(draft.nonce)
        entry = Entry(group, seq, kind, sender, at, draft.nonce, draft.body, target)
        row = (group, seq, kind, sender, at, nonce, target, key.key_id, sealed)
        return entry, row, Head(seq, key, head.key_from)

    def _head(self, group: GroupId) -> Head:
        head = self._committed_heads.get(group)
        if head is None:
            head = self._load_head(group)
        return head

    def _load_head(self, group: GroupId) -> Head:
        seq = self.entries.last_seq(group)
        stored = self._conn.execute(
            "SELECT id, first_seq, wrapped FROM data_keys WHERE group_id = ? ORDER BY id DESC LIMIT 1", (group,)
        ).fetchone()
        if stored is None:
            return self._with_new_key(group, seq)
        key_id, key_from, wrapped = stored
        try:
            return Head(seq, self._vault.unwrap(wrapped, key_id, group), key_from)
        except SealError:  # what it sealed is lost, but the group goes on
            self._vault.found_damaged("data_keys", group, key_id)
            return self._with_new_key(group, seq)

    def _with_new_key(self, group: GroupId, seq: Seq) -> Head:
        """The head of *group* after *seq* with a data key of its own, stored wrapped."""
        key_from = Seq(seq + 1)
        try:
            added = self._conn.execute(
                "INSERT INTO data_keys (group_id, first_seq, wrapped, created_at) VALUES (?, ?, x'', ?)",
                (group, key_from, self.now),
            )
        except sqlite3.IntegrityError as error:
            raise UnknownGroup from error
        assert added.lastrowid is not None
        key = SealKey.random(added.lastrowid)
        self._conn.execute("UPDATE data_keys SET wrapped = ? WHERE id = ?", (self._vault.wrap(key, group), key.key_id))
        return Head(seq, key, key_from)


def _the_same(first: Entry, draft: Draft) -> Entry:
    """*first*, when it is what *draft* would have become."""
    same_place = (first.group, first.kind, first.target) == (draft.group, draft.kind, draft.target)
    if not same_place or (first.body != draft.body and not first.redacted and not first.damaged):
        raise NonceReused
    return first
