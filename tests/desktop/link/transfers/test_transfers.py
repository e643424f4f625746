"""Files to and from a real relay in a process of its own, through pauses, kills and restarts."""

from __future__ import annotations

import asyncio
import filecmp
import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from common.crypto.tls import client_context
from common.ids import GroupId, Millis, RelayId, UserId
from common.protocol.messages import FileInfo
from desktop.events import LinkEvent
from desktop.events.transfers import Transfer, TransferChanged, TransferEnded
from desktop.link.address import Address
from desktop.link.archive import Archive
from desktop.link.pinning import PinnedSession
from desktop.link.transfers import moving
from desktop.link.transfers.filenames import part_of
from desktop.link.transfers.ledger import Ledger
from desktop.link.transfers.moving import Mover
from desktop.link.transfers.sources import Sources
from desktop.link.transfers.transfers import Transfers
from tests.desktop.link.relays import RelayProcess, relay_in

GROUP = GroupId(1)
BIG = 24 * 1024 * 1024
WITHIN_S = 30.0


def post(relay: RelayProcess, command: str, token: str = "", **fields: Any) -> Any:
    request = urllib.request.Request(
        f"https://{relay.address}/api/{command}",
        json.dumps(fields).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    context: ssl.SSLContext = client_context()
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return json.load(answer)


class Porter:
    """One person's transfers, and what they told."""

    def __init__(self, transfers: Transfers) -> None:
        self.transfers = transfers
        self.told: dict[str, Transfer] = {}
        self.ended: set[str] = set()
        self.changed = asyncio.Event()

    def hear(self, event: LinkEvent) -> None:
        match event:
            case TransferChanged(transfer):
                self.told[transfer.key] = transfer
            case TransferEnded(key):
                self.ended.add(key)
            case _:
                raise AssertionError(event)
        self.changed.set()

    async def until(self, key: str, fact: Callable[[Transfer], bool]) -> Transfer:
        async with asyncio.timeout(WITHIN_S):
            while key not in self.told or not fact(self.told[key]):
                self.changed.clear()
                await self.changed.wait()
        return self.told[key]

    async def done(self, key: str) -> Transfer:
        transfer = await self.until(key, lambda transfer: transfer.state in ("done", "failed"))
        assert transfer.state == "done", transfer.problem
        return transfer

    async def failed(self, key: str) -> Transfer:
        return await self.until(key, lambda transfer: transfer.state == "failed")


@asynccontextmanager
async def porter_at(relay: RelayProcess, home: Path, token: str, user: int) -> AsyncIterator[Porter]:
    relay_id = RelayId(relay.said["relay_id"])
    archive = await Archive.open(home, b"k" * 32, lambda: Millis(0))
    session = PinnedSession(relay_id)
    address = Address("127.0.0.1", relay.port)
    heard: list[Porter] = []
    mover = Mover(session, token, lambda: address, Sources(home / "pasted", archive.seals))
    porter = Porter(Transfers(Ledger(archive, relay_id, UserId(user)), mover, lambda event: heard[0].hear(event)))
    heard.append(porter)
    try:
        await porter.transfers.recall()
        porter.transfers.link_up(1 << 40)
        yield porter
    finally:
        await porter.transfers.close()
        await session.close()
        await archive.close()


@pytest.fixture
def relay(tmp_path: Path):
    with relay_in(tmp_path / "relay", "--rate-limit", "0") as running:
        yield running


@pytest.fixture
def anna(relay: RelayProcess) -> tuple[str, int]:
    answer = post(relay, "register", username="anna", password="correct horse")
    return answer["token"], answer["user"]["id"]


@pytest.fixture
def kettle(tmp_path: Path) -> Path:
    path = tmp_path / "чайник.bin"
    path.write_bytes(os.urandom(BIG))
    return path


async def same(one: Path, other: Path) -> bool:
    return await asyncio.to_thread(filecmp.cmp, one, other, False)


def info_of(transfer: Transfer) -> FileInfo:
    return FileInfo(transfer.file, transfer.name, transfer.size)


async def test_there_and_back(relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle, "application/x-kettle")
        sent = await porter.done("up")
        assert (sent.name, sent.size, sent.done, len(sent.file)) == (kettle.name, BIG, BIG, 32)
        folder = tmp_path / "downloads"
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), folder)
        fetched = await porter.done("down")
        assert fetched.path == folder / kettle.name
        assert await same(fetched.path, kettle)
        assert list(folder.iterdir()) == [fetched.path]


