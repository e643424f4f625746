"""Finds out why relays are not found, and says in words which leg of the way fails.

The relay's own ``doctor`` looks outwards from the relay; this looks from where the person sits: is there a network at all, is anything
heard on it, and does what was heard answer?
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from common.discovery.adapters import LocalAddress, lan_addresses, local_addresses
from common.discovery.broadcast import Asker
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.ids import RelayId
from common.protocol.limits import DEFAULT_PORT
from desktop.events import Finding
from desktop.link.address import Address
from desktop.link.probe import Answered, NobodyThere, ProbeFailed, probe
from desktop.locale import _

LISTEN_S: Final = 3.5
"""How long the network is listened to: the first answer may get lost on a busy port 5353, the second comes after 1 s."""
PROBED_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Ears:
    """What was heard in a while. *by_multicast* and *by_broadcast*: relays by their ids. *trouble*: what hinders multicast DNS."""

    by_multicast: dict[RelayId, Announcement]
    by_broadcast: dict[RelayId, Announcement]
    trouble: str = ""


async def check(
    interfaces: Sequence[str] = (),
    ports: Sequence[int] = (DEFAULT_PORT,),
    *,
    listen_s: float = LISTEN_S,
    read_addresses: Callable[[], tuple[LocalAddress, ...]] = local_addresses,
) -> AsyncIterator[Finding]:
    """One leg after the other, each as soon as it is known. *interfaces*: adapters or addresses, those of the LAN when empty."""
    own = lan_addresses(await asyncio.to_thread(read_addresses), interfaces)
    yield network(own)
    if not own:
        return
    ears = await listen(own, ports, listen_s)
    for finding in hearing(ears):
        yield finding
    heard = {**ears.by_broadcast, **ears.by_multicast}
    for announcement in list(heard.values())[:PROBED_MAX]:
        yield await answering(announcement)


def network(own: Sequence[LocalAddress]) -> Finding:
    """Whether this computer is on a network at all."""
    if not own:
        return Finding(False, _("This computer is on no local network. Connect it by cable or Wi-Fi."))
    shown = ", ".join(f"{address.ip} ({address.adapter})" for address in own)
    return Finding(True, _("This computer is on the network: {addresses}.").format(addresses=shown))


async def listen(own: Sequence[LocalAddress], ports: Sequence[int], listen_s: float) -> Ears:
    """Listen for *listen_s* seconds, and ask by broadcast."""
    instances: dict[str, Announcement] = {}
    answered: dict[RelayId, Announcement] = {}
    troubles = [""]

    def on_sighting(sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                instances[instance] = announcement
            case Gone(instance):
                instances.pop(instance, None)

    async def addresses() -> Sequence[LocalAddress]:
        return own

    watcher = Watcher(on_sighting, addresses, on_trouble=troubles.append)
    asker = Asker(lambda announcement: answered.update({announcement.relay_id: announcement}), ports)
    await watcher.start()
    try:
        await asker.start()
        asker.ask(own)
        await asyncio.sleep(listen_s)
    finally:
        asker.close()
        await watcher.close()
    heard = {announcement.relay_id: announcement for announcement in instances.values()}
    return Ears(heard, answered, troubles[-1])


def hearing(ears: Ears) -> list[Finding]:
    """What it means that so much was heard."""
    found = []
    if ears.trouble:
        found.append(Finding(False, ears.trouble))
    if not ears.by_multicast and not ears.by_broadcast:
        found.append(
            Finding(
                False,
                _(
                    "No relay was heard on this network. Is one running, and in the same network? Guest networks and some "
                    "routers keep computers apart: then enter the relay's address. On the relay's computer this looks closer:"
                ),
                "python -m relay doctor",
            )
        )
    elif not ears.by_multicast:
        found.append(
            Finding(
                bool(ears.trouble),
                _(
                    "Relays answer when they are asked, but their announcements do not arrive: multicast is held back on the way, "
                    "perhaps by a router or a firewall (UDP port 5353). They are found all the same."
                ),
            )
        )
    return found


async def answering(announcement: Announcement) -> Finding:
    """Whether the relay that announces itself so can be reached, and is the one that it says."""
    places = [Address(host, announcement.port) for host in announcement.addresses]
    outcomes = [await _outcome(place, announcement.relay_id) for place in places]
    return judged(announcement.name, announcement.relay_id, announcement.port, outcomes)


def judged(name: str, relay_id: RelayId, port: int, outcomes: Sequence[Answered | ProbeFailed]) -> Finding:
    """What the addresses of one relay have given."""
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
    for answered in answers:
        if answered.relay_id == relay_id:
            return Finding(True, _("“{name}” answers at {address}.").format(name=name, address=answered.address))
    if answers:
        return Finding(
            False,
            _(
                "“{name}” announces itself, but another relay answers at {address}: an old announcement, or somebody pretends."
            ).format(name=name, address=answers[0].address),
        )
    if outcomes and all(isinstance(outcome, NobodyThere) for outcome in outcomes):
        return Finding(
            False,
            _("“{name}” announces itself, but nothing listens on its port {port}. Start it again.").format(
                name=name, port=port
            ),
        )
    return Finding(
        False,
        _(
            "“{name}” is heard, but cannot be reached on port {port}. Most likely the firewall of its computer holds it back; on "
            "Linux this lets it through:"
        ).format(name=name, port=port),
        f"sudo ufw allow {port}",
    )


async def _outcome(place: Address, expected: RelayId) -> Answered | ProbeFailed:
    try:
        return await probe(place, expected)
    except ProbeFailed as failed:
        return failed
