"""Looks at a relay as a client on the network would: asks it, asks its neighbours, and listens for a moment to who announces what."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from common.discovery.adapters import (
    LocalAddress,
    announced_addresses,
    lan_addresses,
    local_addresses,
    unknown_interfaces,
)
from common.discovery.broadcast import Asker
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.ids import RelayId
from common.protocol.limits import DEFAULT_PORT
from relay.cli.announce import Place, place_of
from relay.cli.asking import Card, NoRelay, ask
from relay.config import Config
from relay.search.index import why_not

LISTEN_S: Final = 3.5
"""How long the network is listened to: the first answer of several programs on port 5353 may get lost, the second comes after 1 s."""
QUESTIONS: Final = 4
"""So often it is asked by broadcast within that time."""
NEIGHBOURS: Final = 4
"""Other relays whose clocks are asked for."""
_LOOPBACK: Final = "127.0.0.1"


class Facts(Struct, frozen=True):
    """All that was seen.

    *host*: the address that was asked for, empty for this computer. *adapters*: this computer's on the LAN. *first*: who answers
    where the relay should be, *others*: who answers at the addresses at which others would look. *heard*: announced by multicast
    DNS; *answered*: to the question by broadcast. *trouble*: what hinders multicast DNS. *search*: why a relay on this computer cannot
    search. *unknown*: which adapters of RELAY_INTERFACES are not there. *neighbours*: other relays that answer here. *is_elsewhere*: it
    is the relay of another computer. *refused*: why none may be started here, in words.
    """

    host: str
    port: int
    is_announced: bool
    adapters: tuple[LocalAddress, ...]
    first: Card | NoRelay
    others: Mapping[str, Card | NoRelay] = field(default_factory=dict)
    heard: tuple[Announcement, ...] = ()
    answered: tuple[Announcement, ...] = ()
    trouble: str = ""
    firewall: str = ""
    search: str = ""
    unknown: str = ""
    neighbours: tuple[Card, ...] = ()
    is_elsewhere: bool = False
    refused: str = ""


async def gather(config: Config, listen_s: float = LISTEN_S) -> Facts:
    """Look at the relay that *config* describes, and listen to the network for *listen_s* seconds.

    Raises:
        StartupError: the host's name is not known here.
    """
    host = "" if config.host in {"", "*", "0.0.0.0", "::"} else config.host
    every = await asyncio.to_thread(local_addresses)
    place = await asyncio.to_thread(place_of, host or _LOOPBACK)
    own = announced_addresses(every, "" if place.elsewhere else host, config.interfaces)
    where = place.elsewhere or tuple(address.scoped for address in own)
    listening = _listen(own or lan_addresses(every, config.interfaces) or lan_addresses(every), config.port, listen_s)
    asking = asyncio.gather(*(_ask(address, config.port) for address in (host or _LOOPBACK, *where)))
    (heard, answered, trouble), (first, *others) = await asyncio.gather(listening, asking)
    mine = first.relay_id if isinstance(first, Card) else None
    elsewhere = {one.relay_id: one for one in (*answered, *heard) if one.relay_id != mine and one.addresses}
    neighbours = await asyncio.gather(
        *(_ask(one.addresses[0], one.port) for one in list(elsewhere.values())[:NEIGHBOURS])
    )
    return Facts(
        host=host,
        port=config.port,
        is_announced=config.announce,
        adapters=own,
        first=first,
        others=dict(zip(where, others, strict=True)),
        heard=heard,
        answered=answered,
        trouble=trouble,
        firewall=_firewall_command(config.port),
        search=search_trouble(place),
        unknown=unknown_interfaces(every, config.interfaces),
        is_elsewhere=bool(place.elsewhere),
        neighbours=tuple(card for card in neighbours if isinstance(card, Card)),
    )


def search_trouble(place: Place) -> str:
    """Why a relay at *place* cannot search, if that is this computer; of others nobody here knows."""
    return "" if place.elsewhere else why_not() or ""


async def _ask(host: str, port: int) -> Card | NoRelay:
    try:
        return await asyncio.to_thread(ask, host, port)
    except NoRelay as problem:
        return problem


async def _listen(
    adapters: Sequence[LocalAddress], port: int, listen_s: float
) -> tuple[tuple[Announcement, ...], tuple[Announcement, ...], str]:
    heard: dict[str, Announcement] = {}
    answered: dict[RelayId, Announcement] = {}
    troubles = [""]

    def on_sighting(sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                heard[instance] = announcement
            case Gone(instance):
                heard.pop(instance, None)

    async def addresses() -> Sequence[LocalAddress]:
        return adapters

    watcher = Watcher(on_sighting, addresses, on_trouble=troubles.append)
    asker = Asker(lambda announcement: answered.update({announcement.relay_id: announcement}), (DEFAULT_PORT, port))
    await watcher.start()
    try:
        await asker.start()
        for _ in range(QUESTIONS):  # a datagram may be lost, and a relay that is just starting not hear the first
            asker.ask(adapters)
            await asyncio.sleep(listen_s / QUESTIONS)
    finally:
        asker.close()
        await watcher.close()
    return tuple(heard.values()), tuple(answered.values()), troubles[-1]


def _firewall_command(port: int) -> str:
    """The command that lets clients in, for the firewall that this computer has; empty when none is known."""
    if sys.platform == "win32":
        return (
            f'netsh advfirewall firewall add rule name="Py_messenger" dir=in action=allow protocol=TCP localport={port} '
            "(and the same with protocol=UDP, localport=5353)"
        )
    if shutil.which("ufw"):
        return f"sudo ufw allow {port} && sudo ufw allow 5353/udp"
    if shutil.which("firewall-cmd"):
        return f"sudo firewall-cmd --permanent --add-port={port}/tcp --add-port={port}/udp --add-service=mdns && sudo firewall-cmd --reload"
    return ""
