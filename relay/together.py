"""What waits in all outboxes of a relay together: bounded, however many slow readers there are.

Each outbox has a bound of its own, but many of them would still fill the memory. What several links wait for in common is in memory
once and counts once. When it is too much, those with the most waiting fall behind first; when even answers alone are, they are ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from common.protocol import limits

PLACE_BYTES: Final = 8
"""Of what several links wait for, each still has a place in its queue."""


class Shared(Protocol):
    """Something that may wait in several outboxes; *holders*: in how many it does."""

    holders: int

    @property
    def size(self) -> int:
        """Bytes."""
        ...


class Waiter(Protocol):
    """An outbox, as it is seen from here."""

    @property
    def waiting_bytes(self) -> int:
        """How much waits in it."""
        ...

    def fall_behind(self) -> None:
        """Drop the entries, and tell the client later."""

    def cut_off(self) -> None:
        """End the link, and drop all."""


class Together:
    """The sum of what waits for all links. Touched by the event loop alone."""

    __slots__ = ("_again_at", "_waiters", "bytes")

    def __init__(self) -> None:
        self.bytes = 0
        self._again_at = 0
        self._waiters: set[Waiter] = set()

    def enter(self, waiter: Waiter) -> None:
        """One more."""
        self._waiters.add(waiter)

    def leave(self, waiter: Waiter) -> None:
        """One less; it holds nothing any more."""
        self._waiters.discard(waiter)

    def hold(self, item: bytes | Shared) -> None:
        """*item* waits in one more outbox."""
        if isinstance(item, bytes):
            self.bytes += len(item)
        else:
            self.share(item)

    def share(self, item: Shared) -> None:
        """As `hold`: this is done for each link and message."""
        self.bytes += PLACE_BYTES if item.holders else PLACE_BYTES + item.size
        item.holders += 1

    def let_go(self, items: Iterable[bytes | Shared]) -> None:
        """*items* wait in one outbox less."""
        gone = 0
        for item in items:
            if isinstance(item, bytes):
                gone += len(item)
            else:
                item.holders = holders = item.holders - 1
                gone += PLACE_BYTES if holders else PLACE_BYTES + item.size
        self.bytes -= gone
        if self._again_at and self.bytes <= limits.OUTBOXES_BYTES:
            self._again_at = 0

    def look(self) -> None:
        """Make room where it is too much: more than was there when room could not be made last."""
        if self.bytes > max(limits.OUTBOXES_BYTES, self._again_at):
            self._make_room()
            if self.bytes > limits.OUTBOXES_BYTES:  # what is being sent cannot be dropped: it is not tried at each push
                self._again_at = self.bytes + limits.OUTBOXES_BYTES // 16

    def _make_room(self) -> None:
        enough = limits.OUTBOXES_BYTES - limits.OUTBOXES_BYTES // 8
        for waiter in self._fullest():
            if self.bytes <= enough:
                return
            waiter.fall_behind()
        for waiter in self._fullest():
            if self.bytes <= limits.OUTBOXES_BYTES:
                return
            waiter.cut_off()

    def _fullest(self) -> list[Waiter]:
        """Those with the most first; without those who have so little that all could have it: they pay for nobody's hanging send."""
        fair = limits.OUTBOXES_BYTES // (2 * len(self._waiters))
        several = [each for each in self._waiters if each.waiting_bytes > fair]
        return sorted(several, key=lambda each: each.waiting_bytes, reverse=True)
