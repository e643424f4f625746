"""What the notifier needs of a system's notifications; each system has its own module that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from common.ids import GroupId
from desktop.notifications import Notification, NotifierEvent, Trouble

Tell = Callable[[NotifierEvent], None]
Changed = Callable[[], None]


class Unavailable(Exception):
    """Nothing can be shown now. *trouble*: why, for the advice in the settings."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


class Service(Protocol):
    """All of it runs in the notifier's loop. It tells of clicks by itself, and calls *changed* when what `look` says may be another."""

    async def look(self) -> tuple[str, Trouble]:
        """What the service calls itself, and what keeps its notifications from being seen, as far as it says.

        Raises:
            Unavailable: there is none.
        """

    async def show(self, notification: Notification) -> bool:
        """Show it, in place of the one of the same group. Returns whether its sound, if it has one, is the service's affair.

        Raises:
            Unavailable: it was not shown.
        """

    async def withdraw(self, group: GroupId | None) -> None:
        """Take away what is shown of *group*, if it still is. Never raises: what cannot be asked shows nothing any more."""

    async def clear(self) -> None:
        """Take away everything that is shown. Never raises."""


class Tray(Protocol):
    """An icon beside the clock. It tells by itself whether it is there and what is done with it."""

    async def want(self, on: bool, unread: int) -> None:
        """Be there, with so many messages that wait; or go. Never raises."""

    async def look(self) -> None:
        """Find out whether there could be one. Never raises."""


class NoTray:
    """Of a system where it cannot be confirmed that one is seen."""

    async def want(self, on: bool, unread: int) -> None:
        """There is none."""

    async def look(self) -> None:
        """There is none."""


class Parts(Protocol):
    """What a system has."""

    service: Service
    tray: Tray

    async def close(self) -> None:
        """Take everything away and end what was begun. Never raises."""


class Nothing:
    """The `Parts` of a system that has none of them."""

    def __init__(self) -> None:
        self.service: Service = _NoService()
        self.tray: Tray = NoTray()

    async def close(self) -> None:
        """There is nothing."""


class _NoService:
    async def look(self) -> tuple[str, Trouble]:
        raise Unavailable("missing")

    async def show(self, notification: Notification) -> bool:
        raise Unavailable("missing")

    async def withdraw(self, group: GroupId | None) -> None:
        """Nothing is shown."""

    async def clear(self) -> None:
        """Nothing is shown."""
