"""Notifications and the icon beside the clock of a free desktop, over one connection to the session's bus."""

from __future__ import annotations

from typing import Final

from jeepney import Message  # type: ignore[import-untyped]

from desktop.notify.bus import Bus
from desktop.notify.freedesktop import Freedesktop
from desktop.notify.pictures import Draw
from desktop.notify.service import Changed, Service, Tell, Tray
from desktop.notify.tray import StatusItem

PICTURE: Final = 64
"""Pixels; the desktop makes it smaller."""


class SessionParts:
    """The `desktop.notify.service.Parts` of a free desktop."""

    def __init__(self, tell: Tell, changed: Changed, draw: Draw) -> None:
        self._bus = Bus(self._heard, self._lost)
        self._notifications = Freedesktop(self._bus, tell, changed, draw(PICTURE, 0))
        self._icon = StatusItem(self._bus, tell, changed, draw)
        self.service: Service = self._notifications
        self.tray: Tray = self._icon

    def _heard(self, message: Message) -> None:
        self._notifications.heard(message)
        self._icon.heard(message)

    def _lost(self) -> None:
        self._notifications.bus_lost()
        self._icon.bus_lost()

    async def close(self) -> None:
        await self.service.clear()
        await self._bus.close()


def session_parts(tell: Tell, changed: Changed, draw: Draw) -> SessionParts:
    """Nothing is connected before it is asked."""
    return SessionParts(tell, changed, draw)
