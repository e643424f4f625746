"""What the notifier's thread does: hands on what was asked, one after the other, and tells what comes of it.

Where nothing can be shown the window is asked for a sound instead, and why it cannot is told when that changes, not at each message.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Final, Protocol

from desktop.notifications import BellWanted, Notification, ServiceSeen, TestShown
from desktop.notify.pictures import Draw
from desktop.notify.service import Changed, Nothing, Parts, Tell, Unavailable
from desktop.notify.work import Work

CLOSE_S: Final = 1.0
"""Taking everything away at the end lasts no longer."""

_log = logging.getLogger(__name__)

Build = Callable[[Tell, Changed, Draw], Parts]


class Source(Protocol):
    """Who gives the work."""

    def take(self) -> Work | None: ...
    def reach_worker(self, wake: Callable[[], None] | None, /) -> None: ...


class Worker:
    """Of one notifier."""

    def __init__(self, notifier: Source, tell: Tell, draw: Draw, build: Build | None) -> None:
        self._notifier = notifier
        self._tell = tell
        self._awake = asyncio.Event()
        self._parts = (build or parts_of_this_system)(tell, self._look_again, draw)
        self._is_to_look = False
        self._seen: ServiceSeen | None = None

    async def live(self) -> None:
        """Until the notifier has nothing more to do, ever."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._awake.set)

        self._notifier.reach_worker(wake)
        try:
            while (work := self._notifier.take()) is not None:
                await self._do(work)
                await self._awake.wait()
                self._awake.clear()
        finally:
            self._notifier.reach_worker(None)
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self._parts.close()
            except TimeoutError:
                _log.info("the notifications could not be taken away in time")

    def _look_again(self) -> None:
        """The system's notifications may be others than they were."""
        self._is_to_look = True
        self._awake.set()

    async def _do(self, work: Work) -> None:
        service, tray = self._parts.service, self._parts.tray
        is_to_look, self._is_to_look = work.look or self._is_to_look, False
        if work.clear:
            await service.clear()
        for group, notification in work.wanted.items():
            if notification is None:
                await service.withdraw(group)
            else:
                await self._show(notification)
        if work.test is not None:
            went = await self._show(work.test)
            is_to_look = True  # whoever asks wants to know what it is now
            self._tell(TestShown(went))
        if is_to_look:
            await self._look()
        if work.tray is not None:
            await tray.want(*work.tray)
        elif is_to_look:
            await tray.look()

    async def _show(self, notification: Notification) -> bool:
        went, has_sound = True, False
        try:
            has_sound = await self._parts.service.show(notification)
        except Unavailable as unavailable:
            went = False
            self._see(ServiceSeen("", unavailable.trouble))
        if notification.sound and not has_sound:
            self._tell(BellWanted())
        return went

    async def _look(self) -> None:
        try:
            self._see(ServiceSeen(*await self._parts.service.look()))
        except Unavailable as unavailable:
            self._see(ServiceSeen("", unavailable.trouble))

    def _see(self, seen: ServiceSeen) -> None:
        if seen == self._seen:
            return
        self._seen = seen
        self._tell(seen)
        if not seen.name:
            _log.info("notifications cannot be shown here (%s); the window and a bell tell instead", seen.trouble)


def parts_of_this_system(tell: Tell, changed: Changed, draw: Draw) -> Parts:
    """What shows notifications here."""
    if sys.platform in ("win32", "darwin"):
        from desktop.notify.native import native_parts

        return native_parts(tell, draw)
    try:
        from desktop.notify.session import session_parts
    except ImportError:
        # A system that nobody has tried: the library for its bus is not installed there.
        return Nothing()
    return session_parts(tell, changed, draw)
