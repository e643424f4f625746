"""A disk that is full or fails: nothing is acknowledged that is not there, reading goes on, writing comes back by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from common.errors import StorageUnavailable
from common.ids import Seq, UserId
from relay.journal import Journal, urgent
from relay.storage.reserve import BYTES, NAME
from relay.storage.store import REOPEN_AFTER_MS, ROOM_BYTES, Store
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction
from tests.relay.stores import Clock, add_person, database_in, log_of, message, store_in


def _failing_with(code: int) -> Callable[[Transaction], None]:
    """Work during which SQLite says that the disk failed. A real disk cannot be made to fail on request."""

    def fail(transaction: Transaction) -> None:
        transaction.append(message(transaction.groups.general(), UserId(1), "никогда"))
        raise _disk_error(code)

    return fail


def _disk_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
    return error


async def _fill_up(store: Store, sender: UserId) -> int:
    """Write until there is no room; how many entries were acknowledged."""
    for acknowledged in range(0, 50_000, 20):
        drafts = [message(store.general, sender, f"{acknowledged + n} " + "полно " * 300) for n in range(20)]
        try:
            await store.write(partial(Transaction.append_all, drafts=drafts))
        except StorageUnavailable:
            return acknowledged
    raise AssertionError("the disk never got full")


def _problem(store: Store) -> str | None:
    return store.problem


def _reading_problem(store: Store) -> str | None:
    return store.reading_problem


def _is_due(store: Store) -> bool:
    return store.is_checkpoint_due


async def _assert_is_full_and_readable(store: Store, acknowledged: int) -> None:
    assert store.problem is not None
    assert "full" in store.problem
    entries = await log_of(store, store.general)
    assert [entry.seq for entry in entries] == list(range(1, acknowledged + 1))


async def _assert_writes_again(store: Store, sender: UserId, acknowledged: int) -> None:
    await store.write(lambda tx: tx.append(message(store.general, sender, "снова есть место")))
    assert _problem(store) is None
    assert (await log_of(store, store.general))[-1].seq == acknowledged + 1


@pytest.mark.allows_errors
async def test_a_full_database_refuses_reads_on_and_resumes(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store._database.write(lambda conn: conn.execute("PRAGMA max_page_count = 120").fetchall())
        acknowledged = await _fill_up(store, anna)
        await _assert_is_full_and_readable(store, acknowledged)
        await store._database.write(lambda conn: conn.execute("PRAGMA max_page_count = 100000").fetchall())
        await _assert_writes_again(store, anna, acknowledged)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = (
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, text=True, check=False
        )
        if os.name == "posix" and os.geteuid() == 0
        else None
    )
    if mounting is None or mounting.returncode != 0:
        pytest.skip("only root on Linux can mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.allows_errors
async def test_a_full_disk_refuses_reads_on_and_resumes_when_there_is_room(small_disk: Path) -> None:
    clock = Clock()
    filler = small_disk / "filler"
    async with store_in(small_disk, clock) as store:
        anna = await add_person(store, "anna")
        filler.write_bytes(bytes(1_000_000))
        acknowledged = await _fill_up(store, anna)
        assert acknowledged
        assert store.problem is not None
        assert len(await log_of(store, store.general)) == acknowledged
        filler.unlink()
        clock.at += REOPEN_AFTER_MS
        await _assert_writes_again(store, anna, acknowledged)
    async with store_in(small_disk, clock) as store:
        assert len(await log_of(store, store.general)) == acknowledged + 1


@pytest.mark.allows_errors
async def test_one_commit_that_fits_is_no_sign_that_there_is_room_again(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, filler = Clock(), small_disk / "filler"
    async with store_in(small_disk, clock) as store:
        anna = await add_person(store, "anna")
        filler.write_bytes(bytes(1_000_000))
        acknowledged = await _fill_up(store, anna)
        clock.at += REOPEN_AFTER_MS
        os.truncate(filler, 1_000_000 - ROOM_BYTES // 2)
        await store.write(lambda tx: tx.append(message(store.general, anna, "это влезло")))
        assert shutil.disk_usage(small_disk).free < ROOM_BYTES, "else this shows nothing"
        assert store.problem is not None
        assert "full" in store.problem
        assert "works again" not in caplog.text
        filler.unlink()
        await _assert_writes_again(store, anna, acknowledged + 1)
        assert "works again" in caplog.text


async def _say_until_refused(journal: Journal, store: Store, sender: UserId) -> int:
    for number in range(10_000):
        try:
            await journal.append(message(store.general, sender, f"more {number} " + "полно " * 300))
        except StorageUnavailable:
            return number
    raise AssertionError("the disk never got full")


@pytest.mark.allows_errors
async def test_what_is_urgent_is_stored_on_a_full_disk_by_the_room_that_was_kept_for_it(small_disk: Path) -> None:
    async with store_in(small_disk) as store:
        anna = await add_person(store, "anna")
        store._reserve.take()
        kept = small_disk / "data" / NAME
        with kept.open("r+b") as file:
            file.truncate(BYTES // 4)  # so that this small disk holds something else too
        acknowledged = await _fill_up(store, anna)
        journal = Journal(store, lambda committed: None)
        journal.start()
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        acknowledged += await _say_until_refused(journal, store, anna)  # the log's file has room for some more
        drafts = [message(store.general, anna, f"urgent {number} " + "полно " * 300) for number in range(20)]
        with urgent():
            calls = [journal.append(draft) for draft in drafts]
        await asyncio.gather(*calls)
        late = await asyncio.gather(
            journal.append(message(store.general, anna, "полно " * 2000)), return_exceptions=True
        )
        assert isinstance(late[0], StorageUnavailable), "nothing of it is left for others"
        assert kept.stat().st_size > BYTES // 16, "it is kept again, for the next time"
        assert store.problem is not None, "one urgent change is no sign that there is room"
        filler.unlink()
        await journal.close()
        assert len(await log_of(store, store.general)) == acknowledged + len(drafts)


async def test_room_is_not_kept_where_there_is_none_to_spare(small_disk: Path) -> None:
    async with store_in(small_disk) as store:
        await store.keep_reserve()
        assert not (small_disk / "data" / NAME).exists()


@pytest.mark.allows_errors
@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_READONLY])
async def test_after_a_failed_fsync_only_the_file_is_believed(tmp_path: Path, code: int) -> None:
    clock = Clock()
    async with store_in(tmp_path, clock) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append(message(store.general, anna, "до")))
        database = store._database
        writer = database._writer
        with pytest.raises(StorageUnavailable):
            await store.write(_failing_with(code))
        assert store.problem is not None
        assert "disk fails" in store.problem
        assert [entry.body for entry in await log_of(store, store.general)] == ["до"]
        with pytest.raises(StorageUnavailable):  # not yet
            await store.write(lambda tx: tx.append(message(store.general, anna, "рано")))

        clock.at += REOPEN_AFTER_MS
        await store.write(lambda tx: tx.append(message(store.general, anna, "после")))

        assert _problem(store) is None
        assert database._writer is not writer, "the connection was opened again"
        assert [(entry.seq, entry.body) for entry in await log_of(store, store.general)] == [(1, "до"), (2, "после")]


@pytest.mark.allows_errors
async def test_a_disk_that_is_gone_refuses_everything_until_it_is_back(tmp_path: Path) -> None:
    clock = Clock()
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    async with store_in(tmp_path, clock) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append(message(store.general, anna, "до")))
        await store.checkpoint(truncate=True)
        data.rename(elsewhere)
        with pytest.raises(StorageUnavailable):
            await store.write(_failing_with(sqlite3.SQLITE_IOERR_FSYNC))
        clock.at += REOPEN_AFTER_MS
        with pytest.raises(StorageUnavailable):
            await store.write(lambda tx: tx.append(message(store.general, anna, "в пустоту")))
        with pytest.raises(StorageUnavailable):
            await log_of(store, store.general)
        elsewhere.rename(data)
        clock.at += REOPEN_AFTER_MS
        await store.write(lambda tx: tx.append(message(store.general, anna, "после")))

        assert [entry.body for entry in await log_of(store, store.general)] == ["до", "после"]


@pytest.mark.allows_errors
async def test_a_commit_that_was_called_failed_and_is_there_all_the_same_leaves_no_gap(tmp_path: Path) -> None:
    def commit_and_fail(transaction: Transaction) -> None:
        transaction.append(message(transaction.groups.general(), UserId(1), "всё-таки там"))
        transaction._conn.execute("COMMIT")
        raise _disk_error(sqlite3.SQLITE_IOERR_FSYNC)

    clock = Clock()
    async with store_in(tmp_path, clock) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append(message(store.general, anna, "до")))
        with pytest.raises(StorageUnavailable):
            await store.write(commit_and_fail)
        clock.at += REOPEN_AFTER_MS
        repeated = await store.write(lambda tx: tx.append(message(store.general, anna, "всё-таки там")))
        await store.write(lambda tx: tx.append(message(store.general, anna, "после")))

        assert repeated.seq == 2
        assert [entry.seq for entry in await log_of(store, store.general)] == [1, 2, 3]


@pytest.mark.allows_errors
async def test_a_database_that_was_damaged_meanwhile_takes_nothing_more(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path, clock) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append_all([message(store.general, anna, f"{n} " * 500) for n in range(100)]))
        await store.checkpoint(truncate=True)
        _overwrite_the_middle(database_in(tmp_path))
        await store.write(lambda tx: tx.append(message(store.general, anna, "ещё незаметно")))
        with pytest.raises(StorageUnavailable):
            await store.write(_failing_with(sqlite3.SQLITE_IOERR_FSYNC))
        for _ in range(2):
            clock.at += REOPEN_AFTER_MS
            with pytest.raises(StorageUnavailable):
                await store.write(lambda tx: tx.append(message(store.general, anna, "в пустоту")))
            assert store.problem is not None
            assert "damaged" in store.problem


def _overwrite_the_middle(path: Path) -> None:
    """Spoil two pages of old entries, which nothing new touches."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 2 * 4096] = b"\xff" * (2 * 4096)
    path.write_bytes(content)


