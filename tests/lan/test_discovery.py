"""Real relays come, go, move and hide on a simulated LAN; clients' finders, real clients and avahi on other hosts see it."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.lan.avahi import Avahi, Seen, why_no_avahi
from tests.lan.wires import Host, Lan, Program, ip

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan")]

NAME = "Склад"


async def relay_on(host: Host, name: str = NAME) -> tuple[Program, dict[str, Any], float]:
    """`python -m relay run`, what it says of itself, and since when it serves."""
    data = host.lan.folder / f"relay-{host.number}"
    program = await host.python(
        "relay", "run", "--json", "--name", name, "--data-dir", str(data), "--key-file", f"{data}.key"
    )
    said = json.loads(await program.line())
    return program, said, time.monotonic()


async def seeker_on(host: Host, *more: str) -> tuple[Program, float]:
    """A client that looks, and since when it does."""
    program = await host.python("tests.lan.seeker", *more)
    return program, (await program.told(lambda said: said["event"] == "looking"))["t"]


async def talker_on(host: Host, name: str) -> Program:
    """A client that found the relay and signed in."""
    program = await host.python("tests.lan.talker", str(host.lan.folder / name), name)
    await program.told(lambda said: said.get("state") == "Connected")
    return program


def lists(*names: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a line of a seeker lists exactly *names*."""
    return lambda said: said["event"] == "relays" and sorted(relay["name"] for relay in said["relays"]) == sorted(names)


