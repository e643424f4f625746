"""A relay that is besieged by more than three hundred hostile connections does what its owner says, and carries what people write."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Self

import aiohttp
import pytest

from common.errors import wire_errors
from relay.control.asking import order
from relay.control.words import DisablePerson, Done, SetLimit
from relay.places import STRANGERS_PER_ADDRESS
from tests.people import PASSWORD, Json, Person, tls
from tests.raw import RawSocket
from tests.remote import RelayProcess, Remote

HOSTILE, ELSEWHERE = "127.0.0.2", "127.0.0.3"
HALF_OPEN, BESIDE = STRANGERS_PER_ADDRESS + 30, 40
"""Greetings that do not go on: more than one address has places for, and some at the address of honest people."""
GUESSING = 6
LINKS = 6
"""Of each of the six kinds."""
MALLORIES = 4
REFUSED = {"rate_limited", "frame_too_large", "too_many_attempts", "not_signed_in", "limit_reached", "muted"}
MEMORY_BYTES = 400 * 1024**2
TUS = {"Tus-Resumable": "1.0.0"}
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2 and /proc")


class Siege:
    """Everything hostile at once. *codes*: what it was refused with."""

    def __init__(self, stage: Remote, http: aiohttp.ClientSession, mallories: list[Person]) -> None:
        self.codes: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()
        """How often each kind got as far as the relay."""
        self._stage = stage
        self._http = http
        self._mallories = mallories
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        every: list[tuple[str, int, Callable[[int], Awaitable[None]]]] = [
            ("half open", HALF_OPEN, lambda _: self._opens_half(ELSEWHERE)),
            ("half open beside honest people", BESIDE, lambda _: self._opens_half("127.0.0.1")),
            ("guess", GUESSING, self._guesses),
            ("slow body", GUESSING, self._sends_a_body_slowly),
            ("huge frame", LINKS, self._sends_huge_frames),
            ("slow reader", LINKS, self._never_reads),
            ("history", LINKS, lambda n: self._floods("history", n, {"type": "history", "group": 1, "limit": 200})),
            ("search", LINKS, lambda n: self._floods("search", n, {"type": "search", "query": "слово"})),
            ("post", LINKS, lambda n: self._floods("post", n, {"type": "post", "group": 1, "body": "слово " * 5})),
            ("upload", LINKS, self._uploads),
        ]
        for name, count, attack in every:
            self.reached[name] = 0
            self._tasks += [asyncio.create_task(self._again_and_again(attack, number)) for number in range(count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        print(dict(self.reached), dict(self.codes))
        assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}, outcomes

    async def stands(self) -> None:
        """Return when each kind has reached the relay."""
        while not all(self.reached.values()):
            self._changed.clear()
            await self._changed.wait()

    async def is_refused_with(self, codes: set[str]) -> None:
        """Return when it was refused with each of these."""
        while not codes <= set(self.codes):
            self._changed.clear()
            await self._changed.wait()

    async def _again_and_again(self, attack: Callable[[int], Awaitable[None]], number: int) -> None:
        while True:
            with contextlib.suppress(
                aiohttp.ClientError, OSError, EOFError, TimeoutError
            ):  # as the relay defends itself
                await attack(number)
            await asyncio.sleep(0.2)

    def _gets_to(self, name: str, *answers: Json) -> None:
        self.reached[name] += 1
        self.codes.update(answer["code"] for answer in answers if answer["type"] == "error")
        self._changed.set()

    def _is_refused(self, name: str, frame: bytes) -> None:
        """Not read as JSON: the one who attacks shall not be the one who has most to do."""
        self.reached[name] += 1
        self.codes.update(code.decode() for code in re.findall(rb'"type":"error","code":"(\w+)"', frame))
        self._changed.set()

    async def _opens_half(self, at: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._stage.relay.port, local_addr=(at, 0))
        try:
            writer.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")  # a greeting that does not go on
            self._gets_to("half open" if at == ELSEWHERE else "half open beside honest people")
            await reader.read()
        finally:
            writer.transport.abort()

    async def _guesses(self, number: int) -> None:
        fields = {"username": "olga", "password": "a wrong guess"}
        async with self._http.post(self._stage.url("/api/login"), json=fields) as response:
            self._gets_to("guess", await response.json())

    async def _sends_a_body_slowly(self, number: int) -> None:
        async def dribbles() -> AsyncIterator[bytes]:
            yield b'{"username": "olga", '
            self._gets_to("slow body")
            await asyncio.Event().wait()

        async with self._http.post(self._stage.url("/api/login"), data=dribbles()) as response:
            self._gets_to("slow body", await response.json())

    @contextlib.asynccontextmanager
    async def _link(self, number: int) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        token = self._mallories[number % MALLORIES].token
        async with self._http.ws_connect(
            self._stage.url("/ws", "wss"),
            headers={"Authorization": f"Bearer {token}"},
            protocols=("pymessenger.v1",),
            max_msg_size=16 * 1024**2,
        ) as link:
            await link.send_json({"type": "hello", "client": "siege", "id": 1})
            yield link

    async def _floods(self, kind: str, number: int, command: Json) -> None:
        async with self._link(number) as link:
            while True:
                commands = [{**command, "id": n} for n in range(2, 10)]
                if command["type"] == "post":
                    commands = [{**each, "nonce": secrets.token_hex(16)} for each in commands]
                await link.send_json(commands)
                answered = 0
                while answered < len(commands):
                    frame = await self._hears(link)
                    answered += len(re.findall(rb'"re":[2-9]\b', frame))
                    self._is_refused(kind, frame)

    async def _sends_huge_frames(self, number: int) -> None:
        async with self._link(number) as link:
            for size in (300 * 1024, 900 * 1024, 1100 * 1024):
                await link.send_str(json.dumps({"type": "typing", "group": 1, "extra": "x" * size}))
                frame = b""
                while b'"type":"error"' not in frame:
                    frame = await self._hears(link)
                self._is_refused("huge frame", frame)

    async def _hears(self, link: aiohttp.ClientWebSocketResponse) -> bytes:
        message = await link.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise EOFError
        return str(message.data).encode()

    async def _never_reads(self, number: int) -> None:
        token = self._mallories[number % MALLORIES].token
        try:
            link = await RawSocket.open(self._stage.relay.port, token, receive_bytes=4096, at=HOSTILE)
        except AssertionError:  # not let in any more
            return
        try:
            link.sends({"type": "hello", "client": "siege", "id": 1})
            await link.next_words()
            link.stops_reading()
            for n in range(2, 200):
                link.sends({"type": "history", "group": 1, "limit": 200, "id": n})
            self._gets_to("slow reader")
            await asyncio.sleep(20)
        finally:
            await link.goes()

    async def _uploads(self, number: int) -> None:
        token = self._mallories[number % MALLORIES].token
        headers = {**TUS, "Authorization": f"Bearer {token}", "Upload-Length": "1000000"}
        async with self._http.post(self._stage.url("/api/files"), headers=headers) as response:
            self._gets_to("upload", *([] if response.status == 201 else [await response.json()]))


def peak_bytes(pid: int) -> int:
    """The most memory that the process has had at once."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


