"""Later entries change what is archived: an edit replaces a text, a redaction destroys it; and archives of version 1 are brought along."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from common.ids import GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Entry, User
from desktop.events.conversations import GroupChoice, OwnStatus
from desktop.events.outbox import OutboxItem
from desktop.link.archive import Archive
from desktop.link.shelf import Shelf

KEY = bytes(range(32))
RELAY = RelayId("A" * 52)
ANNA = User(UserId(1), "anna", "Анна", "member")
BORIS = UserId(2)
GROUP = GroupId(4)


def entry(seq: int, body: str | None, kind: str = "message", target: int | None = None, who: UserId = BORIS) -> Entry:
    return Entry(GROUP, Seq(seq), kind, who, Millis(seq), None, body, None if target is None else Seq(target))


FIRST = entry(1, "тайна")
EDIT = entry(2, "другая тайна", "edit", 1)
AGAIN = entry(3, "третья тайна", "edit", 1)
TAKEN_BACK = entry(4, None, "redaction", 1)


def file_in(home: Path) -> Path:
    (path,) = home.glob("archive-*.db")
    return path


def every_byte_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.iterdir())


async def archived(home: Path, *changes: Callable[[Shelf], None]) -> list[Entry]:
    """Every entry of the file, after *changes*; nothing else may be left of them in it."""
    archive = await Archive.open(home, KEY)
    shelf = await Shelf.open(archive, await archive.make_account(RELAY, ANNA))
    for change in changes:
        change(shelf)
        await archive.flush()
    path = file_in(home)
    if changes:
        assert path.with_name(path.name + "-wal").stat().st_size == 0, "the log of the file has the texts from before"
    found = await shelf.entries_at(GROUP, [Seq(seq) for seq in range(1, 20)])
    await archive.close()
    return found


def keeps(*entries: Entry) -> Callable[[Shelf], None]:
    return lambda shelf: shelf.keep_entries(GROUP, entries)


def hears_of(*entries: Entry) -> Callable[[Shelf], None]:
    return lambda shelf: shelf.keep_related(GROUP, entries)


async def test_an_edit_replaces_the_text_before_it(tmp_path: Path) -> None:
    first, edit, again = await archived(tmp_path, keeps(FIRST), keeps(EDIT), keeps(AGAIN))
    assert (first.body, first.edited) == ("третья тайна", True)
    assert (edit.body, again.body) == (None, "третья тайна")


async def test_a_redaction_destroys_the_text_and_those_of_all_edits(tmp_path: Path) -> None:
    found = await archived(tmp_path, keeps(FIRST, EDIT, AGAIN), keeps(TAKEN_BACK))
    assert [one.body for one in found] == [None, None, None, None]
    assert found[0].redacted


async def test_it_does_so_when_it_is_known_before_the_message(tmp_path: Path) -> None:
    found = await archived(tmp_path, hears_of(TAKEN_BACK), keeps(FIRST, EDIT))
    assert [one.body for one in found] == [None, None, None]


async def test_nobody_else_s_edit_replaces_anything(tmp_path: Path) -> None:
    forged = entry(2, "чужое", "edit", 1, who=UserId(3))
    first, _edit = await archived(tmp_path, keeps(FIRST), keeps(forged))
    assert (first.body, first.edited) == ("тайна", False)


async def test_a_page_comes_with_what_was_said_of_it_later(tmp_path: Path) -> None:
    archive = await Archive.open(tmp_path, KEY)
    shelf = await Shelf.open(archive, await archive.make_account(RELAY, ANNA))
    page = [entry(1, "раз"), entry(2, "два", target=1), entry(3, "👍", "reaction", 1)]
    shelf.keep_entries(GROUP, page)
    shelf.keep_related(GROUP, [entry(40, "❤", "reaction", 2), entry(41, None, "pin", 1), entry(42, "ответ", target=2)])
    assert [one.seq for one in await shelf.related_to(GROUP, page)] == [40, 41], "an answer changes nothing"
    assert shelf.runs(GROUP).last == 3, "what lies between was not fetched"
    assert await shelf.page_before(GROUP, None, 10) == page
    await archive.close()


async def test_the_person_s_own_ways_are_kept_and_sealed(tmp_path: Path) -> None:
    def chooses(shelf: Shelf) -> None:
        shelf.keep_choice(GROUP, GroupChoice("mentions", True))
        shelf.keep_choice(GroupId(5), GroupChoice("nothing"))
        shelf.keep_choice(GroupId(5), GroupChoice(said=True))
        shelf.keep_choice(GroupId(6), GroupChoice("nothing", said=True))
        shelf.keep_choice(GroupId(6), GroupChoice())
        shelf.keep_own_status(OwnStatus("dnd", "на совещании"))
        shelf.keep_entries(GROUP, [FIRST, TAKEN_BACK])

    await archived(tmp_path, chooses)
    archive = await Archive.open(tmp_path, KEY)
    shelf = await Shelf.open(archive, await archive.make_account(RELAY, ANNA))
    assert shelf.choices == {GROUP: GroupChoice("mentions", True), GroupId(6): GroupChoice()}
    assert not shelf.choices[GroupId(6)].said, "what is as usual again is still to be said"
    assert shelf.own_status == OwnStatus("dnd", "на совещании")
    await archive.close()
    assert "на совещании".encode() not in every_byte_in(tmp_path)


# -- version 1 ---------------------------------------------------------------------------------------------------------


async def make_version_1(home: Path) -> None:
    """A file as the first version wrote it: nothing of it knows of later changes, or of acts in the outbox."""
    archive = await Archive.open(home, KEY)
    account = await archive.make_account(RELAY, ANNA)
    entries = {one.seq: one for one in (FIRST, EDIT, AGAIN, TAKEN_BACK, entry(5, "цела"), entry(6, "да", "edit", 5))}
    waiting = {"group": GROUP, "nonce": "a" * 32, "body": "скоро", "written_at": 7, "state": 1, "problem": ""}
    seal = archive.seals.seal

    def write(conn: sqlite3.Connection) -> None:
        for seq, one in entries.items():
            sealed = seal(one, "entry", RELAY, ANNA.id, GROUP, seq)
            conn.execute(
                "INSERT INTO entry (account, room, seq, sealed) VALUES (?, ?, ?, ?)", (account.row, GROUP, seq, sealed)
            )
        conn.execute("INSERT INTO run (account, room, first, last) VALUES (?, ?, 1, 6)", (account.row, GROUP))
        sealed = seal(waiting, "outbox", RELAY, ANNA.id, "a" * 32)
        conn.execute(
            "INSERT INTO outbox (account, nonce, place, sealed) VALUES (?, ?, 1, ?)", (account.row, "a" * 32, sealed)
        )

    archive.change(write)
    await archive.close()
    path = file_in(home)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(
            "DROP INDEX entry_target; ALTER TABLE entry DROP COLUMN target; DROP TABLE choice; DROP TABLE own_status;"
            "PRAGMA user_version = 1"
        )


async def test_an_archive_of_version_1_is_brought_along(tmp_path: Path) -> None:
    await make_version_1(tmp_path)
    archive = await Archive.open(tmp_path, KEY)
    account = await archive.account_of(RELAY, ANNA.id)
    assert account is not None
    shelf = await Shelf.open(archive, account)
    page = await shelf.page_before(GROUP, None, 10)
    assert [one.body for one in page] == [None, None, None, None, "да", "да"]
    assert [one.seq for one in await shelf.related_to(GROUP, page[:1])] == [2, 3, 4]
    assert list(shelf.outbox.values()) == [OutboxItem(GROUP, Nonce("a" * 32), "скоро", Millis(7))]
    await archive.close()


async def test_a_damaged_entry_of_version_1_hinders_nothing(tmp_path: Path) -> None:
    await make_version_1(tmp_path)
    path = file_in(tmp_path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("UPDATE entry SET sealed = x'00' WHERE seq = 6")
        conn.commit()
    archive = await Archive.open(tmp_path, KEY)
    account = await archive.account_of(RELAY, ANNA.id)
    assert account is not None
    shelf = await Shelf.open(archive, account)
    assert await shelf.page_before(GROUP, None, 10) == []
    assert [one.body for one in await shelf.page_before(GROUP, Seq(6), 10)] == [None, None, None, None, "цела"]
    await archive.close()


async def test_it_is_brought_along_once(tmp_path: Path) -> None:
    await make_version_1(tmp_path)
    await (await Archive.open(tmp_path, KEY)).close()
    path = file_in(tmp_path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (2,)
    await (await Archive.open(tmp_path, KEY)).close()
