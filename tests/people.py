"""People in tests: each has a real WebSocket to a real relay, and speaks JSON as the documentation says, not as our codec does."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp

from common.crypto.tls import client_context
from common.ids import GroupId, Millis, Seq, UserId
from relay.app import RunningRelay, running
from relay.config import Config
from relay.handlers.accounts import new_token, token_hash
from relay.storage.entries import Draft
from relay.storage.transaction import Transaction

PASSWORD = "correct horse"
DEADLINE_S = 10.0

Json = dict[str, Any]


def quiet_config(folder: Path, **changes: Any) -> Config:
    """A relay for tests: everything under *folder*, any free port on loopback, nothing announced, no rate limit."""
    config = Config(
        data_dir=folder / "data",
        key_file=folder / "keys" / "relay.key",
        name="Testbed",
        host="127.0.0.1",
        port=0,
        announce=False,
        rate_limit=0,
    )
    return replace(config, **changes)


class Person:
    """Somebody with an account, and at most one link."""

    def __init__(self, stage: Stage, name: str, token: str, user: Json) -> None:
        self.stage = stage
        self.name = name
        self.token = token
        self.user = user
        self.id = UserId(user["id"])
        self.group: GroupId = stage.general
        self.welcome: Json = {}
        self.heard: list[Json] = []
        """Every event in its order."""
        self.close_code: int | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._changed = asyncio.Event()
        self._last_id = 0

    # -- by WebSocket --------------------------------------------------------------------------------------------------

    async def connects(self) -> None:
        """Open a link without a hello."""
        self._socket = await self.stage.http.ws_connect(
            self.stage.url("/ws", "wss"),
            headers={"Authorization": f"Bearer {self.token}"},
            protocols=("pymessenger.v1",),
            max_msg_size=4 * 1024 * 1024,
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    async def comes(self, epoch: str | None = None, cursors: dict[int, int] | None = None) -> Json:
        """Open a link and say hello."""
        await self.connects()
        hello: Json = {"type": "hello", "client": "tests"}
        if epoch is not None:
            hello |= {"epoch": epoch, "cursors": cursors or {}}
        self.welcome = await self.asks(hello)
        return self.welcome

    async def goes(self) -> None:
        """Close the link."""
        if self._socket is not None and self._reader is not None:
            await self._socket.close()
            await self._reader
            self._socket = self._reader = None

    async def sends(self, frame: str | bytes) -> None:
        """Send a raw frame: text, or binary for bytes."""
        assert self._socket is not None
        await (self._socket.send_str(frame) if isinstance(frame, str) else self._socket.send_bytes(frame))

    def begins(self, command: Json) -> asyncio.Future[Json]:
        """The answer to come; several may be on their way."""
        self._last_id += 1
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._answers[self._last_id] = future
        assert self._socket is not None
        text = json.dumps({**command, "id": self._last_id})
        asyncio.ensure_future(self._socket.send_str(text))  # noqa: RUF006  its failure shows as a missing answer
        return future

    async def asks(self, command: Json) -> Json:
        """The answer to *command*, whatever it says."""
        return await asyncio.wait_for(self.begins(command), DEADLINE_S)

    async def gets(self, command: Json) -> Json:
        """The answer to *command*, which must be ok."""
        answer = await self.asks(command)
        assert answer["type"] == "ok", answer
        return answer

    async def is_refused(self, command: Json) -> str:
        """The code with which *command* is refused."""
        answer = await self.asks(command)
        assert answer["type"] == "error", answer
        return str(answer["code"])

    async def says(self, body: str, group: int | None = None, nonce: str | None = None, **more: Any) -> Seq:
        """Post a message and wait until it is stored; its seq."""
        nonce = nonce or secrets.token_hex(16)
        answer = await self.gets({"type": "post", "group": group or self.group, "nonce": nonce, "body": body, **more})
        return Seq(answer["seq"])

    async def hears(self, wanted: Callable[[Json], bool], *, after: int = 0) -> Json:
        """The first event like that, from the *after*-th on; waits for it."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                self._changed.clear()
                for event in self.heard[after:]:
                    if wanted(event):
                        return event
                await self._changed.wait()

    async def hears_message(self, body: str) -> Json:
        """The entry with that text."""
        return await self.hears(lambda event: event["type"] == "entry" and event.get("body") == body)

    async def problem(self) -> Json:
        """The next error without a number: of a frame that could not even be told apart."""
        return await self.hears(lambda event: event["type"] == "error")

    def entries(self, group: int | None = None) -> list[Json]:
        """The entries heard so far in a group."""
        return [event for event in self.heard if event["type"] == "entry" and event["group"] == (group or self.group)]

    async def reads(self, group: int | None = None, after: int = 0) -> list[Json]:
        """All entries of a group's log after *after*, page by page."""
        found: list[Json] = []
        more = True
        while more:
            seq = found[-1]["seq"] if found else after
            page = await self.gets({"type": "history", "group": group or self.group, "after": seq, "limit": 200})
            found += page["entries"]
            more = page["more"]
        return found

    async def is_cut_off(self) -> int:
        """Wait until the relay has closed the link; the close code."""
        assert self._reader is not None
        await asyncio.wait_for(self._reader, DEADLINE_S)
        assert self.close_code is not None
        return self.close_code

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            for word in frame if isinstance(frame, list) else [frame]:
                waiting = self._answers.pop(word.get("re", -1), None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(word)
                else:
                    self.heard.append(word)
            self._changed.set()
        self.close_code = socket.close_code

    # -- by plain HTTP -------------------------------------------------------------------------------------------------

    async def posts(self, command: str, **fields: Any) -> Json:
        """The answer of `POST /api/<command>`."""
        return await self.stage.posts(command, fields, self.token)


class Stage:
    """A running relay and the people on it."""

    def __init__(self, relay: RunningRelay, http: aiohttp.ClientSession) -> None:
        self.relay = relay
        self.http = http
        self.people: list[Person] = []
        self.general: GroupId = relay.parts.roster.general

    def url(self, path: str, scheme: str = "https") -> str:
        return f"{scheme}://127.0.0.1:{self.relay.port}{path}"

    async def posts(self, command: str, fields: Json, token: str | None = None) -> Json:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.http.post(self.url(f"/api/{command}"), json=fields, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def registers(self, name: str, **more: Any) -> Person:
        """A new account, made as a client makes it."""
        answer = await self.posts("register", {"username": name, "password": PASSWORD, **more})
        assert answer["type"] == "ok", answer
        return self._with(Person(self, name, answer["token"], answer["user"]))

    async def enter(self, *names: str, group: str | None = None) -> list[Person]:
        """People who have registered and said hello, all in *group* if one is named; the first one makes it."""
        people = [await self.registers(name) for name in names]
        for person in people:
            await person.comes()
        if group is not None:
            made = await people[0].gets({"type": "create_group", "name": group})
            for person in people:
                person.group = made["group"]["id"]
                if person is not people[0]:
                    await person.gets({"type": "join_group", "group": person.group})
        return people

    async def crowd(self, count: int) -> list[Person]:
        """Many accounts at once in the general group, without the tenth of a second that each real password takes."""
        tokens = [new_token() for _ in range(count)]
        general = self.relay.parts.roster.general

        def add(transaction: Transaction) -> list[Any]:
            users = []
            for number, token in enumerate(tokens):
                user = transaction.people.add(f"crowd{number}", f"Crowd {number}", "", "member", transaction.now)
                transaction.append(Draft(general, user.id, "join"))
                transaction.groups.add_member(general, user.id, "member", transaction.now)
                transaction.sessions.add(user.id, token_hash(token), "tests", transaction.now)
                users.append(user)
            return users

        users = await self.relay.parts.journal.change(add)
        for user in users:
            self.relay.parts.fanout.add_member(general, user.id, "member")
        return [
            self._with(Person(self, user.username, token, {"id": user.id}))
            for user, token in zip(users, tokens, strict=True)
        ]

    def _with(self, person: Person) -> Person:
        self.people.append(person)
        return person


def tls() -> ssl.SSLContext:
    return client_context()


@asynccontextmanager
async def staged(config: Config, *, now: Callable[[], Millis] | None = None) -> AsyncIterator[Stage]:
    """A relay in this process, over real TLS and a real database, and somebody to talk to it."""
    async with (
        running(config, now=now) as relay,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls(), limit=0)) as http,
    ):
        stage = Stage(relay, http)
        yield stage
        for person in stage.people:
            await person.goes()
