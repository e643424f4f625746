"""How the person wants things: of what to be told in each conversation, which of them are out of sight, and what others are told."""

from __future__ import annotations

from msgspec.structs import replace

from common.ids import GroupId
from common.protocol.messages import NotifyLevel
from desktop.controller.doors import LinkDoor
from desktop.events import LinkEvent
from desktop.events.conversations import ChoicesKnown, GroupChoice, OwnState, OwnStatus, OwnStatusKnown
from desktop.model.conversations import Conversations
from desktop.screen import Screen


class OwnWays:
    """The choices of one account."""

    def __init__(self, screen: Screen, link: LinkDoor, conversations: Conversations) -> None:
        self._screen = screen
        self._link = link
        self._conversations = conversations
        self._status = OwnStatus()
        self._choices: dict[GroupId, GroupChoice] = {}

    def fold(self, event: LinkEvent) -> bool:
        """Take *event*, if it is about them; whether conversations are another way now."""
        match event:
            case ChoicesKnown(choices):
                self._choices = choices
                self._conversations.choose(choices)
                return True
            case OwnStatusKnown(own):
                self._status = own
                self._screen.show_own_status(own)
            case _:
                pass
        return False

    def bring_back(self, group: GroupId) -> None:
        """Something was said in a conversation that may be out of sight."""
        choice = self._choices.get(group)
        if choice is not None and choice.hidden:
            self.choose(group, hidden=False)

    def choose(self, group: GroupId, *, notify: NotifyLevel | None = None, hidden: bool | None = None) -> None:
        """How the person wants that conversation."""
        now = self._choices.get(group, GroupChoice())
        choice = GroupChoice(now.notify if notify is None else notify, now.hidden if hidden is None else hidden)
        self._link.choose(group, choice)

    def set_presence(self, state: OwnState, text: str) -> None:
        """What the person says of themselves."""
        self._link.set_status(replace(self._status, state=state, text=text))

    def set_receipts(self, on: bool) -> None:
        """Whether others are told how far the person has read."""
        self._link.set_status(replace(self._status, receipts=on))
