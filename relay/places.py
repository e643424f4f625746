"""How many connections there may be at once, and who gives way when there are too many. Pure: no sockets here.

Whoever has shown no token yet is a stranger, from the first byte of the greeting on. Strangers have places of their own, in all and for
each neighbourhood (an IPv4 address, or the /64 of an IPv6 one), so that a flood of them costs people who have an account nothing. When
those are taken, the one who has stood idle for longest leaves, if that is long enough for anybody honest to have said something; else
the newcomer does. Neighbourhoods where somebody has shown a token lately have some more places.

Whoever has shown one has a place among the known, and owners and admins of the relay have some that nobody else gets.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from common.errors import TooManyConnections
from common.protocol import limits
from common.protocol.messages import Role

STRANGERS_IN_ALL: Final = 1000
STRANGERS_PER_ADDRESS: Final = 200
"""As many as there may be links from there: all of them may come back at the same moment."""
STRANGERS_KEPT: Final = 200
"""Beyond those, for neighbourhoods where somebody has shown a token."""
PATIENCE_S: Final = 2.0
"""Nobody who came less than so long ago gives way to another one."""
KNOWN_IN_ALL: Final = limits.LINKS_IN_ALL + 1000
KNOWN_PER_ADDRESS: Final = 2 * limits.LINKS_PER_ADDRESS
KEPT: Final = 64
"""Places among the known for owners and admins of the relay alone, in all and for each address."""
FAMILIAR: Final = 10_000
"""Neighbourhoods that are remembered."""
FILES: Final = KNOWN_IN_ALL + KEPT + STRANGERS_IN_ALL + STRANGERS_KEPT + 500
"""Open files that all of this may take, with those that the relay itself has."""
_OWN_FILES: Final = 200
_LEADING: Final = ("owner", "admin")


class Guest:
    """A connection, from the moment that it was taken. *leave* ends it; it may be exchanged."""

    __slots__ = ("_busy", "_places", "leave", "place", "rank", "since")

    def __init__(self, places: Places, place: str, since: float, leave: Callable[[], None]) -> None:
        self._places = places
        self._busy = 0
        self.place = place
        """Its neighbourhood."""
        self.since = since
        self.leave = leave
        self.rank: Role | None = None
        """Of whom it has shown a token; None of a stranger."""

    def shows(self, rank: Role) -> None:
        """It has shown the token of somebody with that *rank* on the relay.

        Raises:
            TooManyConnections: there is no place among the known.
        """
        if self.rank is None:
            self._places.know(self, rank)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done for it."""
        return not self._busy

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Something is done for it as long as the block runs, so it keeps its place."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def left(self) -> None:
        """It has ended; to be said once or more often."""
        self._places.forget(self)


class Places:
    """The connections of one relay, as long as they are there."""

    def __init__(self, now: Callable[[], float], files: int = FILES) -> None:
        """*now*: seconds of a clock that never goes back. *files*: how many this process may have open."""
        self._now = now
        self._strangers_in_all = min(STRANGERS_IN_ALL, files // 4)
        kept = KEPT + min(STRANGERS_KEPT, files // 16) + _OWN_FILES
        self._known_in_all = max(1, min(KNOWN_IN_ALL, files - self._strangers_in_all - kept))
        self._kept_for_familiar = min(STRANGERS_KEPT, files // 16)
        self._strangers: dict[str, dict[Guest, None]] = {}
        self._count = 0
        self._known: set[Guest] = set()
        self._known_by_place: Counter[str] = Counter()
        self._familiar: OrderedDict[str, None] = OrderedDict()

    @property
    def strangers(self) -> int:
        """How many have shown no token."""
        return self._count

    @property
    def known(self) -> int:
        """How many have."""
        return len(self._known)

    def enter(self, address: str, leave: Callable[[], None]) -> Guest | None:
        """Somebody comes from *address*, whose connection *leave* ends; None: there is no place. Another one may leave for them."""
        place = neighbourhood(address)
        here = self._strangers.get(place, {})
        if len(here) >= STRANGERS_PER_ADDRESS and not self._makes_way(here):
            return None
        most = self._strangers_in_all + (self._kept_for_familiar if place in self._familiar else 0)
        if self._count >= most and not self._makes_way(max(self._strangers.values(), key=len)):
            return None
        guest = Guest(self, place, self._now(), leave)
        self._strangers.setdefault(place, {})[guest] = None
        self._count += 1
        return guest

    def _makes_way(self, guests: dict[Guest, None]) -> bool:
        """Whether one of *guests*, who stand in the order in which they came, has left."""
        before = self._now() - PATIENCE_S
        for guest in guests:
            if guest.since > before:
                return False
            if guest.is_idle:
                self.forget(guest)
                guest.leave()
                return True
        return False

    def know(self, guest: Guest, rank: Role) -> None:
        """As `Guest.shows`."""
        kept = KEPT if rank in _LEADING else 0
        if self.known >= self._known_in_all + kept:
            raise TooManyConnections("This relay has as many connections as it can take. Try again later.")
        if self._known_by_place[guest.place] >= KNOWN_PER_ADDRESS + kept:
            raise TooManyConnections
        self.forget(guest)
        guest.rank = rank
        self._known.add(guest)
        self._known_by_place[guest.place] += 1
        self._familiar.pop(guest.place, None)
        self._familiar[guest.place] = None
        if len(self._familiar) > FAMILIAR:
            self._familiar.popitem(last=False)

    def forget(self, guest: Guest) -> None:
        """As `Guest.left`."""
        if guest in self._known:
            self._known.discard(guest)
            self._known_by_place[guest.place] -= 1
            if not self._known_by_place[guest.place]:
                del self._known_by_place[guest.place]
            return
        here = self._strangers.get(guest.place, {})
        if guest in here:
            del here[guest]
            self._count -= 1
            if not here:
                del self._strangers[guest.place]


def neighbourhood(address: str) -> str:
    """Whom *address* belongs to: of IPv6 the network in which one machine can take as many addresses as it likes."""
    name, percent, adapter = address.partition("%")
    try:
        found = ipaddress.ip_address(name)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    if found.is_link_local:
        return f"{found}{percent}{adapter}"
    return str(ipaddress.ip_network((found, 64), strict=False))
