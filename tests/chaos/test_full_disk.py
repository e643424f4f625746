"""A disk that is really full: what cannot be stored is refused, all else goes on, and with room again everything is as before, by itself."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.files import Courier
from tests.people import Json, Person, tls
from tests.remote import RelayProcess, Remote
from tests.smalldisk import SmallDisk, small_disk

AUTHORS = 4
FILE_BYTES = 16 * 1024**2
DEADLINE_S = 60.0

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]


@dataclass
class Author:
    """Says one thing after the other, and each as often as it takes."""

    person: Person
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Seq by body."""
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    went_on: asyncio.Event = field(default_factory=asyncio.Event)
    is_tired: bool = False

    async def lives(self) -> None:
        while not self.is_tired:
            body, nonce = f"{len(self.acknowledged)} {secrets.token_hex(2000)}", secrets.token_hex(16)
            while (answer := await self._posts(body, nonce))["type"] == "error":
                assert answer["code"] == "storage_unavailable", answer
                self.refused.set()
                self.went_on.clear()
                await asyncio.sleep(0.02)  # as a client waits before it tries again
            self.acknowledged[body] = answer["seq"]
            self.went_on.set()

    async def _posts(self, body: str, nonce: str) -> Json:
        return await self.person.asks({"type": "post", "group": self.person.group, "nonce": nonce, "body": body})


class Uploader:
    """Sends one file, piece by piece, and goes on where it stopped."""

    def __init__(self, person: Person) -> None:
        self.courier = Courier(person)
        self.data = secrets.token_bytes(FILE_BYTES)
        self.path = ""
        self.refused = asyncio.Event()
        self.begun = asyncio.Event()

    async def lives(self) -> str:
        """Its id, once the relay has it all."""
        self.path = await self.courier.begins(len(self.data), "big.bin")
        offset = 0
        while offset < len(self.data):
            status, _headers, _body = await self.courier.asks(
                "PATCH", self.path, data=self._rest(offset), headers=_part(offset)
            )
            if status != 204:
                assert status in (503, 507), status
                self.refused.set()
            offset = await self._standing(offset)
        return self.path.rpartition("/")[2]

    async def _standing(self, before: int) -> int:
        status, headers, _ = await self.courier.asks("HEAD", self.path, headers={"Tus-Resumable": "1.0.0"})
        return int(headers["Upload-Offset"]) if status == 200 else before

    async def _rest(self, offset: int) -> AsyncIterator[bytes]:
        for at in range(offset, len(self.data), 256 * 1024):
            yield self.data[at : at + 256 * 1024]
            self.begun.set()
            await asyncio.sleep(0.02)  # so that the disk fills while it is on its way


def _part(offset: int) -> dict[str, str]:
    return {
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
    }


@asynccontextmanager
async def people_of(relay: RelayProcess) -> AsyncIterator[Remote]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls(), limit=0)) as http:
        yield Remote(relay.ready["port"], http)


async def health(stage: Remote) -> tuple[int, dict[str, Any]]:
    async with stage.http.get(stage.url("/health")) as response:
        return response.status, await response.json()


async def refused_at_last(person: Person) -> str:
    """The code of the first refusal: the log may have a little room in what it has taken of the disk already."""
    while (answer := await person.asks(_message("too much")))["type"] == "ok":
        pass
    return str(answer["code"])


@pytest.fixture
def disk(tmp_path: Path) -> Any:
    with small_disk(tmp_path / "disk") as made:
        yield made


def relay_on(disk: SmallDisk, folder: Path, *options: str) -> RelayProcess:
    log = ("--log-file", str(disk.path / "relay.log"), "--log-file-max", "64K")
    return RelayProcess(folder, *log, *options, data=disk.path / "data", within=disk.within)


