"""What the archive keeps, that it is sealed, and that damage costs only what is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from common.errors import DatabaseTooNew
from common.ids import Epoch, GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, User
from desktop.events.outbox import OutboxItem, OutboxState, PendingUpload
from desktop.link.archive import Archive, ArchiveUnavailable, KnownRelay
from desktop.link.runs import Run
from desktop.link.shelf import Shelf

KEY = bytes(range(32))
RELAY = RelayId("A" * 52)
ANNA = User(UserId(1), "anna", "Анна Метка", "member")
GROUP = GroupId(4)


def entry(seq: int, body: str = "", group: GroupId = GROUP) -> Entry:
    return Entry(group, Seq(seq), "message", ANNA.id, Millis(1_700_000_000_000 + seq), None, body or f"слово {seq}")


def entries(first: int, last: int) -> list[Entry]:
    return [entry(seq) for seq in range(first, last + 1)]


def item(number: int, body: str = "привет") -> OutboxItem:
    return OutboxItem(GROUP, Nonce(f"{number:032x}"), body, Millis(number), OutboxState.WAITING)


async def shelf_in(archive: Archive, user: User = ANNA) -> Shelf:
    return await Shelf.open(archive, await archive.make_account(RELAY, user))


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    opened = await Archive.open(tmp_path, KEY)
    yield opened
    await opened.close()


@pytest.fixture
async def shelf(archive: Archive) -> Shelf:
    return await shelf_in(archive)


def every_byte_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())


async def count(archive: Archive, table: str) -> int:
    return len(await archive.read(lambda conn: conn.execute(f"SELECT * FROM {table}").fetchall()))


def database_in(home: Path) -> Path:
    return next(home.glob("archive-*.db"))


async def test_everything_that_was_kept_is_there_after_the_next_start(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    known = KnownRelay(RELAY, "Склад", ("10.0.0.2:5000",), Millis(5))
    archive.remember_relay(known)
    shelf = await shelf_in(archive)
    group = GroupInfo(GROUP, "group", "склад", last_seq=Seq(3), last=entry(3))
    shelf.begin_epoch(Epoch("e1"))
    shelf.keep_groups([group])
    shelf.keep_people([ANNA])
    shelf.keep_draft(GROUP, "недописанное")
    shelf.put_out(item(2, "второе"))
    shelf.put_out(item(1, "первое"))
    shelf.keep_entries(GROUP, entries(1, 3))
    shelf.keep_complete_up_to(Millis(77))
    await archive.close()

    archive = await Archive.open(tmp_path, KEY)
    assert archive.relays == {RELAY: known}
    account = await archive.account_of(RELAY, ANNA.id)
    assert account is not None
    shelf = await Shelf.open(archive, account)
    assert (shelf.user, shelf.epoch, shelf.complete_up_to) == (ANNA, "e1", 77)
    assert dict(shelf.groups) == {GROUP: group}
    assert dict(shelf.people) == {ANNA.id: ANNA}
    assert dict(shelf.drafts) == {GROUP: "недописанное"}
    assert [one.body for one in shelf.outbox.values()] == ["второе", "первое"]
    assert await shelf.page_before(GROUP, None, 50) == entries(1, 3)
    assert shelf.cursors() == {GROUP: 3}
    assert await archive.account_of(RELAY, UserId(2)) is None
    await archive.close()


async def test_nothing_that_was_typed_stands_in_clear(tmp_path: Path) -> None:
    mark = "МеткаMarker"
    archive = await Archive.open(tmp_path, KEY)
    archive.remember_relay(KnownRelay(RELAY, mark, (f"{mark}.local:5000",), Millis(5)))
    shelf = await shelf_in(archive, User(UserId(1), mark, mark, "member"))
    shelf.keep_groups([GroupInfo(GROUP, "group", mark, mark)])
    shelf.keep_people([User(UserId(2), mark, mark, "member")])
    shelf.keep_draft(GROUP, mark)
    shelf.put_out(item(1, mark))
    shelf.keep_entries(GROUP, [entry(1, mark)])
    await shelf.flush()
    while_open = every_byte_in(tmp_path)
    await archive.close()
    at_rest = every_byte_in(tmp_path)
    assert len(at_rest) > 4096
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        for part in ("Метка", "Marker"):
            assert part.encode(encoding) not in while_open + at_rest


async def test_pages_come_from_the_end_and_never_over_a_gap(shelf: Shelf) -> None:
    shelf.keep_entries(GROUP, entries(1, 10))
    shelf.keep_entries(GROUP, entries(21, 30))
    assert await shelf.page_before(GROUP, None, 4) == entries(27, 30)
    assert await shelf.page_before(GROUP, Seq(27), 50) == entries(21, 26)
    assert await shelf.page_before(GROUP, Seq(21), 50) == []
    assert await shelf.page_before(GROUP, Seq(11), 3) == entries(8, 10)
    shelf.keep_entries(GROUP, entries(9, 22))
    assert list(shelf.runs(GROUP)) == [Run(Seq(1), Seq(30))]
    assert await shelf.page_before(GROUP, Seq(21), 50) == entries(1, 20)
    assert await shelf.page_before(GroupId(9), None, 50) == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE seq = 6) WHERE seq = 5",
        "UPDATE entry SET sealed = zeroblob(60) WHERE seq = 5",
        "UPDATE entry SET sealed = x'00' WHERE seq = 5",
        "DELETE FROM entry WHERE seq = 5",
    ],
)
async def test_a_damaged_entry_becomes_a_gap_and_costs_no_other(tmp_path: Path, damage: str) -> None:
    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    shelf.keep_entries(GROUP, entries(1, 9))
    await archive.close()
    with sqlite3.connect(database_in(tmp_path)) as conn:
        conn.execute(damage)
    conn.close()

    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    assert await shelf.page_before(GROUP, None, 50) == entries(6, 9)
    assert list(shelf.runs(GROUP)) == [Run(Seq(1), Seq(4)), Run(Seq(6), Seq(9))]
    assert await shelf.page_before(GROUP, Seq(6), 50) == []
    shelf.keep_entries(GROUP, [entry(5)])
    assert await shelf.page_before(GROUP, None, 50) == entries(1, 9)
    await archive.close()


async def test_another_epoch_forgets_the_log_and_keeps_what_was_written_here(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    other = await shelf_in(archive, User(UserId(2), "boris", "Борис", "member"))
    for one in (shelf, other):
        one.begin_epoch(Epoch("e1"))
        one.keep_groups([GroupInfo(GROUP, "group", "склад")])
        one.keep_entries(GROUP, entries(1, 9))
    shelf.keep_draft(GROUP, "черновик")
    shelf.put_out(item(1))
    shelf.keep_complete_up_to(Millis(5))
    shelf.begin_epoch(Epoch("e2"))
    await archive.close()

    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    assert (shelf.epoch, shelf.cursors(), shelf.complete_up_to, dict(shelf.groups)) == ("e2", {}, None, {})
    assert await shelf.page_before(GROUP, None, 9) == []
    assert (dict(shelf.drafts), list(shelf.outbox.values())) == ({GROUP: "черновик"}, [item(1)])
    other = await shelf_in(archive, User(UserId(2), "boris", "Борис", "member"))
    assert other.cursors() == {GROUP: 9}
    await archive.close()


async def test_a_waiting_message_keeps_its_files_also_those_whose_names_are_no_text(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    path = Path(os.fsdecode(b"/home/anna/\xff\xfe.jpg"))
    upload = PendingUpload("k/0", "\ufffd.jpg", 9, "image/jpeg", 4, 3, path, 17)
    waiting = replace(item(1), uploads=(upload,))
    (await shelf_in(archive)).put_out(waiting)
    await archive.close()
    archive = await Archive.open(tmp_path, KEY)
    assert list((await shelf_in(archive)).outbox.values()) == [waiting]
    await archive.close()
    assert b"/home/anna" not in every_byte_in(tmp_path)


async def test_what_left_the_outbox_does_not_come_back(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    for number in (1, 2, 3):
        shelf.put_out(item(number))
    failed = OutboxItem(GROUP, item(1).nonce, "привет", Millis(1), OutboxState.FAILED, "не член группы")
    shelf.put_out(failed)
    shelf.take_out(item(2).nonce)
    assert list(shelf.outbox.values()) == [failed, item(3)]
    await archive.close()
    archive = await Archive.open(tmp_path, KEY)
    assert list((await shelf_in(archive)).outbox.values()) == [failed, item(3)]
    await archive.close()


async def test_a_group_that_is_no_longer_seen_leaves_nothing(archive: Archive, shelf: Shelf) -> None:
    shelf.keep_groups([GroupInfo(GROUP, "group", "склад"), GroupInfo(GroupId(5), "group", "кухня")])
    shelf.keep_entries(GROUP, entries(1, 3))
    shelf.keep_entries(GroupId(5), [entry(1, group=GroupId(5))])
    shelf.keep_groups([GroupInfo(GroupId(5), "group", "кухня")])
    assert shelf.cursors() == {GroupId(5): 1}
    assert await archive.read(lambda conn: conn.execute("SELECT DISTINCT room FROM entry").fetchall()) == [(5,)]
    assert await archive.read(lambda conn: conn.execute("SELECT room FROM room").fetchall()) == [(5,)]


async def test_a_forgotten_relay_leaves_nothing(archive: Archive, shelf: Shelf) -> None:
    archive.remember_relay(KnownRelay(RELAY, "Склад", (), Millis(5)))
    shelf.keep_entries(GROUP, entries(1, 3))
    shelf.put_out(item(1))
    await archive.forget_relay(RELAY)
    assert archive.relays == {}
    for table in ("relay", "account", "entry", "run", "outbox"):
        assert await count(archive, table) == 0


async def test_only_one_program_has_the_archive_open(tmp_path: Path, archive: Archive) -> None:
    with pytest.raises(ArchiveUnavailable, match="Another window"):
        await Archive.open(tmp_path, KEY)


async def test_another_key_does_not_touch_the_archive_of_the_first(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    archive.remember_relay(KnownRelay(RELAY, "Склад", (), Millis(5)))
    await archive.close()
    other = await Archive.open(tmp_path, bytes(32))
    assert other.relays == {}
    await other.close()
    archive = await Archive.open(tmp_path, KEY)
    assert RELAY in archive.relays
    await archive.close()


async def test_an_archive_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    await (await Archive.open(tmp_path, KEY)).close()
    with sqlite3.connect(database_in(tmp_path)) as conn:
        conn.execute("PRAGMA user_version = 99")
    conn.close()
    before = database_in(tmp_path).read_bytes()
    with pytest.raises(DatabaseTooNew):
        await Archive.open(tmp_path, KEY)
    assert database_in(tmp_path).read_bytes() == before


@pytest.mark.allows_errors
async def test_a_disk_that_refuses_is_told_and_written_later(archive: Archive, shelf: Shelf) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        pages = conn.execute("PRAGMA page_count").fetchone()[0]
        conn.execute(f"PRAGMA max_page_count = {pages}")

    await archive.read(fill)
    shelf.keep_entries(GROUP, [entry(seq, "x" * 5000) for seq in range(1, 20)])
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await shelf.flush()
    assert "full" in archive.problem
    await archive._database.run(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchone())
    await shelf.flush()
    assert archive.problem == ""
    assert len(await shelf.page_before(GROUP, None, 50)) == 19


async def test_a_hundred_thousand_entries_open_at_once(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    shelf = await shelf_in(archive)
    shelf.keep_groups([GroupInfo(GROUP, "group", "склад")])
    for first in range(1, 100_001, 5000):
        shelf.keep_entries(GROUP, entries(first, first + 4999))
        await shelf.flush()
    await archive.close()

    began = time.perf_counter()
    archive = await Archive.open(tmp_path, KEY)
    account = await archive.account_of(RELAY, ANNA.id)
    assert account is not None
    shelf = await Shelf.open(archive, account)
    page = await shelf.page_before(GROUP, None, 200)
    took = time.perf_counter() - began
    await archive.close()
    assert page == entries(99_801, 100_000)
    print(f"archive of 100,000 entries: open and last 200 in {took * 1000:.0f} ms")
    assert took < 0.2


# -- a damaged file ----------------------------------------------------------------------------------------------------


async def filled(home: Path) -> Path:
    """An archive with a thousand entries, a draft and five unsent messages."""
    archive = await Archive.open(home, KEY)
    archive.remember_relay(KnownRelay(RELAY, "Склад", ("10.0.0.2:5000",), Millis(5)))
    shelf = await shelf_in(archive)
    shelf.begin_epoch(Epoch("e" * 32))
    shelf.keep_entries(GROUP, entries(1, 1000))
    shelf.keep_draft(GROUP, "черновик")
    for number in range(1, 6):
        shelf.put_out(item(number))
    await archive.close()
    return database_in(home)


def spoil(path: Path, table: str) -> None:
    """Overwrite what holds *table*, as a dying disk does."""
    with sqlite3.connect(path) as conn:
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        (root,) = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    conn.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)


def damaged_in(home: Path) -> list[Path]:
    return list(home.glob("*.damaged-*"))


async def what_waits(archive: Archive) -> list[OutboxItem]:
    account = await archive.account_of(RELAY, ANNA.id)
    return [] if account is None else list((await Shelf.open(archive, account)).outbox.values())


@pytest.mark.parametrize("table", ["relay", "account", "room", "person", "draft", "run"])
async def test_damage_at_the_start_costs_no_unsent_message_that_can_be_read(tmp_path: Path, table: str) -> None:
    path = await filled(tmp_path)
    spoil(path, table)
    before = path.read_bytes()
    archive = await Archive.open(tmp_path, KEY, lambda: Millis(1_700_000_000_000))
    aside = tmp_path / f"{path.name}.damaged-20231114-221320"
    assert aside.read_bytes() == before
    assert str(aside) in archive.damage
    assert ("may be missing" in archive.damage) == (table in {"relay", "account", "draft"})
    if table == "account":
        account = await archive.make_account(RELAY, ANNA)
        assert (await Shelf.open(archive, account)).outbox.keys() == {item(number).nonce for number in range(1, 6)}
    else:
        assert await what_waits(archive) == [item(number) for number in range(1, 6)]
    assert (RELAY in archive.relays) == (table != "relay")
    await archive.close()
    archive = await Archive.open(tmp_path, KEY)
    assert archive.damage == ""
    await archive.close()
    assert len(damaged_in(tmp_path)) == 1


async def test_a_file_that_is_no_archive_at_all_is_moved_aside(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    for number in range(2):
        path.write_bytes(b"not a database " * 1000)
        archive = await Archive.open(tmp_path, KEY)
        assert "may be missing" in archive.damage
        assert await what_waits(archive) == []
        shelf = await shelf_in(archive)
        shelf.put_out(item(number))
        await shelf.flush()
        await archive.close()
    assert len(damaged_in(tmp_path)) == 2


async def test_damage_that_is_met_later_is_mended_at_the_next_start(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    spoil(path, "entry")
    archive = await Archive.open(tmp_path, KEY)
    assert archive.damage == "", "history is not read through at every start"
    shelf = await shelf_in(archive)
    with pytest.raises(sqlite3.DatabaseError):
        await shelf.page_before(GROUP, None, 50)
    await archive.close()
    archive = await Archive.open(tmp_path, KEY)
    assert "were kept" in archive.damage
    assert await what_waits(archive) == [item(number) for number in range(1, 6)]
    shelf = await shelf_in(archive)
    assert shelf.cursors() == {}
    assert await shelf.page_before(GROUP, None, 50) == []
    await archive.close()
