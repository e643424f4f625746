"""The relay moves to this computer: allowed by it, fetched, and then run here."""

from __future__ import annotations

from msgspec.structs import replace

from desktop.controller.doors import HostingDoor, MovingDoor
from desktop.hosted import HostingReady
from desktop.locale import _
from desktop.moves import MoveAllowed, MoveEvent, MoveShown
from desktop.screen import Screen
from desktop.settings import SettingsFile


class MovingHere:
    """The part of the controller that has to do with it."""

    _screen: Screen
    _hosting: HostingDoor
    _settings: SettingsFile

    def __init__(self, moving: MovingDoor) -> None:
        self._moving = moving
        self._moved: MoveShown | None = None

    def cancel_move(self) -> None:
        self._moving.give_up()

    def finish_move(self) -> None:
        self._moving.finish()

    def forget_move(self) -> None:
        self._moving.drop()

    def look_for_move(self) -> None:
        self._moving.look()

    def fold_move(self, event: MoveEvent) -> None:
        """Take what is told of it to the screen; what has come is run."""
        match event:
            case MoveAllowed(link):
                if self._hosting.is_running:
                    problem = _("A relay runs on this computer already. Stop it first: two do not fit into one folder.")
                    self._screen.show_move(MoveShown("not_moved", problem=problem))
                else:
                    self._moving.receive(link)
            case MoveShown(phase="moved", relay_id=relay_id) if relay_id is not None:
                self._moved = event
                self._settings.change(own_relay=relay_id)
                self._screen.show_move(event)
                self._hosting.start()
            case MoveShown():
                self._screen.show_move(event)

    def moved_relay_serves(self, ready: HostingReady) -> None:
        """A relay runs here: that is the end of a move, if it is the one that came."""
        if self._moved is not None and self._moved.relay_id == ready.relay_id:
            self._screen.show_move(replace(self._moved, phase="serving"))
            self._moved = None
