"""A relay moves to another computer of the LAN while people talk: they follow it there without a question, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
from typing import Any

import pytest

from tests.lan.test_coming_back import is_state
from tests.lan.test_discovery import hears, relay_on, talker_on
from tests.lan.test_restored import log_of, ordered, told_by
from tests.lan.wires import Host, Lan, Program, ip

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan"), pytest.mark.timeout(240)]

WITHIN_S = 60.0


def where(host: Host) -> tuple[str, ...]:
    """As `relay_on` names them."""
    data = host.lan.folder / f"relay-{host.number}"
    return "--data-dir", str(data), "--key-file", f"{data}.key"


async def offered(host: Host) -> str:
    said = await ordered(host, "move", "offer", *where(host)[:2])
    return str(said["link"])


async def receiving_on(host: Host, link: str) -> Program:
    program = await host.run(sys.executable, "-m", "relay", "move", "receive", "--json", *where(host))
    program.say(link)
    return program


async def outcome_of(program: Program) -> dict[str, Any]:
    """What it says last."""
    return await program.told(lambda said: said["type"] != "Progress", WITHIN_S)


async def write(program: Program, name: str, until: asyncio.Event) -> list[str]:
    """Write one message after the other; all that were written."""
    said: list[str] = []
    for number in itertools.count():
        said.append(f"{name} {number}")
        program.say(said[-1])
        if until.is_set():
            return said
        await asyncio.sleep(0.05)
    raise AssertionError


async def test_clients_follow_a_relay_that_moves_while_they_write(lan: Lan):
    here, there = lan.host(), lan.host()
    _relay, ready, _ = await relay_on(here)
    anna, boris = await asyncio.gather(talker_on(lan.host(), "anna"), talker_on(lan.host(), "boris"))
    anna.say("before")
    await boris.told(hears("before"))

    over = asyncio.Event()
    writing = asyncio.gather(write(anna, "anna", over), write(boris, "boris", over))
    outcome = await outcome_of(await receiving_on(there, await offered(here)))
    assert outcome["type"] == "Received"
    assert outcome["relay_id"] == ready["relay_id"]
    await relay_on(there)
    over.set()
    written = [body for each in await writing for body in each]
    anna.say("the last")
    for program in (anna, boris):
        while len(log_of(program)) < len(written) + 2:
            await program.line(WITHIN_S)
        log = [body for _, body in sorted(log_of(program).items())]
        assert sorted(log) == sorted(["before", *written, "the last"])
        heard = {said["event"] for said in told_by(program)}
        assert not heard & {"epoch", "signed_out"}

    # Where it was nobody serves any more, and says where to.
    assert (await ordered(here, "move", "status", *where(here)[:2]))["to"][0] == "10.77.0.2:5000"
    await here.programs[0].stop()
    again = await here.python("relay", "run", "--json", *where(here))
    refused = json.loads(await again.rest(WITHIN_S))
    assert refused["type"] == "NotDone"
    assert "10.77.0.2:5000" in refused["message"]
    late = await talker_on(lan.host(), "clara")
    late.say("found it")
    await boris.told(hears("found it"), WITHIN_S)


async def test_a_network_that_is_cut_while_it_holds_still_leaves_it_where_it_was(lan: Lan):
    here, there = lan.host(), lan.host()
    relay, _, _ = await relay_on(here)
    anna, boris = await asyncio.gather(talker_on(lan.host(), "anna"), talker_on(lan.host(), "boris"))
    for number in range(60):
        anna.say(f"{number} " + "x" * 12_000)
    # Of both: a program whose lines nobody reads stands still when there are too many.
    last = (each.told(lambda said: str(said.get("body")).startswith("59 "), WITHIN_S) for each in (anna, boris))
    await asyncio.gather(*last)
    slow = ("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1mbit", "burst", "16kb", "latency", "400ms")
    ip("netns", "exec", here.namespace, *slow)
    taking = await receiving_on(there, await offered(here))
    await taking.told(lambda said: said.get("stage") == "holding" and said["done"] > 0, WITHIN_S)
    there.cut()
    anna.say("written while nobody can")
    assert (await boris.told(hears("written while nobody can"), WITHIN_S))["mine"] is False
    there.mend()
    outcome = await outcome_of(taking)
    assert outcome["code"] == "not_moved", outcome
    assert (await ordered(here, "move", "status", *where(here)[:2]))["state"] == "none"

    # And once more, now that it is mended.
    ip("netns", "exec", here.namespace, "tc", "qdisc", "del", "dev", "eth0", "root")
    assert (await outcome_of(await receiving_on(there, await offered(here))))["type"] == "Received"
    await relay.stop(signal.SIGKILL)
    await relay_on(there)
    boris.say("it is there")
    await anna.told(hears("it is there"), WITHIN_S)
    assert is_state("Connected")(anna_state(anna))


def anna_state(program: Program) -> dict[str, Any]:
    """The state that a talker told last."""
    state: dict[str, Any] = json.loads([line for line in program.lines if '"event": "state"' in line][-1])
    return state
