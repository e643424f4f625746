"""What becomes of the relays that this client knows when they are silent, or when an address of theirs is somebody else's now. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from common.protocol.limits import DEFAULT_PORT
from desktop.events.relays import FoundRelay, Trust
from desktop.link.address import Address, parse_addresses
from desktop.link.archive import KnownRelay


def with_silent(answering: Iterable[FoundRelay], known: Iterable[KnownRelay]) -> tuple[FoundRelay, ...]:
    """*answering* relays and those *known* ones that are silent, known ones first, by name: what was read there opens all the same.

    A known relay keeps its place in the list whether it answers or not.
    """
    found = list(answering)
    there = {relay.relay_id for relay in found}
    every = [*found, *(_silent(relay) for relay in known if relay.relay_id not in there)]
    known_ones = [relay for relay in every if relay.trust is Trust.KNOWN]
    known_ones.sort(key=lambda relay: (relay.name.casefold(), relay.relay_id))
    return (*known_ones, *(relay for relay in every if relay.trust is not Trust.KNOWN))


def without(relay: KnownRelay, addresses: Iterable[str]) -> KnownRelay:
    """*relay*, no longer looked for at *addresses*."""
    others = set(addresses)
    return msgspec.structs.replace(relay, addresses=tuple(one for one in relay.addresses if one not in others))


def addresses_of(relay: FoundRelay) -> list[Address]:
    """Where it answered best first, then everywhere it was seen."""
    best = [] if relay.is_silent else [Address(relay.host, relay.port)]
    return list(dict.fromkeys([*best, *parse_addresses(relay.addresses)]))


def _silent(relay: KnownRelay) -> FoundRelay:
    last = next(iter(parse_addresses(relay.addresses)), Address("", DEFAULT_PORT))
    return FoundRelay(
        relay_id=relay.relay_id,
        name=relay.name,
        host=last.host,
        port=last.port,
        addresses=relay.addresses,
        online=0,
        registration="open",
        trust=Trust.KNOWN,
        known_since=relay.known_since,
        is_silent=True,
    )
