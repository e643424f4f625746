"""A move whose one end or other is killed at its worst moments leaves exactly one relay that takes messages, with every one that was acknowledged."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from common.moving import MoveLink
from relay.config import Config
from tests.people import PASSWORD, quiet_config, staged, tls
from tests.relay.moving.moves import owner_of
from tests.smalldisk import mounted

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

ROOT = Path(__file__).parent.parent.parent
MESSAGES = 300
DEADLINE_S = 120.0
DYING = """
import importlib, os, signal, sys
place, when, count = sys.argv.pop(1).split(":")
module, _, name = place.rpartition(".")
module = importlib.import_module(module)
work, calls = getattr(module, name), []
def dying(*given, **named):
    calls.append(name)
    is_it = len(calls) == int(count)
    if is_it and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = work(*given, **named)
    if is_it:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(module, name, dying)
from relay.__main__ import main
sys.exit(main())
"""
LEFT = (
    "relay.handing_over.send:after:1",
    "relay.handing_over.send:before:2",
    "relay.moving.handover.write_mark:before:1",
    "relay.moving.handover.write_mark:after:1",
    "relay.moving.handover.write_mark:before:2",
    "relay.moving.handover.write_mark:after:2",
)
TAKING = (
    "relay.moving.receiving.read_from:after:1",
    "relay.moving.receiving.read_from:after:2",
    "relay.moving.receiving.write_mark:before:1",
    "relay.moving.receiving.write_mark:after:1",
    "relay.moving.receiving._put_in_place:before:1",
    "relay.storage.folder.carry_over:before:1",
    "relay.storage.folder.carry_over:after:1",
    "shutil.rmtree:after:1",
    "relay.moving.receiving.keep_names:before:1",
    "relay.moving.receiving._put_in_place:after:1",
)
IN_VOLUME = (
    "relay.moving.receiving.read_from:after:2",
    "relay.moving.receiving.write_mark:after:1",
    "relay.storage.in_place.arrive:before:1",
    "relay.storage.in_place._go_on:before:1",
    "relay.storage.in_place._move_in:before:1",
    "shutil.rmtree:before:1",
    "relay.storage.in_place.arrive:after:1",
)
"""The same where the folder that it goes to is a mounted volume."""


@dataclass
class End:
    """One of the two computers."""

    config: Config
    processes: list[Process] = field(default_factory=list)

    async def run(self, *words: str, dying: str = "", line: str = "") -> Process:
        """`python -m relay` with *words*."""
        program = ["-c", DYING, dying] if dying else ["-m", "relay"]
        where = "--data-dir", str(self.config.data_dir), "--key-file", str(self.config.key_file), "--json"
        process = await asyncio.create_subprocess_exec(
            sys.executable, *program, *words, *where, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        self.processes.append(process)
        assert process.stdin is not None
        process.stdin.write(f"{line}\n".encode())
        return process

    async def serve(self, port: int = 0, dying: str = "") -> dict[str, Any] | None:
        """Run the relay; what it says, None when it says no."""
        words = "run", "--host", "127.0.0.1", "--port", str(port), "--announce", "no", "--rate-limit", "0"
        process = await self.run(*words, dying=dying)
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            said = json.loads(await process.stdout.readline())
        return None if said.get("type") == "NotDone" else said

    async def end(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
        self.processes.clear()


@dataclass
class Writer:
    """Writes one message after the other, wherever the relay is, and knows which were acknowledged."""

    http: aiohttp.ClientSession
    token: str
    port: int
    acknowledged: list[str] = field(default_factory=list)

    async def says(self, command: str, **fields: Any) -> dict[str, Any]:
        url = f"https://127.0.0.1:{self.port}/api/{command}"
        async with self.http.post(url, json=fields, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            said: dict[str, Any] = await answer.json()
            return said

    async def posts(self) -> bool:
        """Whether one more message was taken."""
        body = secrets.token_hex(16)
        try:
            said = await self.says("post", group=1, nonce=body, body=body)
        except (aiohttp.ClientError, OSError):
            return False
        if said["type"] == "ok":
            self.acknowledged.append(body)
        return bool(said["type"] == "ok")

    async def posts_until_cancelled(self) -> None:
        while True:
            if not await self.posts():
                await asyncio.sleep(0.05)

    async def reads(self) -> list[str]:
        bodies: list[str] = []
        after, more = 0, True
        while more:
            page = await self.says("history", group=1, after=after, limit=200)
            bodies += [entry["body"] for entry in page["entries"] if entry["kind"] == "message"]
            after, more = page["entries"][-1]["seq"], page["more"]
        return bodies


@pytest.fixture(scope="module")
def seed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A relay that has ended, with an owner, and the owner's token."""
    folder = tmp_path_factory.mktemp("seed")

    async def fill() -> str:
        async with staged(quiet_config(folder)) as stage:
            anna = await owner_of(stage)
            await asyncio.gather(*(anna.says("x" * 8_000) for _ in range(MESSAGES)))
            return anna.token

    return folder, asyncio.run(fill())


