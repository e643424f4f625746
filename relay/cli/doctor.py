"""``python -m relay doctor``: looks at a relay as a client on the network would, and says in words which leg fails and what to do."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from common.crypto.identity import show_relay_id
from common.discovery.adapters import LocalAddress, announced_addresses, lan_addresses, local_addresses
from common.discovery.broadcast import Asker
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.ids import RelayId
from common.protocol.limits import DEFAULT_PORT
from relay.cli.announce import place_of
from relay.cli.asking import Card, NoRelay, PortClosed, ask
from relay.config import Config

LISTEN_S: Final = 3.5
"""How long the network is listened to: the first answer of several programs on port 5353 may get lost, the second comes after 1 s."""
_LOOPBACK: Final = "127.0.0.1"
_DOTENV: Final = Path(".env")


@dataclass(frozen=True, slots=True)
class Finding:
    """One leg of the way. *what* was seen; *remedy*: what to do when it is not well, or may not be."""

    is_well: bool
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was seen.

    *host*: the address that was asked for, empty for this computer. *adapters*: this computer's on the LAN. *first*: who answers
    where the relay should be, *others*: who answers at the addresses at which others would look. *heard*: announced by multicast
    DNS; *answered*: to the question by broadcast. *trouble*: what hinders multicast DNS.
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


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="find out why a relay is not found or does not answer",
        description="Looks at a relay as a client on the network would, and says which leg fails. Exit code 1 when one does.",
    )
    parser.add_argument("--host", dest="SERVER_HOST", metavar="ADDRESS", help="the relay's address (this computer)")
    parser.add_argument("--port", dest="SERVER_PORT", metavar="PORT", help=f"its TCP port ({DEFAULT_PORT})")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Examine, print, and return 0 when all is well, else 1.

    Raises:
        StartupError: a setting cannot be used, or the host's name is not known here.
    """
    given = {"SERVER_HOST": options.SERVER_HOST, "SERVER_PORT": options.SERVER_PORT}
    config = Config.read(given, _DOTENV)
    findings = examine(asyncio.run(gather(config)))
    for finding in findings:
        print(f"{'ok  ' if finding.is_well else 'FAIL'}  {finding.what}")
        if finding.remedy:
            print(f"      → {finding.remedy}")
    return 0 if all(finding.is_well for finding in findings) else 1


# -- looking -----------------------------------------------------------------------------------------------------------


async def gather(config: Config, listen_s: float = LISTEN_S) -> Facts:
    """Look at the relay that *config* describes, and listen to the network for *listen_s* seconds.

    Raises:
        StartupError: the host's name is not known here.
    """
    host = "" if config.host in {"", "*", "0.0.0.0", "::"} else config.host
    every = await asyncio.to_thread(local_addresses)
    place = await asyncio.to_thread(place_of, host or _LOOPBACK)
    own = announced_addresses(every, "" if place.elsewhere else host, config.interfaces)
    where = place.elsewhere or tuple(address.ip for address in own)
    listening = _listen(own or lan_addresses(every, config.interfaces), config.port, listen_s)
    asking = asyncio.gather(*(_ask(address, config.port) for address in (host or _LOOPBACK, *where)))
    (heard, answered, trouble), (first, *others) = await asyncio.gather(listening, asking)
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
    )


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
        asker.ask(adapters)
        await asyncio.sleep(listen_s)
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


# -- judging, pure -----------------------------------------------------------------------------------------------------


def examine(facts: Facts) -> tuple[Finding, ...]:
    """What *facts* mean, one leg after the other, from the relay outwards."""
    findings = [_adapters(facts), _relay(facts)]
    if isinstance(facts.first, Card):
        findings += [_reached_at(facts, facts.first, address, who) for address, who in facts.others.items()]
        findings += [_multicast(facts, facts.first), _broadcast(facts, facts.first)]
    elif facts.trouble:
        findings.append(Finding(False, "Multicast DNS does not work here.", facts.trouble))
    findings += _neighbours(facts)
    return tuple(findings)


def _adapters(facts: Facts) -> Finding:
    if facts.adapters and all(address.is_loopback for address in facts.adapters):
        return Finding(
            False,
            "Only programs on this computer reach the relay: it is to listen on a loopback address.",
            "Leave SERVER_HOST empty (and --host), so that it listens everywhere.",
        )
    if facts.adapters:
        shown = ", ".join(f"{address.ip} ({address.adapter})" for address in facts.adapters)
        return Finding(True, f"This computer is on the network with {shown}.")
    return Finding(
        False,
        "This computer has no address on a local network.",
        "Connect it; or name the adapter that others use in RELAY_INTERFACES, if it is one that is usually left out (VPN, container).",
    )


