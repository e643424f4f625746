"""A relay that died comes back from its backup on another computer: its clients follow it there without a question."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

import pytest

from tests.lan.test_coming_back import is_state
from tests.lan.test_discovery import hears, relay_on, talker_on
from tests.lan.wires import Host, Lan, Program

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan")]


async def ordered(host: Host, *words: str) -> dict[str, Any]:
    """What `python -m relay` on *host* says that it did."""
    program = await host.run(sys.executable, "-m", "relay", *words, "--json")
    said: dict[str, Any] = json.loads((await program.rest(30)).splitlines()[-1])
    assert said["type"] != "NotDone", said
    return said


def told_by(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.lines]


def log_of(program: Program) -> dict[int, str]:
    """The messages that a talker was told since its log began (again), by seq."""
    log: dict[int, str] = {}
    for said in told_by(program):
        if said["event"] == "epoch":
            log.clear()
        elif said["event"] == "message":
            assert log.setdefault(said["seq"], said["body"]) == said["body"], "a place in the log has two messages"
    return log


async def until_log(program: Program, *bodies: str) -> None:
    """Wait until a talker has in its log exactly *bodies*, in this order."""
    while [body for _, body in sorted(log_of(program).items())] != list(bodies):
        await program.line()


async def test_clients_follow_a_relay_that_was_restored_on_another_computer(lan: Lan):
    first, second = lan.host(), lan.host()
    relay, ready, _ = await relay_on(first)
    anna = await talker_on(lan.host(), "anna")
    boris = await talker_on(lan.host(), "boris")
    for said in ("one", "two"):
        anna.say(said)
        await boris.told(hears(said))
    boris.say("three")
    await until_log(anna, "one", "two", "three")

    backup = lan.folder / "relay.backup"
    made = await ordered(first, "backup", str(backup), "--data-dir", str(lan.folder / "relay-1"))
    assert made["type"] == "BackupMade"
    anna.say("after the backup")
    await boris.told(hears("after the backup"))
    await anna.told(lambda said: said["event"] == "outbox" and said["waiting"] == 0)
    await relay.stop(signal.SIGKILL)
    await asyncio.gather(anna.told(is_state("Waiting")), boris.told(is_state("Waiting")))
    anna.say("written without a relay")
    await anna.told(lambda said: said["event"] == "outbox" and said["waiting"] == 1)
    boris.say("written here too")
    await boris.told(lambda said: said["event"] == "outbox" and said["waiting"] == 1)

    code, data = lan.folder / "code", lan.folder / "restored"
    await asyncio.to_thread(code.write_text, ready["recovery_code"] + "\n")
    where = "--data-dir", str(data), "--key-file", f"{data}.key"
    restored = await ordered(second, "restore", str(backup), "--recovery-code", str(code), *where)
    assert restored["relay_id"] == ready["relay_id"]
    again = await second.python("relay", "run", "--json", "--name", "Склад", *where)
    assert json.loads(await again.line())["relay_id"] == ready["relay_id"]

    # What had reached the relay before the backup is there, and what waited in the outboxes; in between is what the pages say is gone.
    for program in (anna, boris):
        await program.told(is_state("Connected"))
    anna.say("we are back")
    for program in (anna, boris):
        while "we are back" not in log_of(program).values():
            await program.line()
        log = [body for _, body in sorted(log_of(program).items())]
        assert log[:3] == ["one", "two", "three"]
        assert sorted(log[3:]) == ["we are back", "written here too", "written without a relay"]
        heard = [said["event"] for said in told_by(program)]
        assert heard.count("epoch") == 1
        assert "signed_out" not in heard
