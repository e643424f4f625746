"""Tells whether this computer slept, which no system tells a program the same way: clocks that ran on are compared with what was waited."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

Clock = Callable[[], float]


_THROUGH_SLEEP: Final = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}
"""Where the clock of the loop stands still in sleep, another one that does not. On Windows the loop's own goes on."""


def _clock_through_sleep() -> Clock:
    """Seconds that nobody sets and that go on while the computer sleeps."""
    number = getattr(time, _THROUGH_SLEEP.get(sys.platform, ""), None)
    return time.monotonic if number is None else lambda: time.clock_gettime(number)


CLOCKS: Final[tuple[Clock, ...]] = (_clock_through_sleep(), time.time)
"""The clock on the wall too: a virtual machine that was paused finds only that one changed. Whoever sets it forward is taken for a
sleep, so what follows on one must do no harm."""


class Sleep:
    """Tells whether the computer slept between two looks, or this program stood still."""

    def __init__(self, longer_than_s: float, clocks: tuple[Clock, ...] = CLOCKS) -> None:
        """The first look is now. *longer_than_s*: a busy computer may be a little late."""
        self._longer_than_s = longer_than_s
        self._clocks = clocks
        self._last = self._read()

    def slept(self, expected_s: float) -> bool:
        """Whether much more than *expected_s* seconds went by since the last look, by any of the clocks."""
        before, self._last = self._last, self._read()
        return any(at - was - expected_s > self._longer_than_s for at, was in zip(self._last, before, strict=True))

    def _read(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)
