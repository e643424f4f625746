"""A relay that cannot announce itself is announced from outside, on the loopback adapter."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import pytest

from common.discovery.adapters import LocalAddress
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.errors import StartupError
from relay.cli.announce import Announcing, Place, Told, place_of
from relay.cli.asking import NoRelay, PortClosed, ask
from tests.tiny import TinyRelay

pytestmark = pytest.mark.xdist_group("mdns")

LOOPBACK = (LocalAddress("lo", "127.0.0.1", 8, 1),)


class Ears:
    """What is announced on loopback."""

    def __init__(self) -> None:
        self.heard: dict[str, Announcement] = {}
        self._changed = asyncio.Event()

    def on_sighting(self, sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                self.heard[instance] = announcement
            case Gone(instance):
                self.heard.pop(instance, None)
        self._changed.set()

    async def hears(self, name: str, within_s: float = 15.0) -> Announcement:
        async with asyncio.timeout(within_s):
            while name not in self.heard:
                self._changed.clear()
                await self._changed.wait()
        return self.heard[name]

    async def no_longer_hears(self, name: str, within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while name in self.heard:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def ears() -> AsyncIterator[Ears]:
    """Somebody who listens."""

    async def addresses():
        return LOOPBACK

    heard = Ears()
    watcher = Watcher(heard.on_sighting, addresses)
    await watcher.start()
    yield heard
    await watcher.close()


@pytest.fixture
async def relay() -> AsyncIterator[TinyRelay]:
    """A relay without a beacon, its name its own."""
    tiny = TinyRelay(f"Kiste {secrets.token_hex(3)}")
    await tiny.start()
    yield tiny
    await tiny.stop()


async def test_it_follows_the_relay_and_withdraws_while_it_does_not_answer(ears: Ears, relay: TinyRelay):
    told: list[Told] = []
    announcing = asyncio.create_task(Announcing("127.0.0.1", relay.port, None, ["lo"], told.append, check_s=0.2).run())
    heard = await ears.hears(relay.name)
    assert (heard.relay_id, heard.port, heard.policy) == (relay.relay_id, relay.port, "open")
    old, relay.card = relay.name, {"name": relay.name + " neu", "registration": "invite"}
    assert (await ears.hears(old + " neu")).policy == "invite"
    assert old not in ears.heard
    await relay.stop()
    await ears.no_longer_hears(old + " neu")
    await relay.start(port=relay.port)
    await ears.hears(old + " neu")
    announcing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await announcing
    await ears.no_longer_hears(old + " neu")
    lines = [each.words for each in told]
    assert (told[0].is_announced, told[0].addresses[0]) == (True, "127.0.0.1")
    assert lines[0].startswith(f"Announced as “{old}” at 127.0.0.1")
    assert any("nothing listens" in line or "hung up" in line for line in lines)


async def test_another_name_may_be_given(ears: Ears, relay: TinyRelay):
    name = f"Anders {secrets.token_hex(3)}"
    announcing = asyncio.create_task(Announcing("127.0.0.1", relay.port, name, ["lo"], print).run())
    assert (await ears.hears(name)).relay_id == relay.relay_id
    announcing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await announcing


async def test_who_answers_is_known_by_the_certificate(relay: TinyRelay):
    assert (await asyncio.to_thread(ask, "127.0.0.1", relay.port)).relay_id == relay.relay_id
    relay.card = {"relay_id": "A" * 52}
    with pytest.raises(NoRelay, match="own identity"):
        await asyncio.to_thread(ask, "127.0.0.1", relay.port)
    relay.body = b"{}"
    with pytest.raises(NoRelay, match="not a relay"):
        await asyncio.to_thread(ask, "127.0.0.1", relay.port)
    await relay.stop()
    with pytest.raises(PortClosed):
        await asyncio.to_thread(ask, "127.0.0.1", relay.port)


def test_loopback_means_this_computer_and_another_address_that_one():
    assert place_of("127.0.0.1") == place_of("::1") == Place()
    assert place_of("203.0.113.9") == Place(elsewhere=("203.0.113.9",))
    with pytest.raises(StartupError, match="no computer called"):
        place_of("nobody.invalid")
