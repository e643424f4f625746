"""One person's part of the archive: groups, people, drafts, outbox and entries of one account at one relay.

Small things are in memory from the start; entries stay in the file and come out by pages. Everything is changed in memory at once and
written soon after; only what enters the outbox is waited for.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from common.errors import SealError
from common.ids import Epoch, GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, User
from desktop.events import OutboxItem
from desktop.link.archive import Account, Archive
from desktop.link.runs import Run, Runs

_log = logging.getLogger(__name__)

K = TypeVar("K", bound=int | str)
T = TypeVar("T")


@dataclass(slots=True)
class _Held:
    """What is in memory."""

    groups: dict[GroupId, GroupInfo] = field(default_factory=dict)
    people: dict[UserId, User] = field(default_factory=dict)
    runs: dict[GroupId, Runs] = field(default_factory=dict)
    drafts: dict[GroupId, str] = field(default_factory=dict)
    outbox: dict[Nonce, OutboxItem] = field(default_factory=dict)
    last_place: int = 0


class Shelf:
    """The archive of one account, opened by `Shelf.open`."""

    def __init__(self, archive: Archive, account: Account, held: _Held) -> None:
        """Made by `open`."""
        self._archive = archive
        self._row = account.row
        self._held = held
        self.relay_id: RelayId = account.relay_id
        self.user: User = account.user
        self.epoch: Epoch | None = None if account.epoch is None else Epoch(account.epoch)
        self.complete_up_to: Millis | None = account.complete_up_to

    @classmethod
    async def open(cls, archive: Archive, account: Account) -> Shelf:
        """Everything but the entries, read in one go; takes milliseconds, however many entries there are."""
        shelf = cls(archive, account, _Held())
        await archive.read(shelf._recall)
        return shelf

    def _recall(self, conn: sqlite3.Connection) -> None:
        held = self._held

        def rows(columns: str, table: str, order: str) -> list[tuple[int, bytes]]:
            statement = f"SELECT {columns}, sealed FROM {table} WHERE account = ? ORDER BY {order}"
            return conn.execute(statement, (self._row,)).fetchall()

        for group, sealed in rows("room", "room", "room"):
            self._recall_one(held.groups, GroupId(group), GroupInfo, sealed, "room")
        for user, sealed in rows("user", "person", "user"):
            self._recall_one(held.people, UserId(user), User, sealed, "person")
        for group, sealed in rows("room", "draft", "room"):
            self._recall_one(held.drafts, GroupId(group), str, sealed, "draft")
        for nonce, place, sealed in conn.execute(
            "SELECT nonce, place, sealed FROM outbox WHERE account = ? ORDER BY place", (self._row,)
        ):
            held.last_place = place
            self._recall_one(held.outbox, Nonce(nonce), OutboxItem, sealed, "outbox")
        for group, first, last in conn.execute(
            "SELECT room, first, last FROM run WHERE account = ? ORDER BY room, first", (self._row,)
        ):
            held.runs.setdefault(GroupId(group), Runs()).add(Run(first, last))

    def _recall_one(self, into: dict[K, T], key: K, kind: type[T], sealed: bytes, table: str) -> None:
        try:
            into[key] = self._open(kind, sealed, table, key)
        except SealError as error:
            _log.warning("a record of %s cannot be recalled: %s", table, error)

    # -- groups, people, drafts ----------------------------------------------------------------------------------------

    @property
    def groups(self) -> Mapping[GroupId, GroupInfo]:
        """The groups that the person sees."""
        return MappingProxyType(self._held.groups)

    @property
    def people(self) -> Mapping[UserId, User]:
        """Everybody whose name is known."""
        return MappingProxyType(self._held.people)

    @property
    def drafts(self) -> Mapping[GroupId, str]:
        """Unsent text of each group."""
        return MappingProxyType(self._held.drafts)

    def keep_groups(self, groups: Iterable[GroupInfo]) -> None:
        """These are all groups that the person sees."""
        listed = {group.id: group for group in groups}
        for gone in self._held.groups.keys() - listed.keys():
            self.drop_group(gone)
        for group in listed.values():
            self.keep_group(group)

    def keep_group(self, group: GroupInfo) -> None:
        """One group is new or changed."""
        if self._held.groups.get(group.id) != group:
            self._held.groups[group.id] = group
            self._put("room", group.id, group)

    def drop_group(self, group: GroupId) -> None:
        """The person no longer sees that group: what was archived of it goes; unsent messages stay."""
        self._held.groups.pop(group, None)
        self._held.runs.pop(group, None)
        for table in ("room", "entry", "run"):
            self._delete(table, "room = ?", group)

    def keep_people(self, users: Iterable[User]) -> tuple[User, ...]:
        """Remember names; gives those that are new or changed."""
        news = tuple(user for user in users if self._held.people.get(user.id) != user)
        for user in news:
            self._held.people[user.id] = user
            self._put("person", user.id, user)
        return news

    def keep_draft(self, group: GroupId, text: str) -> None:
        """Unsent text of a group; empty: none."""
        if text == self._held.drafts.get(group, ""):
            return
        if text:
            self._held.drafts[group] = text
            self._put("draft", group, text)
        else:
            del self._held.drafts[group]
            self._delete("draft", "room = ?", group)

    # -- entries -------------------------------------------------------------------------------------------------------

    def runs(self, group: GroupId) -> Runs:
        """Which entries of *group* are here."""
        return self._held.runs.setdefault(group, Runs())

    def cursors(self) -> dict[GroupId, Seq]:
        """The last seq known of each group that has any."""
        return {group: runs.last for group, runs in self._held.runs.items() if runs.last and group in self._held.groups}

    def keep_entries(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """Keep *entries*, which follow each other without a gap."""
        if not entries:
            return
        merged = self.runs(group).add(Run(entries[0].seq, entries[-1].seq))
        row, seal, whose = self._row, self._seal, self._place_of_run(group, merged)
        kept = tuple(entries)

        def write(conn: sqlite3.Connection) -> None:
            conn.executemany(
                "INSERT OR REPLACE INTO entry (account, room, seq, sealed) VALUES (?, ?, ?, ?)",
                [(row, group, entry.seq, seal(entry, "entry", group, entry.seq)) for entry in kept],
            )
            conn.execute("DELETE FROM run WHERE account = ? AND room = ? AND first BETWEEN ? AND ?", whose)
            conn.execute("INSERT INTO run (account, room, first, last) VALUES (?, ?, ?, ?)", whose)

        self._archive.change(write)

    def _place_of_run(self, group: GroupId, run: Run) -> tuple[int, GroupId, Seq, Seq]:
        return (self._row, group, run.first, run.last)

    async def page_before(self, group: GroupId, before: Seq | None, limit: int) -> list[Entry]:
        """Up to *limit* entries that end just before *before* (None: at the newest), without gaps, rising.

        Empty when the entry before is not here. A record that does not open is dropped, so that it becomes a gap that the
        relay can fill, and the page begins after it.
        """
        runs = self.runs(group)
        run = runs.newest if before is None else runs.ending_before(before)
        if run is None:
            return []
        last = run.last if before is None else Seq(before - 1)
        first = Seq(max(run.first, last - limit + 1))
        sealed = await self._archive.read(
            lambda conn: conn.execute(
                "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC",
                (self._row, group, first, last),
            ).fetchall()
        )
        page: list[Entry] = []
        for expected, (seq, record) in zip(range(last, first - 1, -1), sealed, strict=False):
            try:
                if seq != expected:
                    raise SealError(f"entry {expected} is missing")
                page.append(self._open(Entry, record, "entry", group, Seq(seq)))
            except SealError as error:
                _log.warning("an entry of the archive is damaged: %s", error)
                self._drop_entry(group, Seq(expected))
                break
        else:
            if len(page) < last - first + 1:
                self._drop_entry(group, Seq(last - len(page)))
        return page[::-1]

    def _drop_entry(self, group: GroupId, seq: Seq) -> None:
        runs = self.runs(group)
        runs.drop(seq)
        kept = [self._place_of_run(group, run) for run in runs]
        row = self._row

        def write(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM entry WHERE account = ? AND room = ? AND seq = ?", (row, group, seq))
            conn.execute("DELETE FROM run WHERE account = ? AND room = ?", (row, group))
            conn.executemany("INSERT INTO run (account, room, first, last) VALUES (?, ?, ?, ?)", kept)

        self._archive.change(write)

    def begin_epoch(self, epoch: Epoch) -> None:
        """The log has another life: entries, groups and people are forgotten; drafts and outbox stay."""
        self.epoch = epoch
        self.complete_up_to = None
        for table in ("entry", "run", "room", "person"):
            self._delete(table)
        self._held.groups.clear()
        self._held.runs.clear()
        self._held.people.clear()
        row = self._row
        self._archive.change(
            lambda conn: conn.execute("UPDATE account SET epoch = ?, complete_up_to = NULL WHERE id = ?", (epoch, row))
        )

    def keep_complete_up_to(self, at: Millis) -> None:
        """Every group is complete up to what the relay had at that time."""
        self.complete_up_to = at
        row = self._row
        self._archive.change(lambda conn: conn.execute("UPDATE account SET complete_up_to = ? WHERE id = ?", (at, row)))

    # -- outbox --------------------------------------------------------------------------------------------------------

    @property
    def outbox(self) -> Mapping[Nonce, OutboxItem]:
        """Own messages that are not entries yet, in the order in which they were written."""
        return MappingProxyType(self._held.outbox)

    def put_out(self, item: OutboxItem) -> None:
        """Add *item* at the end, or replace the one with its nonce in its place. `flush` makes it durable."""
        is_new = item.nonce not in self._held.outbox
        self._held.outbox[item.nonce] = item
        if is_new:
            self._held.last_place += 1
        place, row, sealed = self._held.last_place, self._row, self._seal(item, "outbox", item.nonce)
        self._archive.change(
            lambda conn: conn.execute(
                "INSERT INTO outbox (account, nonce, place, sealed) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (account, nonce) DO UPDATE SET sealed = excluded.sealed",
                (row, item.nonce, place, sealed),
            )
        )

    def take_out(self, nonce: Nonce) -> None:
        """The message is an entry now, or was given up."""
        if self._held.outbox.pop(nonce, None) is not None:
            self._delete("outbox", "nonce = ?", nonce)

    async def flush(self) -> None:
        """Everything that was changed is on disk when this returns.

        Raises:
            sqlite3.Error: the disk refused; the changes stay queued.
        """
        await self._archive.flush()

    # -- records -------------------------------------------------------------------------------------------------------

    def _seal(self, what: object, table: str, *place: int | str) -> bytes:
        return self._archive.seals.seal(what, table, self.relay_id, self.user.id, *place)

    def _open(self, kind: type[T], sealed: bytes, table: str, *place: int | str) -> T:
        return self._archive.seals.open(kind, sealed, table, self.relay_id, self.user.id, *place)

    def _put(self, table: str, key: int, what: object) -> None:
        column = "user" if table == "person" else "room"
        row, sealed = self._row, self._seal(what, table, key)
        self._archive.change(
            lambda conn: conn.execute(
                f"INSERT OR REPLACE INTO {table} (account, {column}, sealed) VALUES (?, ?, ?)", (row, key, sealed)
            )
        )

    def _delete(self, table: str, where: str = "TRUE", *bound: Any) -> None:
        row = self._row
        self._archive.change(
            lambda conn: conn.execute(f"DELETE FROM {table} WHERE account = ? AND {where}", (row, *bound))
        )
