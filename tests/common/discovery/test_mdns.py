"""Announcing and watching with real multicast, on the loopback adapter only."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from zeroconf import DNSOutgoing, DNSQuestion  # type: ignore[attr-defined]
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from common.discovery.adapters import LocalAddress
from common.discovery.mdns.announcer import Announced, Announcer, AnnounceState, Silent
from common.discovery.mdns.sockets import Multicast, multicast_trouble, reason_in_words
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import SERVICE_TYPE, Announcement, server_name, txt_of
from common.ids import RelayId

pytestmark = pytest.mark.xdist_group("mdns")

LOOPBACK = (LocalAddress("lo", "127.0.0.1", 8, 1),)
QUERY, POINTER, INTERNET = 0, 12, 1
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def some_relay(name: str = "") -> Announcement:
    """A relay of its own for each test: other tests may be announcing on this machine at the same time."""
    relay_id = RelayId("".join(secrets.choice(ALPHABET) for _ in range(51)) + "A")
    return Announcement(name or f"Склад {relay_id[:6]}", relay_id, 5000, "open", addresses=("127.0.0.1",))


class Ears:
    """All that a watcher told."""

    def __init__(self) -> None:
        self.heard: dict[str, Announcement] = {}
        self.told: list[str] = []
        self.troubles: list[str] = []
        self._changed = asyncio.Event()

    def on_sighting(self, sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                self.heard[instance] = announcement
                self.told.append(instance)
            case Gone(instance):
                del self.heard[instance]
        self._changed.set()

    async def until(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_there(self, name: str) -> None:
        await self.until(lambda: name in self.heard)

    async def until_believed(self, relay: Announcement, within_s: float) -> None:
        await self.until(lambda: self.heard[relay.name] == relay, within_s)


@contextlib.asynccontextmanager
async def watching(renew_s: float = 10.0) -> AsyncIterator[Ears]:
    ears = Ears()

    async def addresses():
        return LOOPBACK

    watcher = Watcher(ears.on_sighting, addresses, on_trouble=ears.troubles.append, renew_s=renew_s)
    await watcher.start()
    try:
        yield ears
    finally:
        await watcher.close()


async def test_an_announced_relay_is_heard_updated_and_gone():
    relay = some_relay()
    announcer = Announcer()
    async with watching() as ears:
        await announcer.announce(relay, LOOPBACK)
        try:
            assert state_of(announcer) == Announced(relay.name, ("127.0.0.1",))
            await ears.until(lambda: ears.heard.get(relay.name) == relay)
            await announcer.announce(replace(relay, policy="closed"), LOOPBACK)
            await ears.until(lambda: ears.heard[relay.name].policy == "closed")
            await announcer.announce(replace(relay, name=relay.name + " 2"), LOOPBACK)
            await ears.until(lambda: relay.name not in ears.heard and relay.name + " 2" in ears.heard)
        finally:
            await announcer.withdraw()
        await ears.until(lambda: relay.name + " 2" not in ears.heard, within_s=2)
    assert state_of(announcer) == Silent()
    assert ears.troubles == []


def state_of(announcer: Announcer) -> AnnounceState:
    # Asked by a function, since mypy takes an attribute that was looked at for unchanged.
    return announcer.state


class TellingQueue(deque[Any]):
    """Sets an event when something is put into it."""

    def __init__(self, filled: asyncio.Event) -> None:
        super().__init__()
        self._filled = filled

    def append(self, item: object) -> None:
        super().append(item)
        self._filled.set()


async def test_an_answer_that_is_held_back_does_not_bring_back_what_said_goodbye():
    relay = some_relay()
    later, last = replace(relay, name=relay.name + " 2"), replace(relay, name=relay.name + " 3")
    multicast = Multicast()
    announcer = Announcer(multicast)
    asker = AsyncZeroconf(interfaces=["127.0.0.1"])
    question = DNSOutgoing(QUERY)
    # The second type makes the packet another one than the watcher's question, so that it is not taken for a copy.
    for asked in (SERVICE_TYPE, "_nobody._tcp.local."):
        question.add_question(DNSQuestion(asked, POINTER, INTERNET))
    async with watching() as ears:
        await announcer.announce(relay, LOOPBACK)
        try:
            await ears.until(lambda: relay.name in ears.heard)
            zeroconf = (await multicast.acquire(LOOPBACK)).zeroconf
            held_back = asyncio.Event()
            for queue in (zeroconf.out_queue, zeroconf.out_delay_queue):
                queue.queue = TellingQueue(held_back)
            await asker.zeroconf.async_wait_for_start()
            asker.zeroconf.async_send(question)
            async with asyncio.timeout(5):
                await held_back.wait()
            await multicast.release()
            # Each change takes longer than an answer is held back, and a listener needs to believe it.
            for now in (later, last):
                await announcer.announce(now, LOOPBACK)
                await ears.until_there(now.name)
            assert relay.name not in ears.heard
            assert ears.told.count(relay.name) == 1
        finally:
            await asker.async_close()
            await announcer.withdraw()


def announcing() -> list[asyncio.Task[Any]]:
    """What the library is saying three times just now."""
    return [task for task in asyncio.all_tasks() if "_async_broadcast_service" in repr(task.get_coro())]


class SlowAdapters(Multicast):
    """Sockets that take their time to change, once `slow`: as where many adapters come and go."""

    slow = False

    async def use(self, addresses: Sequence[LocalAddress]) -> None:
        await super().use(addresses)
        if self.slow:
            await asyncio.Event().wait()


async def test_nothing_goes_on_being_announced_after_the_goodbye_though_the_end_came_while_sockets_changed():
    relay, sockets = some_relay(), SlowAdapters()
    announcer = Announcer(sockets)
    async with watching() as ears:
        await announcer.announce(relay, LOOPBACK)
        sockets.slow = True
        changing = asyncio.create_task(announcer.announce(replace(relay, port=5001), LOOPBACK))
        await ears.until(lambda: ears.heard[relay.name].port == 5001, within_s=5)
        changing.cancel()
        await asyncio.wait([changing])
        (still_speaking,) = announcing()
        await announcer.withdraw()
        assert still_speaking.cancelled()
        await ears.until(lambda: relay.name not in ears.heard, within_s=5)


async def test_a_watcher_that_starts_later_hears_it_too_and_renewing_tells_nothing_twice():
    relay = some_relay()
    announcer = Announcer()
    await announcer.announce(relay, LOOPBACK)
    async with watching(renew_s=0.2) as ears:
        await ears.until(lambda: relay.name in ears.heard)
        other = some_relay()
        second = Announcer()
        await second.announce(other, LOOPBACK)
        await ears.until(lambda: other.name in ears.heard)
        await second.withdraw()
        await announcer.withdraw()
        await ears.until(lambda: relay.name not in ears.heard)
    assert ears.told.count(relay.name) == 1


async def test_two_relays_of_one_name_get_two_instance_names():
    first, second = some_relay(), some_relay()
    second = replace(second, name=first.name, port=5001)
    one, two = Announcer(), Announcer()
    async with watching() as ears:
        await one.announce(first, LOOPBACK)
        await two.announce(second, LOOPBACK)
        try:
            await ears.until(lambda: {first.name, first.name + "-2"} <= set(ears.heard), within_s=10)
            await ears.until(
                lambda: {relay.relay_id for relay in ears.heard.values()} >= {first.relay_id, second.relay_id},
                within_s=10,
            )
            assert {one.state, two.state} == {
                Announced(first.name, ("127.0.0.1",)),
                Announced(first.name + "-2", ("127.0.0.1",)),
            }
        finally:
            await one.withdraw()
            await two.withdraw()


@contextlib.asynccontextmanager
async def claiming(
    name: str, server: str, relay: Announcement | None = None
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Somebody who takes an instance name without asking whether it is free; yields what says it all once more."""
    rival = AsyncZeroconf(interfaces=["127.0.0.1"])
    info = AsyncServiceInfo(
        SERVICE_TYPE,
        f"{name}.{SERVICE_TYPE}",
        port=relay.port if relay else 5001,
        server=server,
        parsed_addresses=["127.0.0.1"],
        properties=txt_of(relay) if relay else {},
    )

    async def speak_again() -> None:
        await (await rival.async_update_service(info))

    await (await rival.async_register_service(info, cooperating_responders=True))
    try:
        yield speak_again
    finally:
        await rival.async_close()


