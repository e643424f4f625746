"""One signed-in person at one relay: gives what the relay tells to the part that it is for, and what the person asks likewise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final, Protocol

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol import limits
from common.protocol.messages import (
    ANSWERS,
    Answer,
    Behind,
    Bye,
    Command,
    EntryAdded,
    Event,
    GroupChanged,
    GroupGone,
    GroupInfo,
    Hello,
    Imprint,
    ListUsers,
    LogPurged,
    Moved,
    PresenceChanged,
    ReadMoved,
    ReceiptsSwitched,
    RetentionChanged,
    TypingSeen,
    UnreadMoved,
    User,
    UserChanged,
    Users,
    Welcome,
)
from desktop.events import LinkEvent
from desktop.events.conversations import (
    ChoicesKnown,
    CompleteUpTo,
    EpochBegan,
    GroupsListed,
    OwnStatusKnown,
    PresenceSeen,
    ReadSeen,
    TypingHeard,
    UsersKnown,
)
from desktop.events.outbox import DraftsKnown, OutboxItem
from desktop.link.asking import Asking
from desktop.link.catching_up import CatchingUp
from desktop.link.choices import Choices
from desktop.link.clock import RelayClock
from desktop.link.logs import Logs
from desktop.link.marks import Marks
from desktop.link.membership import Membership
from desktop.link.names import Names
from desktop.link.outbox import Outbox
from desktop.link.owning import Owning
from desktop.link.people import People
from desktop.link.reading import Reading
from desktop.link.scripts import Scripts
from desktop.link.shelf import Shelf
from desktop.link.wire import Wire

CLIENT: Final = "pymessenger-desktop"

_log = logging.getLogger(__name__)


class Part(Protocol):
    """What does things for the account beside everything else, and names what it can be asked for."""

    does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]]

    def link_up(self) -> None: ...
    def link_down(self) -> None: ...
    async def close(self) -> None: ...


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
        self._come_back_after = come_back_after
        self.moved: Callable[[Sequence[str]], None] = lambda to: None
        """Told where the relay is from now on."""
        self._asking = Asking(tell)
        self._names = Names(shelf, tell)
        self.file_bytes = 0
        """The largest file that the relay takes."""
        self._marks = Marks(shelf, self._asking)
        self._logs = Logs(shelf, self._asking, self._names, self._marks, tell)
        self._clock = self._logs.clock = RelayClock(now)
        self.outbox = self._logs.outbox = Outbox(shelf, tell, self._logs.stored)
        self._catching_up = CatchingUp(shelf, self._asking, self._logs, tell, now)
        self._logs.fell_behind = self._catching_up.fell_behind
        self._catching_up.caught_up = self._caught_up
        self._reading = Reading(shelf, self._asking, self._logs, self._names, tell)
        self._choices = Choices(shelf, self._asking, tell)
        self._logs.groups_told = self._groups_told
        self._people = People(shelf, self._asking, self._names, self._clock, tell)
        self._membership = Membership(self._asking, self._logs.group_seen, self._joined, tell)
        reading, people, groups = self._reading, self._people, self._membership
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "retry": self.outbox.retry,
            "save_draft": shelf.keep_draft,
            "choose": self._choices.choose,
            "mark_read": self.mark_read,
            "open_group": self.open_group,
            "load_before": reading.load_before,
            "load_around": reading.load_around,
            "fill_gap": reading.fill_gap,
            "list_pins": reading.list_pins,
            "count_pins": reading.count_pins,
            "list_readers": reading.list_readers,
            "list_edits": reading.list_edits,
            "search": reading.search,
            "list_members": people.list_members,
            "typing": people.typing,
            "set_status": people.set_status,
            "set_idle": people.set_idle,
            "create_group": groups.create_group,
            "open_direct": groups.open_direct,
            "join_group": groups.join_group,
            "join_by_code": groups.join_by_code,
            "leave_group": groups.leave_group,
            "rename_group": groups.rename_group,
            "set_topic": groups.set_topic,
            "add_member": groups.add_member,
            "remove_member": groups.remove_member,
            "ban_member": groups.ban_member,
            "list_bans": groups.list_bans,
            "set_role": groups.set_role,
            "create_invite": groups.create_invite,
            "list_invites": groups.list_invites,
            "revoke_invite": groups.revoke_invite,
        }
        """What `Link` asks of whoever is signed in, besides of their files."""
        self.does.update(Scripts(self._asking, tell).does)
        self.does.update(Owning(self._asking, tell).does)
        self._parts: list[Part] = []

    def take_in(self, make: Callable[[Shelf, Asking], Part]) -> None:
        """*make* a part that does things beside all this, over the same link."""
        part = make(self.shelf, self._asking)
        self._parts.append(part)
        self.does.update(part.does)

    # -- from the archive ----------------------------------------------------------------------------------------------

    def recall(self) -> None:
        """Tell what is known without the relay."""
        if self.shelf.people:
            self._tell(UsersKnown(tuple(self.shelf.people.values())))
        self._tell(GroupsListed(tuple(self.shelf.groups.values())))
        self._tell(ChoicesKnown(dict(self.shelf.choices)))
        self._tell(OwnStatusKnown(self.shelf.own_status))
        self._tell(DraftsKnown(dict(self.shelf.drafts)))
        for group, read in self.shelf.read_by.items():
            self._tell(ReadSeen(group, read.user, read.seq))
        for group in dict.fromkeys(item.group for item in self.shelf.outbox.values()):
            self.outbox.list(group)
        if self.shelf.complete_up_to is not None:
            self._tell(CompleteUpTo(self.shelf.complete_up_to))

    async def close(self) -> None:
        """Stop everything; the archive has the rest."""
        self.lost()
        for part in self._parts:
            await part.close()
        await self.outbox.close()
        await self._names.close()
        await self._asking.close()

    # -- the link (Speaker) --------------------------------------------------------------------------------------------

    def hello(self) -> Hello:
        """Where this client stands."""
        cursors: dict[int, int] = dict(list(self.shelf.cursors().items())[: limits.CURSORS_MAX])
        imprints: dict[int, Imprint] = dict(list(self.shelf.imprints(limits.IMPRINTS_MAX).items()))
        return Hello(client=CLIENT, epoch=self.shelf.epoch, cursors=cursors, imprints=imprints)

    def welcomed(self, wire: Wire, welcome: Welcome) -> None:
        """The link is up: take over what the relay says of groups, then catch up and send what waits."""
        self._asking.opened(wire)
        self._clock.told(welcome.at)
        self.file_bytes = welcome.limits.file_bytes
        self._logs.page = min(limits.PAGE_MAX, max(1, welcome.limits.page))
        # The relay pushes what comes after a cursor of this epoch; all else is pulled.
        is_same_life = welcome.epoch == self.shelf.epoch and not welcome.strayed
        pushed = set(self.shelf.cursors()) if is_same_life else set()
        if not is_same_life:
            if welcome.strayed:
                _log.warning("the relay's data was set back: the logs of %s are others now", welcome.strayed)
            had_another = self.shelf.epoch is not None
            self.shelf.begin_epoch(welcome.epoch)
            self._marks.forget()
            if had_another:
                self.outbox.aim_anew()
                self._tell(EpochBegan(welcome.epoch))
        self._names.met([welcome.user])
        self._logs.begin(welcome.groups)
        self.outbox.opened(lambda command: wire.ask(command, ANSWERS[type(command)]))
        self._names.opened(partial(self._look_up, wire))
        self._people.opened(welcome.receipts)
        self._choices.opened()
        self._catching_up.begin(pushed)
        for part in self._parts:
            part.link_up()

    def heard(self, events: Sequence[Event]) -> None:
        """Fold what the relay told, in order; entries of one group that come together stay together."""
        self._catching_up.alive()
        for key, run in groupby(events, lambda event: event.group if isinstance(event, EntryAdded) else None):
            if key is None:
                for event in run:
                    self._heard_one(event)
            else:
                self._logs.hear(key, [event.entry for event in run if isinstance(event, EntryAdded)])
        self._catching_up.heard()

    def lost(self) -> None:
        """The link is down."""
        if self._asking.wire is None:
            return
        self._asking.lost()
        self.outbox.lost()
        self._names.lost()
        self._logs.lost()
        self._catching_up.lost()
        for part in self._parts:
            part.link_down()

    def _heard_one(self, event: Event) -> None:
        match event:
            case GroupChanged(group=info):
                self._logs.group_seen(info)
            case GroupGone(group=group):
                self._logs.group_gone(group)
            case UserChanged(user=user):
                self._names.met([user])
            case PresenceChanged(user=user_id, state=state, text=text):
                self._names.need([user_id])
                self._tell(PresenceSeen(user_id, state, text))
            case TypingSeen(group=group, user=user_id):
                self._names.need([user_id])
                self._tell(TypingHeard(group, user_id))
            case ReadMoved(group=group, user=user_id, seq=seq):
                if user_id == self.shelf.user.id:
                    self._marks.moved(group, seq)
                self.shelf.keep_read_by(group, user_id, seq)
                self._tell(ReadSeen(group, user_id, seq))
            case UnreadMoved(group=group, seq=seq):
                self._logs.went_back(group, seq)
            case ReceiptsSwitched(on=on):
                self._people.receipts_switched(on)
            case LogPurged(group=group, floor=floor):
                self._logs.begins_after(group, floor)
            case RetentionChanged():
                self._asking.while_linked(self._logs.ask_for_groups(), "list of groups")
            case Behind(groups=groups):
                self._behind(groups)
            case Bye(retry_after=seconds):
                self._come_back_after(seconds)
            case Moved(to=to):
                self.moved(to)
            case _:
                _log.debug("an event that means nothing here: %s", type(event).__name__)

    def _behind(self, groups: dict[GroupId, Seq]) -> None:
        self._catching_up.told_behind()
        if self._catching_up.is_complete:
            self._asking.while_linked(self._logs.ask_for_groups(), "list of groups")
        self._logs.reach(groups)

    def _caught_up(self) -> None:
        self._people.caught_up()
        if (opened := self._catching_up.looked_at) is not None:
            self._asking.while_linked(self._reading.top_up(opened), "top up")

    async def _look_up(self, wire: Wire, users: Sequence[UserId]) -> Sequence[User]:
        return (await wire.ask(ListUsers(users=list(users)), Users)).users

    def _groups_told(self, groups: Sequence[GroupInfo]) -> None:
        self._choices.seen(groups)
        for info in groups:
            self.outbox.keep_pace(info.id, info.slow)

    # -- what the person asks ------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do *work* beside everything else; it ends with the account."""
        self._asking.spawn(work, name)

    async def open_group(self, group: GroupId) -> None:
        """Tell the end of the conversation and who is in it."""
        self._catching_up.looked_at = group
        if self._asking.wire is not None and group in self._logs.tails:
            self._people.list_members(group)
        await self._reading.open_group(group)

    def _joined(self, group: GroupId) -> None:
        if self._catching_up.looked_at == group:
            self.spawn(self.open_group(group), "open_group")

    async def act(self, item: OutboxItem) -> None:
        """Do what *item* says."""
        if item.kind == "unread" and item.target is not None:
            self._logs.set_back(item.group, Seq(item.target - 1))
        await self.outbox.put(item)

    async def ask(self, command: Command) -> Answer:
        """The relay's answer, over the link that there is now.

        Raises:
            Denied, LinkLost: as `Wire.ask`.
        """
        return await self._asking.link().ask(command, ANSWERS[type(command)])

    def mark_read(self, group: GroupId, seq: Seq) -> None:
        """The person has read up to *seq*, also what they wanted to be unread again."""
        for item in list(self.shelf.outbox.values()):
            if item.kind == "unread" and item.group == group:
                self.outbox.take(item.nonce)
        self._marks.move(group, seq)
