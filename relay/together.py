"""What waits in all outboxes of a relay together: bounded, however many slow readers there are.

Each outbox has a bound of its own, but many of them would still fill the memory. What several links wait for in common is in memory
once and counts once. When it is too much, those with the most waiting fall behind first; when even answers alone are, they are ended.

A delivery is too frequent to be counted by itself. It is only known how much came in since the last look, whoever has taken what of it, and when
that is a part of what may wait, all outboxes are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from common.protocol import limits

PLACE_BYTES: Final = 8
"""Of what several links wait for, each still has a place in its queue."""
SHARE: Final = 16
"""One of so many parts of the bound may come in between two looks, and so be there beyond it."""


class Waiter(Protocol):
    """An outbox, as it is seen from here."""

    @property
    def waiting_bytes(self) -> int:
        """How much waits in it, and could be dropped."""
        ...

    @property
    def held_bytes(self) -> int:
        """The same with what is being sent."""
        ...

    def held(self) -> Iterator[bytes]:
        """All of that, as it lies in memory: what is shared is the same object in each."""
        ...

    def fall_behind(self) -> None:
        """Drop the entries, and tell the client later."""

    def cut_off(self) -> None:
        """End the link, and drop all."""


class Together:
    """The outboxes of all links. Touched by the event loop alone."""

    __slots__ = ("_grown", "_waiters")

    def __init__(self) -> None:
        self._grown = 0
        self._waiters: set[Waiter] = set()

    @property
    def bytes(self) -> int:
        """How much memory they hold; looks through all of them."""
        return _Sum(self._waiters).bytes

    def enter(self, waiter: Waiter) -> None:
        """One more."""
        self._waiters.add(waiter)

    def leave(self, waiter: Waiter) -> None:
        """One less."""
        self._waiters.discard(waiter)

    def grow(self, size: int) -> None:
        """So many bytes came in, that are in memory now and were not before."""
        self._grown += size
        if self._grown * SHARE >= limits.OUTBOXES_BYTES:
            self.look()

    def look(self) -> None:
        """Make room where it is too much."""
        self._grown = 0
        if sum(waiter.held_bytes for waiter in self._waiters) <= limits.OUTBOXES_BYTES:
            return  # and what is shared was counted in each
        held = _Sum(self._waiters)
        if held.bytes <= limits.OUTBOXES_BYTES:
            return
        enough = limits.OUTBOXES_BYTES - limits.OUTBOXES_BYTES // 8
        for waiter in self._fullest():
            if held.bytes <= enough:
                return
            held.without(waiter)
            waiter.fall_behind()
            held.with_(waiter)
        for waiter in self._fullest():
            if held.bytes <= limits.OUTBOXES_BYTES:
                return
            held.without(waiter)
            waiter.cut_off()
            held.with_(waiter)

    def _fullest(self) -> list[Waiter]:
        """Those with the most first; without those who have so little that all could have it: they pay for nobody's hanging send."""
        fair = limits.OUTBOXES_BYTES // (2 * len(self._waiters))
        several = [each for each in self._waiters if each.waiting_bytes > fair]
        return sorted(several, key=lambda each: each.waiting_bytes, reverse=True)


class _Sum:
    """What some outboxes hold, each piece of memory once."""

    def __init__(self, waiters: Iterable[Waiter]) -> None:
        self.bytes = 0
        self._holders: dict[int, int] = {}
        self._pieces: dict[int, bytes] = {}
        """Kept as long as they are counted: nothing else may get their identity."""
        for waiter in waiters:
            self.with_(waiter)

    def with_(self, waiter: Waiter) -> None:
        for piece in waiter.held():
            ident = id(piece)
            holders = self._holders.get(ident, 0)
            self._pieces[ident] = piece
            self._holders[ident] = holders + 1
            self.bytes += PLACE_BYTES if holders else PLACE_BYTES + len(piece)

    def without(self, waiter: Waiter) -> None:
        for piece in waiter.held():
            ident = id(piece)
            self._holders[ident] -= 1
            self.bytes -= PLACE_BYTES if self._holders[ident] else PLACE_BYTES + len(piece)
