"""How what the link tells crosses into the window's thread.

Other threads only append to a deque; the window's thread empties it by `after`: every 15 ms while there is something, every 50 ms when
idle, and never more than 500 events or 6 ms in one turn, so that typing and scrolling stay smooth under any load. All events of a turn
are folded first, then one redraw follows. (`event_generate` from another thread costs more than twice as much and hangs at shutdown.)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

BUSY_MS: Final = 15
IDLE_MS: Final = 50
PATIENCE: Final = 20
"""So many empty turns, and the pump slows down to idle."""
EVENTS_PER_TURN: Final = 500
TURN_S: Final = 0.006

Event = TypeVar("Event")


class Clockwork(Protocol):
    """The part of a Tk widget that the pump needs."""

    def after(self, ms: int, func: Callable[[], None], /) -> str: ...
    def after_cancel(self, id: str, /) -> None: ...  # noqa: A002 -- Tk's own name


class Pump(Generic[Event]):
    """Hands events of other threads to *fold*, in the window's thread; *settle* runs once after each turn that had any."""

    def __init__(
        self,
        clockwork: Clockwork,
        fold: Callable[[Event], None],
        settle: Callable[[], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """*clock*: seconds, for the bound of a turn."""
        self._clockwork = clockwork
        self._fold = fold
        self._settle = settle
        self._clock = clock
        self._waiting: deque[Event] = deque()
        self._empty_turns = 0
        self._running = False
        self._next: str | None = None

    def tell(self, event: Event) -> None:
        """Take *event*; from any thread, never blocks."""
        self._waiting.append(event)

    def start(self) -> None:
        """Begin to turn; in the window's thread."""
        if not self._running:
            self._running = True
            self._next = self._clockwork.after(0, self._turn)

    def stop(self) -> None:
        """Turn no more; what still waits stays where it is. Also from within `fold` or `settle`."""
        self._running = False
        if self._next is not None:
            self._clockwork.after_cancel(self._next)
            self._next = None

    def _turn(self) -> None:
        self._next = None
        self._empty_turns = 0 if self._waiting else self._empty_turns + 1
        try:
            if self._waiting:
                self._drain_and_settle()
        finally:
            # Only now, so that redrawing gets its turn too; and even when one event could not be folded, for those after it.
            if self._running:
                self._next = self._clockwork.after(IDLE_MS if self._empty_turns >= PATIENCE else BUSY_MS, self._turn)

    def _drain_and_settle(self) -> None:
        try:
            self._drain()
        finally:
            if self._running:
                self._settle()

    def _drain(self) -> None:
        until = self._clock() + TURN_S
        for _ in range(EVENTS_PER_TURN):
            if not (self._running and self._waiting):
                return
            self._fold(self._waiting.popleft())
            if self._clock() >= until:
                return
