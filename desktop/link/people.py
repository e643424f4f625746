"""The people of the relay as the person meets them: who is in a group, who is here, what they say of themselves; and the person's own status."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from common.errors import LinkLost, NotAMember, UnknownGroup
from common.ids import GroupId
from common.protocol.messages import Answer, ListMembers, Members, SetPresence, SetReceipts, Typing
from desktop.events import LinkEvent
from desktop.events.conversations import MembersListed, OwnStatus, OwnStatusKnown
from desktop.link.asking import Asking
from desktop.link.clock import RelayClock
from desktop.link.denied import Denied
from desktop.link.names import Names
from desktop.link.shelf import Shelf


class People:
    """Members, presence and the own status of one account."""

    def __init__(
        self, shelf: Shelf, asking: Asking, names: Names, clock: RelayClock, tell: Callable[[LinkEvent], None]
    ) -> None:
        """*shelf* remembers the own status, *names* who was met."""
        self._shelf = shelf
        self._asking = asking
        self._names = names
        self._clock = clock
        self._tell = tell
        self._listed: GroupId | None = None
        self._status = shelf.own_status
        self._is_idle = False

    def opened(self, receipts: bool) -> None:
        """There is a link: what is said of oneself holds only as long as a link does. *receipts*: what the relay knows of that switch."""
        self.receipts_switched(receipts)
        if self._presence() != SetPresence(state="online"):
            self._say_presence()
        self._say_receipts()

    def caught_up(self) -> None:
        """Who is in the group that was asked for may have changed while the link was away."""
        if self._listed is not None:
            self.list_members(self._listed)

    def receipts_switched(self, on: bool) -> None:
        """The relay says whether others are told how far the person has read; what was switched here and it does not know yet counts
        more."""
        if not self._status.unsaid and self._status.receipts != on:
            self._keep(replace(self._status, receipts=on))

    # -- what the person asks ------------------------------------------------------------------------------------------

    def list_members(self, group: GroupId) -> None:
        """Tell who is in *group* now, and again after each reconnect."""
        self._listed = group
        if self._asking.wire is not None:
            self._asking.while_linked(self._list_members(group), "members")

    async def _list_members(self, group: GroupId) -> None:
        try:
            answer = await self._asking.patiently(ListMembers(group=group), Members)
        except Denied as denied:
            if denied.code not in (NotAMember.code, UnknownGroup.code):
                self._asking.refused("list_members", denied)
            return
        self._names.met(member.user for member in answer.members)
        for member in answer.members:
            self._shelf.keep_read_by(group, member.user.id, member.read_seq)
        self._tell(MembersListed(group, tuple(map(self._clock.member, answer.members))))

    async def typing(self, group: GroupId) -> None:
        """The person is writing in *group*; of use only now, so it is said once or not at all."""
        try:
            await self._asking.link().ask(Typing(group=group), Answer)
        except (Denied, LinkLost):
            return  # nobody misses it

    def set_status(self, status: OwnStatus) -> None:
        """What the person says of themselves from now on."""
        before = self._status
        self._keep(replace(status, unsaid=before.unsaid or status.receipts != before.receipts))
        if status.receipts != before.receipts:
            self._say_receipts()
        if (status.state, status.text) != (before.state, before.text):
            self._say_presence()

    def _keep(self, status: OwnStatus) -> None:
        self._status = status
        self._shelf.keep_own_status(status)
        self._tell(OwnStatusKnown(status))

    def set_idle(self, is_idle: bool) -> None:
        """Nobody has touched this computer for a while, or somebody does again."""
        before, self._is_idle = self._presence(), is_idle
        if self._presence() != before:
            self._say_presence()

    def _presence(self) -> SetPresence:
        status = self._status
        return SetPresence(
            state="away" if self._is_idle and status.state == "online" else status.state, text=status.text
        )

    def _say_presence(self) -> None:
        if self._asking.wire is not None:
            self._asking.while_linked(self._say(), "presence")

    async def _say(self) -> None:
        try:
            await self._asking.patiently(self._presence(), Answer)
        except Denied as denied:
            self._asking.refused("set_presence", denied)

    def _say_receipts(self) -> None:
        if self._asking.wire is not None and self._status.unsaid:
            self._asking.while_linked(self._tell_receipts(), "receipts")

    async def _tell_receipts(self) -> None:
        on = self._status.receipts
        try:
            await self._asking.patiently(SetReceipts(on=on), Answer)
        except Denied as denied:
            self._asking.refused("set_receipts", denied)
        if on == self._status.receipts:
            self._keep(replace(self._status, unsaid=False))
