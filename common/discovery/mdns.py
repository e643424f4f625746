"""Multicast DNS: announce this relay, watch for others. The only importer of zeroconf.

What the library does not do by itself is done here: changed addresses are announced again, the browser is renewed (it stops
asking after 14 s and would never hear of a relay whose network came back later), a name taken on the network is read back.
What it cannot do is left to others: a killed relay stays listed for twenty minutes, so what is heard here must be probed.

Nothing here raises because of the network: a relay that cannot be announced still serves, and says why it is silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zeroconf import (
    BadTypeInNameException,
    Error,
    IPVersion,
    NonUniqueNameException,
    RecordUpdate,
    RecordUpdateListener,
    ServiceStateChange,
    Zeroconf,
)
from zeroconf import DNSService as ServiceRecord  # type: ignore[attr-defined]
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from common.discovery.adapters import LocalAddress
from common.discovery.record import (
    SERVICE_TYPE,
    Announcement,
    RecordTooLong,
    instance_label,
    read_announcement,
    server_name,
    txt_of,
)

MDNS_PORT: Final = 5353
RENEW_S: Final = 10.0
"""The browser's queries thin out after 1, 4 and 9 s; a new one starts them again."""
RESOLVE_MS: Final = 3000
SETTLE_S: Final = 1.5
"""For a second after an update the old addresses are still in the cache beside the new ones."""
OPEN_S: Final = 5.0
INSTANCES_MAX: Final = 256
"""Instances that are kept in view; a network that shows more is being flooded."""
RESOLVING_MAX: Final = 16

_MDNS_GROUP: Final = "224.0.0.251"
# A one-shot query for the service type (RFC 6762, 5.1): header with one question, type PTR, class IN.
_QUERY: Final = (
    b"\0\0\0\0\0\1\0\0\0\0\0\0"
    + b"".join(bytes([len(part)]) + part.encode() for part in SERVICE_TYPE.rstrip(".").split("."))
    + b"\0\0\x0c\0\1"
)

# Its warnings are written for its own developers; what a person must know is said by the states below.
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)

AddressSource = Callable[[], Awaitable[Sequence[LocalAddress]]]


class MulticastUnavailable(Exception):
    """Multicast DNS cannot be used here; the text is for people and says what to do."""


# -- what an announcer says of itself ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing is announced. *message* for people: why, and what to do; empty before the start and after the end."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Registering:
    """The network is being asked whether the name is free; takes 1.2 s (RFC 6762, 8.1)."""


@dataclass(frozen=True, slots=True)
class Announced:
    """The relay can be found. *instance*: the name it got on this network. *addresses*: as announced, best first."""

    instance: str
    addresses: tuple[str, ...]


AnnounceState = Silent | Registering | Announced


# -- what a watcher tells ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """*instance* was announced, or announces something else now."""

    instance: str
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Gone:
    """*instance* said goodbye, or its record ran out."""

    instance: str


Sighting = Heard | Gone


# -- the shared sockets ------------------------------------------------------------------------------------------------


class Multicast:
    """The one zeroconf of this process, opened by its first user and closed by its last.

    One is enough, and two would get each other's unicast answers (only one of several sockets on port 5353 receives them).
    """

    def __init__(self) -> None:
        self._zeroconf: AsyncZeroconf | None = None
        self._users = 0
        self._lock = asyncio.Lock()

    async def acquire(self, addresses: Sequence[LocalAddress]) -> AsyncZeroconf:
        """The open zeroconf, speaking on the adapters of *addresses*. Raises `MulticastUnavailable`."""
        async with self._lock:
            if self._zeroconf is None:
                self._zeroconf = await _open(_interfaces(addresses))
            self._users += 1
            return self._zeroconf

    async def use(self, addresses: Sequence[LocalAddress]) -> None:
        """Speak on the adapters of *addresses* from now on; costs nothing when they are the same. Raises `MulticastUnavailable`."""
        if self._zeroconf is not None:
            with _as_unavailable():
                await self._zeroconf.async_update_interfaces(_interfaces(addresses))

    async def release(self) -> None:
        """One user less; the last one closes the sockets."""
        async with self._lock:
            self._users -= 1
            if self._users == 0 and self._zeroconf is not None:
                closing, self._zeroconf = self._zeroconf, None
                with contextlib.suppress(OSError, Error):
                    await closing.async_close()


