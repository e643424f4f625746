"""An exchange of the master key, and sealing anew, beside who reads, where something is damaged, and on a disk that fails."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from common.crypto.keyslots import MasterKey, slot_for_recovery_code
from common.crypto.recovery import new_recovery_code
from common.errors import StorageUnavailable
from common.ids import GroupId, Seq, UserId
from relay.storage.database import Database
from relay.storage.exchange import Exchange
from relay.storage.store import Store
from tests.relay.stores import add_person, log_of, message, store_in, tamper


def an_exchange(store: Store, code: str | None = None) -> Any:
    """What a transaction does to exchange the master key."""
    master = MasterKey.random()
    exchange = Exchange(store.vault, store.vault.successor(master))
    slots = [slot_for_recovery_code(master, code or new_recovery_code(), store._now())]
    return lambda transaction: transaction.exchange(exchange, slots)


async def sealed_anew(store: Store, rows: int = 2) -> list[int]:
    """Go through all of the log; the keys that were destroyed."""
    while (made := await store.read(lambda tables: tables.resealing.next_slice(rows, 1_000_000))) is not None:
        await store.write(lambda tx, made=made: tx.resealing.put(made))  # type: ignore[misc]
    assert await store.read(lambda tables: tables.resealing.first_left_over()) is None
    return await store.write(lambda tx: tx.resealing.finish())


async def says(store: Store, *bodies: str) -> UserId:
    anna = await add_person(store, "anna")
    await store.write(lambda tx: tx.append_all([message(store.general, anna, body) for body in bodies]))
    return anna


async def bodies_of(store: Store, group: GroupId | None = None) -> list[str | None]:
    return [entry.body for entry in await log_of(store, group or store.general)]


async def keys_of(store: Store) -> list[int]:
    """The data keys of the entries, in their order."""
    return await store.read(
        lambda tables: [row[0] for row in tables.entries._conn.execute("SELECT key_id FROM entries ORDER BY id")]
    )


async def test_every_entry_comes_to_the_successor_of_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("relay.storage.transaction.KEY_ENTRIES", 3)
    said = [str(number) for number in range(8)]
    async with store_in(tmp_path) as store:
        anna = await says(store, *said)
        assert await keys_of(store) == [1, 1, 1, 2, 2, 2, 3, 3]
        await store.write(an_exchange(store))
        await store.write(lambda tx: tx.append_all([message(store.general, anna, body) for body in ("later", "last")]))
        assert await keys_of(store) == [1, 1, 1, 2, 2, 2, 3, 3, 6, 7], (
            "the last successor takes what fits, then a new one"
        )
        assert await sealed_anew(store) == [1, 2, 3]
        assert await keys_of(store) == [4, 4, 4, 5, 5, 5, 6, 6, 6, 7]
        assert await bodies_of(store) == [*said, "later", "last"]


@pytest.mark.parametrize("looked", [False, True], ids=["before the first look", "between two"])
async def test_who_began_to_read_before_reads_to_the_end(tmp_path: Path, looked: bool):
    async with store_in(tmp_path) as store:
        await says(store, "один", "два")
        loop, people = asyncio.get_running_loop(), await store.read(lambda tables: tables.people.all())

        def read_around(tables: Any) -> tuple[Any, Any]:
            if looked:
                assert tables.people.all() == people
            asyncio.run_coroutine_threadsafe(store.write(an_exchange(store)), loop).result()
            store.vault.keys.clear()
            return tables.people.all(), tables.entries.after(store.general, Seq(0), 10)

        after, entries = await store.read(read_around)
        assert after == people
        assert [entry.body for entry in entries] == ["один", "два"]
        assert await bodies_of(store) == ["один", "два"]
        assert await store.read(lambda tables: tables.people.all()) == people
        assert store.damaged == 0


async def test_a_copy_is_opened_by_the_key_of_its_own_moment(tmp_path: Path):
    async with store_in(tmp_path) as store:
        await says(store, "один")
        first, loop = store.vault, asyncio.get_running_loop()

        def look() -> None:
            if store.vault is first:
                asyncio.run_coroutine_threadsafe(store.write(an_exchange(store)), loop).result()

        assert await store.copy_to(tmp_path / "before", look) is first
        assert store.vault is not first
        assert await store.copy_to(tmp_path / "after", look) is store.vault


@pytest.mark.parametrize(
    "statement, bodies",
    [
        ("UPDATE entries SET body = zeroblob(60) WHERE seq = 2", ["один", None, "три"]),
        ("UPDATE entries SET sender = 2 WHERE seq = 2", ["один", None, "три"]),
        ("UPDATE data_keys SET wrapped = zeroblob(72) WHERE group_id = 1", [None, None, None]),
        ("UPDATE users SET display_name = username", ["один", "два", "три"]),
        ("UPDATE groups SET topic = x''", ["один", "два", "три"]),
    ],
    ids=["an entry", "moved", "a data key", "a name", "an empty record"],
)
async def test_what_is_damaged_stays_so_and_holds_nothing_up(tmp_path: Path, statement: str, bodies: list[str | None]):
    async with store_in(tmp_path) as store:
        await says(store, "один", "два", "три")
        await add_person(store, "boris")
        code = store.recovery_code
    assert tamper(tmp_path, statement)
    async with store_in(tmp_path) as store:
        await store.write(an_exchange(store, code))
        assert await bodies_of(store) == bodies
        assert await sealed_anew(store)
        assert await bodies_of(store) == bodies
        await store.write(lambda tx: tx.append(message(store.general, UserId(1), "дальше")))
    async with store_in(tmp_path, recovery_code=code) as store:
        assert await bodies_of(store) == [*bodies, "дальше"]


async def test_an_entry_that_was_passed_over_is_found_before_its_key_goes(tmp_path: Path):
    async with store_in(tmp_path) as store:
        await says(store, "один", "два", "три")
        await store.write(an_exchange(store))
        made = await store.read(lambda tables: tables.resealing.next_slice(100, 1_000_000))
        assert made is not None
        del made.bodies[1]
        await store.write(lambda tx: tx.resealing.put(made))
        assert await store.read(lambda tables: tables.resealing.next_slice(100, 1_000_000)) is None
        left = await store.read(lambda tables: tables.resealing.first_left_over())
        assert left == 2
        await store.write(lambda tx: tx.resealing.go_back(left))
        await sealed_anew(store)
        assert await bodies_of(store) == ["один", "два", "три"]


async def test_a_slice_is_put_in_place_once(tmp_path: Path):
    async with store_in(tmp_path) as store:
        await says(store, "один", "два")
        await store.write(an_exchange(store))
        made = await store.read(lambda tables: tables.resealing.next_slice(1, 1_000_000))
        assert made is not None
        await store.write(lambda tx: tx.resealing.put(made))
        with pytest.raises(LookupError):
            await store.write(lambda tx: tx.resealing.put(made))


async def test_a_large_entry_ends_its_slice(tmp_path: Path):
    async with store_in(tmp_path) as store:
        await says(store, *(f"{number}" * 1000 for number in range(5)), *"abc")
        await store.write(an_exchange(store))
        sizes = []
        while (made := await store.read(lambda tables: tables.resealing.next_slice(100, 1500))) is not None:
            sizes.append(len(made.bodies))
            await store.write(lambda tx, made=made: tx.resealing.put(made))  # type: ignore[misc]
        assert sizes == [2, 2, 4]


@pytest.mark.parametrize("is_there", [False, True], ids=["undone", "found in the log"])
async def test_after_a_commit_that_failed_the_database_says_which_key_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, caplog: pytest.LogCaptureFixture
):
    real = Database.write

    async def fails(self: Database, work: Any) -> Any:
        def failing(conn: sqlite3.Connection) -> Any:
            if is_there:
                work(conn)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

        return await real(self, failing)

    async with store_in(tmp_path) as store:
        anna = await says(store, "один")
        before = store.vault
        monkeypatch.setattr(Database, "write", fails)
        with pytest.raises(StorageUnavailable):
            await store.write(an_exchange(store))
        monkeypatch.undo()
        store._now.at += 10_000  # type: ignore[attr-defined]
        await store.write(lambda tx: tx.append(message(store.general, anna, "два")))
        assert (store.vault is before) != is_there
        assert await bodies_of(store) == ["один", "два"]
        assert store.damaged == 0
    caplog.clear()