async def test_a_full_disk_refuses_words_and_files_and_all_goes_on_when_there_is_room(disk: SmallDisk, tmp_path: Path):
    async with relay_on(disk, tmp_path) as relay, people_of(relay) as stage:
        owner = await stage.registers("olga", code=relay.ready["owner_code"])
        await owner.comes()
        people = await stage.enter(*(f"author{number}" for number in range(AUTHORS)))
        (rowdy,) = await stage.enter("rowdy")
        spam = await rowdy.says("spam")
        uploader = Uploader((await stage.enter("uploader"))[0])
        assert (await health(stage))[0] == 200
        authors = [Author(person) for person in people]
        lives = [asyncio.create_task(author.lives()) for author in authors]
        upload = asyncio.create_task(uploader.lives())
        async with asyncio.timeout(DEADLINE_S):
            await uploader.begun.wait()
            await asyncio.gather(*(author.went_on.wait() for author in authors))
            disk.fills_up(left=2 * 1024**2)
            await asyncio.gather(*(author.refused.wait() for author in authors), uploader.refused.wait())

            # -- full: told, read, and the owner is heard
            while not {"storage", "disk_low"} <= set((found := await health(stage))[1].get("codes", ())):  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # what was measured is told for a second
        assert found[0] == 503
        # Before it is read: while it is, something may find its place in what the log has taken of the disk already.
        said = {body: seq for author in authors for body, seq in author.acknowledged.items()}
        until_now = await owner.reads()
        assert {
            entry["body"]: entry["seq"] for entry in until_now if entry["kind"] == "message"
        }.items() >= said.items()
        assert (await owner.gets({"type": "list_groups"}))["groups"]
        late = Person(stage, "olga", owner.token, owner.user)
        assert (await late.comes())["user"]["username"] == "olga", "who comes back is greeted"
        await late.goes()
        assert await refused_at_last(owner) == "storage_unavailable"
        assert (await relay.is_told("users", "list"))[0] == 0
        # -- who runs it, and its owners, can still act
        disk.fills_up()
        assert disk.free < 64 * 1024
        code, outcome = await relay.is_told("users", "disable", "rowdy")
        assert (code, outcome["type"]) == (0, "Done"), outcome
        assert await rowdy.is_cut_off() == 4001
        assert (await owner.asks({"type": "redact", "group": 1, "nonce": secrets.token_hex(16), "target": spam}))[
            "type"
        ] == "ok"
        assert await refused_at_last(owner) == "storage_unavailable", "her chatter has to wait too"
        code, refusal = await relay.is_told("backup", str(disk.path / "too-much.backup"))
        assert (code, refusal["code"]) == (1, "not_allowed")
        assert not [path.name for path in disk.seen.rglob("*") if "backup" in path.name], "nothing is left of it"

        # -- room again: nobody does anything
        disk.has_room()
        for author in authors:
            author.went_on.clear()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*(author.went_on.wait() for author in authors))
            file = await upload
            for author in authors:
                author.is_tired = True
            await asyncio.gather(*lives)
            while (await health(stage)) != (200, {"status": "ok"}):  # noqa: ASYNC110  another process
                await asyncio.sleep(0.1)
        assert (await Courier(uploader.courier.person).fetches(file))[2] == uploader.data
        await check_log(owner, authors)
        assert (await relay.is_told("backup", str(disk.path / "enough.backup")))[0] == 0
        assert (
            await relay.is_told("backup", "verify", str(disk.path / "enough.backup"), "--key-file", str(relay.key_file))
        )[0] == 0
        await relay.stops()
        await relay.starts()
        stage.relay.port = relay.ready["port"]  # type: ignore[misc]
        await owner.goes()
        await owner.comes()
        await check_log(owner, authors)
    logs = sorted(disk.seen.glob("relay.log*"))
    assert "Storing works again." in "".join(path.read_text("utf-8") for path in logs)
    assert len(logs) <= 5
    assert all(path.stat().st_size <= 64 * 1024 for path in logs)


async def test_a_restore_onto_a_full_disk_leaves_nothing_and_is_repeated_when_there_is_room(
    disk: SmallDisk, tmp_path: Path
):
    backup, content = tmp_path / "relay.backup", secrets.token_bytes(900_000)
    async with RelayProcess(tmp_path) as relay, people_of(relay) as stage:
        (anna,) = await stage.enter("anna")
        said = [await anna.says(f"message {number}") for number in range(5)]
        file = await Courier(anna).sends(content)
        assert (await Courier(anna).posts(file))["type"] == "ok"
        assert (await relay.is_told("backup", str(backup)))[0] == 0
        await relay.stops()
    words = ("restore", str(backup), "--key-file", str(tmp_path / "keys" / "relay.key"))
    again = RelayProcess(tmp_path, data=disk.path / "data", within=disk.within)
    disk.fills_up(left=256 * 1024)
    code, refusal = await again.is_told(*words)
    assert (code, refusal["type"]) == (1, "NotDone")
    assert "full" in refusal["message"] or "free" in refusal["message"], refusal
    assert list(disk.seen.iterdir()) == []
    disk.has_room()
    assert (await again.is_told(*words))[0] == 0
    async with again, people_of(again) as stage:
        anna = Person(stage, "anna", anna.token, anna.user)
        await anna.comes()
        assert [entry["seq"] for entry in await anna.reads() if entry.get("body")] == said
        assert (await Courier(anna).fetches(file))[2] == content
        await anna.goes()


async def check_log(reader: Person, authors: list[Author]) -> None:
    """Nothing acknowledged is lost, nothing is there twice, no number is missing."""
    log = await reader.reads()
    assert [entry["seq"] for entry in log] == list(range(1, len(log) + 1))
    of_authors = [entry for entry in log if entry["kind"] == "message" and entry["sender"] != reader.id]
    there = [(entry["body"], entry["seq"]) for entry in of_authors if "body" in entry]
    acknowledged = [(body, seq) for author in authors for body, seq in author.acknowledged.items()]
    assert sorted(there) == sorted(acknowledged)


def _message(body: str) -> Json:
    return {"type": "post", "group": 1, "nonce": secrets.token_hex(16), "body": body * 500}
