"""One transaction on the writer's thread, and how entries get their places in it.

Where each group's log ends is kept in memory by the writer (`Heads`), so that an entry costs no query. A transaction works on its
own copies; they become the heads when, and only when, it was committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeVar, cast

import msgspec
from msgspec import Struct, field

from common.crypto.keyslots import Slot
from common.crypto.sealing import SealKey, seal
from common.errors import (
    AccountDeleted,
    InternalError,
    Muted,
    NonceReused,
    NotAMember,
    NotSignedIn,
    SealError,
    SlowMode,
    UnknownGroup,
)
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry, EntryKind, Fate
from relay.storage.entries import Draft, Row, entry_of, plaintext_of
from relay.storage.exchange import Exchange
from relay.storage.mutes import MuteRow
from relay.storage.retention import Purged
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
Step = Callable[[], None]
_SAYING: Final[frozenset[EntryKind]] = frozenset({"message", "edit", "reaction", "pin"})
"""What who is muted does not do; they may still take back what they said."""
_OF_NOBODY: Final[frozenset[EntryKind]] = frozenset({"deleted", "role"})
"""What the relay says itself in the name of who has deleted their account."""
_ADMINS: Final = ("owner", "admin")


class Doubted(Struct):
    """Of whom it is looked up again, when what they sent is stored, whether they may: everybody else was found so at the door.

    Once in it always in it, until the relay ends: that something is over is seen in the tables.
    """

    departed: set[tuple[GroupId, UserId]] = field(default_factory=set)
    """Who has ever left a group since the start: what they sent before may still wait to be stored."""
    muted: set[tuple[GroupId | None, UserId]] = field(default_factory=set)
    slow: set[GroupId] = field(default_factory=set)
    """Groups with a pause between messages."""
    deleted: set[UserId] = field(default_factory=set)
    """Who has deleted their account since the start."""
    deserted: set[GroupId] = field(default_factory=set)
    """Conversations of two of whom one has deleted their account."""
    is_loaded: bool = False

    def __bool__(self) -> bool:
        return bool(self.departed or self.muted or self.slow or self.deleted or self.deserted)

    def load(self, tables: Tables) -> None:
        """What is stored at the start."""
        self.muted |= {(row.group, row.user) for row in tables.mutes.all()}
        self.slow |= tables.groups.slow_ones().keys()
        self.deserted |= tables.erasure.deserted()
        self.is_loaded = True


class Failed(Struct, frozen=True):
    """Stands for a result where one part of a transaction came to nothing and the rest goes on."""

    reason: Exception


class Transaction(Tables):
    """The tables for writing. Lives as long as one transaction; *now* is its time for every entry."""

    def __init__(
        self, conn: sqlite3.Connection, vault: Vault, heads: Heads, now: Millis, doubted: Doubted | None = None
    ) -> None:
        """*doubted*: lives as long as the store."""
        super().__init__(conn, vault)
        self.now = now
        self.appended: list[Entry] = []
        """The entries that were appended so far, in their order."""
        self.heads: Heads = {}
        """The heads of the groups that have grown; the store keeps them after the commit."""
        self.has_destroyed = False
        """Whether something was taken back, so that the log holds what must not stay in it."""
        self.successor: Vault | None = None
        """The vault of the new master key, where the old one is exchanged."""
        self.steps: list[tuple[int, Step]] = []
        """What is to be done after the commit, each after so many of the appended entries."""
        self._conn = conn
        self._vault = vault
        self._committed_heads = heads
        self._doubted = Doubted() if doubted is None else doubted
        if not self._doubted.is_loaded:
            self._doubted.load(self)
        self._changes_before = conn.total_changes

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is written inside either stays as a whole or, when an exception leaves the block, is undone."""
        heads, appended, steps, gone = self.heads.copy(), len(self.appended), len(self.steps), len(self.files.gone)
        self._conn.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.heads = heads
            del self.appended[appended:]
            del self.steps[steps:]
            del self.files.gone[gone:]
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

    def afterwards(self, step: Step) -> None:
        """Have *step* done in the loop right after the commit: when the entries that were appended before it were handed over, and
        before the later ones are. What everybody knows in memory so changes in the order of the log, whatever became of who asked."""
        self.steps.append((len(self.appended), step))

    def append(self, draft: Draft) -> Entry:
        """Give *draft* the next place in its group; of a repeated nonce, the entry that is there already.

        Raises:
            NonceReused: the author used the nonce for something else.
            UnknownGroup: there is no such group.
            NotAMember: the author was taken out of it meanwhile.
            NotSignedIn: the author has deleted their account meanwhile.
            AccountDeleted: nobody would read it.
            Muted, SlowMode: the author may not say it now.
        """
        if (first := self.first(draft)) is not None:
            return first
        self._check_may(draft)
        entry, row, head = self._placed(draft)
        try:
            self._conn.execute(_INSERT, row)
        except sqlite3.IntegrityError as error:
            raise InternalError("This entry does not fit into the log.") from error
        self.heads[draft.group] = head
        self.appended.append(entry)
        if draft.more is not None:
            self._note([entry])
        return entry

    def first(self, draft: Draft) -> Entry | None:
        """The entry that *draft* became when its nonce was used first.

        Raises:
            NonceReused: the author used the nonce for something else.
        """
        if draft.nonce is None or (first := self.entries.by_nonce(draft.sender, draft.nonce)) is None:
            return None
        return _the_same(first, draft)

    def exchange(self, exchange: Exchange, slots: list[Slot]) -> None:
        """Exchange the master key; the new one is opened by *slots* and by nothing else. Nothing can be appended beside it."""
        assert not self.appended, "the successors of the data keys seal what comes after"
        if exchange.before is not self._vault or self.resealing.state() is not None:
            raise LookupError("another exchange has come before it")
        exchange.apply(self._conn, slots, self.now)
        self.resealing.begin(self.now)
        self.successor = exchange.after
        self.has_destroyed = True

    def take_out(self, group: GroupId, user: UserId) -> None:
        """Take *user* out of *group*: nothing of what they have sent and what is not stored yet gets into it any more."""
        self.groups.remove_member(group, user)
        self._doubted.departed.add((group, user))

    def delete_account(self, user: UserId, username: str, fate: Fate) -> None:
        """*user* has no account any more; nothing that they have sent and that is not stored yet gets anywhere."""
        self.erasure.begin(user, username, fate, self.now)
        self.has_destroyed = True
        self._doubted.deleted.add(user)
        self._doubted.deserted |= self.erasure.deserted()

    def mute(self, row: MuteRow) -> None:
        """Let nothing be stored any more that somebody says there."""
        self.mutes.put(row)
        self._doubted.muted.add((row.group, row.user))

    def set_slow(self, group: GroupId, seconds: int) -> None:
        """From now on so many seconds are between two messages of one member; 0: none."""
        self.groups.set_slow(group, seconds)
        if seconds:
            self._doubted.slow.add(group)
        else:
            self.mutes.forget_said(group)

    def _check_may(self, draft: Draft) -> None:
        """Only who is doubted is looked up, and only for what people send."""
        group, sender, doubted = draft.group, draft.sender, self._doubted
        if draft.kind in _OF_NOBODY:
            return
        if sender in doubted.deleted and self.erasure.is_deleted(sender):
            raise NotSignedIn
        if draft.nonce is None:
            return
        if draft.kind == "message" and group in doubted.deserted and self.erasure.is_deserted(group):
            raise AccountDeleted
        if (group, sender) in doubted.departed and self.groups.role(group, sender) is None:
            row = self.groups.get(group)
            raise UnknownGroup if row is None or row.private else NotAMember
        if draft.kind in _SAYING and ((group, sender) in doubted.muted or (None, sender) in doubted.muted):
            muted = self.mutes.holding(group, sender, self.now)
            if muted is not None:
                raise Muted(retry_after=left_s(muted.until, self.now))
        if draft.kind == "message" and group in doubted.slow:
            self._keep_pace(group, sender)

    def _keep_pace(self, group: GroupId, sender: UserId) -> None:
        """Note that *sender* says something, where they have waited long enough since the last time; who leads need not."""
        row, person = self.groups.get(group), self.people.get(sender)
        if row is None or not row.slow or self.groups.role(group, sender) in _ADMINS:
            return
        if person is not None and person.role in _ADMINS:
            return
        last = self.mutes.said_at(group, sender)
        wait_ms = 0 if last is None else min(last + row.slow * 1000 - self.now, row.slow * 1000)
        if wait_ms > 0:
            raise SlowMode(retry_after=wait_ms / 1000)
        self.mutes.note_said(group, sender, self.now)

    def take_back(self, group: GroupId, seq: Seq) -> None:
        """Destroy what the message at *seq* says, with all its edits, what is said of it, and its files. It keeps its place."""
        self.entries.destroy(group, seq)
        self.said.forget(group, seq)
        self.files.detach(group, seq)
        self.has_destroyed = True

    def purge(self, group: GroupId, last: Seq) -> Purged:
        """Delete the log of *group* up to *last*, and the files that no other message names."""
        purged, named = self.retention.purge(group, last)
        for file_id in named:
            if not self.files.is_named(file_id):
                self.files.remove(file_id)
        self.has_destroyed = True
        return purged

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
        noted: list[Entry] = []
        heads, placed = self.heads, self._placed
        is_any_doubted = bool(self._doubted)
        for draft in drafts:
            if is_any_doubted:
                self._check_may(draft)
            entry, row, heads[draft.group] = placed(draft)
            entries.append(entry)
            rows.append(row)
            if draft.more is not None:
                noted.append(entry)
        self._conn.executemany(_INSERT, rows)
        if noted:
            self._note(noted)
        self.appended += cast(list[Entry], entries)
        return entries

    def _note(self, entries: list[Entry]) -> None:
        """What *entries* say besides their text is looked up later by it."""
        self.said.add_mentions(
            (entry.group, user, entry.seq) for entry in entries if entry.kind == "message" for user in entry.mentions
        )
        for entry in entries:
            if entry.files:
                self.files.attach(entry.group, entry.seq, entry.files)

    def _placed(self, draft: Draft) -> tuple[Entry, Row, Head]:
        """*draft* as an entry and as a sealed row at the end of its group, and the end after it."""
        group, sender, kind, target = draft.group, draft.sender, draft.kind, draft.target
        head = self.heads.get(group) or self._head(group)
        if head.seq - head.key_from >= KEY_ENTRIES - 1:
            head = self._with_new_key(group, head.seq)
        seq, key = Seq(head.seq + 1), head.key
        at = self.now if draft.at is None else draft.at
        place = self._vault.places.associated(group, seq, kind, sender, at, target, key.key_id)
        sealed = seal(key, plaintext_of(draft), place)
        nonce = None if draft.nonce is None else bytes.fromhex(draft.nonce)
        entry = entry_of(draft, seq, at)
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


def left_s(until: Millis | None, now: Millis) -> float | None:
    """How many seconds something still lasts; None: nobody knows."""
    return None if until is None else max(0.001, (until - now) / 1000)


def _the_same(first: Entry, draft: Draft) -> Entry:
    """*first*, when it is what *draft* would have become."""
    same_place = (first.group, first.kind, first.target) == (draft.group, draft.kind, draft.target)
    if not same_place or not (first.redacted or first.damaged or first == entry_of(draft, first.seq, first.at)):
        raise NonceReused
    return first
