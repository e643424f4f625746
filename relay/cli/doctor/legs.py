"""What was seen on the network, judged: which leg of the way to the relay fails, and what mends it. Pure."""

from __future__ import annotations

from typing import Final

from common.crypto.identity import show_relay_id
from relay.cli.asking import Card, NoRelay, PortClosed
from relay.cli.doctor.finding import Finding
from relay.cli.doctor.network import Facts

_OTHER_PYTHON: Final = (
    "Everything else works. To search, start the relay with a Python whose SQLite is 3.34 or newer and has FTS5: that of python.org "
    "has it, and so has this project's container."
)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """What *facts* mean, one leg after the other, from the relay outwards."""
    findings = [_adapters(facts).of("adapters")] if facts.adapters or not facts.unknown else []
    if facts.unknown:
        findings.append(
            Finding(False, facts.unknown, "Correct it; or connect that adapter: it is used as soon as it is there.").of(
                "adapters"
            )
        )
    findings.append(_relay(facts).of("relay"))
    if isinstance(facts.first, Card):
        findings += [
            _reached_at(facts, facts.first, address, who).of("address") for address, who in facts.others.items()
        ]
        findings += [_multicast(facts, facts.first).of("mdns"), _broadcast(facts, facts.first).of("broadcast")]
    elif facts.trouble:
        findings.append(Finding(False, "Multicast DNS does not work here.", facts.trouble).of("mdns"))
    findings += [finding.of("neighbours") for finding in _neighbours(facts)]
    if facts.search:
        findings.append(Finding(False, facts.search, _OTHER_PYTHON).of("search"))
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
        case PortClosed() if facts.refused:
            return Finding(False, f"No relay is running on {at}, and none is to be started here.", facts.refused)
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