async def test_a_killed_relay_and_a_restarted_client_lose_nothing(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    home = tmp_path / "home"
    async with porter_at(relay, home, *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        await porter.until("up", lambda transfer: transfer.done > BIG // 4)
        relay.kill()
        await asyncio.to_thread(relay.start)
        await porter.until("up", lambda transfer: transfer.done > BIG // 2)
    async with porter_at(relay, home, *anna) as porter:
        sent = await porter.done("up")
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), tmp_path / "downloads")
        fetched = await porter.done("down")
        assert await same(fetched.path, kettle)


async def test_without_the_relay_it_is_said_to_wait_at_once_and_not_how_fast_it_was(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        await porter.until("up", lambda transfer: transfer.rate > 0)
        relay.pause()
        porter.transfers.link_down()
        told = porter.told["up"]
        assert (told.state, told.rate, told.left_s) == ("waiting", 0.0, None)
        relay.go_on()
        porter.transfers.link_up(1 << 40)
        assert porter.told["up"].state == "running"
        await porter.done("up")


async def test_what_broke_off_is_said_to_wait_until_it_is_tried_again(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        await porter.until("up", lambda transfer: transfer.done > 0)
        relay.kill()
        told = await porter.until("up", lambda transfer: transfer.state == "waiting")
        assert told.rate == 0.0
        await asyncio.to_thread(relay.start)
        await porter.until("up", lambda transfer: transfer.state == "running" and transfer.rate > 0)
        await porter.done("up")


async def test_what_is_paused_goes_on_when_told(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        await porter.until("up", lambda transfer: transfer.done > 0)
        await porter.transfers.pause_transfer("up")
        assert porter.told["up"].state == "paused"
        await porter.transfers.resume_transfer("up")
        sent = await porter.done("up")
        part = part_of(tmp_path / "downloads" / kettle.name)
        part.parent.mkdir()
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), part.parent)
        await porter.until("down", lambda transfer: transfer.done > 0)
        await porter.transfers.pause_transfer("down")
        if porter.told["down"].state == "paused":
            assert part.exists()
            await porter.transfers.resume_transfer("down")
        assert await same((await porter.done("down")).path, kettle)


async def test_what_came_wrong_never_gets_its_name(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        sent = await porter.done("up")
        folder = tmp_path / "downloads"
        folder.mkdir()
        porter.transfers.link_down()
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), folder)
        part_of(folder / kettle.name).write_bytes(b"somebody else's beginning")
        porter.transfers.link_up(1 << 40)
        assert (await porter.failed("down")).problem
        assert list(folder.iterdir()) == []
        await porter.transfers.retry_transfers()
        assert await same((await porter.done("down")).path, kettle)


async def test_what_is_given_up_leaves_nothing(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        begun = await porter.until("up", lambda transfer: bool(transfer.file))
        await porter.transfers.cancel_transfer("up")
        assert porter.ended == {"up"}
        await asyncio.gather(*porter.transfers._ending)
        answer = await asyncio.to_thread(_files_of, relay)
        assert begun.file not in answer
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        assert porter.told == {}


def _files_of(relay: RelayProcess) -> set[str]:
    return {path.name for path in (relay.folder / "data" / "files").rglob("*") if path.is_file()}


async def test_a_full_disk_is_noticed_before_anything_is_fetched(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, kettle)
        sent = await porter.done("up")
        monkeypatch.setattr(moving, "RESERVE_BYTES", 2**62)
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), tmp_path / "downloads")
        assert "room" in (await porter.failed("down")).problem
        assert list((tmp_path / "downloads").iterdir()) == []


async def test_a_file_too_large_and_one_that_is_not_there(
    relay: RelayProcess, anna: tuple[str, int], kettle: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        porter.transfers.link_up(BIG - 1)
        await porter.transfers.send_file("large", GROUP, kettle)
        assert "larger" in (await porter.failed("large")).problem
        await porter.transfers.send_file("missing", GROUP, tmp_path / "missing")
        assert "missing" in (await porter.failed("missing")).problem
        await porter.transfers.fetch_file("down", GROUP, FileInfo("ab" * 16, "x", 5), tmp_path)
        assert (await porter.failed("down")).problem


# -- where downloads go ------------------------------------------------------------------------------------------------


@pytest.fixture
def cup(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "cup.txt"
    path.write_bytes(b"porcelain" * 1000)
    return path


async def test_saving_takes_the_place_of_what_was_there(
    relay: RelayProcess, anna: tuple[str, int], cup: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, cup)
        sent = await porter.done("up")
        target = tmp_path / "saved.txt"
        target.write_text("an older one")
        await porter.transfers.save_file("one", GROUP, info_of(sent), target)
        assert (await porter.done("one")).path == target
        assert await same(target, cup)
        target.write_text("changed")
        await porter.transfers.save_file("two", GROUP, info_of(sent), target)
        await porter.done("two")
        assert await same(target, cup)
        assert porter.ended == {"one"}, "there is one transfer for a place"


async def test_a_download_never_takes_the_place_of_another_file(
    relay: RelayProcess, anna: tuple[str, int], cup: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, cup)
        sent = await porter.done("up")
        folder = tmp_path / "downloads"
        for key in ("one", "two"):
            await porter.transfers.fetch_file(key, GROUP, info_of(sent), folder)
            await porter.done(key)
        assert {path.name for path in folder.iterdir()} == {"cup.txt", "cup (2).txt"}


async def test_what_was_moved_away_can_be_fetched_again(
    relay: RelayProcess, anna: tuple[str, int], cup: Path, tmp_path: Path
):
    home = tmp_path / "home"
    async with porter_at(relay, home, *anna) as porter:
        await porter.transfers.send_file("up", GROUP, cup)
        sent = await porter.done("up")
        for key in ("stays", "goes"):
            await porter.transfers.fetch_file(key, GROUP, info_of(sent), tmp_path / key)
            await porter.done(key)
    (tmp_path / "goes" / "cup.txt").unlink()
    async with porter_at(relay, home, *anna) as porter:
        await asyncio.gather(*porter.transfers._ending)
        assert porter.ended == {"goes"}
    async with porter_at(relay, home, *anna) as porter:
        assert porter.told.keys() == {"up", "stays"}


async def test_a_place_where_nobody_may_look_is_not_taken_for_empty(
    relay: RelayProcess, anna: tuple[str, int], cup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = tmp_path / "home"
    async with porter_at(relay, home, *anna) as porter:
        await porter.transfers.send_file("up", GROUP, cup)
        sent = await porter.done("up")
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), tmp_path / "downloads")
        await porter.done("down")

    exists = Path.exists

    def refused(path: Path) -> bool:
        if path.parent.name == "downloads":
            raise PermissionError(13, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", refused)
    async with porter_at(relay, home, *anna) as porter:
        await asyncio.gather(*porter.transfers._ending)
        assert porter.ended == set()


async def test_a_folder_that_takes_nothing_is_named(
    relay: RelayProcess, anna: tuple[str, int], cup: Path, tmp_path: Path
):
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, cup)
        sent = await porter.done("up")
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), cup)
        assert "cannot be written" in (await porter.failed("down")).problem


