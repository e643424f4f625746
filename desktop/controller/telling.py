"""Tells the person what was said while they look elsewhere: joins the model of notifications with who shows them."""

from __future__ import annotations

from collections.abc import Callable

from common.ids import GroupId, Millis, RelayId
from desktop.controller.doors import NotifierDoor
from desktop.events import LinkEvent
from desktop.events.conversations import EntriesKnown, EpochBegan, GroupSeen, GroupsListed, OwnStatusKnown
from desktop.events.link import Connected, LinkChanged
from desktop.model.conversations import Conversations
from desktop.model.notifications import Bell, Notifications, Sight, Withdrawal, wishes_of
from desktop.model.roster import Roster
from desktop.notifications import Notification
from desktop.screen import Screen
from desktop.settings import SettingsFile


class Telling:
    """Of one person at one relay."""

    def __init__(
        self,
        screen: Screen,
        notifier: NotifierDoor,
        settings: SettingsFile,
        relay: RelayId,
        conversations: Conversations,
        roster: Roster,
        *,
        now: Callable[[], Millis],
        plain: Callable[[str], str],
    ) -> None:
        """*plain*: a text of others as it may go to the system."""
        self._screen = screen
        self._notifier = notifier
        self._settings = settings
        self._roster = roster
        self._now = now
        self._is_dnd = False
        self.model = Notifications(relay, conversations, roster, plain)

    def fold(self, event: LinkEvent) -> None:
        """Take *event*, which the conversations have already taken."""
        match event:
            case GroupsListed(groups):
                self.model.list_groups(groups)
            case GroupSeen(info):
                self.model.see(info)
            case EntriesKnown(group, entries, _first_reached, live):
                self.model.hear(group, entries, live, self._now())
            case LinkChanged(state):
                self.model.link_is_up(isinstance(state, Connected))
            case EpochBegan():
                self.model.begin_epoch()
            case OwnStatusKnown(status):
                self._is_dnd = status.state == "dnd"
            case _:
                pass

    def settle(self, focused: bool, opened: GroupId | None) -> None:
        """Show and take back what is to be. *opened*: the conversation that is open, whoever looks at it."""
        is_dnd = self._is_dnd or self._roster.presence(self._roster.me.id) == "dnd"
        sight = Sight(focused, opened if focused else None, is_dnd)
        for change in self.model.settle(self._now(), wishes_of(self._settings.settings), sight):
            match change:
                case Notification():
                    self._notifier.show(change)
                case Withdrawal(group):
                    self._notifier.withdraw(group)
                case Bell():
                    self._screen.beep()

    def count(self, unread: int) -> None:
        """So many messages wait for the person."""
        self._screen.show_unread(unread)
        self._notifier.count(unread)

    def end(self) -> None:
        """The person is no longer there: what is shown speaks of nothing that could be opened."""
        self.count(0)
        self._notifier.withdraw_all()