@pytest.mark.allows_errors
async def test_reading_what_the_disk_cannot_give_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append_all([message(store.general, anna, f"{n} " * 500) for n in range(100)]))
        await store.checkpoint(truncate=True)
        _overwrite_the_middle(database_in(tmp_path))
        for _ in range(2):
            with pytest.raises(StorageUnavailable):
                await log_of(store, store.general)
        assert _reading_problem(store) is not None

        await store.write(lambda tx: tx.append(message(store.general, anna, "дальше")))
        assert _problem(store) is None
        assert _reading_problem(store) is not None  # one good write does not mend it

    assert caplog.text.count("cannot be read") == 1


@pytest.mark.allows_errors
async def test_a_disk_that_can_be_read_again_is_well_again(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:

        def fail(tables: Tables) -> None:
            raise _disk_error(sqlite3.SQLITE_IOERR_READ)

        with pytest.raises(StorageUnavailable):
            await store.read(fail)
        assert _reading_problem(store) is not None
        await store.read(lambda tables: tables.groups.all())
        assert _reading_problem(store) is None


async def test_a_mistake_in_the_program_is_not_taken_for_a_failing_disk(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.write(lambda tx: tx._conn.execute("SELECT * FROM nowhere"))
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await store.read(lambda tables: tables.entries._conn.execute("SELECT * FROM nowhere"))

        assert _problem(store) is None


async def test_reading_cannot_write(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await add_person(store, "anna")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await store.read(lambda tables: tables.people.set_role(UserId(1), "owner"))


# -- the write-ahead log -----------------------------------------------------------------------------------------------


def _log_size(folder: Path) -> int:
    path = database_in(folder).with_name("relay.db-wal")
    return path.stat().st_size if path.exists() else 0


async def test_the_log_is_emptied_on_request_and_gone_at_the_end(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await add_person(store, "anna")
        assert _log_size(tmp_path) > 0
        await store.checkpoint(truncate=True)
        assert _log_size(tmp_path) == 0
        await add_person(store, "boris")
        assert _log_size(tmp_path) > 0

    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["relay.db", "relay.lock"]


async def test_what_was_destroyed_is_emptied_out_of_the_log(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store.write(lambda tx: tx.append(message(store.general, anna, "раз")))
        assert store.holds_destroyed, "a relay that was killed may have left something behind"
        await store.checkpoint()
        assert (_log_size(tmp_path), store.holds_destroyed) == (0, False)
        await store.write(lambda tx: tx.append(message(store.general, anna, "два")))
        await store.checkpoint()
        assert _log_size(tmp_path) > 0
        await store.write(lambda tx: tx.take_back(store.general, Seq(1)))
        assert store.holds_destroyed
        await store.checkpoint()
        assert (_log_size(tmp_path), store.holds_destroyed) == (0, False)


async def test_a_checkpoint_is_due_after_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.storage.store.CHECKPOINT_CHANGES", 50)
    async with store_in(tmp_path) as store:
        anna = await add_person(store, "anna")
        await store.checkpoint()
        assert not _is_due(store)
        await store.write(lambda tx: tx.append_all([message(store.general, anna, str(number)) for number in range(50)]))
        assert _is_due(store)
        await store.checkpoint()
        assert not _is_due(store)


async def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await store.close()
