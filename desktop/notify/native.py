"""Notifications of Windows and macOS, through desktop-notifier.

It does what needs each system's own machinery: WinRT on Windows, the notification centre on macOS, which only speaks to a signed bundle
(python.org's Python is one, Homebrew's is not) and only once the person has allowed it. Whatever it raises means that nothing was
shown. (On free desktops it works too, and is tried there; `desktop.notify.freedesktop` says why it is not used.)
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from common.ids import GroupId
from desktop.notifications import Notification, NotificationClicked, Trouble
from desktop.notify.pictures import Draw
from desktop.notify.service import NoTray, Service, Tell, Tray, Unavailable

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier

APP: Final = "Py_messenger"
CALL_S: Final = 5.0
_PERMISSION_S: Final = 60.0
"""So long the person may think about whether this program may show notifications."""

_log = logging.getLogger(__name__)


class Native:
    """A `desktop.notify.service.Service`."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._notifier: DesktopNotifier | None = None
        self._identifiers: dict[GroupId | None, str] = {}

    async def look(self) -> tuple[str, Trouble]:
        name, trouble = await self._ready()
        return name, trouble

    async def show(self, notification: Notification) -> bool:
        from desktop_notifier import DEFAULT_SOUND
        from desktop_notifier import Notification as Native

        _name, trouble = await self._ready()
        if trouble == "not_allowed":
            raise Unavailable(trouble)
        assert self._notifier is not None
        await self.withdraw(notification.group)
        identifier = f"{notification.relay[:8]}-{notification.group or 0}"
        clicked = NotificationClicked(notification.relay, notification.group, notification.seq)
        went: list[None] = []
        native = Native(
            title=notification.title,
            message=notification.text,
            on_clicked=lambda: self._tell(clicked),
            on_dispatched=lambda: went.append(None),
            sound=DEFAULT_SOUND if notification.sound else None,
            thread=identifier,
            identifier=identifier,
        )
        try:
            async with asyncio.timeout(CALL_S):
                await self._notifier.send_notification(native)
        except Exception as error:  # each system raises its own kinds; whatever it is, nothing was shown
            _log.info("a notification was refused: %s", error)
            raise Unavailable("refused") from error
        if not went:
            raise Unavailable("refused")  # it raises nothing, but logs what was wrong
        self._identifiers[notification.group] = identifier
        return True

    async def withdraw(self, group: GroupId | None) -> None:
        identifier = self._identifiers.pop(group, None)
        if identifier is None or self._notifier is None:
            return
        try:
            async with asyncio.timeout(CALL_S):
                await self._notifier.clear(identifier)
        except Exception as error:  # as above: then it is not there
            _log.debug("a notification could not be taken away: %s", error)

    async def clear(self) -> None:
        for group in list(self._identifiers):
            await self.withdraw(group)

    async def _ready(self) -> tuple[str, Trouble]:
        """What the service calls itself, once there is one, and whether it may be used."""
        try:
            from desktop_notifier import DesktopNotifier
            from desktop_notifier.backends.dummy import DummyNotificationCenter
            from desktop_notifier.main import get_backend_class

            backend = get_backend_class()
            if backend is DummyNotificationCenter:
                raise Unavailable("not_bundled")
            if self._notifier is None:
                self._notifier = DesktopNotifier(app_name=APP, app_icon=None)
            async with asyncio.timeout(_PERMISSION_S):
                # Asks the person the first time only, and after that says what they have answered.
                is_allowed = await self._notifier.request_authorisation()
        except Unavailable:
            raise
        except Exception as error:  # no such system, or one that refuses in its own way
            _log.info("no notifications: %s", error)
            raise Unavailable("missing") from error
        return backend.__name__, "" if is_allowed else "not_allowed"


class NativeParts:
    """The `desktop.notify.service.Parts` of Windows and macOS."""

    def __init__(self, tell: Tell) -> None:
        self.service: Service = Native(tell)
        self.tray: Tray = NoTray()

    async def close(self) -> None:
        await self.service.clear()


def native_parts(tell: Tell, _draw: Draw) -> NativeParts:
    """Nothing is asked before something is to be shown."""
    return NativeParts(tell)
