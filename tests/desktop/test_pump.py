"""How events of other threads come into the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from desktop.pump import BUSY_MS, EVENTS_PER_TURN, IDLE_MS, PATIENCE, TURN_S, Pump


class Clock:
    """Tk's `after` and a clock, turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: dict[str, tuple[int, Callable[[], None]]] = {}
        self._count = 0

    def after(self, ms: int, func: Callable[[], None], /) -> str:
        self._count += 1
        self.due[f"after#{self._count}"] = (ms, func)
        return f"after#{self._count}"

    def after_cancel(self, name: str, /) -> None:
        del self.due[name]

    def turn(self) -> int:
        """Let the one thing happen that is due; the milliseconds after which it was wanted."""
        ((name, (ms, func)),) = self.due.items()
        del self.due[name]
        func()
        return ms


class Fold:
    """Takes events, so many seconds each."""

    def __init__(self, clock: Clock, seconds: float = 0) -> None:
        self.clock = clock
        self.seconds = seconds
        self.told: list[object] = []
        self.settled: list[int] = []

    def __call__(self, event: int) -> None:
        self.clock.now += self.seconds
        self.told.append(event)

    def settle(self) -> None:
        self.settled.append(len(self.told))


def pump_of(clock: Clock, fold: Fold) -> Pump[int]:
    pump = Pump(clock, fold, fold.settle, lambda: clock.now)
    pump.start()
    return pump


def test_events_are_folded_in_order_and_drawn_once():
    clock = Clock()
    fold = Fold(clock)
    pump = pump_of(clock, fold)
    for number in range(3):
        pump.tell(number)
    clock.turn()
    assert (fold.told, fold.settled) == ([0, 1, 2], [3])


def test_a_turn_without_events_draws_nothing():
    clock = Clock()
    fold = Fold(clock)
    pump_of(clock, fold)
    clock.turn()
    assert fold.settled == []


def test_a_turn_takes_so_many_events_and_the_rest_later():
    clock = Clock()
    fold = Fold(clock)
    pump = pump_of(clock, fold)
    for number in range(EVENTS_PER_TURN + 7):
        pump.tell(number)
    clock.turn()
    assert len(fold.told) == EVENTS_PER_TURN
    clock.turn()
    assert len(fold.told) == EVENTS_PER_TURN + 7


def test_a_turn_ends_when_its_time_is_over():
    clock = Clock()
    fold = Fold(clock, seconds=TURN_S / 3.5)
    pump = pump_of(clock, fold)
    for number in range(10):
        pump.tell(number)
    clock.turn()
    assert len(fold.told) == 4


def test_it_turns_fast_while_there_is_something_and_slowly_when_idle():
    clock = Clock()
    fold = Fold(clock)
    pump = pump_of(clock, fold)
    clock.turn()
    assert [clock.turn() for _ in range(PATIENCE + 2)] == [BUSY_MS] * (PATIENCE - 1) + [IDLE_MS] * 3
    pump.tell(1)
    assert [clock.turn(), clock.turn()] == [IDLE_MS, BUSY_MS]


def test_one_event_that_cannot_be_folded_does_not_stop_the_others():
    clock = Clock()
    told = []

    def fold(event: int) -> None:
        if event == 1:
            raise ValueError(event)
        told.append(event)

    settled = []
    pump = Pump(clock, fold, lambda: settled.append(True), lambda: clock.now)
    pump.start()
    for number in range(3):
        pump.tell(number)
    with pytest.raises(ValueError, match="1"):
        clock.turn()
    clock.turn()
    assert told == [0, 2]
    assert settled == [True, True]


def test_it_stops_even_from_within():
    clock = Clock()
    told = []

    def fold(event: int) -> None:
        told.append(event)
        pump.stop()

    pump = Pump(clock, fold, lambda: told.append(-1), lambda: clock.now)
    pump.start()
    pump.tell(0)
    pump.tell(1)
    clock.turn()
    assert told == [0]
    assert clock.due == {}


def test_other_threads_may_tell():
    clock = Clock()
    fold = Fold(clock)
    pump = pump_of(clock, fold)

    def tell() -> None:
        for number in range(1000):
            pump.tell(number)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while len(fold.told) < 4000:
        clock.turn()
    assert sorted(fold.told) == sorted(list(range(1000)) * 4)  # type: ignore[type-var]
