"""Uploads over a real store: what is collected and what is kept, a failing disk, an end in the middle."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.errors import ShuttingDown, StorageUnavailable, UnknownFile
from common.ids import UserId
from common.protocol.messages import FileId, FileInfo
from relay.files import uploads as module
from relay.files.blobs import Blobs, BlobWriter
from relay.files.uploads import COLLECTED_AFTER_MS, FileLimits, Uploads
from relay.journal import CommittedEntry, Journal
from relay.personal_limits import PersonalLimits, defaults
from relay.storage.entries import Content, Draft
from relay.storage.store import Store
from tests.relay.stores import Clock, add_person, store_in

DATA = os.urandom(700_000)


@dataclass
class House:
    clock: Clock
    store: Store
    journal: Journal
    blobs: Blobs
    uploads: Uploads
    anna: UserId

    async def begins(self, size: int = len(DATA)) -> FileId:
        return (await self.uploads.create(self.anna, FileInfo("", "kettle", size))).id

    async def adds(self, file_id: FileId, *pieces: bytes) -> int:
        waiting = [*pieces, b""]

        async def read() -> bytes:
            return waiting.pop(0)

        async with self.uploads.turn(file_id, self.anna, lambda: None) as file:
            return await self.uploads.receive(file, read)

    async def received(self, file_id: FileId) -> int:
        return (await self.uploads.own(file_id, self.anna)).received


def nobody(committed: Sequence[CommittedEntry]) -> None:
    """Nobody is online."""


@asynccontextmanager
async def house_in(folder: Path) -> AsyncIterator[House]:
    clock = Clock()
    async with store_in(folder, clock) as store:
        journal = Journal(store, nobody)
        journal.start()
        blobs = Blobs(folder / "data" / "files", store.relay_id)
        uploads = Uploads(store, journal, blobs, FileLimits(1 << 30, PersonalLimits(defaults(0, 0)), 0))
        store.on_files_gone = uploads.drop
        try:
            yield House(clock, store, journal, blobs, uploads, await add_person(store, "anna"))
        finally:
            await uploads.close()
            await journal.close()


async def test_what_nobody_names_is_collected_a_day_later(tmp_path: Path):
    async with house_in(tmp_path) as house:
        named, unnamed, begun = [await house.begins() for _ in range(3)]
        await house.adds(named, DATA)
        await house.adds(unnamed, DATA)
        await house.adds(begun, DATA[:10])
        infos = await house.store.read(lambda tables: tables.files.infos_of(house.anna, [named]))
        draft = Draft(house.store.general, house.anna, "message", more=Content(files=infos))
        await house.journal.change(lambda transaction: transaction.append(draft))
        house.clock.at += COLLECTED_AFTER_MS
        await house.uploads.collect()
        assert set(house.blobs.listed()) == {named, unnamed, begun}
        await house.adds(begun, DATA[10:20])  # somebody still adds to it
        house.clock.at += 1
        await house.uploads.collect()
        assert set(house.blobs.listed()) == {named, begun}
        with pytest.raises(UnknownFile):
            await house.received(unnamed)


async def test_contents_without_a_row_are_removed(tmp_path: Path):
    async with house_in(tmp_path) as house:
        stray = house.blobs.path_of("ab" * 16)
        stray.parent.mkdir(parents=True)
        stray.write_bytes(b"left over by a kill")
        await house.uploads.collect()
        assert not stray.exists()


async def test_what_had_arrived_is_kept_when_the_relay_ends(tmp_path: Path):
    async with house_in(tmp_path) as house:
        file_id = await house.begins()
        pieces: asyncio.Queue[bytes] = asyncio.Queue()
        ended = asyncio.Event()

        async def read() -> bytes:
            getting, ending = asyncio.ensure_future(pieces.get()), asyncio.ensure_future(ended.wait())
            await asyncio.wait({getting, ending}, return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            if getting.done():
                return getting.result()
            getting.cancel()
            raise ShuttingDown

        async def receive() -> None:
            async with house.uploads.turn(file_id, house.anna, ended.set) as file:
                await house.uploads.receive(file, read)

        receiving = asyncio.create_task(receive())
        pieces.put_nowait(DATA[:300_001])
        while not pieces.empty():  # noqa: ASYNC110  a queue that is empty has been read
            await asyncio.sleep(0)
        await house.uploads.close()
        with pytest.raises(ShuttingDown):
            await receiving
        assert await house.received(file_id) == 300_001


async def test_a_disk_that_fails_is_said_and_nothing_of_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with house_in(tmp_path) as house:
        file_id = await house.begins()
        await house.adds(file_id, DATA[:100])

        def full(self: BlobWriter) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(BlobWriter, "settle", full)
            with pytest.raises(StorageUnavailable):
                await house.adds(file_id, DATA[100:200])
        assert await house.received(file_id) == 100
        assert await house.adds(file_id, DATA[100:]) == len(DATA)


async def test_what_is_on_the_disk_counts_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FLUSH_BYTES", 300_000)
    async with house_in(tmp_path) as house:
        file_id = await house.begins()
        seen: list[int] = []
        kept = asyncio.Event()
        keep = house.uploads._keep

        async def keep_and_tell(file_id: FileId, offset: int) -> None:
            await keep(file_id, offset)
            kept.set()

        monkeypatch.setattr(house.uploads, "_keep", keep_and_tell)
        pieces = [DATA[:300_000], DATA[300_000:600_000], DATA[600_000:], b""]

        async def read() -> bytes:
            if len(pieces) == 1:
                await kept.wait()
            seen.append(await house.received(file_id))
            return pieces.pop(0)

        async with house.uploads.turn(file_id, house.anna, lambda: None) as file:
            assert await house.uploads.receive(file, read) == len(DATA)
        assert seen[0] == 0
        assert 0 < seen[-1] < len(DATA)


async def test_a_restart_goes_on_from_what_was_received(tmp_path: Path):
    async with house_in(tmp_path) as house:
        file_id, anna = await house.begins(), house.anna
        await house.adds(file_id, DATA[:400_000])
    clock = Clock()
    async with store_in(tmp_path, clock) as store:
        journal = Journal(store, nobody)
        journal.start()
        uploads = Uploads(
            store,
            journal,
            Blobs(tmp_path / "data" / "files", store.relay_id),
            FileLimits(1 << 30, PersonalLimits(defaults(0, 0)), 0),
        )
        again = House(clock, store, journal, Blobs(tmp_path, store.relay_id), uploads, anna)
        assert await again.adds(file_id, DATA[400_000:]) == len(DATA)
        file = await uploads.to_fetch(file_id, anna)
        assert file.is_whole
        await uploads.close()
        await journal.close()