@pytest.fixture
def thimble(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a small disk needs Linux and root")
    folder = tmp_path / "thimble"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "thimble", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("promised", [True, False], ids=["seen before", "seen while it comes"])
async def test_a_disk_without_room_is_said_and_the_download_goes_on_once_there_is(
    relay: RelayProcess,
    anna: tuple[str, int],
    tmp_path: Path,
    thimble: Path,
    promised: bool,
    monkeypatch: pytest.MonkeyPatch,
):
    bucket = tmp_path / "bucket.bin"
    bucket.write_bytes(os.urandom(3_000_000))
    if not promised:  # as if somebody else took the room meanwhile
        monkeypatch.setattr(moving, "RESERVE_BYTES", -(2**40))
    async with porter_at(relay, tmp_path / "home", *anna) as porter:
        await porter.transfers.send_file("up", GROUP, bucket)
        sent = await porter.done("up")
        await porter.transfers.fetch_file("down", GROUP, info_of(sent), thimble)
        problem = (await porter.failed("down")).problem
        assert problem == f"There is no room for this file in {thimble}."
        assert not (thimble / "bucket.bin").exists()
        monkeypatch.setattr(moving, "RESERVE_BYTES", 0)
        await asyncio.to_thread(subprocess.run, ["mount", "-o", "remount,size=8m", str(thimble)], check=True)
        await porter.transfers.resume_transfer("down")
        assert await same((await porter.done("down")).path, bucket)