async def test_who_has_the_greater_host_name_gives_way_to_another_that_claims_its_name():
    relay, announcer = some_relay(), Announcer()
    async with watching() as ears:
        await announcer.announce(relay, LOOPBACK)
        async with claiming(relay.name, "aaa.local."):
            await ears.until(lambda: relay.name + "-2" in ears.heard, within_s=10)
            assert announcer.state == Announced(relay.name + "-2", ("127.0.0.1",))
        await announcer.withdraw()


async def test_who_gave_way_keeps_its_new_name_though_the_other_one_goes_on_claiming_the_old_one():
    relay, announcer = some_relay(), Announcer()
    async with watching() as ears:
        await announcer.announce(relay, LOOPBACK)
        async with claiming(relay.name, "aaa.local.") as speaks_again:
            while announcer.state != Announced(relay.name + "-2", ("127.0.0.1",)):
                await speaks_again()
            # Each waits until what was heard in the meantime is settled.
            for _ in range(2):
                await announcer.announce(relay, LOOPBACK, again=True)
            assert announcer.state == Announced(relay.name + "-2", ("127.0.0.1",))
            assert relay.name + "-3" not in ears.heard
        await announcer.withdraw()


async def test_of_two_that_claim_one_name_the_last_to_speak_is_believed_though_it_says_nothing_new():
    first = some_relay()
    second = replace(some_relay(), name=first.name, port=5001)
    async with (
        watching() as ears,
        claiming(first.name, server_name(first.relay_id), first) as first_speaks,
        claiming(first.name, server_name(second.relay_id), second) as second_speaks,
    ):
        await ears.until(lambda: ears.heard.get(first.name) == second, within_s=5)
        for speaks, relay in ((first_speaks, first), (second_speaks, second)):
            await speaks()
            await ears.until_believed(relay, within_s=5)


