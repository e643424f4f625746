"""The one zeroconf of this process and its sockets on UDP port 5353, shared by all who announce or watch."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncZeroconf

from common.discovery.adapters import LocalAddress
from common.discovery.record import SERVICE_TYPE

MDNS_PORT: Final = 5353
OPEN_S: Final = 5.0

_MDNS_GROUP: Final = "224.0.0.251"
# A one-shot query for the service type (RFC 6762, 5.1): header with one question, type PTR, class IN.
_QUERY: Final = (
    b"\0\0\0\0\0\1\0\0\0\0\0\0"
    + b"".join(bytes([len(part)]) + part.encode() for part in SERVICE_TYPE.rstrip(".").split("."))
    + b"\0\0\x0c\0\1"
)

# Its warnings are written for its own developers; what a person must know is said by the states below.
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)


class MulticastUnavailable(Exception):
    """Multicast DNS cannot be used here; the text is for people and says what to do."""


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
            with as_unavailable():
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
    with as_unavailable():
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
def as_unavailable() -> Iterator[None]:
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


def label_of(instance: str) -> str:
    """The label of a full instance name, without the service type."""
    return instance[: -len(SERVICE_TYPE) - 1]
