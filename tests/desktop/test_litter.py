"""Dead circles are looked for in one thread, and as often as Python would."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from desktop import litter


class Circle:
    """Dead at once, and seen dead only by a collection; says in which thread that was."""

    def __init__(self, ended_in: list[int]) -> None:
        self.itself = self
        self._ended_in = ended_in

    def __del__(self) -> None:
        self._ended_in.append(threading.get_ident())


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    enabled = gc.isenabled()
    yield
    if enabled:
        gc.enable()


def test_another_thread_that_makes_many_objects_collects_none():
    gc.enable()
    gc.collect()
    litter.keep_to_this_thread()
    ended_in: list[int] = []
    Circle(ended_in)

    other = threading.Thread(target=lambda: [[number] for number in range(200_000)])
    other.start()
    other.join()
    assert ended_in == []

    while litter.collect(counts=lambda: (litter.YOUNG, litter.OLDER, litter.OLDER)) is None:
        pass
    assert ended_in == [threading.get_ident()]


@pytest.mark.parametrize(
    "counts,generation",
    [
        ((litter.YOUNG - 1, 99, 99), None),
        ((litter.YOUNG, 0, 99), 0),
        ((litter.YOUNG, 10, 0), 1),
        ((litter.YOUNG, 10, 10), 2),
    ],
)
def test_the_oldest_generation_that_is_due_is_collected(counts, generation):
    collected: list[int] = []

    def collect(number: int) -> int:
        collected.append(number)
        return 0

    assert litter.collect(lambda: counts, collect) == generation
    assert collected == ([] if generation is None else [generation])
