"""Relays come, go, move and hide on a simulated LAN; a client's finder on another host sees it."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import Any

import pytest

from tests.lan.wires import Host, Lan, Program, ip

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan")]


async def relay_on(host: Host, name: str = "Склад", *more: str) -> tuple[Program, str, float]:
    """A relay, its id, and when it began to serve."""
    program = await host.python("tests.lan.tiny", "--name", name, *more)
    serving = (await program.line()).split()
    assert serving[0] == "serving"
    return program, serving[2], time.monotonic()


async def seeker_on(host: Host, *more: str) -> tuple[Program, float]:
    """A client that looks, and since when it does."""
    program = await host.python("tests.lan.seeker", *more)
    return program, (await program.told(lambda said: said["event"] == "looking"))["t"]


def names(said: dict[str, Any]) -> list[str]:
    return [relay["name"] for relay in said.get("relays", ())]


async def test_a_relay_that_is_there_is_found_within_a_second(lan: Lan):
    _relay, relay_id, _ = await relay_on(lan.host())
    seeker, began = await seeker_on(lan.host())
    said = await seeker.told(lambda said: names(said) == ["Склад"])
    assert said["t"] - began < 1.0
    assert said["relays"][0] | {"addresses": None} == {
        "name": "Склад",
        "relay_id": relay_id,
        "host": "10.77.0.1",
        "port": 5000,
        "addresses": None,
    }


async def test_a_relay_that_starts_later_is_found_within_a_second(lan: Lan):
    seeker, _ = await seeker_on(lan.host())
    _relay, _, began = await relay_on(lan.host())
    said = await seeker.told(lambda said: names(said) == ["Склад"])
    assert said["t"] - began < 1.0


async def test_a_goodbye_takes_the_relay_from_every_list_at_once(lan: Lan):
    seeker, _ = await seeker_on(lan.host())
    by_multicast, _ = await seeker_on(lan.host(), "--no-broadcast")
    relay, _, _ = await relay_on(lan.host())
    for program in (seeker, by_multicast):
        await program.told(lambda said: names(said) == ["Склад"])
    stopping = time.monotonic()
    await relay.stop()
    for program in (seeker, by_multicast):
        assert (await program.told(lambda said: names(said) == []))["t"] - stopping < 2.0


async def test_a_killed_relay_disappears_within_seconds_although_it_said_no_goodbye(lan: Lan):
    relay, _, _ = await relay_on(lan.host())
    seeker, _ = await seeker_on(lan.host())
    await seeker.told(lambda said: names(said) == ["Склад"])
    killed = time.monotonic()
    await relay.stop(signal.SIGKILL)
    said = await seeker.told(lambda said: names(said) == [])
    assert said["t"] - killed < 5.0


async def test_multicast_alone_is_enough_in_either_order(lan: Lan):
    first, _ = await seeker_on(lan.host(), "--no-broadcast")
    _relay, _, began = await relay_on(lan.host())
    said = await first.told(lambda said: names(said) == ["Склад"])
    # RFC 6762, 8.1: the relay asks for 0.25 to 1.2 s whether its name is free before it announces it.
    assert said["t"] - began < 3.0
    second, looking = await seeker_on(lan.host(), "--no-broadcast")
    said = await second.told(lambda said: names(said) == ["Склад"])
    assert said["t"] - looking < 1.0


async def test_a_network_that_drops_multicast_still_finds_relays(lan: Lan):
    hosts = lan.host(), lan.host()
    for number in (1, 2):
        ip("netns", "exec", lan.switch, "bridge", "link", "set", "dev", f"p{number}n0", "mcast_flood", "off")
    seeker, _ = await seeker_on(hosts[0])
    _relay, _, began = await relay_on(hosts[1])
    assert (await seeker.told(lambda said: names(said) == ["Склад"]))["t"] - began < 1.0


async def test_a_host_without_ipv4_is_found_and_finds(lan: Lan):
    seeker, _ = await seeker_on(lan.host(ipv4=False))
    _relay, _, began = await relay_on(lan.host(ipv4=False))
    said = await seeker.told(lambda said: names(said) == ["Склад"])
    assert said["t"] - began < 4.0
    assert said["relays"][0]["host"].startswith("fe80::")


async def test_a_relay_whose_address_changes_is_found_at_the_new_one(lan: Lan):
    host = lan.host()
    _relay, _, _ = await relay_on(host)
    seeker, _ = await seeker_on(lan.host())
    by_multicast, _ = await seeker_on(lan.host(), "--no-broadcast")
    for program in (seeker, by_multicast):
        await program.told(lambda said: names(said) == ["Склад"])
    changed = time.monotonic()
    host.ip("addr", "del", "10.77.0.1/24", "dev", "eth0")
    host.ip("addr", "add", "10.77.0.99/24", "dev", "eth0")
    for program in (seeker, by_multicast):
        said = await program.told(lambda said: names(said) == ["Склад"] and said["relays"][0]["host"] == "10.77.0.99")
        assert said["t"] - changed < 10.0


async def test_a_link_that_is_cut_for_ten_seconds_comes_back(lan: Lan):
    host = lan.host()
    _relay, _, _ = await relay_on(host)
    seeker, _ = await seeker_on(lan.host())
    await seeker.told(lambda said: names(said) == ["Склад"])
    cut = time.monotonic()
    host.cut()
    assert (await seeker.told(lambda said: names(said) == []))["t"] - cut < 9.0
    await asyncio.sleep(max(0.0, cut + 10 - time.monotonic()))
    mended = time.monotonic()
    host.mend()
    assert (await seeker.told(lambda said: names(said) == ["Склад"]))["t"] - mended < 3.0


async def test_a_relay_that_started_with_the_cable_out_is_found_when_it_is_in(lan: Lan):
    host = lan.host()
    host.cut()
    _relay, _, _ = await relay_on(host)
    seeker, looking = await seeker_on(lan.host(), "--no-broadcast")
    await asyncio.sleep(
        max(0.0, looking + 6 - time.monotonic())
    )  # the browser's own questions at 0, 1 and 5 s are over
    mended = time.monotonic()
    host.mend()
    assert (await seeker.told(lambda said: names(said) == ["Склад"]))["t"] - mended < 12.0


async def test_each_network_sees_the_relay_at_its_own_address(lan: Lan):
    both = lan.host(nets=(0, 1))
    for name, address in (("docker0", "172.17.0.1/16"), ("wg0", "10.99.0.1/24"), ("veth9", "10.98.0.1/24")):
        both.ip("link", "add", name, "type", "bridge")
        both.ip("addr", "add", address, "dev", name)
        both.ip("link", "set", name, "up")
    _relay, _, _ = await relay_on(both)
    left, _ = await seeker_on(lan.host(nets=(0,)))
    right, _ = await seeker_on(lan.host(nets=(1,)))
    quiet, _ = await seeker_on(lan.host(nets=(1,)), "--no-broadcast")
    for program, host in ((left, "10.77.0.1"), (right, "10.78.0.1"), (quiet, "10.78.0.1")):
        said = await program.told(lambda said: names(said) == ["Склад"])
        assert said["relays"][0]["host"] == host
        assert not [
            at for at in said["relays"][0]["addresses"] if at.startswith(("172.17.", "10.99.", "10.98.", "127."))
        ]


async def test_two_relays_of_one_name_are_both_listed(lan: Lan):
    first, second = await asyncio.gather(relay_on(lan.host()), relay_on(lan.host()))
    seeker, _ = await seeker_on(lan.host())
    said = await seeker.told(lambda said: len(names(said)) == 2)
    assert names(said) == ["Склад", "Склад"]
    assert {relay["relay_id"] for relay in said["relays"]} == {first[1], second[1]}
