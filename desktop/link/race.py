"""Several ways to the same thing, the next one started a little later: the first that works wins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def first_of(
    ways: Sequence[Callable[[], Coroutine[Any, Any, T]]],
    stagger_s: float,
    failed: Callable[[Exception], bool],
    discard: Callable[[T], Awaitable[None]],
) -> T | None:
    """What the first of *ways* that works gives; None when none does.

    *stagger_s*: how long a way has before the next one starts beside it. *failed* is told each failure; True ends the race.
    *discard* takes what a second winner brought.
    """
    waiting = list(ways)
    running: set[asyncio.Task[T]] = set()
    winner: T | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(waiting.pop(0)()))
            timeout = stagger_s if waiting else None
            done, running = await asyncio.wait(running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            is_over = False
            for task in done:
                try:
                    if winner is None:
                        winner = task.result()
                    else:
                        await discard(task.result())
                except Exception as error:
                    is_over = failed(error) or is_over
            if winner is not None or is_over:
                return winner
        return None
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if not isinstance(late, BaseException):
                await discard(late)
