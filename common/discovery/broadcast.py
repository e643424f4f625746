"""Found without multicast: a question by UDP broadcast, and a short answer.

Guest networks and cheap access points often drop multicast and let broadcasts through. Whoever looks for relays asks the relay
port; every relay on the network answers the asker alone, within milliseconds, with what it announces. An answer is never
larger than the question and is given seldom to any one address, so that nobody can use relays to flood a third party. It
repeats the question's nonce: an answer to nothing that was asked is not heard. All of it is only a hint, to be probed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

import msgspec

from common.discovery.adapters import LocalAddress
from common.discovery.record import (
    ADDRESSES_MAX,
    Announcement,
    is_relay_id,
    read_policy,
    usable_addresses,
    visible_name,
)
from common.ids import RelayId
from common.protocol import limits

QUESTION_BYTES: Final = 512
"""Every question is padded to this size, and no answer is larger."""
ANSWERS_PER_S: Final = 5.0
ANSWERS_BURST: Final = 10.0
ASKERS_MAX: Final = 1024
"""Addresses whose rate is remembered; beyond, the one that was silent longest is forgotten."""
NONCES_MAX: Final = 32
"""Own questions whose answers are still heard."""

_EVERYBODY: Final = "255.255.255.255"
_THIS_COMPUTER: Final = ("127.0.0.1", "127.255.255.255")
"""By broadcast too where the system knows it: of several relays that share a port, only one gets what is sent to it alone."""
_VERSION: Final = 1


class _Question(msgspec.Struct, tag_field="ask", tag="pymessenger"):
    v: int
    nonce: str
    pad: str = ""


class _Answer(msgspec.Struct, tag_field="relay", tag="pymessenger"):
    v: int
    nonce: str
    id: str
    port: int
    name: str
    auth: str
    at: list[str] = msgspec.field(default_factory=list)


_encode = msgspec.json.Encoder().encode
_question_decoder = msgspec.json.Decoder(_Question)
_answer_decoder = msgspec.json.Decoder(_Answer)


# -- the words, pure ---------------------------------------------------------------------------------------------------


def question(nonce: str) -> bytes:
    """The question *nonce* (32 hex digits), padded to its size."""
    bare = _encode(_Question(_VERSION, nonce))
    return _encode(_Question(_VERSION, nonce, "." * (QUESTION_BYTES - len(bare))))


def read_question(datagram: bytes) -> str | None:
    """The nonce of a well-formed question; None for anything else, and for one too small to be answered."""
    if len(datagram) != QUESTION_BYTES:
        return None
    try:
        asked = _question_decoder.decode(datagram)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return asked.nonce if asked.v == _VERSION and len(asked.nonce) == 32 else None


def answer(nonce: str, announcement: Announcement) -> bytes:
    """The answer to *nonce*: at most as large as the question, with as many addresses as fit."""
    addresses = list(announcement.addresses[:ADDRESSES_MAX])
    name = announcement.name
    while True:
        datagram = _encode(
            _Answer(_VERSION, nonce, announcement.relay_id, announcement.port, name, announcement.policy, addresses)
        )
        if len(datagram) <= QUESTION_BYTES:
            return datagram
        if addresses:
            addresses.pop()
        else:
            name = name[:-1]


def read_answer(datagram: bytes, nonces: Iterable[str], sender: str) -> Announcement | None:
    """What *sender* says in answer to one of *nonces*; None for anything else.

    The sender's own address comes first: from there something did reach us.
    """
    if len(datagram) > QUESTION_BYTES:
        return None
    try:
        said = _answer_decoder.decode(datagram)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if said.v != _VERSION or said.nonce not in nonces or not is_relay_id(said.id) or not 0 < said.port < 65536:
        return None
    named = _elsewhere(said.at[:ADDRESSES_MAX], sender)
    return Announcement(
        name=visible_name(said.name) or "relay",
        relay_id=RelayId(said.id),
        port=said.port,
        policy=read_policy(said.auth),
        addresses=usable_addresses([sender, *named]),
        came_from="" if sender in named else sender,
    )


def _elsewhere(addresses: Iterable[str], sender: str) -> tuple[str, ...]:
    """*addresses* without loopback, unless the *sender* is this computer: theirs is not ours."""
    local = ipaddress.ip_address(sender).is_loopback
    return tuple(a for a in usable_addresses(addresses) if local or not ipaddress.ip_address(a).is_loopback)


def targets(adapters: Iterable[LocalAddress]) -> tuple[str, ...]:
    """Where to ask: this computer, every subnet of *adapters*, and everybody (which goes out by the default route only)."""
    found = dict.fromkeys(_THIS_COMPUTER)
    for address in adapters:
        subnet = address.subnet
        if isinstance(subnet, ipaddress.IPv4Interface) and subnet.network.prefixlen < 31:
            found[str(subnet.network.broadcast_address)] = None
            if not subnet.is_loopback:
                found[_EVERYBODY] = None
    return tuple(found)


class Rate:
    """A token bucket for each of the last thousand addresses."""

    def __init__(self, now: Callable[[], float], per_s: float = ANSWERS_PER_S, burst: float = ANSWERS_BURST) -> None:
        self._now = now
        self._per_s = per_s
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Whether *address* may have one more now; counts it."""
        now = self._now()
        tokens, at = self._buckets.pop(address, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        allowed = tokens >= 1.0
        self._buckets[address] = (tokens - 1.0 if allowed else tokens, now)
        while len(self._buckets) > ASKERS_MAX:
            self._buckets.popitem(last=False)
        return allowed


# -- answering ---------------------------------------------------------------------------------------------------------


class Answerer:
    """Answers questions for one relay, on the default relay port and on its own."""

    def __init__(self, announcement: Announcement, ports: Sequence[int] | None = None) -> None:
        """*ports* to listen on (UDP); by default the relay's own and the one that everybody asks."""
        self.announcement = announcement
        self._ports = tuple(dict.fromkeys(ports or (limits.DEFAULT_PORT, announcement.port)))
        self._rate = Rate(_loop_time)
        self._transports: list[asyncio.DatagramTransport] = []
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why questions are not heard, for people; empty when all is well."""
        return self._trouble

    async def start(self) -> None:
        """Listen. Never raises because of the network: see `trouble`."""
        refused: list[str] = []
        for port in self._ports:
            try:
                self._transports.append(await _endpoint(self._on_datagram, port))
            except OSError as problem:
                refused.append(f"UDP port {port} cannot be used ({problem.strerror or problem})")
        if refused:
            self._trouble = "; ".join(refused) + ". Clients that ask by broadcast do not find this relay there."

    def _on_datagram(self, datagram: bytes, sender: tuple[str, int], transport: asyncio.DatagramTransport) -> None:
        nonce = read_question(datagram)
        if nonce is not None and _is_reachable(self.announcement, sender[0]) and self._rate.allows(sender[0]):
            transport.sendto(answer(nonce, self.announcement), sender)

    def close(self) -> None:
        """Stop listening."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()


def _is_reachable(announcement: Announcement, asker: str) -> bool:
    """Whether *asker* could come: a relay that listens on loopback only is nobody else's."""
    addresses = [ipaddress.ip_address(address) for address in announcement.addresses]
    if ipaddress.ip_address(asker).is_loopback:
        return bool(addresses)
    return any(not address.is_loopback for address in addresses)


# -- asking ------------------------------------------------------------------------------------------------------------


class Asker:
    """Asks the network for relays, each time it is told to, and tells what comes back."""

    def __init__(
        self, on_answer: Callable[[Announcement], None], ports: Sequence[int] = (limits.DEFAULT_PORT,)
    ) -> None:
        """*on_answer* is called in the loop. *ports* (UDP) are asked."""
        self._on_answer = on_answer
        self._ports = tuple(dict.fromkeys(ports))
        self._nonces: OrderedDict[str, None] = OrderedDict()
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Open the socket. Raises OSError."""
        self._transport = await _endpoint(self._on_datagram, 0)

    def ask(self, adapters: Iterable[LocalAddress]) -> None:
        """Send one question to every network of *adapters*; answers arrive as long as this is open."""
        if self._transport is None:
            return
        nonce = secrets.token_hex(16)
        self._nonces[nonce] = None
        while len(self._nonces) > NONCES_MAX:
            self._nonces.popitem(last=False)
        datagram = question(nonce)
        for target in targets(adapters):
            for port in self._ports:
                self._transport.sendto(datagram, (target, port))

    def _on_datagram(self, datagram: bytes, sender: tuple[str, int], _transport: asyncio.DatagramTransport) -> None:
        heard = read_answer(datagram, self._nonces, sender[0])
        if heard is not None:
            self._on_answer(heard)

    def close(self) -> None:
        """Stop asking and listening."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


_OnDatagram = Callable[[bytes, tuple[str, int], asyncio.DatagramTransport], None]


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, on_datagram: _OnDatagram) -> None:
        self._on_datagram = on_datagram
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._on_datagram(data, addr, self._transport)

    def error_received(self, exc: Exception) -> None:
        """No route for one target, or an ICMP refusal from another: the other targets still answer."""


async def _endpoint(on_datagram: _OnDatagram, port: int) -> asyncio.DatagramTransport:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        if port:
            # Several relays of one computer all hear a broadcast to the same port. Linux and Windows need only this …
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if sys.platform == "darwin":
                # … BSD calls it by another name.
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(("", port))
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Endpoint(on_datagram), sock=opened
        )
    except BaseException:
        with contextlib.suppress(OSError):
            opened.close()
        raise
    return transport


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
