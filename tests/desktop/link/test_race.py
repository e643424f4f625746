"""The first way that works wins, and nothing of the others is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from desktop.link.race import first_of

Way = Callable[[], Coroutine[Any, Any, str]]


class Course:
    """Ways that end when the test says so, and what became of them."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []
        self.discarded: list[str] = []
        self.failures: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def way(self, name: str, error: Exception | None = None, gated: bool = True) -> Way:
        gate = self.gates[name] = asyncio.Event()
        if not gated:
            gate.set()

        async def run() -> str:
            self.started.append(name)
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise
            if error is not None:
                raise error
            return name

        return run

    def failed(self, error: Exception) -> bool:
        self.failures.append(str(error))
        return isinstance(error, PermissionError)

    async def discard(self, late: str) -> None:
        self.discarded.append(late)

    def run(self, *ways: Way, stagger_s: float = 0.01) -> Awaitable[str | None]:
        return first_of(ways, stagger_s, self.failed, self.discard)


async def test_without_a_way_there_is_no_winner() -> None:
    assert await Course().run() is None


async def test_the_first_way_has_a_start_over_the_others() -> None:
    course = Course()
    assert await course.run(course.way("a", gated=False), course.way("b", gated=False), stagger_s=5) == "a"
    assert course.started == ["a"]


async def test_a_way_that_hangs_does_not_keep_the_next_from_winning() -> None:
    course = Course()
    assert await course.run(course.way("a"), course.way("b", gated=False)) == "b"
    assert course.cancelled == ["a"]


async def test_a_failure_starts_the_next_at_once() -> None:
    course = Course()
    ways = (course.way("a", OSError("no"), gated=False), course.way("b", gated=False))
    async with asyncio.timeout(2):
        assert await course.run(*ways, stagger_s=60) == "b"
    assert course.failures == ["no"]


async def test_when_all_fail_there_is_no_winner() -> None:
    course = Course()
    ways = [course.way(name, OSError(name), gated=False) for name in "abc"]
    assert await course.run(*ways) is None
    assert course.failures == ["a", "b", "c"]


async def test_a_failure_that_settles_it_ends_the_race() -> None:
    course = Course()
    assert await course.run(course.way("a", PermissionError("out"), gated=False), course.way("b", gated=False)) is None
    assert course.started == ["a"]


async def test_what_a_second_winner_brings_is_discarded() -> None:
    course = Course()
    gate = asyncio.Event()

    def way(name: str) -> Way:
        async def run() -> str:
            course.started.append(name)
            if len(course.started) == 2:
                gate.set()
            await gate.wait()
            return name

        return run

    winner = await course.run(way("a"), way("b"))
    assert {winner, *course.discarded} == {"a", "b"}


async def test_cancelling_the_race_cancels_every_way() -> None:
    course = Course()
    both = asyncio.Event()
    last = course.way("b")

    async def told() -> str:
        both.set()
        return await last()

    race = asyncio.ensure_future(course.run(course.way("a"), told))
    async with asyncio.timeout(2):
        await both.wait()
    race.cancel()
    with pytest.raises(asyncio.CancelledError):
        await race
    assert sorted(course.cancelled) == ["a", "b"]