async def _open(interfaces: list[str | int]) -> AsyncZeroconf:
    with _as_unavailable():
        _claim_port()
        try:
            opened = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.All)
        except OSError as problem:
            if problem.errno not in {errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}:
                raise
            # A kernel without IPv6.
            without = [entry for entry in interfaces if isinstance(entry, str)]
            opened = AsyncZeroconf(interfaces=without, ip_version=IPVersion.V4Only)
        try:
            async with asyncio.timeout(OPEN_S):
                await opened.zeroconf.async_wait_for_start()
        except BaseException:
            await opened.async_close()
            raise
        return opened


def _claim_port() -> None:
    """Raises OSError when port 5353 cannot be shared. The library would notice too, but leave its socket open."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
        claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        claim.bind(("", MDNS_PORT))


def _interfaces(addresses: Iterable[LocalAddress]) -> list[str | int]:
    """IPv4 by address, IPv6 by the adapter's index: an fe80 address may stand on several adapters."""
    chosen: dict[str | int, None] = {}
    for address in addresses:
        if address.is_ipv4:
            chosen[address.ip] = None
        elif address.index and not address.is_loopback:
            chosen[address.index] = None
    return list(chosen)


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    """What the library and the system raise comes out as `MulticastUnavailable` with a sentence."""
    try:
        yield
    except (OSError, Error, RuntimeError) as problem:
        raise MulticastUnavailable(reason_in_words(problem)) from problem


def reason_in_words(problem: BaseException) -> str:
    """Why multicast DNS does not work, and what to do, for people."""
    code = problem.errno if isinstance(problem, OSError) else None
    if code == errno.EADDRINUSE:
        return (
            f"Another program keeps UDP port {MDNS_PORT} (multicast DNS) to itself. Let it share the port "
            "(avahi: disallow-other-stacks=no), or stop it; until then, enter addresses by hand."
        )
    if code in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        return (
            "Multicast cannot be sent: there is no route for it, or on macOS the permission is missing (System Settings, "
            "Privacy & Security, Local Network). Until then, enter addresses by hand."
        )
    if code in {errno.EPERM, errno.EACCES}:
        return (
            f"A firewall on this computer forbids multicast DNS. Allow UDP port {MDNS_PORT} in and out; "
            "until then, enter addresses by hand."
        )
    return f"Multicast DNS does not work here ({str(problem) or type(problem).__name__}). Enter addresses by hand."


def multicast_trouble(addresses: Iterable[LocalAddress]) -> str:
    """Why no IPv4 adapter of *addresses* can send multicast, for people; empty when one can, or when there is none.

    The library sends in the background and only logs a failure: without this, a missing permission looks like an empty LAN.
    """
    problems: list[OSError] = []
    for address in addresses:
        if not address.is_ipv4:
            continue
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.setblocking(False)
                probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address.ip))
                probe.sendto(_QUERY, (_MDNS_GROUP, MDNS_PORT))
        except OSError as problem:
            problems.append(problem)
        else:
            return ""
    return reason_in_words(problems[0]) if problems else ""


