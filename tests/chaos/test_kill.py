"""The relay is killed twenty times while four clients send: what it acknowledged is there, once, and nothing else is missing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.people import PASSWORD, Json, tls
from tests.raw import RawSocket

ROOT = Path(__file__).parents[2]
KILLS = 20
CLIENTS = 4
OUTSTANDING = 16
ACKS_BETWEEN_KILLS = 60
DEADLINE_S = 30.0


class Relay:
    """`python -m relay run` in a process of its own, on the same port and data each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self.is_up = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    async def starts(self) -> None:
        command = [sys.executable, "-m", "relay", "run", "--json", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--announce", "no", "--rate-limit", "0", "--log-level", "warning"]
        command += ["--data-dir", str(self._folder / "data"), "--key-file", str(self._folder / "keys" / "relay.key")]
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = json.loads(await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S))["port"]
        self.is_up.set()

    async def is_killed(self) -> None:
        assert self._process is not None
        self.is_up.clear()
        self._process.kill()
        await self._process.wait()

    async def stops(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), DEADLINE_S)


@dataclass
class Author:
    """Writes all the time, keeps every message until it is acknowledged, and repeats those after each reconnect."""

    token: str
    relay: Relay
    waiting: dict[str, str] = field(default_factory=dict)
    """The outbox: body by nonce, oldest first."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Seq by nonce."""
    is_tired: bool = False
    progress: asyncio.Condition = field(default_factory=asyncio.Condition)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def lives(self) -> None:
        """Until it is tired and its outbox is empty."""
        while self.waiting or not self.is_tired:
            await self.relay.is_up.wait()
            with contextlib.suppress(OSError, EOFError):
                await self._one_connection()

    async def has_acknowledged(self, enough: int) -> None:
        """Return when so many messages are acknowledged."""
        async with self.progress:
            await self.progress.wait_for(lambda: len(self.acknowledged) >= enough)

    async def _one_connection(self) -> None:
        socket = await RawSocket.open(self.relay.port, self.token)
        try:
            socket.sends({"type": "hello", "id": 1, "client": "chaos"})
            sent: dict[int, str] = {}
            ids = itertools.count(2)
            for nonce in list(self.waiting):
                self._post(socket, sent, next(ids), nonce)
            while self.waiting or not self.is_tired:
                while len(self.waiting) < OUTSTANDING and not self.is_tired:
                    nonce = secrets.token_hex(16)
                    self.waiting[nonce] = f"message {next(self._numbers)}"
                    self._post(socket, sent, next(ids), nonce)
                for word in await socket.next_words():
                    if word["type"] == "error":
                        raise EOFError  # the relay could not take it just now: come back and repeat
                    if word.get("re") in sent:
                        await self._is_acknowledged(sent.pop(word["re"]), word["seq"])
        finally:
            await socket.goes()

    def _post(self, socket: RawSocket, sent: dict[int, str], number: int, nonce: str) -> None:
        sent[number] = nonce
        socket.sends({"type": "post", "id": number, "group": 1, "nonce": nonce, "body": self.waiting[nonce]})

    async def _is_acknowledged(self, nonce: str, seq: int) -> None:
        assert self.acknowledged.setdefault(nonce, seq) == seq, "a repeat gets the first answer"
        self.waiting.pop(nonce, None)
        async with self.progress:
            self.progress.notify_all()


async def register(relay: Relay, name: str) -> str:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls())) as http:
        fields = {"username": name, "password": PASSWORD}
        async with http.post(f"https://127.0.0.1:{relay.port}/api/register", json=fields) as response:
            return str((await response.json())["token"])


async def whole_log(relay: Relay, token: str) -> AsyncIterator[Json]:
    headers = {"Authorization": f"Bearer {token}"}
    after, more = 0, True
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls()), headers=headers) as http:
        while more:
            asked = {"group": 1, "after": after, "limit": 200}
            async with http.post(f"https://127.0.0.1:{relay.port}/api/history", json=asked) as response:
                page = await response.json()
            for entry in page["entries"]:
                yield entry
                after = entry["seq"]
            more = page["more"]


@pytest.mark.chaos
@pytest.mark.timeout(180)
async def test_twenty_kills_lose_nothing_and_repeat_nothing(tmp_path: Path):
    relay = Relay(tmp_path)
    await relay.starts()
    authors = [Author(await register(relay, f"author{number}"), relay) for number in range(CLIENTS)]
    lives = [asyncio.create_task(author.lives()) for author in authors]
    for kill in range(KILLS):
        author = authors[kill % CLIENTS]
        enough = len(author.acknowledged) + ACKS_BETWEEN_KILLS
        async with asyncio.timeout(DEADLINE_S):
            await author.has_acknowledged(enough)
        await relay.is_killed()
        await relay.starts()
    for author in authors:
        author.is_tired = True
    await asyncio.wait_for(asyncio.gather(*lives), DEADLINE_S)
    log = [entry async for entry in whole_log(relay, authors[0].token)]
    assert await relay.stops() == 0

    assert [entry["seq"] for entry in log] == list(range(1, len(log) + 1))
    seqs_by_nonce: dict[str, list[int]] = {}
    for entry in log:
        if entry["kind"] == "message":
            seqs_by_nonce.setdefault(entry["nonce"], []).append(entry["seq"])
    acknowledged = {nonce: [seq] for author in authors for nonce, seq in author.acknowledged.items()}
    assert seqs_by_nonce == acknowledged
    assert len(acknowledged) > KILLS * ACKS_BETWEEN_KILLS
