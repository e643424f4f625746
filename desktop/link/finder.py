"""Finds relays on the LAN and tells who is there, for as long as it is open.

Hints come from many sides at once: where known relays were last, multicast DNS, a broadcast question, a typed address, a sweep when
the person presses for it. All hints of one relay id make one **clue**, and each clue is probed again and again: a relay is in the
list while it answers, whatever the hints say.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct, field

from common.discovery.adapters import LocalAddress, lan_addresses, local_addresses, subnets
from common.discovery.broadcast import Asker
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement, Subnet, distance
from common.ids import RelayId
from common.protocol.limits import DEFAULT_PORT
from desktop.events.relays import FoundRelay, Trust
from desktop.link.address import Address, parse_addresses
from desktop.link.archive import KnownRelay
from desktop.link.pinning import WrongIdentity
from desktop.link.probe import PROBE_S, Answered, Outcome, ProbeFailed, probe, probe_all, probe_typed
from desktop.link.trust import judge
from desktop.locale import _

ASK_S: Final = 0.8
"""The broadcast question is repeated this often, so that a relay that starts is in the list within a second."""
REPROBE_S: Final = 5.0
DOUBT_S: Final = 4.0
"""A relay that says goodbye or falls silent may answer for a moment more: for this long it is probed every half second."""
RETRY_S: Final = 0.5
"""A relay that answered a moment ago is asked once more before it is taken from the list."""
CLUES_MAX: Final = 128
"""Strangers' hints beyond this are not followed; a LAN with more relays is being flooded."""
PLACES_MAX: Final = 12
"""Addresses that are tried for one clue."""
HINTS_MAX: Final = 8
"""Sources that are believed for one clue."""
PROBING_MAX: Final = 32
SWEEP_PARALLEL: Final = 64
SWEEP_S: Final = 0.6

QUIET_S: Final = 2.5
"""Who answered the broadcast and then did not for this long is probed at once."""
ANSWER_S: Final = 4.0
"""An address that was in no answer to the broadcast for this long is no longer the relay's."""

# Where a hint comes from; the others are "mdns" with the instance name.
_LAST: Final = "where it was last"
_ASKED: Final = "broadcast"
_TYPED: Final = "typed"
_SWEPT: Final = "sweep"
_OWN_SOURCES: Final = frozenset({_LAST, _ASKED, _TYPED, _SWEPT})

_log = logging.getLogger(__name__)


class _Clue(Struct):
    """Where a relay may be, and what it answered last."""

    relay_id: RelayId
    hints: dict[str, tuple[Address, ...]] = field(default_factory=dict)
    outcome: Outcome = field(default_factory=lambda: Outcome(None))
    poked: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    heard_at: dict[Address, float] = field(default_factory=dict)
    doubted_until: float = 0.0

    def doubt(self, now: float) -> None:
        """It seems to be going: look at once, and more often for a while."""
        self.doubted_until = now + DOUBT_S
        self.poked.set()

    def heard(self, places: Iterable[Address], now: float) -> tuple[Address, ...]:
        """*places* were in an answer to the broadcast, which comes from each of a relay's adapters: all that were lately."""
        self.heard_at.update(dict.fromkeys(places, now))
        self.heard_at = {place: at for place, at in self.heard_at.items() if now - at < ANSWER_S}
        return tuple(self.heard_at)

    def places(self, own: Sequence[Subnet]) -> tuple[Address, ...]:
        """Every address, the nearest first."""
        best = self.outcome.best.address if self.outcome.best else None
        hinted = dict.fromkeys(place for places in self.hints.values() for place in places)
        if best is not None:
            hinted[best] = None
        # What answered last stays, but not before a nearer one: link-local addresses answer when all others have changed.
        return tuple(sorted(hinted, key=lambda place: (_distance(place, own), place != best)))[:PLACES_MAX]


