"""Real clients that slept, that were stopped, that changed their network: they come back by themselves, at once, with everything."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from typing import Any

import pytest

from tests.lan.talker import SLEPT
from tests.lan.test_discovery import hears, relay_on, talker_on
from tests.lan.wires import Host, Lan, Program

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan")]

HEARTBEAT_S = 1.0
IMPATIENT = """
import sys
from common.protocol import limits
limits.HEARTBEAT_S = float(sys.argv.pop(1))
from relay.__main__ import main
sys.exit(main())
"""


async def impatient_relay_on(host: Host) -> Program:
    """A relay that drops whoever does not answer a ping soon."""
    data = host.lan.folder / "relay"
    words = "run", "--json", "--name", "R", "--data-dir", str(data), "--key-file", f"{data}.key"
    program = await host.run(sys.executable, "-c", IMPATIENT, str(HEARTBEAT_S), *words)
    json.loads(await program.line())
    return program


def is_state(state: str) -> Any:
    """Whether a line of a talker tells that its link is *state*."""
    return lambda said: said.get("event") == "state" and said["state"] == state


async def hear_all(program: Program, *bodies: str, within_s: float = 15.0) -> dict[str, dict[str, Any]]:
    """What a talker told of each of *bodies*; none of them twice."""
    heard: dict[str, dict[str, Any]] = {}
    while set(heard) != set(bodies):
        said = await program.told(lambda said: said.get("body") in bodies, within_s)
        assert said["body"] not in heard or heard[said["body"]]["seq"] == said["seq"], "it was posted twice"
        heard[said["body"]] = said
    return heard


async def until_nothing_is_left_to_say(host: Host) -> None:
    """Wait until the kernel of *host* has given up telling anybody that a connection is over."""
    async with asyncio.timeout(15):
        while await (await host.run("ss", "-Htan", "state", "fin-wait-1")).rest():
            pass


async def test_a_client_that_stood_still_until_the_relay_dropped_it_is_back_at_once(lan: Lan):
    relay = await impatient_relay_on(lan.host())
    boris = await talker_on(lan.host(), "boris")
    anna = await talker_on(lan.host(), "anna")
    await boris.told(lambda said: said["event"] == "presence" and not said["mine"] and said["state"] == "online")

    relay.send(signal.SIGSTOP)
    anna.say("said before")
    anna.send(signal.SIGSTOP)
    relay.send(signal.SIGCONT)
    anna.say("typed meanwhile")
    await boris.told(lambda said: said["event"] == "presence" and said["state"] == "offline", HEARTBEAT_S * 2 + 5)
    boris.say("missed")
    await boris.told(hears("missed"))

    woke = time.monotonic()
    anna.send(signal.SIGCONT)
    everything = "said before", "missed", "typed meanwhile"
    told = await hear_all(anna, *everything)
    assert max(said["t"] for said in told.values()) - woke < 1.5
    heard = {body: said["seq"] for body, said in told.items()}
    assert sorted(heard.values()) == sorted(set(heard.values()))


def has_nothing_to_wait_for(told: list[dict[str, Any]]) -> bool:
    """Whether a talker that said one thing has its answer, the entry, and its own presence, which may come before the link is up."""
    waiting = [said["waiting"] for said in told if said["event"] == "outbox"]
    return waiting[-1:] == [0] and 1 in waiting and {"message", "presence"} <= {said["event"] for said in told}


async def test_a_client_that_slept_finds_out_at_once_that_its_link_is_dead(lan: Lan):
    host, hers = lan.host(), lan.host()
    host.set("net/ipv4/tcp_orphan_retries", "1")
    relay, _, _ = await relay_on(host)
    anna = await talker_on(hers, "anna")
    anna.say("one")
    # Whoever waits for an answer, or has not read all yet, would find out by that.
    while not has_nothing_to_wait_for([json.loads(line) for line in anna.lines]):
        await anna.line()
    anna.send(signal.SIGSTOP)
    hers.cut()
    # What the relay said at its end was said to nobody: the client's socket still believes in it.
    await relay.stop(signal.SIGKILL)
    await until_nothing_is_left_to_say(host)
    await relay_on(host)
    hers.mend()
    anna.say(SLEPT)
    woke = time.monotonic()
    anna.send(signal.SIGCONT)
    assert (await anna.told(is_state("Connected")))["t"] - woke < 2.5


async def test_a_client_that_gets_another_address_is_back_at_once(lan: Lan):
    await relay_on(lan.host())
    hers = lan.host()
    anna, boris = await asyncio.gather(talker_on(hers, "anna"), talker_on(lan.host(), "boris"))
    anna.say("one")
    await boris.told(hears("one"))
    changed = time.monotonic()
    hers.ip("addr", "del", "10.77.0.2/24", "dev", "eth0")
    hers.ip("addr", "add", "10.77.0.77/24", "dev", "eth0")
    boris.say("two")
    anna.say("three")
    told = await hear_all(anna, "two", "three")
    assert max(said["t"] for said in told.values()) - changed < 2.0
    await boris.told(hears("three"))


async def test_a_client_that_has_no_network_says_so_and_is_back_as_soon_as_it_has_one(lan: Lan):
    await relay_on(lan.host())
    hers = lan.host()
    anna = await talker_on(hers, "anna")
    gone = time.monotonic()
    hers.ip("addr", "flush", "dev", "eth0")
    assert (await anna.told(is_state("Connecting")))["t"] - gone < 2.0
    anna.say("written without a network")
    await anna.told(is_state("Waiting"))
    back = time.monotonic()
    hers.ip("addr", "add", "10.77.0.2/24", "dev", "eth0")
    assert (await anna.told(is_state("Connected")))["t"] - back < 2.0
    assert (await anna.told(hears("written without a network")))["t"] - back < 2.5
