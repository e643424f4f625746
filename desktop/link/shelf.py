"""One person's part of the archive: groups, people, drafts, outbox and entries of one account at one relay.

Small things are in memory from the start; entries stay in the file and come out by pages. Everything is changed in memory at once and
written soon after; only what enters the outbox is waited for.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from common.errors import SealError
from common.ids import Epoch, GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import GroupInfo, User
from desktop.events.conversations import GroupChoice, OwnStatus
from desktop.events.outbox import OutboxItem, PendingUpload
from desktop.link.archive import Account, Archive
from desktop.link.pages import Pages
from desktop.link.runs import Run

_log = logging.getLogger(__name__)

K = TypeVar("K", bound=int | str)
T = TypeVar("T")


class ReadBy(msgspec.Struct, frozen=True):
    """Who of the others has read a group furthest, and how far."""

    user: UserId
    seq: Seq


class _Held(Struct):
    """What is in memory."""

    groups: dict[GroupId, GroupInfo] = field(default_factory=dict)
    people: dict[UserId, User] = field(default_factory=dict)
    drafts: dict[GroupId, str] = field(default_factory=dict)
    draft_files: dict[GroupId, tuple[PendingUpload, ...]] = field(default_factory=dict)
    outbox: dict[Nonce, OutboxItem] = field(default_factory=dict)
    choices: dict[GroupId, GroupChoice] = field(default_factory=dict)
    own_status: dict[int, OwnStatus] = field(default_factory=dict)
    read_by: dict[GroupId, ReadBy] = field(default_factory=dict)
    former: dict[GroupId, str] = field(default_factory=dict)
    exporting: dict[int, dict[str, str]] = field(default_factory=dict)
    withdrawn: set[Nonce] = field(default_factory=set)
    last_place: int = 0


class Shelf(Pages):
    """The archive of one account, opened by `Shelf.open`."""

    def __init__(self, archive: Archive, account: Account, held: _Held) -> None:
        """Made by `open`."""
        super().__init__(archive, account)
        self._held = held
        self.epoch: Epoch | None = None if account.epoch is None else Epoch(account.epoch)
        self.complete_up_to: Millis | None = account.complete_up_to

    @classmethod
    async def open(cls, archive: Archive, account: Account) -> Shelf:
        """Everything but the entries, read in one go; takes milliseconds, however many entries there are."""
        shelf = cls(archive, account, _Held())
        await archive.read(shelf._recall)
        for group in [group for group in shelf.former if not shelf._has_unsent(group)]:
            shelf._forget_former(group)
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
        for group, sealed in rows("room", "draft_files", "room"):
            self._recall_one(held.draft_files, GroupId(group), tuple[PendingUpload, ...], sealed, "draft_files")
        for group, sealed in rows("room", "choice", "room"):
            self._recall_one(held.choices, GroupId(group), GroupChoice, sealed, "choice")
        for group, sealed in rows("room", "read_by", "room"):
            self._recall_one(held.read_by, GroupId(group), ReadBy, sealed, "read_by")
        for group, sealed in rows("room", "former", "room"):
            self._recall_one(held.former, GroupId(group), str, sealed, "former")
        for row, sealed in rows("account", "exporting", "account"):
            self._recall_one(held.exporting, row, dict[str, str], sealed, "exporting")
        for row, sealed in rows("account", "own_status", "account"):
            self._recall_one(held.own_status, row, OwnStatus, sealed, "own_status")
        for nonce, place, sealed in conn.execute(
            "SELECT nonce, place, sealed FROM outbox WHERE account = ? ORDER BY place", (self._row,)
        ):
            held.last_place = place
            self._recall_one(held.outbox, Nonce(nonce), OutboxItem, sealed, "outbox")
        for (nonce,) in conn.execute("SELECT nonce FROM withdrawn WHERE account = ?", (self._row,)):
            held.withdrawn.add(Nonce(nonce))
        for group, first, last in conn.execute(
            "SELECT room, first, last FROM run WHERE account = ? ORDER BY room, first", (self._row,)
        ):
            self.runs(GroupId(group)).add(Run(first, last))
        for group, seq in self.last_seqs().items():
            self._recall_imprint(conn, group, seq)

    def _recall_imprint(self, conn: sqlite3.Connection, group: GroupId, seq: Seq) -> None:
        statement = "SELECT seq, sealed FROM entry WHERE account = ? AND room = ? AND seq = ?"
        try:
            newest = conn.execute(statement, (self._row, group, seq)).fetchall()
        except sqlite3.DatabaseError as error:  # a damaged page: found and mended when somebody reads there
            _log.warning("the newest entry of a group cannot be recalled: %s", error)
            return
        for entry in self._opened(group, newest):
            self.keep_imprint(group, entry)

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

    def floor(self, group: GroupId) -> Seq:
        """Up to where the log of *group* was deleted at the relay; 0: it is whole."""
        info = self._held.groups.get(group)
        return Seq(0) if info is None else info.floor

    def keep_group(self, group: GroupInfo) -> None:
        """One group is new or changed."""
        if self._held.groups.get(group.id) != group:
            self._held.groups[group.id] = group
            self._put("room", group.id, group)
            self._forget_former(group.id)

    def drop_group(self, group: GroupId) -> None:
        """The person no longer sees that group: what was archived of it goes; unsent messages stay, and what it was called."""
        info = self._held.groups.pop(group, None)
        if info is not None and self._has_unsent(group):
            self._held.former[group] = self._name(info)
            self._put("former", group, self._held.former[group])
        self.forget_runs(group)
        self._held.read_by.pop(group, None)
        for table in ("room", "entry", "run", "read_by"):
            self._delete(table, "room = ?", group)

    @property
    def former(self) -> Mapping[GroupId, str]:
        """What groups were called that the person does not see any more, and in which something was not sent."""
        return MappingProxyType(self._held.former)

    def _has_unsent(self, group: GroupId) -> bool:
        held = self._held
        is_waiting = any(item.group == group for item in held.outbox.values())
        return is_waiting or group in held.drafts or group in held.draft_files

    def _name(self, info: GroupInfo) -> str:
        peer = self._held.people.get(info.peer) if info.peer is not None else None
        return info.name or (peer.display_name if peer is not None else "")

    def _forget_former(self, group: GroupId) -> None:
        if self._held.former.pop(group, None) is not None:
            self._delete("former", "room = ?", group)

    @property
    def read_by(self) -> Mapping[GroupId, ReadBy]:
        """How far others have read, as far as that was told."""
        return MappingProxyType(self._held.read_by)

    def keep_read_by(self, group: GroupId, user: UserId, seq: Seq) -> None:
        """Somebody has read *group* up to *seq*."""
        known = self._held.read_by.get(group)
        if user != self.user.id and group in self._held.groups and (known is None or seq > known.seq):
            self._held.read_by[group] = ReadBy(user, seq)
            self._put("read_by", group, self._held.read_by[group])

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

    @property
    def draft_files(self) -> Mapping[GroupId, tuple[PendingUpload, ...]]:
        """What is attached to the draft of each group."""
        return MappingProxyType(self._held.draft_files)

    def keep_draft_files(self, group: GroupId, files: tuple[PendingUpload, ...]) -> None:
        """What is attached to the draft of a group."""
        if files == self._held.draft_files.get(group, ()):
            return
        if files:
            self._held.draft_files[group] = files
            self._put("draft_files", group, files)
        else:
            del self._held.draft_files[group]
            self._delete("draft_files", "room = ?", group)

    def cursors(self) -> dict[GroupId, Seq]:
        """The last seq known of each group that has any."""
        return {group: last for group, last in self.last_seqs().items() if group in self._held.groups}

    # -- the person's own ways -----------------------------------------------------------------------------------------

    @property
    def choices(self) -> Mapping[GroupId, GroupChoice]:
        """How the person wants conversations, other than as usual."""
        return MappingProxyType(self._held.choices)

    def keep_choice(self, group: GroupId, choice: GroupChoice) -> None:
        """How the person wants that conversation."""
        before = self._held.choices.get(group)
        if choice == GroupChoice() and (choice.said or before is None):
            if self._held.choices.pop(group, None) is not None:
                self._delete("choice", "room = ?", group)
        elif before != choice or before.said != choice.said:
            self._held.choices[group] = choice
            self._put("choice", group, choice)

    @property
    def own_status(self) -> OwnStatus:
        """What the person says of themselves."""
        return self._held.own_status.get(self._row, OwnStatus())

    def keep_own_status(self, status: OwnStatus) -> None:
        """What the person says of themselves from now on."""
        if status != self.own_status:
            self._held.own_status[self._row] = status
            row, sealed = self._row, self._seal(status, "own_status", self._row)
            self._archive.change(
                lambda conn: conn.execute(
                    "INSERT OR REPLACE INTO own_status (account, sealed) VALUES (?, ?)", (row, sealed)
                )
            )

    # -- exports -------------------------------------------------------------------------------------------------------

    @property
    def exporting(self) -> Mapping[str, str]:
        """The folders in which exports grow, or grew when the program ended, and the mark of each."""
        return MappingProxyType(self._held.exporting.get(self._row, {}))

    def keep_exporting(self, folders: Mapping[str, str]) -> None:
        """These from now on."""
        if folders != self.exporting:
            self._held.exporting[self._row] = dict(folders)
            row, sealed = self._row, self._seal(dict(folders), "exporting", self._row)
            self._archive.change(
                lambda conn: conn.execute(
                    "INSERT OR REPLACE INTO exporting (account, sealed) VALUES (?, ?)", (row, sealed)
                )
            )

    # -- another life of the log ---------------------------------------------------------------------------------------

    def begin_epoch(self, epoch: Epoch) -> None:
        """The log has another life: entries, groups and people are forgotten; drafts and outbox stay."""
        self.epoch = epoch
        self.complete_up_to = None
        for table in ("entry", "run", "room", "person", "read_by"):
            self._delete(table)
        self._held.groups.clear()
        self._held.read_by.clear()
        self.forget_runs()
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

    @property
    def withdrawn(self) -> Set[Nonce]:
        """Messages that were taken out of the outbox when the relay may have had them already."""
        return frozenset(self._held.withdrawn)

    def keep_withdrawn(self, nonce: Nonce) -> None:
        """That message is not to be said, and may be an entry."""
        self._held.withdrawn.add(nonce)
        row = self._row
        self._archive.change(
            lambda conn: conn.execute("INSERT OR REPLACE INTO withdrawn (account, nonce) VALUES (?, ?)", (row, nonce))
        )

    def forget_withdrawn(self, nonce: Nonce) -> None:
        """It is an entry, and was seen to."""
        self._held.withdrawn.discard(nonce)
        self._delete("withdrawn", "nonce = ?", nonce)

    async def flush(self) -> None:
        """Everything that was changed is on disk when this returns.

        Raises:
            sqlite3.Error: the disk refused; the changes stay queued.
        """
        await self._archive.flush()

    # -- records -------------------------------------------------------------------------------------------------------

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