@asynccontextmanager
async def writing(token: str, port: int) -> AsyncIterator[Writer]:
    connector = aiohttp.TCPConnector(ssl=tls(), force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        yield Writer(http, token, port)


async def one_is_left(here: End, there: End, writer: Writer) -> None:
    """Both computers are started as their owners would: then one takes messages, and has all that were ever acknowledged."""
    await there.end()
    await here.end()
    here_said = await here.serve(writer.port)
    finish = await there.run("move", "finish")
    said, _ = await finish.communicate()
    outcome = json.loads(said.splitlines()[-1])
    assert outcome["type"] == "Received" or outcome["code"] == "not_moved", outcome
    has_arrived = (there.config.data_dir / "relay.db").exists()
    there_said = await there.serve() if has_arrived else None
    takers = []
    for ready in (here_said, there_said):
        if ready is not None:
            writer.port = ready["port"]
            if await writer.posts():
                takers.append(ready)
                bodies = await writer.reads()
                assert bodies[:MESSAGES] == ["x" * 8_000] * MESSAGES
                assert set(bodies) >= set(writer.acknowledged)
    assert len(takers) == 1, (here_said, there_said, outcome)
    assert takers[0] is (there_said if has_arrived else here_said)


@pytest.mark.parametrize("dying", IN_VOLUME)
async def test_in_a_volume_too_one_relay_is_left(tmp_path: Path, seed: tuple[Path, str], dying: str):
    with mounted(tmp_path / "there" / "data"):
        await one_end_is_killed(tmp_path, seed, dying)


@pytest.mark.parametrize("dying", [*LEFT, *TAKING])
async def test_whichever_end_is_killed_one_relay_is_left(tmp_path: Path, seed: tuple[Path, str], dying: str):
    await asyncio.to_thread((tmp_path / "there" / "data").mkdir, parents=True)
    await one_end_is_killed(tmp_path, seed, dying)


async def one_end_is_killed(tmp_path: Path, seed: tuple[Path, str], dying: str) -> None:
    """The one that hands over or the one that takes, as *dying* says; one of them is left."""
    folder, token = seed
    await asyncio.to_thread(shutil.copytree, folder, tmp_path / "here")
    config = quiet_config(tmp_path / "here")
    here = End(config)
    there = End(replace(config, data_dir=tmp_path / "there" / "data", key_file=tmp_path / "relay.key"))
    await asyncio.to_thread((there.config.data_dir / ".gitkeep").touch)
    try:
        ready = await here.serve(dying=dying if dying in LEFT else "")
        assert ready is not None
        async with writing(token, ready["port"]) as writer:
            offered = await writer.says("offer_move", password=PASSWORD)
            link = MoveLink("127.0.0.1", ready["port"], ready["relay_id"], offered["ticket"])
            talking = asyncio.create_task(writer.posts_until_cancelled())
            taking = await there.run("move", "receive", dying="" if dying in LEFT else dying, line=link.text)
            left = here.processes[0]
            if dying not in LEFT:
                await asyncio.wait_for(taking.wait(), DEADLINE_S)
            else:
                if dying.endswith(":2") and "write_mark" in dying:  # that it serves there is what is written then
                    await asyncio.wait_for(taking.wait(), DEADLINE_S)
                    await there.serve()
                await asyncio.wait_for(left.wait(), DEADLINE_S)
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            assert (left if dying in LEFT else taking).returncode == -9
            await one_is_left(here, there, writer)
    finally:
        await here.end()
        await there.end()