def _relay(facts: Facts) -> Finding:
    at = f"{facts.host or 'this computer'}, port {facts.port}"
    match facts.first:
        case Card(relay_id, said):
            return Finding(True, f"“{said.name}” answers on {at}. Its relay id is {show_relay_id(relay_id)}.")
        case PortClosed() if facts.host:
            return Finding(
                False,
                f"The computer is there, but no relay listens on {at}.",
                "Start the relay there, or correct the port.",
            )
        case PortClosed():
            return Finding(
                False,
                f"No relay is running on {at}.",
                "Start it with `python -m relay run`, or give its port: it may have taken the next free one.",
            )
        case NoRelay() as problem if facts.host:
            return Finding(
                False,
                f"No relay was reached on {at}: {problem}.",
                f"Check the address; on that computer, let TCP port {facts.port} through the firewall.",
            )
        case problem:
            return Finding(
                False,
                f"No relay was reached on {at}: {problem}.",
                f"Another program may hold port {facts.port}: stop it, or start the relay on another one (SERVER_PORT).",
            )


def _reached_at(facts: Facts, first: Card, address: str, who: Card | NoRelay) -> Finding:
    match who:
        case Card(relay_id) if relay_id == first.relay_id:
            return Finding(True, f"It answers at {address} too.")
        case Card(relay_id, said):
            return Finding(
                False,
                f"Another identity answers at {address}: “{said.name}”, {show_relay_id(relay_id)}.",
                "Two relays share this address or port. Stop one, or give one another port (SERVER_PORT).",
            )
        case problem:
            return Finding(
                False,
                f"It does not answer at {address}, where others look for it: {problem}.",
                "It may listen on one address only: leave SERVER_HOST empty"
                + (f"; or the firewall stops it: {facts.firewall}" if facts.firewall else "; or a firewall stops it")
                + ".",
            )


def _multicast(facts: Facts, first: Card) -> Finding:
    mine = [heard for heard in facts.heard if heard.relay_id == first.relay_id]
    if facts.trouble:
        return Finding(False, "Multicast DNS does not work here.", facts.trouble)
    if not mine:
        why = (
            "Is its announcement switched off (RELAY_ANNOUNCE)? In a container, announce it from the host: `python -m relay announce`."
            if facts.is_announced
            else "RELAY_ANNOUNCE is off. Switch it on, or announce it from here: `python -m relay announce`."
        )
        return Finding(False, "Its announcement by multicast DNS was not heard.", why)
    ports = {heard.port for heard in mine}
    if facts.port not in ports:
        return Finding(
            False,
            f"It is announced on port {', '.join(map(str, sorted(ports)))}, not on {facts.port}.",
            "An old announcement may still be about: restart the relay.",
        )
    at = dict.fromkeys(address for heard in mine for address in heard.addresses)
    strange = [address for address in at if not isinstance(facts.others.get(address), Card)]
    if facts.others and len(strange) == len(at):
        return Finding(
            False,
            f"It is announced at {', '.join(at)}, where it does not answer.",
            "The wrong adapter is announced: name the right one in RELAY_INTERFACES.",
        )
    return Finding(
        True,
        f"Its announcement by multicast DNS is heard, at {', '.join(at)}.",
        "Whether others hear it cannot be seen from here: run `python -m relay doctor --host "
        f"{next(iter(at), 'ADDRESS')} --port {facts.port}` on another computer."
        + (f" The firewall here: {facts.firewall}" if facts.firewall else ""),
    )


def _broadcast(facts: Facts, first: Card) -> Finding:
    if any(answer.relay_id == first.relay_id for answer in facts.answered):
        return Finding(True, "It answers the question by broadcast, so it is found where multicast is dropped.")
    return Finding(
        False,
        "It does not answer the question by broadcast.",
        f"Let UDP port {facts.port} through the firewall"
        + (
            f": {facts.firewall}"
            if facts.firewall
            else "; a relay in a container or behind a router cannot be asked this way"
        )
        + ".",
    )


def _neighbours(facts: Facts) -> list[Finding]:
    mine = facts.first.relay_id if isinstance(facts.first, Card) else None
    name = facts.first.said.name if isinstance(facts.first, Card) else None
    found = []
    for heard in {one.relay_id: one for one in (*facts.answered, *facts.heard) if one.relay_id != mine}.values():
        at = ", ".join(heard.addresses) or "no address"
        same = heard.name == name
        found.append(
            Finding(
                True,
                f"Another relay is on this network: “{heard.name}” at {at}, port {heard.port}.",
                "It has the same name as yours. People tell them apart by the relay id; set RELAY_NAME to another."
                if same
                else "",
            )
        )
    return found
