"""One connection, one thread, one hop; and the settings that durability hangs on."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest

from relay.storage.connection import Connection, open_reader, open_writer


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Connection]:
    writer = await open_writer(tmp_path / "a.db")
    await writer.run(lambda conn: conn.execute("CREATE TABLE words (word TEXT)"))
    yield writer
    await writer.close()


def _words(conn: sqlite3.Connection) -> list[str]:
    return [word for (word,) in conn.execute("SELECT word FROM words")]


async def test_aiosqlite_still_has_what_the_hop_is_made_of(tmp_path: Path) -> None:
    door = await aiosqlite.connect(tmp_path / "a.db")
    try:
        raw, thread = await door._execute(lambda conn: (conn, threading.current_thread()), door._conn)  # type: ignore[no-untyped-call]
    finally:
        await door.close()

    assert isinstance(raw, sqlite3.Connection)
    assert thread is door._thread is not threading.current_thread()


async def test_work_runs_on_the_connections_own_thread(writer: Connection) -> None:
    threads = {await writer.run(lambda conn: threading.current_thread()) for _ in range(3)}

    assert len(threads) == 1
    assert threading.current_thread() not in threads
    assert all(thread.daemon for thread in threads), "a program that fails before it can close must still end"


async def test_an_exception_reaches_who_asked(writer: Connection) -> None:
    with pytest.raises(ZeroDivisionError):
        await writer.run(lambda conn: 1 // 0)
    assert writer.waiting == 0


async def test_a_cancelled_caller_does_not_stop_the_work(writer: Connection) -> None:
    may_go_on = threading.Event()

    def work(conn: sqlite3.Connection) -> None:
        conn.execute("BEGIN")
        may_go_on.wait(10)
        conn.execute("INSERT INTO words VALUES ('whole')")
        conn.execute("COMMIT")

    running = asyncio.create_task(writer.run(work))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    may_go_on.set()

    assert await writer.run(_words) == ["whole"]


async def test_opening_that_is_cancelled_leaves_no_thread_behind(tmp_path: Path) -> None:
    await asyncio.to_thread(lambda: None)  # the loop's own threads are there now
    before = set(threading.enumerate())
    opening = asyncio.create_task(open_writer(tmp_path / "b.db"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    started = set(threading.enumerate()) - before
    assert started
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening

    for thread in started:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_a_reader_cannot_write(writer: Connection, tmp_path: Path) -> None:
    reader = await open_reader(tmp_path / "a.db")
    try:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.run(lambda conn: conn.execute("INSERT INTO words VALUES ('no')"))
        await writer.run(lambda conn: conn.execute("INSERT INTO words VALUES ('yes')"))
        assert await reader.run(_words) == ["yes"]
    finally:
        await reader.close()


@pytest.mark.parametrize(
    "pragma, value",
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        ("wal_autocheckpoint", 0),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("auto_vacuum", 2),
        ("trusted_schema", 0),
    ],
)
async def test_the_writer_is_set_so_that_acknowledged_means_durable(
    writer: Connection, pragma: str, value: object
) -> None:
    assert await writer.run(lambda conn: conn.execute(f"PRAGMA {pragma}").fetchone()) == (value,)


@pytest.mark.parametrize("pragma, value", [("query_only", 1), ("wal_autocheckpoint", 0)])
async def test_a_reader_neither_writes_nor_checkpoints(
    writer: Connection, tmp_path: Path, pragma: str, value: int
) -> None:
    reader = await open_reader(tmp_path / "a.db")
    try:
        assert await reader.run(lambda conn: conn.execute(f"PRAGMA {pragma}").fetchone()) == (value,)
    finally:
        await reader.close()


async def test_without_shared_memory_there_is_no_log(tmp_path: Path) -> None:
    writer = await open_writer(tmp_path / "c.db", wal=False)
    try:
        assert await writer.run(lambda conn: conn.execute("PRAGMA journal_mode").fetchone()) == ("delete",)
    finally:
        await writer.close()