# -- announcing --------------------------------------------------------------------------------------------------------


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
        self._rival: str | None = None
        self._settling: asyncio.Task[None] | None = None

    @property
    def state(self) -> AnnounceState:
        """What the network is told just now."""
        return self._state

    async def announce(
        self, announcement: Announcement, adapters: Sequence[LocalAddress], *, again: bool = False
    ) -> None:
        """Make *announcement* (with its addresses) the truth on *adapters*: register, or update what is registered.

        Takes 1.7 s the first time; sends nothing when all is as before, unless *again* (after sleep). Never raises because
        of the network: see `state`.
        """
        async with self._lock, self._telling_why_not():
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
        if not announcement.addresses:
            self._state = Silent(
                "This computer has no address on a local network. Connect it, or name the adapter in RELAY_INTERFACES."
            )
            return
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
            self._state = Announced(_label(self._name), announcement.addresses)
        else:
            await self._multicast.use(adapters)

    async def _register(self, announcement: Announcement) -> None:
        assert self._zeroconf is not None
        self._state = Registering()
        info = _service_info(announcement, f"{instance_label(announcement.name)}.{SERVICE_TYPE}")
        # The first await covers the question whether the name is free, the second one the announcements.
        announced = await self._zeroconf.async_register_service(info, allow_name_change=True)
        self._info, self._said = info, announcement
        self._rivals.watch(info)
        self._state = Announced(_label(info.name), announcement.addresses)
        await announced

    def _on_rival(self, server: str) -> None:
        self._rival = server
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

    async def _settle_with(self, rival: str) -> None:
        info, announcement, zeroconf = self._info, self._said, self._zeroconf
        if info is None or announcement is None or zeroconf is None or info.server is None:
            return
        if info.server.lower() < rival:
            # Said again, for the other one to hear, and for everybody who believes it was the last to speak.
            await (await zeroconf.async_update_service(info))
            return
        # Without a goodbye: the name goes on to be the other one's.
        zeroconf.zeroconf.registry.async_remove(info)
        self._info = self._said = None
        await self._register(announcement)

    async def _replace(self, announcement: Announcement) -> Awaitable[None]:
        assert self._zeroconf is not None
        info = _service_info(announcement, self._name)
        announced = await self._zeroconf.async_update_service(info)
        self._info, self._said = info, announcement
        return announced

    @property
    def _name(self) -> str:
        assert self._info is not None
        return self._info.name

    async def _unregister(self) -> None:
        if self._zeroconf is not None and self._info is not None:
            leaving, self._info, self._said = self._info, None, None
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
                    # Three goodbyes, the first of them before the first pause: that one is what browsers act on.
                    await (await opened.async_unregister_service(leaving))
        await self._multicast.release()


class _Rivals(RecordUpdateListener):
    """Hears when another host answers to this relay's instance name (RFC 6762, 9)."""

    def __init__(self, on_rival: Callable[[str], None]) -> None:
        """*on_rival* is called in the loop with the other host's name, in lower case."""
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
                    self._on_rival(server)


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


def _label(instance: str) -> str:
    return instance[: -len(SERVICE_TYPE) - 1]


# -- watching ----------------------------------------------------------------------------------------------------------


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
        self._heard: dict[str, Announcement | None] = {}
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
            if state_change is ServiceStateChange.Updated:
                self._stop_resolving(name)
            if name not in self._resolving:
                task = asyncio.create_task(self._resolve(zeroconf, name, state_change), name="mdns resolve")
                self._resolving[name] = task

    def _stop_resolving(self, name: str) -> None:
        if (task := self._resolving.pop(name, None)) is not None:
            task.cancel()

    def _forget(self, name: str) -> None:
        self._stop_resolving(name)
        while len(self._left_at) >= INSTANCES_MAX:
            del self._left_at[next(iter(self._left_at))]
        self._left_at[name] = asyncio.get_running_loop().time()
        if self._heard.pop(name, None) is not None:
            self._on_sighting(Gone(_label(name)))

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
        self._resolving.pop(name, None)

    async def _resolve_once(self, zeroconf: Zeroconf, name: str) -> None:
        async with self._slots:
            try:
                info = AsyncServiceInfo(SERVICE_TYPE, name)
                answered = await info.async_request(zeroconf, RESOLVE_MS)
            except (OSError, Error):
                return  # a stranger's malformed name, or the socket is going: nothing to show
        announcement = _read(info) if answered else None
        if announcement is not None and name in self._heard and self._heard[name] != announcement:
            self._heard[name] = announcement
            self._on_sighting(Heard(_label(name), announcement))


def _read(info: AsyncServiceInfo) -> Announcement | None:
    addresses = info.parsed_scoped_addresses(IPVersion.All)
    heard = read_announcement(_label(info.name), info.port, info.properties, addresses)
    # The order on the wire is not the announcer's; sorted, an unchanged announcement compares equal.
    return None if heard is None else replace(heard, addresses=tuple(sorted(heard.addresses)))