def hears(body: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a line of a talker is the message *body*."""
    return lambda said: said.get("body") == body


async def test_a_relay_that_is_there_is_found_within_a_second(lan: Lan):
    _relay, ready, _ = await relay_on(lan.host())
    seeker, began = await seeker_on(lan.host())
    said = await seeker.told(lists(NAME))
    assert said["t"] - began < 1.0
    (found,) = said["relays"]
    assert (found["relay_id"], found["host"], found["port"]) == (ready["relay_id"], "10.77.0.1", 5000)


async def test_a_relay_that_starts_later_is_found_within_a_second(lan: Lan):
    seeker, _ = await seeker_on(lan.host())
    _relay, _, began = await relay_on(lan.host())
    assert (await seeker.told(lists(NAME)))["t"] - began < 1.0


async def test_a_goodbye_takes_the_relay_from_every_list_at_once(lan: Lan):
    seeker, _ = await seeker_on(lan.host())
    by_multicast, _ = await seeker_on(lan.host(), "--no-broadcast")
    relay, _, _ = await relay_on(lan.host())
    for program in (seeker, by_multicast):
        await program.told(lists(NAME))
    stopping = time.monotonic()
    assert await relay.stop() == 0
    assert time.monotonic() - stopping < 3.0
    for program in (seeker, by_multicast):
        assert (await program.told(lists()))["t"] - stopping < 3.0


async def test_a_killed_relay_disappears_within_seconds_although_it_said_no_goodbye(lan: Lan):
    relay, _, _ = await relay_on(lan.host())
    seeker, _ = await seeker_on(lan.host())
    await seeker.told(lists(NAME))
    killed = time.monotonic()
    await relay.stop(signal.SIGKILL)
    assert (await seeker.told(lists()))["t"] - killed < 5.0


async def test_multicast_alone_is_enough_in_either_order(lan: Lan):
    first, _ = await seeker_on(lan.host(), "--no-broadcast")
    _relay, _, began = await relay_on(lan.host())
    # RFC 6762, 8.1: the relay asks for about a second whether its name is free before it announces it.
    assert (await first.told(lists(NAME)))["t"] - began < 3.0
    second, looking = await seeker_on(lan.host(), "--no-broadcast")
    assert (await second.told(lists(NAME)))["t"] - looking < 1.0


async def test_a_network_that_drops_multicast_still_finds_relays(lan: Lan):
    hosts = lan.host(), lan.host()
    for number in (1, 2):
        ip("netns", "exec", lan.switch, "bridge", "link", "set", "dev", f"p{number}n0", "mcast_flood", "off")
    seeker, _ = await seeker_on(hosts[0])
    _relay, _, began = await relay_on(hosts[1])
    assert (await seeker.told(lists(NAME)))["t"] - began < 1.0


async def test_hosts_without_ipv4_find_each_other(lan: Lan):
    seeker, _ = await seeker_on(lan.host(ipv4=False))
    _relay, _, began = await relay_on(lan.host(ipv4=False))
    said = await seeker.told(lists(NAME))
    assert said["t"] - began < 4.0
    assert said["relays"][0]["host"].startswith("fe80::")


async def test_clients_follow_a_relay_whose_address_changes(lan: Lan):
    host = lan.host()
    await relay_on(host)
    seeker, _ = await seeker_on(lan.host())
    by_multicast, _ = await seeker_on(lan.host(), "--no-broadcast")
    anna, boris = await asyncio.gather(talker_on(lan.host(), "anna"), talker_on(lan.host(), "boris"))
    for program in (seeker, by_multicast):
        await program.told(lists(NAME))
    anna.say("one")
    await boris.told(hears("one"))
    idle = await talker_on(lan.host(), "clara")
    changed = time.monotonic()
    host.ip("addr", "del", "10.77.0.1/24", "dev", "eth0")
    host.ip("addr", "add", "10.77.0.99/24", "dev", "eth0")
    anna.say("two")
    boris.say("three")
    for program in (seeker, by_multicast):
        said = await program.told(lambda said: lists(NAME)(said) and said["relays"][0]["host"] == "10.77.0.99")
        assert said["t"] - changed < 10.0
    # Nothing tells a client that the other end of its link is gone: it finds out by asking, soon if it waits for an answer.
    heard = [await _hear_both(program) for program in (anna, boris, idle)]
    assert len({tuple(sorted((seq, body) for seq, body, _at in one)) for one in heard}) == 1
    took = [max(at for _seq, _body, at in one) - changed for one in heard]
    # Anna and Boris hear what the other says when that one is back, too.
    assert max(took[:2]) < 7.0, took
    assert took[2] < 13.0, took


async def _hear_both(program: Program) -> list[tuple[int, str, float]]:
    heard: list[tuple[int, str, float]] = []
    while len(heard) < 2:
        said = await program.told(lambda said: said.get("body") in {"two", "three"}, within_s=40)
        assert said["seq"] not in [seq for seq, _body, _at in heard]
        heard.append((said["seq"], said["body"], said["t"]))
    return heard


async def test_a_link_that_is_cut_for_ten_seconds_comes_back(lan: Lan):
    host, late = lan.host(), lan.host()
    await relay_on(host)
    anna, boris = await asyncio.gather(talker_on(lan.host(), "anna"), talker_on(lan.host(), "boris"))
    seeker, _ = await seeker_on(lan.host())
    by_multicast, _ = await seeker_on(lan.host(), "--no-broadcast")
    for program in (seeker, by_multicast):
        await program.told(lists(NAME))
    cut = time.monotonic()
    host.cut()
    late.cut()
    anna.say("said in the dark")
    # A relay that starts while its cable is out: the browsers' own questions are over before it is in.
    await relay_on(late, "Spät")
    for program in (seeker, by_multicast):
        assert (await program.told(lists()))["t"] - cut < 9.5
    await asyncio.sleep(max(0.0, cut + 10 - time.monotonic()))
    mended = time.monotonic()
    host.mend()
    late.mend()
    assert (await seeker.told(lists(NAME, "Spät")))["t"] - mended < 3.0
    assert (await by_multicast.told(lists(NAME, "Spät")))["t"] - mended < 15.0
    heard = [await program.told(hears("said in the dark"), within_s=30) for program in (anna, boris)]
    assert heard[0]["seq"] == heard[1]["seq"]
    assert [said["t"] - mended < 3.0 for said in heard] == [True, True], [said["t"] - mended for said in heard]


async def test_each_network_sees_the_relay_at_its_own_address(lan: Lan):
    both = lan.host(nets=(0, 1))
    for name, address in (("docker0", "172.17.0.1/16"), ("wg0", "10.99.0.1/24"), ("veth9", "10.98.0.1/24")):
        both.ip("link", "add", name, "type", "bridge")
        both.ip("addr", "add", address, "dev", name)
        both.ip("link", "set", name, "up")
    _relay, ready, _ = await relay_on(both)
    assert [at for at in ready["addresses"] if ":" not in at] == ["10.77.0.1", "10.78.0.1"]
    left, _ = await seeker_on(lan.host(nets=(0,)))
    right, _ = await seeker_on(lan.host(nets=(1,)))
    quiet, _ = await seeker_on(lan.host(nets=(1,)), "--no-broadcast")
    for program, host in ((left, "10.77.0.1"), (right, "10.78.0.1"), (quiet, "10.78.0.1")):
        (found,) = (await program.told(lists(NAME)))["relays"]
        assert found["host"] == host
        assert not [at for at in found["addresses"] if at.startswith(("172.17.", "10.99.", "10.98.", "127."))]


@pytest.mark.skipif(bool(why_no_avahi()), reason=why_no_avahi())
async def test_avahi_sees_two_relays_of_one_name_under_two_names_and_their_goodbyes(lan: Lan):
    avahi = Avahi(lan.host(), lan.folder / "avahi")
    await avahi.start()
    hosts = lan.host(), lan.host()
    (first, one, _), (second, two, _) = await asyncio.gather(*(relay_on(host) for host in hosts))
    seeker, _ = await seeker_on(lan.host())
    listed = (await seeker.told(lists(NAME, NAME)))["relays"]
    assert {relay["relay_id"] for relay in listed} == {one["relay_id"], two["relay_id"]}
    # Who heard both say the one name a moment ago keeps both for a second (RFC 6762, 10.2), and each protocol has a cache of its own.
    found = await avahi.sees(
        lambda found: is_told_apart(found, {"10.77.0.2": one["relay_id"], "10.77.0.3": two["relay_id"]})
    )
    for line in found:
        (relay_id,) = (ready["relay_id"] for ready in (one, two) if f"id={ready['relay_id']}" in line.txt)
        assert line.txt == {"v=1", f"id={relay_id}", "auth=open"}
        assert (line.port, line.host) == (5000, f"pymessenger-{relay_id[:16].lower()}.local")
    await asyncio.gather(first.stop(), second.stop())
    await avahi.sees(lambda found: not found)


def is_told_apart(found: set[Seen], relay_ids: dict[str, str]) -> bool:
    """Whether the one name and the next stand for one relay each, and each of them is at its IPv4 address (*relay_ids* by address)."""
    pairs = {(line.name, line.txt) for line in found}
    at = {(line.address, line.txt) for line in found if ":" not in line.address}
    return (
        sorted(name for name, _ in pairs) == [NAME, f"{NAME}-2"]
        and len({txt for _, txt in pairs}) == 2
        and sorted(address for address, _ in at) == sorted(relay_ids)
        and all(f"id={relay_ids[address]}" in txt for address, txt in at)
    )
