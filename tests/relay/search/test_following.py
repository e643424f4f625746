"""The index follows a real log, goes on from its snapshot, and believes only the right one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from common.crypto.sealing import SealKey
from common.errors import SearchUnavailable
from common.ids import Epoch, Seq, UserId
from common.protocol.messages import Entry
from relay.search import follower
from relay.search.follower import Pace
from relay.search.reading import Question, slice_after
from relay.search.search import Search
from relay.search.snapshot import FILE, SnapshotFile
from relay.search.text import term
from relay.storage.entries import Draft
from relay.storage.store import Store
from relay.storage.transaction import Transaction
from tests.relay.stores import add_person, message, store_in

T = TypeVar("T")
AT_ONCE = Pace(gathering=0, rest=0, busy_rest=0, renewing=0, saving=0, entries=1)
LATER = Pace(gathering=0, rest=0, busy_rest=0, renewing=1_000, saving=1_000)


def snapshots_of(folder: Path, store: Store, **changes: Any) -> SnapshotFile:
    parts: dict[str, Any] = {
        "key": partial(store.derived_key, "search snapshot"),
        "relay_id": store.relay_id,
        "epoch": store.epoch,
    } | changes
    return SnapshotFile(folder / "data", **parts)


class Stage:
    """A store with somebody in it, and its search."""

    def __init__(self, store: Store, search: Search) -> None:
        self.store = store
        self.search = search

    @property
    def reach(self) -> int:
        return self.search._follower.index.reach

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait, a turn of the index's thread at a time."""
        async with asyncio.timeout(10):
            while not is_so():
                await self.search._follower.run(int)

    async def says(self, *bodies: str) -> list[Entry]:
        drafts = [message(self.store.general, UserId(1), body) for body in bodies]
        return await self.writes(lambda transaction: [transaction.append(draft) for draft in drafts])

    async def writes(self, work: Callable[[Transaction], T]) -> T:
        result = await self.store.write(work)
        self.search.tell()
        return result

    async def redacts(self, seq: Seq) -> None:
        def redact(transaction: Transaction) -> None:
            transaction.entries.destroy(self.store.general, seq)
            transaction.append(Draft(self.store.general, UserId(1), "redaction", target=seq))

        await self.writes(redact)

    async def finds(self, query: str) -> list[str]:
        wanted = term(query)
        assert wanted is not None
        question = Question((wanted,), frozenset({self.store.general}), None, has_file=False)
        found = await self.search.find(question, after=None, before=None, limit=1_000)
        assert found.complete
        return [hit.snippet for hit in found.hits]


@asynccontextmanager
async def stage_in(folder: Path, pace: Pace = LATER, **changes: Any) -> AsyncIterator[Stage]:
    async with store_in(folder) as store:
        if not await store.read(lambda tables: tables.people.count()):
            await add_person(store, "anna")
        search = Search(store, snapshots_of(folder, store, **changes), pace)
        search.start()
        try:
            yield Stage(store, search)
        finally:
            await search.close()


async def test_more_than_a_slice_is_followed_and_no_entry_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follower, "SLICE", 3)
    async with stage_in(tmp_path) as stage:
        said = [f"чайник {number}" for number in range(20)]
        await stage.says(*said)
        assert await stage.finds("чайник") == said[::-1]
        await stage.says("чайник последний")
        assert (await stage.finds("чайник"))[0] == "чайник последний"


async def test_the_next_start_goes_on_from_the_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник один")
        await stage.finds("чайник")
        reach = stage.reach
    async with store_in(tmp_path) as store:
        await store.write(lambda tx: tx.append(message(store.general, UserId(1), "чайник два")))
    asked: list[int] = []

    def noted(tables: Any, number: int, limit: int) -> Any:
        asked.append(number)
        return slice_after(tables, number, limit)

    monkeypatch.setattr(follower, "slice_after", noted)
    async with stage_in(tmp_path) as stage:
        assert await stage.finds("чайник") == ["чайник два", "чайник один"]
    assert asked[0] == reach


