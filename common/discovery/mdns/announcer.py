"""Announces one relay by multicast DNS, and keeps what is announced true."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct
from zeroconf import (
    BadTypeInNameException,
    Error,
    NonUniqueNameException,
    RecordUpdate,
    RecordUpdateListener,
    Zeroconf,
)
from zeroconf import DNSService as ServiceRecord  # type: ignore[attr-defined]
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from common.discovery.adapters import LocalAddress
from common.discovery.mdns.sockets import Multicast, MulticastUnavailable, label_of, multicast_trouble, reason_in_words
from common.discovery.record import SERVICE_TYPE, Announcement, RecordTooLong, instance_label, server_name, txt_of

FLUSHED_S: Final = 1.2
"""What was heard less than a second ago stays in everybody's cache beside what replaces it (RFC 6762, 10.2)."""

NO_ADDRESS: Final = (
    "This computer has no address on a local network. Connect it, or name the adapter in RELAY_INTERFACES."
)


class Silent(Struct, frozen=True):
    """Nothing is announced. *message* for people: why, and what to do; empty before the start and after the end."""

    message: str = ""


class Registering(Struct, frozen=True):
    """The network is being asked whether the name is free; takes 1.2 s (RFC 6762, 8.1)."""


class Announced(Struct, frozen=True):
    """The relay can be found. *instance*: the name it got on this network. *addresses*: as announced, best first."""

    instance: str
    addresses: tuple[str, ...]


AnnounceState = Silent | Registering | Announced


class Announcer:
    """Announces one relay, and keeps what is announced equal to what it was last told."""

    def __init__(self, multicast: Multicast | None = None) -> None:
        self._multicast = multicast or Multicast()
        self._zeroconf: AsyncZeroconf | None = None
        self._info: AsyncServiceInfo | None = None
        self._said: Announcement | None = None
        self._state: AnnounceState = Silent()
        self._lock = asyncio.Lock()
        self._rivals = _Rivals(self._on_rival)
        self._rival: _Rival | None = None
        self._settling: asyncio.Task[None] | None = None
        self._speaking: set[asyncio.Future[None]] = set()

    @property
    def state(self) -> AnnounceState:
        """What the network is told just now."""
        return self._state

    async def announce(
        self,
        announcement: Announcement,
        adapters: Sequence[LocalAddress],
        *,
        again: bool = False,
        why_nowhere: str = NO_ADDRESS,
    ) -> None:
        """Make *announcement* (with its addresses) the truth on *adapters*: register, or update what is registered.

        Takes 1.7 s the first time; sends nothing when all is as before, unless *again* (after sleep). Never raises because
        of the network: see `state`. *why_nowhere*: what it says when there is no address.
        """
        async with self._lock, self._telling_why_not():
            if not announcement.addresses:
                self._state = Silent(why_nowhere)
                return
            await self._announce(announcement, adapters, again)

    @contextlib.asynccontextmanager
    async def _telling_why_not(self) -> AsyncIterator[None]:
        """What goes wrong inside becomes the state."""
        try:
            yield
        except MulticastUnavailable as problem:
            self._state = Silent(str(problem))
        except NonUniqueNameException:
            # The library gives this one no text.
            self._state = Silent("Every form of this relay's name is taken on this network. Set RELAY_NAME to another.")
        except (RecordTooLong, BadTypeInNameException) as problem:
            self._state = Silent(f"The announcement of this relay is not valid ({problem}). Set RELAY_NAME to another.")
        except (OSError, Error, RuntimeError, TimeoutError) as problem:
            self._state = Silent(reason_in_words(problem))

    async def _announce(self, announcement: Announcement, adapters: Sequence[LocalAddress], again: bool) -> None:
        if self._zeroconf is None:
            self._zeroconf = await self._multicast.acquire(adapters)
            self._zeroconf.zeroconf.async_add_listener(self._rivals, None)
        if self._said is None or not _is_same_record(self._said, announcement):
            await self._unregister()
            await self._multicast.use(adapters)
            _refuse_trouble(adapters)
            await self._register(announcement)
        elif self._said != announcement or again or not isinstance(self._state, Announced):
            # The new record stands before the sockets change: a new socket announces at once what stands.
            announced = await self._replace(announcement)
            await self._multicast.use(adapters)
            await announced
            _refuse_trouble(adapters)
            self._state = Announced(label_of(self._name), announcement.addresses)
        else:
            await self._multicast.use(adapters)

    async def _register(self, announcement: Announcement) -> None:
        assert self._zeroconf is not None
        self._state = Registering()
        info = _service_info(announcement, f"{instance_label(announcement.name)}.{SERVICE_TYPE}")
        # The first await covers the question whether the name is free, the second one the announcements.
        announced = self._said_thrice(await self._zeroconf.async_register_service(info, allow_name_change=True))
        self._info, self._said = info, announcement
        self._rivals.watch(info)
        self._state = Announced(label_of(info.name), announcement.addresses)
        await announced

    def _on_rival(self, rival: _Rival) -> None:
        self._rival = rival
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle(), name="mdns-rival")

    async def _settle(self) -> None:
        """Another relay answers to this one's instance name: the lesser host name keeps it, the other one takes the next.

        The library asks only before it registers. It then misses who answers by unicast to another program on this computer, and
        whoever was cut off at the time.
        """
        while (rival := self._rival) is not None:
            self._rival = None
            async with self._lock, self._telling_why_not():
                await self._settle_with(rival)

    async def _settle_with(self, rival: _Rival) -> None:
        info, announcement, zeroconf = self._info, self._said, self._zeroconf
        if info is None or announcement is None or zeroconf is None or info.server is None:
            return
        if info.name.lower() != rival.instance:
            # Heard while this one was already giving that name up.
            return
        if info.server.lower() < rival.server:
            # Said again, for the other one to hear, and for everybody who believes it was the last to speak.
            await asyncio.sleep(FLUSHED_S)
            await self._said_thrice(await zeroconf.async_update_service(info))
            return
        # Without a goodbye: the name goes on to be the other one's.
        self._say_no_more(zeroconf.zeroconf, info)
        self._info = self._said = None
        await self._register(announcement)

    def _said_thrice(self, announcing: Awaitable[None]) -> asyncio.Future[None]:
        """What the library goes on saying by itself, whether or not somebody waits for it: kept, to be silenced before a goodbye."""
        speaking = asyncio.ensure_future(announcing)
        self._speaking.add(speaking)
        speaking.add_done_callback(self._speaking.discard)
        return speaking

    def _say_no_more(self, zeroconf: Zeroconf, info: AsyncServiceInfo) -> None:
        """Answer no question about *info* any more, nor any that is being answered, and announce it no further.

        The library holds answers back for up to a second and a half. One that goes out after the goodbye brings the relay back into
        the lists of all who hear it, for over an hour: they take the other two goodbyes for copies of the first.
        """
        for speaking in tuple(self._speaking):
            speaking.cancel()
        zeroconf.registry.async_remove(info)
        for held_back in (zeroconf.out_queue, zeroconf.out_delay_queue):
            held_back.queue.clear()

    async def _replace(self, announcement: Announcement) -> Awaitable[None]:
        assert self._zeroconf is not None
        info = _service_info(announcement, self._name)
        announced = self._said_thrice(await self._zeroconf.async_update_service(info))
        self._info, self._said = info, announcement
        return announced

    @property
    def _name(self) -> str:
        assert self._info is not None
        return self._info.name

    async def _unregister(self) -> None:
        if self._zeroconf is not None and self._info is not None:
            leaving, self._info, self._said = self._info, None, None
            self._say_no_more(self._zeroconf.zeroconf, leaving)
            await (await self._zeroconf.async_unregister_service(leaving))

    async def withdraw(self, within_s: float = 1.0) -> None:
        """Say goodbye and close, within *within_s* seconds. Idempotent; a goodbye that cannot be sent is dropped."""
        self._state = Silent()
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.wait([self._settling], timeout=within_s)
        opened, self._zeroconf = self._zeroconf, None
        leaving, self._info, self._said = self._info, None, None
        if opened is None:
            return
        opened.zeroconf.async_remove_listener(self._rivals)
        with contextlib.suppress(TimeoutError, OSError, Error):
            async with asyncio.timeout(within_s):
                if leaving is not None:
                    self._say_no_more(opened.zeroconf, leaving)
                    # Three goodbyes, the first of them before the first pause: that one is what browsers act on.
                    await (await opened.async_unregister_service(leaving))
        await self._multicast.release()