async def test_without_an_address_nothing_is_announced_and_the_reason_is_said():
    announcer = Announcer()
    await announcer.announce(replace(some_relay(), addresses=()), ())
    assert isinstance(announcer.state, Silent)
    assert "RELAY_INTERFACES" in announcer.state.message
    await announcer.withdraw()


async def test_a_record_that_cannot_be_made_is_said_not_raised():
    announcer = Announcer()
    await announcer.announce(replace(some_relay(), version="1" * 300), LOOPBACK)
    assert isinstance(announcer.state, Silent)
    assert "not valid" in announcer.state.message
    await announcer.withdraw()


async def test_withdrawing_is_quick_and_may_be_repeated():
    announcer = Announcer()
    await announcer.announce(some_relay(), LOOPBACK)
    async with asyncio.timeout(1.5):
        await announcer.withdraw(within_s=1.0)
        await announcer.withdraw(within_s=1.0)


def test_each_reason_says_what_to_do():
    assert "5353" in reason_in_words(OSError(errno.EADDRINUSE, "in use"))
    assert "Local Network" in reason_in_words(OSError(errno.EHOSTUNREACH, "no route"))
    assert "firewall" in reason_in_words(OSError(errno.EPERM, "no"))
    assert "Enter addresses by hand" in reason_in_words(RuntimeError())


def test_an_adapter_that_cannot_send_multicast_is_noticed():
    assert multicast_trouble(LOOPBACK) == ""
    assert multicast_trouble(()) == ""
    assert "by hand" in multicast_trouble([LocalAddress("gone0", "203.0.113.77", 24)])
