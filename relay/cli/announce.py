"""``python -m relay announce``: announces a relay that cannot do it itself, as one in a bridged container.

It asks the relay who it is, follows its name and policy, and is silent while the relay does not answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import json
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from common.crypto.identity import show_relay_id
from common.discovery.adapters import local_addresses
from common.discovery.mdns.announcer import Announced, Silent
from common.discovery.record import Announcement, usable_addresses
from common.errors import StartupError
from common.protocol.limits import DEFAULT_PORT
from relay.beacon import Beacon
from relay.cli.asking import Card, NoRelay, ask
from relay.cli.ordering import add_json
from relay.cli.saying import say

CHECK_S: Final = 5.0
RETRY_S: Final = 1.0
REGISTER_S: Final = 5.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "announce",
        help="announce a relay that cannot do it itself (one in a container)",
        description="Announces a relay on the network for as long as it answers. Ctrl+C withdraws the announcement.",
    )
    parser.add_argument(
        "--host", metavar="ADDRESS", default="127.0.0.1", help="where the relay answers (this computer)"
    )
    parser.add_argument(
        "--port", metavar="PORT", type=_port, default=DEFAULT_PORT, help=f"its TCP port ({DEFAULT_PORT})"
    )
    parser.add_argument("--name", metavar="NAME", help="the name in lists (the relay's own)")
    parser.add_argument(
        "--interfaces", metavar="LIST", default="", help="adapters or addresses to announce it on (those of the LAN)"
    )
    add_json(parser, run)


def run(options: argparse.Namespace) -> int:
    """Announce until Ctrl+C or SIGTERM.

    Raises:
        StartupError: the host's name is not known here.
    """
    logging.basicConfig(level=logging.WARNING)
    interfaces = tuple(name.strip() for name in options.interfaces.split(",") if name.strip())
    tell = _tell_programs if options.json else _tell_people
    asyncio.run(_until_stopped(Announcing(options.host, options.port, options.name, interfaces, tell)))
    return 0


def _tell_people(told: Told) -> None:
    say(f"{told.words}\n")


def _tell_programs(told: Told) -> None:
    said = {
        "type": "Announced" if told.is_announced else "NotAnnounced",
        "addresses": told.addresses,
        "words": told.words,
    }
    say(f"{json.dumps(said, ensure_ascii=False)}\n")


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: a number from 1 to 65535")
    return port


async def _until_stopped(announcing: Announcing) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.create_task(announcing.run())
    for sign in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C ends asyncio.run by cancelling
            loop.add_signal_handler(sign, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Told(Struct, frozen=True):
    """How it stands with an announcement, in *words* for people; *addresses*: where it leads."""

    words: str
    is_announced: bool = False
    addresses: tuple[str, ...] = ()


class Announcing:
    """Announces the relay at one address while it answers there."""

    def __init__(
        self,
        host: str,
        port: int,
        name: str | None,
        interfaces: Sequence[str],
        say: Callable[[Told], None],
        *,
        check_s: float = CHECK_S,
    ) -> None:
        """*say* hears of each change."""
        self._host = host
        self._port = port
        self._name = name
        self._interfaces = tuple(interfaces)
        self._say = say
        self._check_s = check_s
        self._beacon: Beacon | None = None
        self._announced: Announcement | None = None
        self._said: Told | None = None

    async def run(self) -> None:
        """Until cancelled; says goodbye then.

        Raises:
            StartupError: the host's name is not known here.
        """
        place = await asyncio.to_thread(place_of, self._host)
        try:
            while True:
                answers = await self._look(place)
                await asyncio.sleep(self._check_s if answers else min(RETRY_S, self._check_s))
        finally:
            await self._withdraw()

    async def _look(self, place: Place) -> bool:
        try:
            card = await asyncio.to_thread(ask, self._host, self._port)
        except NoRelay as problem:
            if self._announced is not None:
                await self._withdraw()
            self._tell(Told(f"Not announced: {problem}. Trying again."))
            return False
        await self._follow(card, place)
        return True

    async def _follow(self, card: Card, place: Place) -> None:
        wanted = Announcement(self._name or card.said.name, card.relay_id, self._port, card.said.registration)
        if self._beacon is None or self._announced is None or self._announced.relay_id != wanted.relay_id:
            await self._withdraw()
            self._beacon = Beacon(wanted, host=place.here, interfaces=self._interfaces, elsewhere=place.elsewhere)
            self._announced = wanted
            await self._beacon.start()
            await self._registered(self._beacon)
        elif self._announced != wanted:
            self._announced = wanted
            self._beacon.change(name=wanted.name, policy=wanted.policy)
        mdns = self._beacon.state.mdns
        addresses = mdns.addresses if isinstance(mdns, Announced) else ()
        self._tell(Told(in_words(self._beacon, wanted), isinstance(mdns, Announced), tuple(addresses)))

    async def _registered(self, beacon: Beacon) -> None:
        """Give the beacon the time that it needs to register, so that the first line says how that went."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REGISTER_S):
                while not isinstance(beacon.state.mdns, Announced) and not beacon.state.troubles:  # noqa: ASYNC110, states only
                    await asyncio.sleep(0.1)

    async def _withdraw(self) -> None:
        if self._beacon is not None:
            beacon, self._beacon, self._announced = self._beacon, None, None
            await beacon.stop()

    def _tell(self, told: Told) -> None:
        if told != self._said:
            self._said = told
            self._say(told)


def in_words(beacon: Beacon, announcement: Announcement) -> str:
    """What *beacon* tells the network of *announcement*."""
    state = beacon.state
    match state.mdns:
        case Announced(instance, addresses):
            at = ", ".join(addresses)
            return (
                f"Announced as “{instance}” at {at}, port {announcement.port}: {show_relay_id(announcement.relay_id)}"
            )
        case Silent(message):
            return f"Not announced by multicast DNS: {message}" if message else "Not announced yet."
        case _:
            return f"Asking the network whether the name “{announcement.name}” is free."


class Place(Struct, frozen=True):
    """Where a relay is. *here*: one address of this computer, empty for all of them; *elsewhere*: those of another computer."""

    here: str = ""
    elsewhere: tuple[str, ...] = ()


def place_of(host: str) -> Place:
    """Where a relay at *host* is to be announced. Loopback means this computer, at all of its addresses. Blocks.

    Raises:
        StartupError: there is no such host.
    """
    try:
        found = usable_addresses(
            _numeric(entry[4]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
    except OSError as error:
        raise StartupError(
            f"There is no computer called {host} ({error.strerror}). Give its address: --host 192.0.2.10"
        ) from error
    local = [address for address in local_addresses() if not address.is_loopback]
    own = {name for address in local for name in (address.ip, address.scoped)}
    if here := [address.partition("%")[0] for address in found if address in own]:
        return Place(here=here[0])
    return Place(elsewhere=tuple(address for address in found if not ipaddress.ip_address(address).is_loopback))


def _numeric(address: tuple[object, ...]) -> str:
    """The address of a socket with its scope, which Python keeps apart."""
    ip, scope = str(address[0]), address[3] if len(address) > 3 else 0
    return f"{ip}%{scope}" if scope and "%" not in ip else ip