class _Rival(Struct, frozen=True):
    """Another host's claim on an instance name that was this relay's when it was heard; both names in lower case."""

    instance: str
    server: str


class _Rivals(RecordUpdateListener):
    """Hears when another host answers to this relay's instance name (RFC 6762, 9)."""

    def __init__(self, on_rival: Callable[[_Rival], None]) -> None:
        """*on_rival* is called in the loop."""
        self._on_rival = on_rival
        self._name = ""
        self._server = ""

    def watch(self, info: AsyncServiceInfo) -> None:
        """From now on *info* is what is said of the own name."""
        self._name, self._server = info.name.lower(), (info.server or "").lower()

    def async_update_records(self, zc: Zeroconf, now: float, records: list[RecordUpdate]) -> None:
        """The library's call for each packet heard, our own among them."""
        for update in records:
            record = update.new
            if isinstance(record, ServiceRecord) and record.ttl > 0 and record.name.lower() == self._name:
                server = record.server.lower()
                if server != self._server:
                    self._on_rival(_Rival(self._name, server))


def _refuse_trouble(adapters: Sequence[LocalAddress]) -> None:
    if trouble := multicast_trouble(adapters):
        raise MulticastUnavailable(trouble)


def _service_info(announcement: Announcement, name: str) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        SERVICE_TYPE,
        name,
        port=announcement.port,
        server=server_name(announcement.relay_id),
        parsed_addresses=list(announcement.addresses),
        properties=txt_of(announcement),
    )


def _is_same_record(old: Announcement, new: Announcement) -> bool:
    """Whether *new* is a change of the record that *old* made, not another record."""
    return (old.name, old.relay_id) == (new.name, new.relay_id)