async def owner_and_people(stage: Remote, code: str) -> tuple[Person, Person, Person, list[Person]]:
    olga = await stage.registers("olga", code=code)
    anna, boris = await stage.registers("anna"), await stage.registers("boris")
    mallories = [await stage.registers(f"mallory{number}") for number in range(MALLORIES)]
    for person in (olga, anna, boris):
        await person.comes()
    await asyncio.gather(*(anna.says("слово " * 40) for _ in range(60)))
    return olga, anna, boris, mallories


async def test_the_owner_and_honest_people_are_served_while_the_relay_is_besieged(tmp_path: Path):
    async with (
        asyncio.timeout(55),
        RelayProcess(tmp_path, "--rate-limit", "20") as relay,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls(), limit=0)) as http,
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls(), limit=0, local_addr=(HOSTILE, 0), force_close=True)
        ) as hostile,
    ):
        stage = Remote(relay.ready["port"], http)
        olga, anna, boris, mallories = await owner_and_people(stage, relay.ready["owner_code"])
        await asyncio.to_thread(order, relay.data, SetLimit("uploads", 3), Done)
        async with Siege(stage, hostile, mallories) as siege:
            await siege.stands()

            # What the owner orders is done: with the client, from the command line, and signing in anew in the middle of it.
            assert (await olga.gets({"type": "mute_member", "user": mallories[0].id, "seconds": 600}))["type"] == "ok"
            await asyncio.to_thread(order, relay.data, DisablePerson("mallory1"), Done)
            signed_in = await stage.posts("login", {"username": "olga", "password": PASSWORD})
            assert signed_in["type"] == "ok", signed_in
            sessions = await olga.gets({"type": "list_sessions", "user": mallories[2].id})
            for session in sessions["sessions"]:
                await olga.gets({"type": "revoke_sessions", "user": mallories[2].id, "session": session["id"]})

            # People write to each other, old links and new ones.
            await anna.says("Чайник вскипел")
            await boris.hears_message("Чайник вскипел")
            await anna.goes()
            await anna.comes()
            await boris.says("Иду")
            await anna.hears_message("Иду")

            # Whoever asks how the relay is gets an answer.
            async with http.get(stage.url("/health")) as response:
                assert (response.status, (await response.json())["status"]) == (200, "ok")

            await siege.is_refused_with(REFUSED)
            peak = peak_bytes(relay.pid)
            print(f"{peak / 1024**2:.0f} MiB at most; {dict(siege.reached)}; {dict(siege.codes)}")
        for person in (olga, anna, boris):
            await person.goes()
        await relay.stops()

    assert peak <= MEMORY_BYTES
    assert set(siege.codes) <= set(wire_errors()) - {"internal_error"}
