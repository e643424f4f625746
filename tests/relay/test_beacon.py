"""The beacon on the loopback adapter: what it announces stays true, and nothing keeps it from starting or stopping."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from common.discovery.adapters import LocalAddress
from common.discovery.broadcast import Asker
from common.discovery.mdns.announcer import Announced, Silent
from common.discovery.mdns.watcher import Gone, Heard, Sighting, Watcher
from common.discovery.record import Announcement
from common.ids import RelayId
from relay.beacon import Beacon, Steady

pytestmark = pytest.mark.xdist_group("mdns")

FIRST = LocalAddress("lo", "127.0.0.1", 8, 1)
SECOND = LocalAddress("lo", "127.0.0.2", 8, 1)


def some_relay() -> Announcement:
    relay_id = RelayId("".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(51)) + "A")
    return Announcement(f"Beacon {relay_id[:6]}", relay_id, 5000, "open")


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


class Neighbour:
    """Somebody on the network, who watches and asks."""

    def __init__(self, port: int) -> None:
        self.announced: dict[str, Announcement] = {}
        self.answered: dict[RelayId, Announcement] = {}
        self._changed = asyncio.Event()
        self._watcher = Watcher(self._on_sighting, self._addresses, renew_s=1.0)
        self._asker = Asker(self._on_answer, [port])

    async def __aenter__(self) -> Neighbour:
        await self._watcher.start()
        await self._asker.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._asker.close()
        await self._watcher.close()

    async def _addresses(self) -> tuple[LocalAddress, ...]:
        return (FIRST,)

    def _on_sighting(self, sighting: Sighting) -> None:
        match sighting:
            case Heard(instance, announcement):
                self.announced[instance] = announcement
            case Gone(instance):
                self.announced.pop(instance, None)
        self._changed.set()

    def _on_answer(self, announcement: Announcement) -> None:
        self.answered[announcement.relay_id] = announcement
        self._changed.set()

    async def until(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        """Asks again every tenth of a second, until *condition* holds."""
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                self._asker.ask([FIRST])
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.1)
                except TimeoutError:
                    continue


async def test_a_neighbour_finds_the_relay_until_it_says_goodbye():
    relay, port = some_relay(), free_udp_port()
    beacon = Beacon(relay, host="127.0.0.1", broadcast_ports=[port])
    here = replace(relay, addresses=("127.0.0.1",))
    async with Neighbour(port) as neighbour:
        started = time.monotonic()
        await beacon.start()
        assert time.monotonic() - started < 0.1
        await neighbour.until(lambda: neighbour.answered.get(relay.relay_id) == here, within_s=1)
        await neighbour.until(lambda: neighbour.announced.get(relay.name) == here)
        assert beacon.state.mdns == Announced(relay.name, ("127.0.0.1",))
        assert beacon.state.troubles == ()
        stopping = time.monotonic()
        await beacon.stop()
        assert time.monotonic() - stopping < 1.5
        await neighbour.until(lambda: relay.name not in neighbour.announced, within_s=2)


async def test_a_changed_address_name_and_policy_reach_the_neighbour():
    relay, port = some_relay(), free_udp_port()
    addresses = [FIRST]
    beacon = Beacon(
        relay,
        interfaces=["lo"],
        broadcast_ports=[port],
        poll_s=0.1,
        read_addresses=lambda: tuple(addresses),
    )
    async with Neighbour(port) as neighbour:
        await beacon.start()
        try:
            await neighbour.until(lambda: relay.name in neighbour.announced)
            addresses[:] = [SECOND]
            moved = replace(relay, addresses=("127.0.0.2",))
            await neighbour.until(lambda: neighbour.announced[relay.name] == moved)
            await neighbour.until(lambda: "127.0.0.2" in neighbour.answered[relay.relay_id].addresses)
            beacon.change(name=relay.name + " neu", policy="invite")
            await neighbour.until(lambda: relay.name + " neu" in neighbour.announced)
            assert relay.name not in neighbour.announced
            assert neighbour.announced[relay.name + " neu"].policy == "invite"
        finally:
            await beacon.stop()


async def test_a_machine_without_a_network_announces_as_soon_as_it_has_one():
    relay, port = some_relay(), free_udp_port()
    addresses: list[LocalAddress] = []
    beacon = Beacon(
        relay, interfaces=["lo"], broadcast_ports=[port], poll_s=0.05, read_addresses=lambda: tuple(addresses)
    )
    async with Neighbour(port) as neighbour:
        await beacon.start()
        try:
            await neighbour.until(lambda: beacon.state.troubles != ())
            assert isinstance(beacon.state.mdns, Silent)
            assert relay.relay_id not in neighbour.answered
            addresses.append(FIRST)
            await neighbour.until(lambda: relay.name in neighbour.announced)
            assert beacon.state.troubles == ()
        finally:
            await beacon.stop()


async def test_an_adapter_that_is_not_there_is_said_until_it_is(caplog: pytest.LogCaptureFixture):
    relay, port = some_relay(), free_udp_port()
    addresses = [LocalAddress("eth0", "127.0.0.1", 8, 1)]
    beacon = Beacon(
        relay, interfaces=["lo"], broadcast_ports=[port], poll_s=0.05, read_addresses=lambda: tuple(addresses)
    )
    async with Neighbour(port) as neighbour:
        await beacon.start()
        try:
            await neighbour.until(lambda: beacon.state.troubles != ())
            (trouble,) = beacon.state.troubles
            assert "RELAY_INTERFACES names lo, " in trouble
            assert "eth0 (127.0.0.1)" in trouble
            await neighbour.until(lambda: trouble in caplog.text)
            assert caplog.text.count(trouble) == 1
            addresses.append(FIRST)
            await neighbour.until(lambda: relay.relay_id in neighbour.answered)
            assert beacon.state.troubles == ()
        finally:
            await beacon.stop()


@pytest.mark.allows_errors
async def test_a_fault_while_reading_the_adapters_does_not_end_the_beacon():
    relay, port = some_relay(), free_udp_port()
    faults = 2

    def read() -> tuple[LocalAddress, ...]:
        nonlocal faults
        faults -= 1
        if faults >= 0:
            raise OSError("adapters cannot be read")
        return (FIRST,)

    beacon = Beacon(relay, interfaces=["lo"], announce=False, broadcast_ports=[port], poll_s=0.05, read_addresses=read)
    async with Neighbour(port) as neighbour:
        await beacon.start()
        await neighbour.until(lambda: relay.relay_id in neighbour.answered)
        await beacon.stop()


async def test_a_multicast_port_that_is_taken_is_said_and_the_broadcast_still_answers(monkeypatch: pytest.MonkeyPatch):
    relay, port = some_relay(), free_udp_port()
    async with Neighbour(port) as neighbour:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
            squatter.bind(("", 0))
            # Port 5353 itself may be in use by other tests of this machine.
            monkeypatch.setattr("common.discovery.mdns.sockets.MDNS_PORT", squatter.getsockname()[1])
            beacon = Beacon(relay, host="127.0.0.1", broadcast_ports=[port])
            await beacon.start()
            await neighbour.until(lambda: relay.relay_id in neighbour.answered and beacon.state.troubles != ())
            said = beacon.state.troubles
            await beacon.stop()
    assert "multicast DNS) to itself" in said[0]


async def test_stopping_twice_or_before_the_start_is_nothing():
    beacon = Beacon(some_relay(), host="127.0.0.1", broadcast_ports=[free_udp_port()])
    await beacon.stop()
    await beacon.start()
    await beacon.stop()
    await beacon.stop()


def test_an_address_counts_when_it_was_seen_twice_the_first_at_once():
    steady = Steady()
    assert steady.see((FIRST,)) == (FIRST,)
    assert steady.see(()) == (FIRST,)
    assert steady.see((FIRST,)) == (FIRST,)
    assert steady.see((SECOND,)) == (FIRST,)
    assert steady.see((SECOND,)) == (SECOND,)
