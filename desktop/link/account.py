"""One signed-in person at one relay: folds what the relay tells into the archive, tells the window, and does what the person asks.

The order of one entry: into the archive, then to the window, then out of the outbox. So nothing that was shown is missing after a
restart, and an own message is never nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final, TypeVar

import msgspec

from common.errors import LinkLost, NotAMember, RateLimited, UnknownGroup
from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol import limits
from common.protocol.messages import (
    Answer,
    Behind,
    Bye,
    Command,
    CreateGroup,
    Entry,
    EntryAdded,
    Event,
    GroupChanged,
    GroupGone,
    GroupInfo,
    Groups,
    Hello,
    History,
    JoinGroup,
    LeaveGroup,
    ListGroups,
    ListMembers,
    ListUsers,
    MarkRead,
    Members,
    OneGroup,
    Page,
    PresenceChanged,
    ReadMoved,
    RenameGroup,
    Sent,
    User,
    UserChanged,
    Users,
    Welcome,
)
from desktop.events import (
    CommandRefused,
    CompleteUpTo,
    Connected,
    DraftsKnown,
    EntriesKnown,
    EpochBegan,
    GroupLost,
    GroupSeen,
    GroupsListed,
    LinkChanged,
    LinkEvent,
    MembersListed,
    OutboxItem,
    PresenceSeen,
    ReadSeen,
    UsersKnown,
)
from desktop.link.denied import Denied
from desktop.link.names import Names
from desktop.link.outbox import Outbox, waiting_item
from desktop.link.shelf import Shelf
from desktop.link.tail import Tail
from desktop.link.wire import DEADLINE_S, IDLE_S, Wire
from desktop.locale import _

CLIENT: Final = "pymessenger-desktop"
OPENED: Final = 200
"""Entries of a conversation that are shown at once from the archive."""
LEAP: Final = 500
"""More missing entries than this: the newest page comes first and the middle later."""
PUSH_S: Final = 2.0
"""After hello the relay pushes what was missed; if nothing came for so long, it is pulled."""
FILL_PAGES: Final = 25
"""Pages of a middle that are fetched without being asked for; the rest when somebody looks at the gap."""
FILL_PAUSE_S: Final = 0.05
MARK_S: Final = 0.3
"""Read markers gather for so long."""
COMPLETE_EVERY_S: Final = 60.0
SILENCE_S: Final = (IDLE_S + DEADLINE_S) * 1.5
"""A link that was silent for longer would have ended: up to so long ago everything had arrived."""
LINK_LOST: Final = "link_lost"

_log = logging.getLogger(__name__)

A = TypeVar("A", bound=Answer)


class Account:
    """A `Speaker` for the connection, and the doer of what the person asks."""

    def __init__(
        self,
        shelf: Shelf,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
        come_back_after: Callable[[float], None],
    ) -> None:
        """*come_back_after* hands on what the relay says when it goes down."""
        self.shelf = shelf
        self._tell = tell
        self._now = now
        self._come_back_after = come_back_after
        self._outbox = Outbox(shelf, tell, self._stored)
        self._names = Names(shelf, tell)
        self._wire: Wire | None = None
        self._page = limits.PAGE_MAX
        self._tails: dict[GroupId, Tail] = {}
        self._lived_from: dict[GroupId, Seq] = {}
        self._opened: GroupId | None = None
        self._members_of: GroupId | None = None
        self._marks: dict[GroupId, Seq] = {}
        self._marking: asyncio.Task[None] | None = None
        self._loading: set[tuple[GroupId, Seq]] = set()
        self._filled: dict[GroupId, int] = {}
        self._is_complete = False
        self._alive_at = Millis(0)
        self._was_told_behind = False
        self._pushed: set[GroupId] = set()
        self._progress = asyncio.Event()
        self._work = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._of_link: set[asyncio.Task[None]] = set()

    # -- from the archive ----------------------------------------------------------------------------------------------

    def recall(self) -> None:
        """Tell what is known without the relay."""
        if self.shelf.people:
            self._tell(UsersKnown(tuple(self.shelf.people.values())))
        self._tell(GroupsListed(tuple(self.shelf.groups.values())))
        self._tell(DraftsKnown(dict(self.shelf.drafts)))
        for group in dict.fromkeys(item.group for item in self.shelf.outbox.values()):
            self._outbox.list(group)
        if self.shelf.complete_up_to is not None:
            self._tell(CompleteUpTo(self.shelf.complete_up_to))

    async def close(self) -> None:
        """Stop everything; the archive has the rest."""
        self.lost()
        await self._outbox.close()
        await self._names.close()
        tasks = self._tasks | self._of_link
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- the link (Speaker) --------------------------------------------------------------------------------------------

    def hello(self) -> Hello:
        """Where this client stands."""
        cursors: dict[int, int] = dict(list(self.shelf.cursors().items())[: limits.CURSORS_MAX])
        return Hello(client=CLIENT, epoch=self.shelf.epoch, cursors=cursors)

    def welcomed(self, wire: Wire, welcome: Welcome) -> None:
        """The link is up: take over what the relay says of groups, then catch up and send what waits."""
        self._wire = wire
        self._page = min(limits.PAGE_MAX, max(1, welcome.limits.page))
        # The relay pushes what comes after a cursor of this epoch; all else is pulled.
        self._pushed = set(self.shelf.cursors()) if welcome.epoch == self.shelf.epoch else set()
        if welcome.epoch != self.shelf.epoch:
            had_another = self.shelf.epoch is not None
            self.shelf.begin_epoch(welcome.epoch)
            self._marks.clear()
            if had_another:
                self._tell(EpochBegan(welcome.epoch))
        self._names.met([welcome.user])
        self._tails.clear()
        self._filled.clear()
        self._was_told_behind = False
        self._list_groups(welcome.groups)
        self._lived_from = {group: tail.target for group, tail in self._tails.items()}
        self._outbox.opened(lambda post: wire.ask(post, Sent))
        self._names.opened(partial(self._look_up, wire))
        self._for_link(self._catch_up(wire), "catching up")

    def heard(self, events: Sequence[Event]) -> None:
        """Fold what the relay told, in order; entries of one group that come together stay together."""
        self._alive_at = self._now()
        for key, run in groupby(events, lambda event: event.group if isinstance(event, EntryAdded) else None):
            if key is None:
                for event in run:
                    self._heard_one(event)
            else:
                self._heard_entries(key, [event.entry for event in run if isinstance(event, EntryAdded)])
        self._progress.set()

    def lost(self) -> None:
        """The link is down."""
        if self._wire is None:
            return
        self._wire = None
        self._outbox.lost()
        self._names.lost()
        for task in self._of_link:
            task.cancel()
        if self._is_complete:
            self._is_complete = False
            self._complete_up_to(self._alive_at)

    def _heard_one(self, event: Event) -> None:
        match event:
            case GroupChanged(group=info):
                self._group_seen(info)
            case GroupGone(group=group):
                self._group_gone(group)
            case UserChanged(user=user):
                self._names.met([user])
            case PresenceChanged(user=user_id, state=state):
                self._names.need([user_id])
                self._tell(PresenceSeen(user_id, state))
            case ReadMoved(group=group, user=user_id, seq=seq):
                if user_id == self.shelf.user.id:
                    self._read_moved(group, seq)
                self._tell(ReadSeen(group, user_id, seq))
            case Behind(groups=groups):
                self._behind(groups)
            case Bye(retry_after=seconds):
                self._come_back_after(seconds)
            case _:
                _log.debug("an event that means nothing here: %s", type(event).__name__)

    # -- groups --------------------------------------------------------------------------------------------------------

    def _list_groups(self, groups: Sequence[GroupInfo]) -> None:
        listed = [self._with_own_mark(info) for info in groups]
        self.shelf.keep_groups(listed)
        self._tell(GroupsListed(tuple(listed)))
        for info in listed:
            self._follow(info)
        for gone in self._tails.keys() - {info.id for info in listed}:
            del self._tails[gone]
        self._names.need(info.last.sender for info in listed if info.last is not None)

    def _with_own_mark(self, info: GroupInfo) -> GroupInfo:
        """*info* with this person's marker as far as it was moved here; the relay is told if it does not know yet."""
        known = self.shelf.groups.get(info.id)
        if info.role is None or known is None or known.read_seq <= info.read_seq:
            return info
        self._marks[info.id] = known.read_seq
        self._mark_soon()
        return _read(info, known.read_seq)

    def _follow(self, info: GroupInfo) -> None:
        if info.role is None:
            self._tails.pop(info.id, None)
            return
        tail = self._tails.get(info.id)
        if tail is None:
            tail = self._tails[info.id] = Tail(self.shelf.runs(info.id).last)
        tail.reaches(info.last_seq)
        if tail.is_behind:
            self._work.set()

    def _group_seen(self, info: GroupInfo) -> None:
        info = self._with_own_mark(info)
        self.shelf.keep_group(info)
        self._follow(info)
        self._tell(GroupSeen(info))

    def _group_gone(self, group: GroupId) -> None:
        self._tails.pop(group, None)
        self.shelf.drop_group(group)
        self._tell(GroupLost(group))

    def _read_moved(self, group: GroupId, seq: Seq) -> None:
        info = self.shelf.groups.get(group)
        if info is not None and seq > info.read_seq:
            self.shelf.keep_group(_read(info, seq))

    def _behind(self, groups: dict[GroupId, Seq]) -> None:
        self._was_told_behind = True
        for group, last in groups.items():
            if tail := self._tails.get(group):
                tail.reaches(last)
        if self._is_complete and self._wire is not None:
            self._for_link(self._ask_for_groups(self._wire), "list of groups")
        self._work.set()

    async def _ask_for_groups(self, wire: Wire) -> None:
        """What was not pushed was not counted either: the relay knows what is unread."""
        answer = await self._patiently(wire, ListGroups(), Groups)
        self._list_groups(answer.groups)

    # -- entries -------------------------------------------------------------------------------------------------------

    def _heard_entries(self, group: GroupId, entries: Sequence[Entry]) -> None:
        tail = self._tails.get(group)
        if tail is None:
            _log.debug("entries of group %s, which is not followed", group)
            return
        ready = tail.hear(entries)
        lived_from = self._lived_from.get(group, 0)
        missed = [entry for entry in ready if entry.seq <= lived_from]
        self._apply(group, missed)
        self._apply(group, ready[len(missed) :], live=True)
        if tail.is_behind:
            self._work.set()

    def _apply(self, group: GroupId, entries: Sequence[Entry], live: bool = False) -> None:
        if not entries:
            return
        self.shelf.keep_entries(group, entries)
        info = self.shelf.groups.get(group)
        if info is not None and entries[-1].seq > info.last_seq:
            self.shelf.keep_group(_grown(info, entries, self.shelf.user.id))
        self._names.need(entry.sender for entry in entries)
        self._tell_entries(group, entries, live)
        for entry in entries:
            if entry.nonce is not None and entry.sender == self.shelf.user.id:
                self._outbox.take(entry.nonce)

    def _tell_entries(self, group: GroupId, entries: Sequence[Entry], live: bool = False) -> None:
        first_reached = bool(entries) and entries[0].seq == 1
        self._tell(EntriesKnown(group, tuple(entries), first_reached, live))

    def _stored(self, item: OutboxItem, sent: Sent) -> None:
        """The relay has an own message. Its entry is known without waiting for the event, which may come late or not at all."""
        entry = Entry(item.group, sent.seq, "message", self.shelf.user.id, sent.at, item.nonce, item.body)
        tail = self._tails.get(item.group)
        if tail is None or sent.seq <= tail.known:
            self._outbox.take(item.nonce)
        else:
            self._heard_entries(item.group, [entry])

    # -- catching up ---------------------------------------------------------------------------------------------------

    async def _catch_up(self, wire: Wire) -> None:
        await self._await_pushes()
        while True:
            self._work.clear()
            while (group := self._next_behind()) is not None:
                await self._pull(wire, group)
            self._is_caught_up(wire)
            await self._fill_middles(wire)
            try:
                async with asyncio.timeout(COMPLETE_EVERY_S):
                    await self._work.wait()
            except TimeoutError:
                self._alive_at = max(self._alive_at, Millis(self._now() - int(SILENCE_S * 1000)))
                self.shelf.keep_complete_up_to(self._alive_at)

    async def _await_pushes(self) -> None:
        while any(self._tails[group].is_behind for group in self._pushed & self._tails.keys()):
            if self._was_told_behind:
                return
            self._progress.clear()
            try:
                async with asyncio.timeout(PUSH_S):
                    await self._progress.wait()
            except TimeoutError:
                return

    def _next_behind(self) -> GroupId | None:
        """A group whose end is not here; the one that the person looks at first."""
        behind = [group for group, tail in self._tails.items() if tail.is_behind]
        return self._opened if self._opened in behind else next(iter(behind), None)

    async def _pull(self, wire: Wire, group: GroupId) -> None:
        tail = self._tails[group]
        leaps = tail.missing > (LEAP if tail.known else self._page)
        command = History(group=group, after=None if leaps else tail.known, limit=self._page)
        try:
            page = await self._patiently(wire, command, Page)
        except Denied as denied:
            _log.warning("the log of group %s cannot be read: %s", group, denied)
            self._tails.pop(group, None)
            return
        if self._tails.get(group) is not tail:
            return
        entries = tail.leap(page.entries) if leaps else tail.hear(page.entries)
        if not entries and tail.is_behind:
            tail.ends_here()
        self._apply(group, entries)

    def _is_caught_up(self, wire: Wire) -> None:
        if self._wire is wire and not self._is_complete:
            self._is_complete = True
            self._complete_up_to(self._now())
            self._tell(LinkChanged(Connected()))
            if self._members_of is not None:
                self.list_members(self._members_of)
            if self._opened is not None:
                self._for_link(self._top_up(self._opened), "top up")

    def _complete_up_to(self, at: Millis) -> None:
        self._alive_at = max(self._alive_at, at)
        self.shelf.keep_complete_up_to(self._alive_at)
        self._tell(CompleteUpTo(self._alive_at))

    async def _fill_middles(self, wire: Wire) -> None:
        """Fetch what lies between the runs of the archive, newest first, as long as nothing more urgent is missing."""
        groups = sorted(self._tails, key=lambda group: group != self._opened)
        for group in groups:
            for gap in self.shelf.runs(group).gaps():
                before = Seq(gap.last + 1)
                while before > gap.first and self._filled.get(group, 0) < FILL_PAGES:
                    if self._next_behind() is not None:
                        return
                    self._filled[group] = self._filled.get(group, 0) + 1
                    try:
                        before = await self._fetch_before(wire, group, before, gap.first)
                    except Denied as denied:
                        _log.warning("the middle of group %s cannot be read: %s", group, denied)
                        return
                    await asyncio.sleep(FILL_PAUSE_S)

    async def _fetch_before(self, wire: Wire, group: GroupId, before: Seq, first: Seq = Seq(1)) -> Seq:  # noqa: B008
        """Fetch the page before *before*, keep and tell it (not what is before *first*). Returns its first seq.

        Raises:
            Denied, LinkLost: as `Wire.ask`.
        """
        page = await self._patiently(wire, History(group=group, before=before, limit=self._page), Page)
        entries = [entry for entry in page.entries if first <= entry.seq < before]
        if not entries:
            return first
        self.shelf.keep_entries(group, entries)
        self._names.need(entry.sender for entry in entries)
        self._tell_entries(group, entries)
        return entries[0].seq

    # -- what the person asks: reading ---------------------------------------------------------------------------------

    async def open_group(self, group: GroupId) -> None:
        """Tell the end of the conversation and who is in it."""
        self._opened = group
        entries = await self.shelf.page_before(group, None, OPENED)
        if entries:
            self._names.need(entry.sender for entry in entries)
            self._tell_entries(group, entries)
        self._outbox.list(group)
        if self._wire is None or group not in self._tails:
            return
        self.list_members(group)
        if not self._tails[group].is_behind:
            await self._top_up(group)

    async def _top_up(self, group: GroupId) -> None:
        """Too little of the newest run is here to fill a screen: fetch the page before it."""
        newest = self.shelf.runs(group).newest
        if newest is None:
            if (tail := self._tails.get(group)) is not None and not tail.is_behind:
                self._tell(EntriesKnown(group, (), first_reached=True))
        elif newest.first > 1 and newest.last - newest.first + 1 < limits.PAGE_DEFAULT:
            await self.load_before(group, newest.first)

    async def load_before(self, group: GroupId, before: Seq) -> None:
        """Tell the entries that come before *before*: from the archive, else from the relay."""
        if before <= 1 or (group, before) in self._loading:
            return
        self._loading.add((group, before))
        try:
            entries = await self.shelf.page_before(group, before, OPENED)
            if entries:
                self._names.need(entry.sender for entry in entries)
                self._tell_entries(group, entries)
            else:
                await self._fetch_before(self._link(), group, before)
        except (Denied, LinkLost) as error:
            self._refused("load_before", error)
        finally:
            self._loading.discard((group, before))

    async def fill_gap(self, group: GroupId, after: Seq, before: Seq) -> None:
        """Tell what is between the two seqs, a page of it, the newest first."""
        if before > after + 1:
            await self.load_before(group, before)

    def mark_read(self, group: GroupId, seq: Seq) -> None:
        """The person has read up to *seq*; the relay is told soon, or when there is a link again."""
        info = self.shelf.groups.get(group)
        if info is None or info.role is None or seq <= info.read_seq:
            return
        self.shelf.keep_group(_read(info, seq))
        self._marks[group] = seq
        self._mark_soon()

    def _mark_soon(self) -> None:
        if self._wire is not None and (self._marking is None or self._marking.done()):
            self._marking = self._for_link(self._send_marks(self._wire), "read markers")

    async def _send_marks(self, wire: Wire) -> None:
        while self._marks:
            await asyncio.sleep(MARK_S)
            marks, self._marks = self._marks, {}
            for group, seq in marks.items():
                try:
                    await self._patiently(wire, MarkRead(group=group, seq=seq), Answer)
                except Denied as denied:
                    _log.info("a read marker was refused: %s", denied)

    def list_members(self, group: GroupId) -> None:
        """Tell who is in *group* now, and again after each reconnect."""
        self._members_of = group
        if self._wire is not None:
            self._for_link(self._list_members(self._wire, group), "members")

    async def _list_members(self, wire: Wire, group: GroupId) -> None:
        try:
            answer = await self._patiently(wire, ListMembers(group=group), Members)
        except Denied as denied:
            if denied.code not in (NotAMember.code, UnknownGroup.code):
                self._refused("list_members", denied)
            return
        self._names.met(member.user for member in answer.members)
        self._tell(MembersListed(group, tuple(answer.members)))

    # -- what the person asks: writing ---------------------------------------------------------------------------------

    async def post(self, group: GroupId, nonce: Nonce, body: str) -> None:
        """Say *body* in *group*."""
        await self._outbox.post(waiting_item(group, nonce, body, self._now()))

    async def retry(self, nonce: Nonce) -> None:
        """Send a failed message again."""
        await self._outbox.retry(nonce)

    def discard(self, nonce: Nonce) -> None:
        """Give a message up."""
        self._outbox.take(nonce)

    def edit_failed(self, nonce: Nonce) -> None:
        """Make a message that was not sent the draft of its group, before what the draft holds already."""
        item = self.shelf.outbox.get(nonce)
        if item is None:
            return
        draft = self.shelf.drafts.get(item.group, "")
        self.shelf.keep_draft(item.group, f"{item.body}\n{draft}" if draft else item.body)
        self._tell(DraftsKnown(dict(self.shelf.drafts)))
        self._outbox.take(nonce)

    def save_draft(self, group: GroupId, text: str) -> None:
        """Keep unsent text."""
        self.shelf.keep_draft(group, text)

    async def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group; it is told as seen."""
        command = CreateGroup(name=name, topic=topic, private=private)
        if answer := await self._ask_or_refuse("create_group", command, OneGroup):
            self._group_seen(answer.group)

    async def join_group(self, group: GroupId) -> None:
        """Become a member."""
        if answer := await self._ask_or_refuse("join_group", JoinGroup(group=group), OneGroup):
            self._group_seen(answer.group)
            if self._opened == group:
                await self.open_group(group)

    async def leave_group(self, group: GroupId) -> None:
        """Stop being a member."""
        await self._ask_or_refuse("leave_group", LeaveGroup(group=group), Answer)

    async def rename_group(self, group: GroupId, name: str) -> None:
        """Give a group another name."""
        await self._ask_or_refuse("rename_group", RenameGroup(group=group, name=name), Sent)

    # -- asking --------------------------------------------------------------------------------------------------------

    def _link(self) -> Wire:
        if self._wire is None:
            raise LinkLost(_("Not connected to the relay."))
        return self._wire

    async def _ask_or_refuse(self, what: str, command: Command, kind: type[A]) -> A | None:
        try:
            return await self._link().ask(command, kind)
        except (Denied, LinkLost) as error:
            self._refused(what, error)
            return None

    def _refused(self, what: str, error: Denied | LinkLost) -> None:
        code = error.code if isinstance(error, Denied) else LINK_LOST
        self._tell(CommandRefused(what, code, str(error)))

    async def _patiently(self, wire: Wire, command: Command, kind: type[A]) -> A:
        """The answer, after as many pauses as the relay's rate limit asks for."""
        while True:
            try:
                return await wire.ask(command, kind)
            except Denied as denied:
                if denied.code != RateLimited.code:
                    raise
                await asyncio.sleep(denied.retry_after or 1.0)

    async def _look_up(self, wire: Wire, users: Sequence[UserId]) -> Sequence[User]:
        return (await wire.ask(ListUsers(users=list(users)), Users)).users

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do *work* beside everything else; it ends with the account."""
        self._own(self._tasks, work, name)

    def _for_link(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Do *work* as long as the link lasts."""
        return self._own(self._of_link, work, name)

    def _own(self, owner: set[asyncio.Task[None]], work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(_until_lost(work), name=name)
        owner.add(task)
        task.add_done_callback(owner.discard)
        task.add_done_callback(lambda _ended: work.close())  # cancelled before its first step, it was never begun
        return task


async def _until_lost(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except LinkLost:
        pass  # the connection has told; whoever comes back asks again
    except Exception:
        _log.exception("a task of the link failed")  # nobody awaits it who could see it otherwise


def _grown(info: GroupInfo, entries: Sequence[Entry], own: UserId) -> GroupInfo:
    """*info* after these newer entries."""
    fresh = [entry for entry in entries if entry.seq > info.last_seq]
    messages = [entry for entry in fresh if entry.kind == "message"]
    unread = sum(1 for entry in messages if entry.sender != own and entry.seq > info.read_seq)
    return msgspec.structs.replace(
        info,
        last_seq=entries[-1].seq,
        last=messages[-1] if messages else info.last,
        unread=min(limits.UNREAD_COUNTED, info.unread + unread),
    )


def _read(info: GroupInfo, seq: Seq) -> GroupInfo:
    """*info* after reading up to *seq*."""
    return msgspec.structs.replace(info, read_seq=seq, unread=min(info.unread, max(0, info.last_seq - seq)))
