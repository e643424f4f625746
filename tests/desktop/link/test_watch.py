"""A sleep and a change of the network are noticed, nothing else is."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat

from common.discovery.adapters import LocalAddress
from desktop.link.watch import SLEPT_S, Gone, Watch

LAN = LocalAddress("eth0", "10.0.0.2", 24)
OTHER = LocalAddress("eth0", "10.9.0.2", 24)
EVERY_S = 0.01


async def changes(*adapters: tuple[LocalAddress, ...] | OSError, clock: tuple[float, ...] = (0.0,)) -> list[set[str]]:
    """What the watch told to be gone, each time that it called, while it looked at *adapters*, one after the other.

    *clock*: what the clock that goes through sleep shows, look by look; at last it stands still.
    """
    told: list[set[str]] = []
    looks, done, times = iter(adapters), asyncio.Event(), chain(clock, repeat(clock[-1]))
    loop = asyncio.get_running_loop()

    def changed(gone: Gone) -> None:
        told.append(set(gone))

    def read() -> tuple[LocalAddress, ...]:
        found = next(looks, None)
        if found is None:
            loop.call_soon_threadsafe(done.set)
            raise OSError("the test is over")
        if isinstance(found, OSError):
            raise found
        return found

    watching = asyncio.create_task(Watch(changed, read, EVERY_S, (lambda: next(times),)).run())
    async with asyncio.timeout(5):
        await done.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return told


async def test_the_same_network_is_no_news() -> None:
    assert await changes(*[(LAN,)] * 5) == []


async def test_another_address_is_told_once_each_time_with_what_is_gone() -> None:
    assert await changes((LAN,), (LAN,), (OTHER,), (OTHER,), (LAN, OTHER), (LAN, OTHER)) == [{LAN.ip}, set()]


async def test_an_adapter_that_goes_and_comes_back_is_two_changes() -> None:
    assert await changes((LAN,), (), (LAN,)) == [{LAN.ip}, set()]


async def test_an_address_that_moves_to_another_adapter_is_not_gone() -> None:
    assert await changes((LAN,), (LocalAddress("wlan0", LAN.ip, 24),)) == [set()]


async def test_adapters_that_cannot_be_read_are_no_news() -> None:
    assert await changes((LAN,), OSError("busy"), (LAN,)) == []


async def test_time_that_passed_unnoticed_was_sleep() -> None:
    assert await changes(*[(LAN,)] * 4, clock=(0.0, 1.0, 1.0 + SLEPT_S + 1, 13.0)) == [set()]
