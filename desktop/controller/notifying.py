"""What has to do with the system around the window: its notifications, the icon beside the clock, and the window in front of all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from common.ids import RelayId, Seq
from desktop.controller.doors import HostingDoor, NotifierDoor
from desktop.locale import _
from desktop.model.notifications import APP, wishes_of
from desktop.notifications import (
    BellWanted,
    Notification,
    NotificationClicked,
    NotifierEvent,
    ServiceSeen,
    TestShown,
    TrayPressed,
    TraySeen,
    Wishes,
)
from desktop.screen import NotifierSight, Screen
from desktop.settings import SettingsFile

if TYPE_CHECKING:
    from desktop.controller.talk import Talk

NOWHERE: Final = RelayId("")
"""The relay that a test speaks of."""


class Notifying:
    """The intents that concern it, and what the notifier tells."""

    _screen: Screen
    _hosting: HostingDoor
    _settings: SettingsFile
    _talk: Talk | None
    _focused: bool
    quit: Callable[[], None]

    def __init__(self, notifier: NotifierDoor) -> None:
        self._notifier = notifier
        self._service: ServiceSeen | None = None
        self._test: TestShown | None = None
        self._tray = TraySeen(shown=False, possible=False)
        self._is_hidden = False
        self._goes_away = False
        """Nobody has asked for the window yet."""

    # -- what the notifier tells -----------------------------------------------------------------------------------------

    def fold_notifier(self, event: NotifierEvent) -> None:
        """Take *event* to where it belongs."""
        match event:
            case NotificationClicked():
                self._clicked(event)
            case BellWanted():
                self._screen.beep()
            case ServiceSeen():
                self._service = event
                self._show_notifier()
            case TestShown():
                self._test = event
                self._show_notifier()
            case TraySeen():
                self._tray = event
                self._show_notifier()
                if event.shown and self._goes_away and not self._focused:
                    self._is_hidden = True
                    self._screen.hide()
                self._goes_away = self._goes_away and not event.shown
                if self._is_hidden and not event.shown:
                    # The only way back to the window is gone.
                    self._come_to_front("")
            case TrayPressed("quit"):
                self.quit()
            case TrayPressed(_what, token):
                self._come_to_front(token)

    def _clicked(self, event: NotificationClicked) -> None:
        self._notifier.withdraw(event.group)
        self._come_to_front(event.token)
        talk = self._talk
        if talk is None or talk.relay_id != event.relay:
            return
        talk.telling.model.clicked(event.group)
        if event.group is not None:
            self._screen.clear_the_view()
            talk.jump_to(event.group, event.seq)

    def _come_to_front(self, token: str) -> None:
        self._is_hidden = self._goes_away = False
        self._screen.come_to_front(token)

    def _show_notifier(self) -> None:
        self._screen.show_notifier(NotifierSight(self._service, self._test, self._tray))

    # -- what the person asks ------------------------------------------------------------------------------------------

    def look_at_notifier(self) -> None:
        self._test = None
        self._notifier.look()
        self._show_notifier()

    def set_wishes(self, wishes: Wishes) -> None:
        self._settings.change(
            notify=wishes.is_on,
            notify_privacy=wishes.privacy,
            notify_sound=wishes.sound,
            notify_calls_in_dnd=wishes.calls_in_dnd,
        )
        if not wishes.is_on:
            self._notifier.withdraw_all()

    def set_tray(self, on: bool) -> None:
        self._settings.change(tray=on)
        self._notifier.want_tray(on)

    def test_notification(self) -> None:
        self._test = None
        self._show_notifier()
        sound = wishes_of(self._settings.settings).sound
        text = _("This is how a new message is told.")
        self._notifier.test(Notification(NOWHERE, None, Seq(0), APP, text, sound))

    def _hides(self) -> bool:
        """Whether closing the window only puts it away; true: it is away."""
        if not (self._settings.settings.tray and self._tray.shown):
            return False
        self._is_hidden = True
        self._screen.hide()
        return True
