"""The check itself: looks from where the person sits, leg by leg, and tells each as soon as it is known.

The relay's own ``doctor`` looks outwards from the relay; this asks: is there a network at all, is anything heard on it, does what was
heard answer, and what became of the relays that were used before?
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from msgspec import Struct

from common.discovery.adapters import LocalAddress, lan_addresses, local_addresses
from common.discovery.record import Announcement
from common.ids import RelayId
from desktop.events.relays import Finding, Leg
from desktop.link.address import Address, parse_addresses
from desktop.link.archive import KnownRelay
from desktop.link.checkup import verdicts
from desktop.link.checkup.listening import LISTEN_S, listen
from desktop.link.checkup.verdicts import Tried
from desktop.link.looking import EVERYWHERE, Looking
from desktop.link.probe import Answered, ProbeFailed, Unanswered, probe

HEARD_MAX: Final = 16
"""Relays that are tried; a network that shows more is being flooded."""
SOUGHT_MAX: Final = 6
TRY_S: Final = 4.0
"""An address of this network that no computer has is known after 3 s: so long the system asks for it."""
TRIES: Final = 3
"""So often a known relay's address is tried while nothing comes back: where a computer was just now, the system asks late."""


class Sought(Struct, frozen=True):
    """What the person misses: the known relays, the one that matters most first. *server*: the only relay's address, by the settings."""

    relays: tuple[KnownRelay, ...] = ()
    server: Address | None = None


ANY_RELAY: Final = Sought()


class _Seen(Struct, frozen=True):
    """What is said of one relay, and what it was judged by."""

    finding: Finding
    outcomes: Sequence[Tried]


async def check(
    sought: Sought = ANY_RELAY,
    looking: Looking = EVERYWHERE,
    *,
    listen_s: float = LISTEN_S,
    read_addresses: Callable[[], tuple[LocalAddress, ...]] = local_addresses,
) -> AsyncIterator[Finding]:
    """One leg after the other, each as soon as it is known. A healthy network gives no finding that is bad."""
    own = lan_addresses(await asyncio.to_thread(read_addresses), looking.interfaces)
    yield verdicts.network(own)
    if not own:
        return
    if sought.server is not None:
        yield verdicts.of_server(sought.server, _expected_at(sought), await _try(sought.server, 1))
        return
    relays = sought.relays[:SOUGHT_MAX]
    trying = [
        asyncio.create_task(_try_each(parse_addresses(relay.addresses), relay.relay_id, TRIES)) for relay in relays
    ]
    hearing: list[asyncio.Task[_Seen]] = []
    try:
        ears = await listen(own, looking, listen_s)
        heard = dict(list(ears.every.items())[:HEARD_MAX])
        seen = []
        for relay, remembered in zip(relays, trying, strict=True):
            seen.append(await _known(relay, remembered, heard.pop(relay.relay_id, None), own))
            yield seen[-1].finding
        for relay_id in _others(seen):
            heard.pop(relay_id, None)
        hearing += [asyncio.create_task(_heard(said, own)) for said in heard.values()]
        for each in hearing:
            seen.append(await each)
            yield seen[-1].finding
        tried = [outcome for one in seen for _place, outcome in one.outcomes]
        for finding in verdicts.of_ears(ears, tried, own, has_verdict=bool(seen)):
            yield finding
    finally:
        for task in (*trying, *hearing):
            task.cancel()
        await asyncio.gather(*trying, *hearing, return_exceptions=True)


async def _known(
    relay: KnownRelay,
    remembered: asyncio.Task[list[Tried]],
    said: Announcement | None,
    own: Sequence[LocalAddress],
) -> _Seen:
    """How it is with a known relay, which was heard as *said* or not at all."""
    if said is None:
        outcomes = await remembered
        if (answered := verdicts.own_answer(outcomes, relay.relay_id)) is not None:
            return _Seen(verdicts.answers(relay.name, answered), outcomes)
        return _Seen(verdicts.of_silent(relay, outcomes, own), outcomes)
    seen = await _heard(said, own)
    if not seen.finding.good:
        outcomes = await remembered
        if (answered := verdicts.own_answer(outcomes, relay.relay_id)) is not None:
            return _Seen(verdicts.answers(relay.name, answered), outcomes)
    return seen


async def _heard(said: Announcement, own: Sequence[LocalAddress]) -> _Seen:
    places = [Address(host, said.port) for host in said.addresses]
    outcomes = await _try_each(places, said.relay_id, 1)
    return _Seen(verdicts.of_heard(said, outcomes, own), outcomes)


def _others(seen: Sequence[_Seen]) -> set[RelayId]:
    """Relays that were told of as those that answer in the place of another."""
    wrong = [one for one in seen if one.finding.leg is Leg.IDENTITY]
    return {outcome.relay_id for one in wrong for _place, outcome in one.outcomes if isinstance(outcome, Answered)}


def _expected_at(sought: Sought) -> KnownRelay | None:
    """The known relay that was at the server's address."""
    return next((relay for relay in sought.relays if sought.server in parse_addresses(relay.addresses)), None)


async def _try_each(places: Sequence[Address], wanted: RelayId, tries: int) -> list[Tried]:
    """What *places* gave, in their order; as soon as the relay that is *wanted* answers at one, the others are let be."""
    tasks = {asyncio.create_task(_try(place, tries)): place for place in dict.fromkeys(places)}
    try:
        waiting = set(tasks)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            outcomes = [task.result() for task in done]
            if any(isinstance(one, Answered) and one.relay_id == wanted for one in outcomes):
                break
        return [(place, task.result()) for task, place in tasks.items() if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _try(place: Address, tries: int) -> Answered | ProbeFailed:
    while True:
        tries -= 1
        try:
            return await probe(place, within_s=TRY_S)
        except Unanswered as failed:
            if not tries:
                return failed
        except ProbeFailed as failed:
            return failed