class Finder:
    """Looks for relays from `start` to `close`. Everything is called in one event loop."""

    def __init__(
        self,
        on_change: Callable[[tuple[FoundRelay, ...]], None],
        known: Sequence[KnownRelay] = (),
        *,
        on_trouble: Callable[[str], None] = lambda message: None,
        interfaces: Sequence[str] = (),
        ports: Sequence[int] = (DEFAULT_PORT,),
        multicast: bool = True,
        broadcast: bool = True,
        ask_s: float = ASK_S,
        reprobe_s: float = REPROBE_S,
        read_addresses: Callable[[], tuple[LocalAddress, ...]] = local_addresses,
    ) -> None:
        """*on_change* gets the whole list, known relays first, each time it differs. *on_trouble*: a sentence, or empty again.

        *interfaces*: adapters or addresses to look on, those of the LAN when empty. *ports* (UDP) are asked by broadcast.
        """
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._known = tuple(known)
        self._interfaces = tuple(interfaces)
        self._ask_s = ask_s
        self._reprobe_s = reprobe_s
        self._read_addresses = read_addresses
        self._watcher = Watcher(self._on_sighting, self._adapters, on_trouble=on_trouble) if multicast else None
        self._asker = Asker(self._on_answer, ports) if broadcast else None
        self._clues: dict[RelayId, _Clue] = {}
        self._relays: tuple[FoundRelay, ...] = ()
        self._own: tuple[LocalAddress, ...] = ()
        self._slots = asyncio.Semaphore(PROBING_MAX)
        self._asking: asyncio.Task[None] | None = None

    @property
    def relays(self) -> tuple[FoundRelay, ...]:
        """The list as it was told last."""
        return self._relays

    async def start(self) -> None:
        """Begin to look; returns at once. Known relays are tried where they were last."""
        await self._adapters()
        self.know(self._known)
        if self._watcher is not None:
            await self._watcher.start()
        self._asking = asyncio.create_task(self._keep_asking(), name="finder")

    async def close(self) -> None:
        """Stop looking, and end every task."""
        tasks = [task for task in (self._asking, *(clue.task for clue in self._clues.values())) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._clues.clear()
        if self._asker is not None:
            self._asker.close()
        if self._watcher is not None:
            await self._watcher.close()

    def know(self, known: Sequence[KnownRelay]) -> None:
        """These are the known relays from now on."""
        self._known = tuple(known)
        for relay in known:
            self._hint(relay.relay_id, _LAST, tuple(parse_addresses(relay.addresses)))
        self._publish()

    def look_again(self) -> None:
        """Ask and probe at once: after sleep, after a change of the network, or when the person wants to."""
        if self._watcher is not None:
            self._watcher.renew()
        if self._asker is not None:
            self._asker.ask(self._own)
        for clue in self._clues.values():
            clue.poked.set()

    async def add_address(self, host: str, port: int = DEFAULT_PORT, expected: RelayId | None = None) -> FoundRelay:
        """Look at a typed address, or at an invitation's, which says whom to *expect* there. It stays in the list while it answers.

        Raises:
            ProbeFailed: no relay answers there; the text says what to do.
            WrongIdentity: another relay than the invitation's answers there.
        """
        address = Address(host, port)
        answered = await probe_typed(address, expected, within_s=2 * PROBE_S)
        if expected is not None and answered.relay_id != expected:
            raise WrongIdentity(address, expected, answered.relay_id)
        self._follow(answered, _TYPED)
        return next(relay for relay in self._relays if relay.relay_id == answered.relay_id)

    async def sweep(self, port: int = DEFAULT_PORT) -> int:
        """Try every host of the own /24 networks, at most 64 at a time; takes about 3 s each. Only when the person presses for it.

        Returns how many relays answered; they are in the list.
        """
        slots = asyncio.Semaphore(SWEEP_PARALLEL)
        found = await asyncio.gather(*(self._sweep_one(slots, Address(host, port)) for host in _neighbours(self._own)))
        return sum(found)

    async def _sweep_one(self, slots: asyncio.Semaphore, address: Address) -> bool:
        async with slots:
            try:
                # A bare connection first: most hosts are not there, and that is cheaper to learn.
                async with asyncio.timeout(SWEEP_S):
                    _reader, writer = await asyncio.open_connection(address.host, address.port)
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                self._follow(await probe(address), _SWEPT)
            except (OSError, TimeoutError, ProbeFailed):
                return False
            return True

    # -- hints ---------------------------------------------------------------------------------------------------------

    async def _adapters(self) -> tuple[LocalAddress, ...]:
        try:
            every = await asyncio.get_running_loop().run_in_executor(None, self._read_addresses)
        except OSError as problem:
            _log.warning("The adapters cannot be read: %s", problem)
            return self._own
        own = lan_addresses(every, self._interfaces)
        changed, self._own = bool(self._own) and own != self._own, own
        if changed:
            self.look_again()
        return own

    async def _keep_asking(self) -> None:
        if self._asker is not None:
            try:
                await self._asker.start()
            except OSError as problem:
                self._on_trouble(_("The network cannot be asked for relays: {reason}").format(reason=problem.strerror))
        while True:
            await self._adapters()
            if self._asker is not None:
                self._asker.ask(self._own)
            self._poke_the_quiet(asyncio.get_running_loop().time())
            await asyncio.sleep(self._ask_s)

    def _poke_the_quiet(self, now: float) -> None:
        for clue in self._clues.values():
            if clue.heard_at and now - max(clue.heard_at.values()) > QUIET_S:
                clue.heard_at.clear()
                clue.doubt(now)

    def _on_sighting(self, sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                self._forget_hint(_mdns(instance), but=announcement.relay_id)
                self._hint(announcement.relay_id, _mdns(instance), _places(announcement))
            case Gone(instance):
                self._forget_hint(_mdns(instance))

    def _on_answer(self, announcement: Announcement) -> None:
        now, places, clue = (
            asyncio.get_running_loop().time(),
            _places(announcement),
            self._clues.get(announcement.relay_id),
        )
        if clue is None:
            self._hint(announcement.relay_id, _ASKED, places)
            clue = self._clues.get(announcement.relay_id)
        if clue is not None:
            self._hint(announcement.relay_id, _ASKED, clue.heard(places, now))

    def _hint(self, relay_id: RelayId, source: str, places: tuple[Address, ...]) -> None:
        """*source* says that *relay_id* is at *places*. Probed at once, unless it is known to be there."""
        clue = self._clues.get(relay_id)
        if clue is None:
            if len(self._clues) >= CLUES_MAX and source not in {_LAST, _TYPED}:
                return
            clue = self._clues[relay_id] = _Clue(relay_id)
        elif source not in _OWN_SOURCES | clue.hints.keys() and len(clue.hints) >= HINTS_MAX:
            return
        is_news = not set(places) <= set(clue.hints.get(source, ()))
        clue.hints[source] = places
        if clue.task is None:
            clue.task = asyncio.create_task(self._pursue(clue), name="clue")
        elif is_news or clue.outcome.best is None:
            clue.poked.set()

    def _forget_hint(self, instance: str, but: RelayId | None = None) -> None:
        """*instance* said goodbye, or belongs to another relay now: whoever it was is asked whether it is still there."""
        for clue in self._clues.values():
            if clue.relay_id != but and clue.hints.pop(instance, None) is not None:
                clue.doubt(asyncio.get_running_loop().time())

    def _follow(self, answered: Answered, source: str) -> None:
        """A probe found this one: into the list, and keep looking at it."""
        self._hint(answered.relay_id, source, (answered.address,))
        clue = self._clues.get(answered.relay_id)
        if clue is not None and clue.outcome.best is None:
            clue.outcome = Outcome(answered)
        self._publish()

    # -- probing -------------------------------------------------------------------------------------------------------

    async def _pursue(self, clue: _Clue) -> None:
        """Probe *clue* for as long as anything hints at it."""
        while True:
            clue.poked.clear()
            outcome = await self._probe(clue)
            if outcome.best is None and clue.outcome.best is not None and not outcome.is_refused:
                await asyncio.sleep(RETRY_S)
                outcome = await self._probe(clue)
            clue.outcome = outcome
            if outcome.best is None and not clue.poked.is_set():
                # The answer to the broadcast led nowhere; the next one brings it again.
                clue.hints.pop(_ASKED, None)
                if not clue.hints:
                    del self._clues[clue.relay_id]
                    self._publish()
                    return
            self._publish()
            if outcome.best is None:
                await asyncio.sleep(RETRY_S)
            is_doubted = asyncio.get_running_loop().time() < clue.doubted_until
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if is_doubted else self._reprobe_s):
                    await clue.poked.wait()

    async def _probe(self, clue: _Clue) -> Outcome:
        places = clue.places(subnets(self._own))
        if not places:
            return Outcome(None, is_refused=True)
        async with self._slots:
            try:
                return await probe_all(places, clue.relay_id)
            except Exception:
                # A fault of ours over one stranger's hint must not hide all the others.
                _log.exception("A hint could not be followed")
                return Outcome(None)

    def _publish(self) -> None:
        relays = found_relays(
            ((clue.relay_id, clue.outcome, clue.places(())) for clue in self._clues.values()), self._known
        )
        if relays != self._relays:
            self._relays = relays
            self._on_change(relays)


# -- pure --------------------------------------------------------------------------------------------------------------


def found_relays(
    clues: Iterable[tuple[RelayId, Outcome, Sequence[Address]]], known: Sequence[KnownRelay]
) -> tuple[FoundRelay, ...]:
    """The list that people see: one line an identity that answered, known ones first, then new ones, then impostors, by name."""
    answers: dict[RelayId, list[Answered]] = {}
    hinted: dict[RelayId, Sequence[Address]] = {}
    for relay_id, outcome, places in clues:
        hinted[relay_id] = places
        if outcome.best is not None:
            answers.setdefault(outcome.best.relay_id, []).insert(0, outcome.best)
        for other in outcome.others:
            answers.setdefault(other.relay_id, []).append(other)
    found = [_found(relay_id, said, hinted.get(relay_id, ()), known) for relay_id, said in answers.items()]
    rank = {Trust.KNOWN: 0, Trust.NEW: 1, Trust.IMPOSTOR: 2}
    return tuple(sorted(found, key=lambda relay: (rank[relay.trust], relay.name.casefold(), relay.relay_id)))


def _found(
    relay_id: RelayId, said: Sequence[Answered], places: Iterable[Address], known: Sequence[KnownRelay]
) -> FoundRelay:
    best = said[0]
    answered_at = [str(answered.address) for answered in said]
    trust, whom, only_address = judge(relay_id, best.card.name, answered_at, known)
    return FoundRelay(
        relay_id=relay_id,
        name=best.card.name,
        host=best.address.host,
        port=best.address.port,
        addresses=tuple(dict.fromkeys([*answered_at, *map(str, places)])),
        online=best.card.online,
        registration=best.card.registration,
        trust=trust,
        known_since=whom.known_since if whom is not None and trust is Trust.KNOWN else None,
        conflicts_with=whom.relay_id if whom is not None and trust is Trust.IMPOSTOR else None,
        only_address=only_address,
    )


def _mdns(instance: str) -> str:
    return f"mdns {instance}"


def _places(announcement: Announcement) -> tuple[Address, ...]:
    return tuple(Address(host, announcement.port) for host in announcement.addresses)


def _distance(place: Address, own: Sequence[Subnet]) -> int:
    try:
        return distance(place.host, own)
    except ValueError:  # a typed name
        return 0


def _neighbours(own: Iterable[LocalAddress]) -> tuple[str, ...]:
    """Every other host of the own networks, of a larger network only the own /24."""
    hosts: dict[str, None] = {}
    for address in own:
        if address.is_ipv4:
            network = ipaddress.IPv4Network(f"{address.ip}/{max(address.prefix, 24)}", strict=False)
            hosts.update((str(host), None) for host in network.hosts() if str(host) != address.ip)
    return tuple(hosts)
