"""The groups' logs as this client has them: what is pushed is folded in, what is missing is fetched, all of it archived and told.

The order of one entry: into the archive, then to the window, then out of the outbox. So nothing that was shown is missing after a
restart, and an own message is never nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from common.ids import GroupId, Seq, UserId
from common.protocol import limits
from common.protocol.messages import Answer, Entry, GroupInfo, Groups, History, ListGroups, Page, Sent, User
from desktop.events import LinkEvent
from desktop.events.conversations import EntriesKnown, GroupLost, GroupSeen, GroupsListed, RelatedKnown, UnreadSeen
from desktop.events.outbox import OutboxItem
from desktop.link.acts import entry_of
from desktop.link.asking import Asking
from desktop.link.clock import RelayClock
from desktop.link.denied import Denied
from desktop.link.marks import Marks
from desktop.link.names import Names
from desktop.link.outbox import Outbox
from desktop.link.quotes import Quotes
from desktop.link.shelf import Shelf
from desktop.link.tail import Tail
from desktop.model.said import after

EVERYBODY: Final = UserId(0)
"""Who is mentioned by `@all`."""

_log = logging.getLogger(__name__)


class Logs:
    """Follows the logs of one account's groups."""

    def __init__(
        self, shelf: Shelf, asking: Asking, names: Names, marks: Marks, tell: Callable[[LinkEvent], None]
    ) -> None:
        """`outbox` and `clock` are to be given before anything is folded."""
        self._shelf = shelf
        self._asking = asking
        self._names = names
        self._marks = marks
        self._tell = tell
        self.outbox: Outbox
        self.clock: RelayClock
        self.page = limits.PAGE_MAX
        """Entries that the relay gives at once."""
        self.tails: dict[GroupId, Tail] = {}
        """The ends of the groups that the person is in."""
        self.groups_told: Callable[[Sequence[GroupInfo]], None] = lambda _groups: None
        """Told of every group that the relay tells of."""
        self.fell_behind: Callable[[], None] = lambda: None
        """Told that some end is not here."""
        self._lived_from: dict[GroupId, Seq] = {}
        self._quotes = Quotes(shelf, asking, self.tell_related)

    def lost(self) -> None:
        """The link is down."""
        self._quotes.lost()

    def begin(self, groups: Sequence[GroupInfo]) -> None:
        """A link is up, and these are the groups: what they have by now was missed, what comes later is live."""
        self.tails.clear()
        self.list_groups(groups)
        self._lived_from = {group: tail.target for group, tail in self.tails.items()}

    # -- groups --------------------------------------------------------------------------------------------------------

    def list_groups(self, groups: Sequence[GroupInfo]) -> None:
        """These are all groups that the person sees."""
        listed = [self._marks.own(self.clock.group(info)) for info in groups]
        self._keep_floors(listed)
        self._shelf.keep_groups(listed)
        self.groups_told(listed)
        self._tell(GroupsListed(tuple(listed)))
        for info in listed:
            self._follow(info)
        for gone in self.tails.keys() - {info.id for info in listed}:
            del self.tails[gone]
        self._names.need(info.last.sender for info in listed if info.last is not None)
        self._names.need(info.peer for info in listed if info.peer is not None)

    def _follow(self, info: GroupInfo) -> None:
        if info.role is None:
            self.tails.pop(info.id, None)
            return
        tail = self.tails.get(info.id)
        if tail is None:
            tail = self.tails[info.id] = Tail(self._shelf.runs(info.id).last)
        tail.reaches(info.last_seq)
        self.apply(info.id, tail.begins_after(info.floor))
        if tail.is_behind:
            self.fell_behind()

    def _keep_floors(self, groups: Sequence[GroupInfo]) -> None:
        """What was deleted at the relay since it was last told is deleted here too."""
        for info in groups:
            if info.floor > self._shelf.floor(info.id):
                self._forget_up_to(info.id, info.floor)

    def _forget_up_to(self, group: GroupId, floor: Seq) -> None:
        self._shelf.forget_up_to(group, floor)
        self.outbox.begins_after(group, floor)

    def begins_after(self, group: GroupId, floor: Seq) -> None:
        """The log of *group* was deleted up to *floor*: forget that here too, and fetch nothing from there."""
        info = self._shelf.groups.get(group)
        if info is None or floor <= info.floor:
            return
        last = info.last if info.last is not None and info.last.seq > floor else None
        info = msgspec.structs.replace(info, floor=floor, last=last)
        self._shelf.keep_group(info)
        self._tell(GroupSeen(info))
        self._forget_up_to(group, floor)
        if (tail := self.tails.get(group)) is not None:
            self.apply(group, tail.begins_after(floor))
        if info.unread and info.read_seq < floor:  # only the relay knows how many of them are left
            self._asking.while_linked(self.ask_for_groups(), "list of groups")

    def group_seen(self, info: GroupInfo) -> None:
        """A group is new or changed."""
        info = self._marks.own(self.clock.group(info))
        self._keep_floors([info])
        self._shelf.keep_group(info)
        self.groups_told([info])
        self._follow(info)
        self._names.need([info.peer] if info.peer is not None else [])
        self._tell(GroupSeen(info))

    def group_gone(self, group: GroupId) -> None:
        """The person no longer sees that group."""
        self.tails.pop(group, None)
        self._shelf.drop_group(group)
        self._tell(GroupLost(group))

    def reach(self, groups: dict[GroupId, Seq]) -> None:
        """The logs are known to reach these seqs."""
        for group, last in groups.items():
            if tail := self.tails.get(group):
                tail.reaches(last)
        self.fell_behind()

    async def ask_for_groups(self) -> None:
        """What was not pushed was not counted either: the relay knows what is unread."""
        self.list_groups((await self._asking.patiently(ListGroups(), Groups)).groups)

    # -- entries that are pushed ---------------------------------------------------------------------------------------

    def hear(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """Entries were pushed; those beyond a gap wait until it is closed."""
        tail = self.tails.get(group)
        if tail is None:
            _log.debug("entries of group %s, which is not followed", group)
            return
        ready = tail.hear(entries)
        lived_from = self._lived_from.get(group, 0)
        missed = [entry for entry in ready if entry.seq <= lived_from]
        self.apply(group, missed)
        self.apply(group, ready[len(missed) :], live=True)
        if tail.is_behind:
            self.fell_behind()

    def apply(self, group: GroupId, entries: Sequence[Entry], live: bool = False) -> None:
        """*entries* follow what is known: keep and tell them."""
        if not entries:
            return
        self._shelf.keep_entries(group, entries)
        info = self._shelf.groups.get(group)
        if info is not None:
            self._shelf.keep_group(grown(info, entries, self._shelf.user.id))
        self.tell(group, entries, live)
        if info is not None and info.unread and any(entry.kind == "deleted" for entry in entries):
            self._asking.while_linked(self.ask_for_groups(), "list of groups")  # only the relay knows how many are left
        for entry in entries:
            if entry.nonce is not None and entry.sender == self._shelf.user.id:
                self.outbox.entered(group, entry.nonce, entry.seq, entry.at)

    def stored(self, item: OutboxItem, answer: Answer) -> None:
        """The relay has what *item* says. Its entry is known without waiting for the event, which may come late or not at all."""
        if item.kind == "unread" and item.target is not None:
            self.outbox.take(item.nonce)
            self.went_back(item.group, Seq(item.target - 1))
            return
        tail = self.tails.get(item.group)
        if not isinstance(answer, Sent):
            self.outbox.take(item.nonce)
        elif tail is None or answer.seq <= tail.known:
            self.outbox.entered(item.group, item.nonce, answer.seq, answer.at)
        elif (entry := entry_of(item, answer, self._shelf.user.id)) is not None:
            self.hear(item.group, [entry])
        else:
            self.reach({item.group: answer.seq})

    def went_back(self, group: GroupId, seq: Seq) -> None:
        """The relay has set the person's marker back to *seq*: only it knows how much is unread now."""
        self.set_back(group, seq)
        if self._asking.wire is not None:
            self._asking.while_linked(self.ask_for_groups(), "list of groups")

    def set_back(self, group: GroupId, seq: Seq) -> None:
        """The person's marker is at *seq* from now on, whatever the relay knows of it."""
        self._marks.set_back(group, seq)
        self._tell(UnreadSeen(group, seq))

    # -- telling -------------------------------------------------------------------------------------------------------

    def tell(self, group: GroupId, entries: Sequence[Entry], live: bool = False) -> None:
        """Tell a run of entries, and find out who they speak of."""
        self._need_names(entries)
        first_reached = bool(entries) and entries[0].seq <= self._shelf.floor(group) + 1
        self._tell(EntriesKnown(group, tuple(entries), first_reached, live))
        self._quotes.told(group, entries)

    def tell_related(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """Tell entries from anywhere in the log."""
        if entries:
            self._need_names(entries)
            self._tell(RelatedKnown(group, tuple(entries)))

    def tell_nothing_before(self, group: GroupId) -> None:
        """Tell that the log of *group* is empty."""
        self._tell(EntriesKnown(group, (), first_reached=True))

    def _need_names(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.kind == "deleted":
                self._names.met([User(entry.sender, "", "", "member", deleted=True)])
            self._names.need(user for user in (entry.sender, entry.user, entry.forwarded) if user is not None)

    # -- fetching ------------------------------------------------------------------------------------------------------

    async def pull(self, group: GroupId, leap: int) -> None:
        """Fetch what is missing at the end of *group*; when that is more than *leap* entries, the newest page of it.

        Raises:
            LinkLost: as `Wire.ask`.
        """
        tail = self.tails[group]
        leaps = tail.missing > (leap if tail.known else self.page)
        command = History(group=group, after=None if leaps else tail.known, limit=self.page)
        try:
            page = await self._asking.patiently(command, Page)
        except Denied as denied:
            _log.warning("the log of group %s cannot be read: %s", group, denied)
            self.tails.pop(group, None)
            return
        if self.tails.get(group) is not tail:
            return
        self.begins_after(group, page.floor)
        entries = tail.leap(page.entries) if leaps else tail.hear(page.entries)
        if not entries and tail.is_behind:
            tail.ends_here()
        self.apply(group, entries)
        self._relate(group, page.related)

    async def fetch_before(self, group: GroupId, before: Seq, first: Seq = Seq(1)) -> Seq:  # noqa: B008
        """Fetch the page before *before*, keep and tell it (not what is before *first*). Returns its first seq.

        Raises:
            Denied, LinkLost: as `Wire.ask`.
        """
        page = await self._asking.patiently(History(group=group, before=before, limit=self.page), Page)
        self.begins_after(group, page.floor)
        first = max(first, Seq(self._shelf.floor(group) + 1))
        entries = [entry for entry in page.entries if first <= entry.seq < before]
        if not entries:
            return first
        self._shelf.keep_entries(group, entries)
        self.tell(group, entries)
        self._relate(group, page.related)
        return entries[0].seq

    def _relate(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """What the relay says besides of a page that was fetched."""
        floor = self._shelf.floor(group)
        if entries := [entry for entry in entries if entry.target is None or entry.target > floor]:
            self._shelf.keep_related(group, entries)
            self.tell_related(group, entries)


def grown(info: GroupInfo, entries: Sequence[Entry], own: UserId) -> GroupInfo:
    """*info* after these entries, of which some may be known to it."""
    fresh = [entry for entry in entries if entry.seq > info.last_seq]
    messages = [entry for entry in fresh if entry.kind == "message"]
    unread = [entry for entry in messages if entry.sender != own and entry.seq > info.read_seq]
    calls = sum(1 for entry in unread if own in entry.mentions or EVERYBODY in entry.mentions)
    last = messages[-1] if messages else info.last
    for entry in entries:
        last = after(last, entry) if last is not None else None
    return msgspec.structs.replace(
        info,
        last_seq=max(info.last_seq, entries[-1].seq),
        last=last,
        unread=min(limits.UNREAD_COUNTED, info.unread + len(unread)),
        mentions=min(limits.UNREAD_COUNTED, info.mentions + calls),
    )
