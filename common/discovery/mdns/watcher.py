"""Hears which relays are announced by multicast DNS. A hint: only a probe shows who is alive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct
from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from common.discovery.adapters import LocalAddress
from common.discovery.mdns.latest import Speakers, latest_announcement
from common.discovery.mdns.sockets import Multicast, MulticastUnavailable, label_of, multicast_trouble
from common.discovery.record import SERVICE_TYPE, Announcement

RENEW_S: Final = 10.0
"""The browser's queries thin out after 1, 4 and 9 s; a new one starts them again."""
RESOLVE_MS: Final = 3000
SETTLE_S: Final = 1.5
"""For a second after an update the old addresses are still in the cache beside the new ones."""
INSTANCES_MAX: Final = 256
"""Instances that are kept in view; a network that shows more is being flooded."""
RESOLVING_MAX: Final = 16

AddressSource = Callable[[], Awaitable[Sequence[LocalAddress]]]


class Heard(Struct, frozen=True):
    """*instance* was announced, or announces something else now."""

    instance: str
    announcement: Announcement


class Gone(Struct, frozen=True):
    """*instance* said goodbye, or its record ran out."""

    instance: str


Sighting = Heard | Gone


class Watcher:
    """Tells which relays are announced, as long as it is open. What it tells is a hint: only a probe shows who is alive."""

    def __init__(
        self,
        on_sighting: Callable[[Sighting], None],
        addresses: AddressSource,
        *,
        on_trouble: Callable[[str], None] = lambda message: None,
        multicast: Multicast | None = None,
        renew_s: float = RENEW_S,
    ) -> None:
        """*on_sighting* is called in the loop. *addresses* are read at each renewal. *on_trouble*: a sentence, or empty again."""
        self._on_sighting = on_sighting
        self._on_trouble = on_trouble
        self._addresses = addresses
        self._multicast = multicast or Multicast()
        self._renew_s = renew_s
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._speakers = Speakers(self._on_spoken)
        self._heard: dict[str, Announcement | None] = {}
        self._spelled: dict[str, str] = {}
        self._left_at: dict[str, float] = {}
        self._resolving: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(RESOLVING_MAX)
        self._life: asyncio.Task[None] | None = None
        self._renew_now = asyncio.Event()
        self._trouble = ""

    async def start(self) -> None:
        """Begin to watch; returns at once."""
        self._life = asyncio.create_task(self._live(), name="mdns watcher")

    def renew(self) -> None:
        """Ask the network again now: after sleep, or when the adapters changed."""
        self._renew_now.set()

    async def close(self) -> None:
        """End every task and close the sockets."""
        tasks = [task for task in (self._life, *self._resolving.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._drop_browser(self._browser)
        self._browser = None
        if self._zeroconf is not None:
            self._zeroconf.zeroconf.async_remove_listener(self._speakers)
            self._zeroconf = None
            await self._multicast.release()

    async def _live(self) -> None:
        while True:
            self._renew_now.clear()
            try:
                await self._renew(await self._addresses())
            except MulticastUnavailable as problem:
                self._say_trouble(str(problem))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._renew_s):
                    await self._renew_now.wait()

    async def _renew(self, adapters: Sequence[LocalAddress]) -> None:
        if self._zeroconf is None:
            self._zeroconf = await self._multicast.acquire(adapters)
            self._zeroconf.zeroconf.async_add_listener(self._speakers, None)
        else:
            await self._multicast.use(adapters)
        self._say_trouble(multicast_trouble(adapters))
        # The new one starts before the old one ends, so that no goodbye falls between them.
        old = self._browser
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE_TYPE, handlers=[self._on_change])
        await self._drop_browser(old)

    async def _drop_browser(self, browser: AsyncServiceBrowser | None) -> None:
        if browser is not None:
            with contextlib.suppress(OSError, Error):
                await browser.async_cancel()

    def _say_trouble(self, message: str) -> None:
        if message != self._trouble:
            self._trouble = message
            self._on_trouble(message)

    def _on_change(
        self, *, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange, **_more: object
    ) -> None:
        """Called by the library in the loop; must not block."""
        if state_change is ServiceStateChange.Removed:
            self._forget(name)
        elif name in self._heard or len(self._heard) < INSTANCES_MAX:
            self._heard.setdefault(name, None)
            self._spelled[name.lower()] = name
            if state_change is ServiceStateChange.Updated:
                self._stop_resolving(name)
            if name not in self._resolving:
                task = asyncio.create_task(self._resolve(zeroconf, name, state_change), name="mdns resolve")
                self._resolving[name] = task

    def _on_spoken(self, key: str) -> None:
        name = self._spelled.get(key)
        if name is None or self._zeroconf is None or (believed := self._heard.get(name)) is None:
            return
        zeroconf = self._zeroconf.zeroconf
        if latest_announcement(zeroconf, name) not in {believed, None}:
            self._on_change(
                zeroconf=zeroconf, service_type=SERVICE_TYPE, name=name, state_change=ServiceStateChange.Updated
            )

    def _stop_resolving(self, name: str) -> None:
        if (task := self._resolving.pop(name, None)) is not None:
            task.cancel()

    def _forget(self, name: str) -> None:
        self._stop_resolving(name)
        while len(self._left_at) >= INSTANCES_MAX:
            del self._left_at[next(iter(self._left_at))]
        self._left_at[name] = asyncio.get_running_loop().time()
        self._spelled.pop(name.lower(), None)
        if self._heard.pop(name, None) is not None:
            self._on_sighting(Gone(label_of(name)))

    async def _resolve(self, zeroconf: Zeroconf, name: str, change: ServiceStateChange) -> None:
        # A renewed browser still sees what has just said goodbye, for the second that it stays in the cache.
        left_s = asyncio.get_running_loop().time() - self._left_at.get(name, -SETTLE_S)
        await asyncio.sleep(max(0.0, SETTLE_S - left_s))
        await self._resolve_once(zeroconf, name)
        if change is ServiceStateChange.Updated:
            await asyncio.sleep(SETTLE_S)
            await self._resolve_once(zeroconf, name)
        if self._heard.get(name) is None:
            self._heard.pop(name, None)
            self._spelled.pop(name.lower(), None)
        self._resolving.pop(name, None)

    async def _resolve_once(self, zeroconf: Zeroconf, name: str) -> None:
        async with self._slots:
            try:
                info = AsyncServiceInfo(SERVICE_TYPE, name)
                answered = await info.async_request(zeroconf, RESOLVE_MS)
            except (OSError, Error):
                return  # a stranger's malformed name, or the socket is going: nothing to show
        # What the library chose may be what another host has just replaced: it is asked only to have all parts at hand.
        announcement = latest_announcement(zeroconf, name) if answered else None
        if announcement is not None and name in self._heard and self._heard[name] != announcement:
            self._heard[name] = announcement
            self._on_sighting(Heard(label_of(name), announcement))
