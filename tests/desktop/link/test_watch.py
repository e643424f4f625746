"""A sleep and a change of the network are noticed, nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from common.discovery.adapters import LocalAddress
from desktop.link.watch import SLEPT_S, Watch

LAN = LocalAddress("eth0", "10.0.0.2", 24)
OTHER = LocalAddress("eth0", "10.9.0.2", 24)
EVERY_S = 0.01


async def changes(adapters: list[tuple[LocalAddress, ...] | OSError], wall: Callable[[], float]) -> int:
    """How often the watch called while it looked at *adapters*, one after the other."""
    counted, looks, done = 0, iter(adapters), asyncio.Event()
    loop = asyncio.get_running_loop()

    def changed() -> None:
        nonlocal counted
        counted += 1

    def read() -> tuple[LocalAddress, ...]:
        found = next(looks, None)
        if found is None:
            loop.call_soon_threadsafe(done.set)
            return ()
        if isinstance(found, OSError):
            raise found
        return found

    watching = asyncio.create_task(Watch(changed, read, EVERY_S, wall).run())
    async with asyncio.timeout(5):
        await done.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return counted


async def test_the_same_network_is_no_news() -> None:
    assert await changes([(LAN,)] * 5, lambda: 0.0) == 0


async def test_another_address_is_noticed_once_each_time() -> None:
    assert await changes([(LAN,), (LAN,), (OTHER,), (OTHER,), (LAN, OTHER), (LAN, OTHER)], lambda: 0.0) == 2


async def test_adapters_that_go_and_come_back_are_two_changes() -> None:
    assert await changes([(LAN,), OSError("busy"), (LAN,)], lambda: 0.0) == 2


async def test_time_that_passed_unnoticed_was_sleep() -> None:
    times = iter([0.0, EVERY_S, 1.0, 1.0 + EVERY_S + SLEPT_S + 1, 50.0])
    assert await changes([(LAN,)] * 3, lambda: next(times, 60.0)) == 1
