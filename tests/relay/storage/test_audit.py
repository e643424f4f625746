"""What was done to the relay is kept sealed, bound to its place, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.protocol import limits
from relay.storage.audit import Note
from relay.storage.store import Store
from tests.relay.stores import Clock, database_in, store_in, tamper

DAY_MS = 24 * 3600 * 1000


async def write(store: Store, *details: str) -> None:
    for detail in details:
        await add(store, Note("backup_made", "command_line", detail=detail))


async def add(store: Store, note: Note) -> None:
    await store.write(lambda transaction: transaction.audit.add(note, transaction.now))


async def kept(store: Store) -> list[str]:
    entries = await store.read(lambda tables: tables.audit.newest(1000))
    return ["(damaged)" if entry.damaged else entry.detail for entry in entries]


async def test_the_newest_come_first_and_page_by_page(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await write(store, "one", "two", "three", "four")
        page = await store.read(lambda tables: tables.audit.newest(2))
        assert [entry.detail for entry in page] == ["four", "three"]
        older = await store.read(lambda tables: tables.audit.newest(2, page[-1].id))
        assert [entry.detail for entry in older] == ["two", "one"]


async def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_ENTRIES", 3)
    async with store_in(tmp_path) as store:
        await write(store, "one", "two", "three", "four", "five")
        assert await kept(store) == ["five", "four", "three"]


async def test_after_a_year_they_go(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path, clock) as store:
        await write(store, "old")
        clock.at += limits.AUDIT_DAYS * DAY_MS
        await write(store, "a year later")
        assert await kept(store) == ["a year later", "old"]
        clock.at += 1
        await write(store, "and a moment")
        assert await kept(store) == ["and a moment", "a year later"]


async def test_none_stands_in_clear(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await write(store, "/mnt/МАРКЕР-7741")
        for path in (tmp_path / "data").iterdir():
            content = path.read_bytes()
            assert "МАРКЕР-7741".encode() not in content, path.name
            assert b"backup_made" not in content, path.name
            assert b"command_line" not in content, path.name


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET at = at + 1 WHERE id = 1",
        "UPDATE audit SET said = (SELECT said FROM audit WHERE id = 2) WHERE id = 1",
        "UPDATE audit SET said = zeroblob(length(said)) WHERE id = 1",
    ],
)
async def test_one_that_was_tampered_with_shows_as_damaged_and_hides_no_other(tmp_path: Path, change: str) -> None:
    async with store_in(tmp_path) as store:
        await write(store, "one", "two")
    assert database_in(tmp_path).exists()
    assert tamper(tmp_path, change) == 1
    async with store_in(tmp_path) as store:
        assert await kept(store) == ["two", "(damaged)"]
        assert store.damaged == 1
