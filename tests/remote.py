"""A relay in a process of its own, as people start it, and the people who talk to it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Self, cast

import aiohttp

from common.ids import GroupId
from relay.app import RunningRelay
from tests.people import Json, Person, Stage

ROOT = Path(__file__).parents[1]
DEADLINE_S = 60.0
SECRETS = ("token", "secret", "code")
"""Fields of answers that open something."""


class Remote(Stage):
    """People of a relay in a process of its own; keeps every secret that it answers."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.relay = cast(RunningRelay, SimpleNamespace(port=port))
        self.http = http
        self.people: list[Person] = []
        self.general = GroupId(1)
        self.secrets: set[str] = set()

    async def posts(self, command: str, fields: Json, token: str | None = None) -> Json:
        answer = await super().posts(command, fields, token)
        return self.keeps(answer)

    def keeps(self, answer: Json) -> Json:
        """Remember what *answer* tells that nobody else may know."""
        if answer["type"] == "ok":
            self.secrets |= {str(answer[name]) for name in SECRETS if isinstance(answer.get(name), str)}
        return answer


class RelayProcess:
    """`python -m relay run` on loopback, from `starts` to `stops`, or killed at the end of its block."""

    def __init__(self, folder: Path, *options: str, data: Path | None = None, within: Sequence[str] = ()) -> None:
        """*within*: what its command begins with, as to enter a namespace. Where *data* is: in *folder*."""
        self.data = data or folder / "data"
        self.errors = folder / "stderr"
        self.key_file = folder / "keys" / "relay.key"
        self.ready: Json = {}
        self._options = options
        self._within = tuple(within)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.starts()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def starts(self) -> None:
        """Return when it is ready."""
        options = ["--json", "--host", "127.0.0.1", "--port", str(self.ready.get("port", 0)), "--announce", "no"]
        options += ["--rate-limit", "0", "--data-dir", str(self.data), "--key-file", str(self.key_file)]
        command = [*self._within, sys.executable, "-m", "relay", "run", *options, *self._options]
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=errors)
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S)
        assert line, self.errors.read_text("utf-8")
        self.ready = json.loads(line)

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    async def stops(self) -> None:
        """As with Ctrl+C."""
        assert self._process is not None
        self._process.terminate()
        assert await asyncio.wait_for(self._process.wait(), DEADLINE_S) == 0

    async def is_told(self, *words: str) -> tuple[int, Json]:
        """Exit code and outcome of `python -m relay` with *words* and --json, in its place."""
        command = [*self._within, sys.executable, "-m", "relay", *words, "--data-dir", str(self.data), "--json"]
        asked = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
        said, complaints = await asyncio.wait_for(asked.communicate(), DEADLINE_S)
        assert said, complaints.decode()
        assert asked.returncode is not None
        return asked.returncode, json.loads(said)
