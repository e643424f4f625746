"""The relay on this computer, as its owner meets it: started, gone to, let stay, found again, stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from desktop.controller.doors import HostingDoor, LinkDoor
from desktop.controller.entrance import Entrance
from desktop.hosted import HostingEvent, HostingFailed, HostingReady, HostingStands, HostingStarting, HostingStopped
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question, Screen
from desktop.settings import SettingsFile

if TYPE_CHECKING:
    from desktop.controller.talk import Talk

_START: Final = "start"
_STOP: Final = "stop"
_CANCEL: Final = "cancel"
_LOOPBACK: Final = "127.0.0.1"


class OwnRelay:
    """The part of the controller that has to do with it."""

    _screen: Screen
    _link: LinkDoor
    _hosting: HostingDoor
    _settings: SettingsFile
    _entrance: Entrance
    _talk: Talk | None
    moved_relay_serves: Callable[[HostingReady], None]
    """Of the part that moves relays here."""

    def __init__(self, settings: SettingsFile) -> None:
        self._own_relay: HostingReady | None = None
        self._may_start_own_relay = True
        self._may_stand = settings.settings.stay_hosting is True and settings.settings.own_relay != ""

    def look_for_own_relay(self) -> None:
        """A second has passed: once, find out whether the relay that was let stay still runs.

        Not while everything starts: it costs some tenths of a second of the processor.
        """
        if self._may_stand:
            self._may_stand = False
            self._hosting.look()

    def start_relay(self) -> None:
        if self._own_relay is not None:
            self._ask_about_own_relay(self._own_relay)
        else:
            self._hosting.start()

    def fold_hosting(self, event: HostingEvent) -> None:
        """Take what is told of it to the screen."""
        match event:
            case HostingStarting(upgrading=False):
                self._entrance.show_hosting(_("Starting a relay on this computer…"))
            case HostingStarting():
                self._entrance.show_hosting(_("The relay on this computer brings its data to this version…"))
            case HostingReady():
                self._own_relay = event
                self._entrance.keep_owner_code(event)
                self._settings.change(own_relay=event.relay_id)
                self._link.network_changed()
                self.moved_relay_serves(event)
                self._entrance.show_hosting(_("“{name}” runs on this computer.").format(name=event.name))
                if event.recovery_code:
                    self._screen.show_recovery_code(event.recovery_code, self._enter_own_relay)
                else:
                    self._enter_own_relay()
            case HostingStands(relay_id, name, port, asked):
                self._own_relay = HostingReady(relay_id, name, port)
                self._settings.change(own_relay=relay_id)
                self._entrance.show_hosting(_("“{name}” runs on this computer.").format(name=name))
                if asked and self._talk is None:
                    self._ask_about_own_relay(self._own_relay)
            case HostingFailed(message):
                self._own_relay = None
                self._entrance.show_hosting(message)
                if self._is_at_own_relay():
                    self._ask_to_start_again(message)
                elif self._talk is not None:
                    self._screen.show_toast(message)
            case HostingStopped():
                self._own_relay = None
                self._entrance.show_hosting("")

    def _ask_about_own_relay(self, own: HostingReady) -> None:
        choices = (
            Choice(_START, _("Go to it"), ChoiceKind.PRIMARY),
            Choice(_STOP, _("Stop it")),
            Choice(_CANCEL, _("Cancel")),
        )
        text = _("“{name}” runs on this computer. If you stop it, nobody can talk there until you start it again.")
        self._screen.ask(
            Question(_("A relay runs here already"), text.format(name=own.name), choices), self._do_with_own_relay
        )

    def _do_with_own_relay(self, answer: str) -> None:
        if answer == _START:
            self._enter_own_relay()
        elif answer == _STOP:
            self._hosting.end()

    def start_own_relay(self) -> None:
        """Who comes back to the relay on this computer finds it as they left it: running. Tried once, so that a crash is seen."""
        if self._is_at_own_relay() and self._may_start_own_relay and not self._hosting.is_running:
            self._may_start_own_relay = False
            self._hosting.start()

    def _is_at_own_relay(self) -> bool:
        return self._talk is not None and self._talk.relay_id == self._settings.settings.own_relay

    def _ask_to_start_again(self, message: str) -> None:
        choices = (Choice(_START, _("Start it again"), ChoiceKind.PRIMARY), Choice(_CANCEL, _("Not now")))
        question = Question(_("The relay on this computer does not run"), message, choices)
        self._screen.ask(question, lambda answer: self._hosting.start() if answer == _START else None)

    def _enter_own_relay(self) -> None:
        """Go to the relay on this computer, with its owner code."""
        if self._own_relay is not None and self._talk is None:
            self._entrance.enter_own(f"{_LOOPBACK}:{self._own_relay.port}")