async def test_now_and_then_it_is_written_while_the_relay_runs(tmp_path: Path):
    async with stage_in(tmp_path, AT_ONCE) as stage:
        await stage.says("чайник")
        await stage.finds("чайник")
        await stage.until((tmp_path / "data" / FILE).exists)
    assert not list((tmp_path / "data").glob("*.part"))


def spoilt(content: bytes, where: int) -> bytes:
    return content[:where] + bytes([content[where] ^ 1]) + content[where + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in the head": lambda content: content[:10],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "cut at the end": lambda content: content[:-1],
    "another form": lambda content: spoilt(content, 0),
    "another file's number": lambda content: spoilt(content, 10),
    "another count": lambda content: spoilt(content, 27),
    "another length": lambda content: spoilt(content, 28),
    "altered in the first part": lambda content: spoilt(content, 60),
    "altered at the end": lambda content: spoilt(content, len(content) - 1),
    "nonsense": lambda content: b"\xff" * 1000,
}


@pytest.mark.parametrize("how", DAMAGE)
async def test_a_damaged_snapshot_is_thrown_away_and_the_log_looked_through(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "data" / FILE
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник")
        await stage.finds("чайник")
    path.write_bytes(DAMAGE[how](path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        async with stage_in(tmp_path) as stage:
            assert await stage.finds("чайник") == ["чайник"]
        async with stage_in(tmp_path) as stage:
            assert await stage.finds("чайник") == ["чайник"]
    assert caplog.text.count("cannot be used") == 1


@pytest.mark.parametrize(
    "changes", [{"epoch": Epoch("another")}, {"relay_id": "A" * 52}, {"key": partial(SealKey.random, 0)}], ids=str
)
async def test_another_relays_or_an_older_epochs_snapshot_is_not_believed(
    changes: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник")
        await stage.finds("чайник")
    async with stage_in(tmp_path, **changes) as stage:
        assert await stage.finds("чайник") == ["чайник"]
    assert "cannot be used" in caplog.text


async def test_a_snapshot_of_another_log_is_not_believed(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник", "самовар")
        await stage.finds("чайник")
    async with store_in(tmp_path) as store:  # as a restored older database would be
        await store.write(lambda tx: tx._conn.execute("DELETE FROM entries WHERE id > 1"))
    async with stage_in(tmp_path) as stage:
        assert await stage.finds("самовар") == []
    assert "it tells of another log" in caplog.text


async def test_what_was_taken_back_leaves_the_disk_at_once_and_the_index_in_time(tmp_path: Path):
    path = tmp_path / "data" / FILE
    async with stage_in(tmp_path) as stage:
        first, _ = await stage.says("чайник", "самовар")
        await stage.finds("чайник")
    assert path.exists()
    async with stage_in(tmp_path) as stage:
        await stage.redacts(first.seq)
        assert await stage.finds("чайник") == []
        assert stage.search._follower.index.stale == {1}
        assert not path.exists()
    async with stage_in(tmp_path) as stage:  # it was written without what was to be made anew
        assert await stage.finds("самовар") == ["самовар"]
        assert not stage.search._follower.index.missing
    async with stage_in(tmp_path, AT_ONCE) as stage:
        (second,) = await stage.says("кофейник")
        await stage.finds("кофейник")
        await stage.redacts(second.seq)
        assert await stage.finds("ник") == []
        await stage.until(lambda: not stage.search._follower.index.stale)
        assert await stage.finds("самовар") == ["самовар"]


async def test_a_search_without_fts5_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("relay.search.search.why_not", lambda: "Searching is not possible: no such module: fts5.")
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник")
        with pytest.raises(SearchUnavailable, match="no such module"):
            await stage.finds("чайник")
    assert "no such module" in caplog.text
    assert not (tmp_path / "data" / FILE).exists()


async def test_a_full_disk_keeps_the_snapshot_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "data" / FILE
    async with stage_in(tmp_path) as stage:
        await stage.says("чайник")
        await stage.finds("чайник")
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with stage_in(tmp_path) as stage:
        await stage.says("самовар")
        await stage.finds("самовар")
        monkeypatch.setattr("relay.search.snapshot.os.fsync", full)
    assert path.read_bytes() == before
    assert not list((tmp_path / "data").glob("*.part"))
    assert "No space left on device" in caplog.text
