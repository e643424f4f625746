"""What starts when the person signs in to this computer, and how the client itself begins then: out of the way."""

from __future__ import annotations

from desktop.autostart.seen import AutostartSeen
from desktop.controller.doors import AutostartDoor
from desktop.screen import Screen


class StartingAtSignIn:
    """The part of the controller that has to do with it."""

    _screen: Screen

    def __init__(self, autostart: AutostartDoor) -> None:
        self._autostart = autostart
        self._starts: AutostartSeen | None = None
        self._was_looked_at = False

    def fold_autostart(self, event: AutostartSeen) -> None:
        """Take it to the screen."""
        self._starts = event
        self._screen.show_autostart(event)
        if event.problem:
            self._screen.show_toast(event.problem)

    def look_at_autostart(self) -> None:
        self._autostart.look()

    def start_client_at_sign_in(self, on: bool) -> None:
        self._autostart.set_client(on)

    def start_relay_at_sign_in(self, on: bool) -> None:
        self._autostart.set_relay(on)

    def mend_autostart(self) -> None:
        """A second has passed: once, see to it that what starts at sign-in leads here."""
        if not self._was_looked_at:
            self._was_looked_at = True
            self._autostart.look()
