"""Exports by the whole link, over a real relay: what two people said comes out whole, or nothing does."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from common.ids import GroupId, Nonce, Seq
from common.protocol.messages import FileInfo
from desktop.events.asked import ExportChanged
from desktop.events.outbox import OutboxItem
from desktop.export.order import Order, Progress
from desktop.export.records import Conversation, End, ExportedEntry, ExportedGap, Line
from desktop.link.exports.fetching import Names
from desktop.link.exports.place import MARK, begin, is_export, sweep
from desktop.link.transfers.moving import RESERVE_BYTES
from tests.desktop.export.readers import Element, assert_harmless, read_page
from tests.desktop.link.clients import Client, Enter, unix_ms
from tests.desktop.link.relays import RelayProcess
from tests.desktop.link.transfers.test_link import done


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where people put their exports; what is still growing there at the end of a test was left behind."""
    folder = tmp_path / "exports"
    yield folder
    assert not list(folder.glob("*.part"))


def order(client: Client, place: Path, name: str = "Tea", **more: object) -> Order:
    return replace(Order(client.general, name, place), **more)


def told(client: Client) -> list[Progress]:
    return [event.progress for event in client.events if isinstance(event, ExportChanged)]


def ended(client: Client, since: int = 0) -> Progress:
    def fact() -> Progress | None:
        new = told(client)[since:]
        return new[-1] if new and not new[-1].is_under_way else None

    return client.until(fact)


def exports(client: Client, wanted: Order) -> Progress:
    since = len(told(client))
    client.link.export(wanted)
    return ended(client, since)


def made(client: Client, wanted: Order) -> Path:
    """The folder of an export that goes well."""
    end = exports(client, wanted)
    assert end.phase == "done", end
    return end.folder


def lines(folder: Path) -> list[Line]:
    return [msgspec.json.decode(line, type=Line) for line in (folder / "conversation.jsonl").read_bytes().splitlines()]


def entries(folder: Path) -> list[ExportedEntry]:
    return [line for line in lines(folder) if isinstance(line, ExportedEntry)]


def sends_file(client: Client, path: Path, group: GroupId | None = None) -> FileInfo:
    """Upload and post it."""
    key, group = f"{path}", client.general if group is None else group
    client.link.send_file(key, group, path)
    sent = done(client, key)
    file = FileInfo(sent.file, sent.name, sent.size)
    before = len(posted(client, group))
    client.link.act(OutboxItem(group, new_nonce(), "", unix_ms(), files=(file,)))
    client.until(lambda: len(posted(client, group)) > before or None)
    return file


def posted(client: Client, group: GroupId | None = None) -> list[FileInfo]:
    """All files of all messages that were told."""
    log = client.log.get(client.general if group is None else group, {})
    return [file for entry in log.values() for file in entry.files]


def new_nonce() -> Nonce:
    return Nonce(secrets.token_hex(16))


def answers(client: Client, target: Seq, body: str) -> None:
    client.link.act(OutboxItem(client.general, new_nonce(), body, unix_ms(), target=target))


def bubbles(page: Element) -> dict[str, Element]:
    return {one.attributes["id"]: one for one in page.all("article")}


def test_what_two_people_said_comes_out_as_it_stands(relay: RelayProcess, enter: Enter, place: Path):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna", relay.said["owner_code"])
    boris.register(relay.address, "boris")
    for text in ("The **kettle** is on", "regretted", "first wording"):
        boris.says(text)
        anna.until(lambda text=text: anna.seq_of(text) or None)  # type: ignore[misc]
    kettle, regretted, worded = (anna.seq_of(text) for text in ("The **kettle** is on", "regretted", "first wording"))
    boris.does("edit", worded, "second wording")
    boris.does("redaction", regretted)
    anna.does("reaction", kettle, "👍")
    anna.does("pin", kettle)
    answers(anna, kettle, "Thank you")
    anna.link.rename_group(anna.general, "Tea room")
    kinds = ["edit", "redaction", "reaction", "pin", "rename"]
    anna.until(lambda: (sorted(anna.kinds()) == sorted(kinds) and anna.seq_of("Thank you")) or None)
    folder = made(anna, order(anna, place))
    page = read_page(folder / "index.html")
    assert_harmless(page)
    shown = bubbles(page)
    assert shown[f"m{kettle}"].one("b").text == "kettle"
    assert shown[f"m{kettle}"].one(kind="r").attributes["title"] == "Anna"
    assert shown[f"m{regretted}"].one(kind="gone").text == "This message was taken back."
    assert shown[f"m{worded}"].one(kind="t").text == "second wording"
    thanks = shown[f"m{anna.seq_of('Thank you')}"]
    assert thanks.one(kind="q").attributes["href"] == f"#m{kettle}"
    assert "own" in thanks.classes
    notices = [note.text.rpartition(" ")[0] for note in page.all("p", "note")]
    assert notices[:2] == ["Anna joined the group", "Boris joined the group"]
    assert set(notices[2:]) == {"Anna pinned a message", "Anna renamed the group to “Tea room”"}
    assert [pin.text for pin in page.one("ul", "pins").all("a")] == ["The kettle is on"]
    head, *log, end = lines(folder)
    assert isinstance(head, Conversation)
    assert sorted(user.username for user in head.people) == ["anna", "boris"]
    assert [one.seq for one in log if isinstance(one, ExportedEntry)] == list(range(1, len(log) + 1))
    assert end == End(len(log), 4, 0, 0)
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"regretted" not in whole
    assert b"first wording" not in whole
    assert sorted(path.name for path in folder.iterdir()) == ["conversation.jsonl", "index.html"]


def test_attached_files_come_along_each_under_a_name_of_its_own(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    contents = []
    for number, name in enumerate(("plan.txt", "PLAN.txt", "plan.txt")):
        path = tmp_path / f"box{number}" / name
        path.parent.mkdir()
        contents.append(os.urandom(1000 + number))
        path.write_bytes(contents[-1])
        sends_file(boris, path)
    anna.until(lambda: len(posted(anna)) == 3 or None)
    end = exports(anna, order(anna, place))
    assert (end.phase, end.files, end.missing_count) == ("done", 3, 0)
    paths = [file.path for entry in entries(end.folder) for file in entry.files]
    assert paths == ["files/plan.txt", "files/PLAN (2).txt", "files/plan (3).txt"]
    assert [(end.folder / path).read_bytes() for path in paths] == contents
    links = [link.attributes["href"] for link in read_page(end.folder / "index.html").one("main").all("a")]
    assert links == ["files/plan.txt", "files/PLAN%20%282%29.txt", "files/plan%20%283%29.txt"]


def test_a_file_that_the_relay_cannot_give_is_named_and_the_rest_goes_on(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    before = set((relay.folder / "data").rglob("*"))
    (tmp_path / "lost.txt").write_bytes(os.urandom(200_000))
    sends_file(anna, tmp_path / "lost.txt")
    for path in set((relay.folder / "data").rglob("*")) - before:
        if path.is_file() and path.stat().st_size >= 200_000 and ".db" not in path.name:
            path.unlink()
    (tmp_path / "kept.txt").write_bytes(b"kept")
    sends_file(anna, tmp_path / "kept.txt")
    end = exports(anna, order(anna, place))
    assert (end.phase, end.missing, end.missing_count) == ("done", ("lost.txt",), 1)
    lost, kept = (entry.files[0] for entry in entries(end.folder) if entry.files)
    assert (lost.path, bool(lost.problem)) == ("", True)
    assert (end.folder / kept.path).read_bytes() == b"kept"
    page = read_page(end.folder / "index.html")
    assert "lost.txt" in page.one("header").one("ul", "warn").text


def test_without_its_files_it_is_made_of_the_words(relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    (tmp_path / "plan.txt").write_bytes(b"x")
    sends_file(anna, tmp_path / "plan.txt")
    end = exports(anna, order(anna, place, files=False, json=False))
    assert end.phase == "done"
    assert [path.name for path in end.folder.iterdir()] == ["index.html"]
    assert end.missing_count == 0


def test_while_the_relay_is_away_it_waits_and_then_goes_on(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("Before")
    anna.until(lambda: anna.seq_of("Before") or None)
    relay.pause()
    anna.link.export(order(anna, place))
    anna.until(lambda: [one for one in told(anna) if one.phase == "reading"])
    relay.kill()
    anna.until(lambda: told(anna)[-1].waiting or None)
    assert not [path for path in place.iterdir() if path.suffix != ".part"]
    relay.start()
    end = ended(anna)
    assert end.phase == "done"
    assert not end.waiting
    assert [entry.body for entry in entries(end.folder) if entry.kind == "message"] == ["Before"]


def test_one_that_is_cancelled_leaves_nothing_and_says_so(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    relay.pause()
    anna.link.export(order(anna, place))
    anna.until(lambda: [one for one in told(anna) if one.phase == "reading"])
    anna.until(lambda: list(place.glob("*.part")))
    anna.link.cancel_export()
    assert ended(anna).phase == "cancelled"
    assert not list(place.iterdir())
    relay.go_on()
    assert exports(anna, order(anna, place)).phase == "done"


def test_one_at_a_time(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    relay.pause()
    anna.link.export(order(anna, place))
    anna.until(lambda: told(anna))
    anna.link.export(order(anna, place, name="Another"))
    anna.until(lambda: len(told(anna)) > 1 or None)
    assert {one.order.name for one in told(anna)} == {"Tea"}
    relay.go_on()
    assert ended(anna).order.name == "Tea"
    assert len(list(place.iterdir())) == 1


def test_signing_out_ends_it_with_nothing_left(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    relay.pause()
    anna.link.export(order(anna, place))
    anna.until(lambda: list(place.glob("*.part")))
    anna.link.leave()
    assert ended(anna).phase == "cancelled"
    assert not list(place.iterdir())
    relay.go_on()


def test_what_is_there_is_kept_until_the_person_has_said_otherwise(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("One")
    anna.until(lambda: anna.seq_of("One") or None)
    first = made(anna, order(anna, place))
    anna.says("Two")
    anna.until(lambda: anna.seq_of("Two") or None)
    asked = exports(anna, order(anna, place))
    assert (asked.phase, asked.folder, asked.may_replace) == ("there", first, True)
    assert "Two" not in (first / "index.html").read_text("utf-8")
    beside = made(anna, order(anna, place, if_there="beside"))
    assert beside == first.with_name(f"{first.name} (2)")
    replaced = made(anna, order(anna, place, if_there="replace"))
    assert replaced == first
    assert "Two" in (first / "index.html").read_text("utf-8")
    assert sorted(place.iterdir()) == [first, beside]


def test_a_folder_that_is_no_export_is_never_replaced(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    wanted = order(anna, place)
    mine = made(anna, wanted)
    for path in mine.iterdir():
        path.unlink()
    (mine / "index.html").write_text("my own page")
    assert not is_export(mine)
    assert not exports(anna, wanted).may_replace
    assert made(anna, replace(wanted, if_there="replace")) != mine
    assert (mine / "index.html").read_text() == "my own page"


def test_a_place_that_cannot_be_written_is_said(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    (tmp_path / "file").write_text("")
    end = exports(anna, order(anna, tmp_path / "file"))
    assert end.phase == "failed"
    assert str(tmp_path / "file") in end.problem


def test_files_that_do_not_fit_on_the_disk_are_said_before_the_first_is_fetched(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    (tmp_path / "plan.txt").write_bytes(os.urandom(200_000))
    sends_file(anna, tmp_path / "plan.txt")
    monkeypatch.setattr("desktop.link.exports.place.room", lambda _folder: RESERVE_BYTES + 100_000)
    end = exports(anna, order(anna, place))
    assert end.phase == "failed"
    assert "195 KB" in end.problem
    assert "98 KB" in end.problem
    assert not list(place.iterdir())
    assert exports(anna, order(anna, place, files=False)).phase == "done"


def test_without_the_relay_what_is_on_this_computer_comes_out_and_says_up_to_when(
    relay: RelayProcess, enter: Enter, place: Path
):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("Kept here")
    anna.until(lambda: anna.seq_of("Kept here") or None)
    anna.does("reaction", anna.seq_of("Kept here"), "👍")
    anna.until(lambda: anna.kinds() == ["reaction"] or None)
    anna.until(lambda: anna.complete_up_to)
    relay.stop()
    anna.until_not_connected()
    end = exports(anna, order(anna, place))
    assert end.phase == "done"
    assert end.complete_up_to
    kept = next(entry for entry in entries(end.folder) if entry.kind == "message")
    assert (kept.body, kept.reactions[0].emoji) == ("Kept here", "👍")
    assert "the relay was not there" in read_page(end.folder / "index.html").one("dl").text


def test_without_the_relay_what_is_missing_is_said(relay: RelayProcess, enter: Enter, place: Path):
    anna, boris = enter("anna"), enter("boris")
    boris.register(relay.address, "boris")
    for number in range(450):
        boris.says(f"Number {number}")
    boris.until(lambda: boris.seq_of("Number 449") or None)
    anna.register(relay.address, "anna")
    anna.until(lambda: anna.seq_of("Number 449") or None)
    anna.until(lambda: anna.complete_up_to)
    relay.stop()
    anna.until_not_connected()
    end = exports(anna, order(anna, place))
    _head, gap, *_log = lines(end.folder)
    assert isinstance(gap, ExportedGap)
    assert (gap.first, gap.last + 1) == (1, entries(end.folder)[0].seq)
    assert len(read_page(end.folder / "index.html").all("p", "gap")) == 1


def test_who_is_not_in_the_group_any_more_is_told_and_nothing_is_left(relay: RelayProcess, enter: Enter, place: Path):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.link.create_group("Tea", private=True)
    tea = anna.until(lambda: next((group.id for group in anna.groups.values() if group.name == "Tea"), None))
    assert anna.user is not None
    assert boris.user is not None
    anna.link.add_member(tea, boris.user.id)
    boris.until(lambda: tea in boris.groups or None)
    anna.link.remove_member(tea, boris.user.id)
    boris.until(lambda: tea not in boris.groups or None)
    end = exports(boris, Order(tea, "Tea", place))
    assert end.phase == "failed"
    assert end.problem
    assert not list(place.iterdir())


def test_who_is_taken_out_while_files_are_fetched_keeps_what_was_there_until_then(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    assert boris.user is not None
    anna.link.create_group("Tea", private=True)
    tea = anna.until(lambda: next((group.id for group in anna.groups.values() if group.name == "Tea"), None))
    anna.link.add_member(tea, boris.user.id)
    anna.says("Before", tea)
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(48 * 1024**2))
    sends_file(anna, large, tea)
    boris.until(lambda: len(posted(boris, tea)) == 1 or None)
    boris.link.export(Order(tea, "Tea", place))
    boris.until(lambda: [one for one in told(boris) if one.phase == "files" and one.done])
    anna.link.remove_member(tea, boris.user.id)
    boris.until(lambda: tea not in boris.groups or None)
    end = ended(boris)
    assert (end.phase, end.missing) == ("done", ("large.bin",))
    (kept,) = [entry for entry in entries(end.folder) if entry.body == "Before"]
    assert kept.kind == "message"
    assert not list(end.folder.rglob("*.part"))


def test_what_a_crash_left_of_an_export_is_removed_at_the_next_start(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("In clear")
    anna.until(lambda: anna.seq_of("In clear") or None)
    relay.pause()
    anna.link.export(order(anna, place))
    (work,) = anna.until(lambda: list(place.glob("*.part")))
    anna.until(lambda: (work / MARK).is_file() or None)
    everything = b"".join(path.read_bytes() for path in anna.home.iterdir() if path.is_file())
    assert b"Tea" not in everything, "its name, and so that of the conversation, is sealed"
    shutil.copytree(anna.home, tmp_path / "crashed")
    shutil.copytree(work, tmp_path / "left")
    anna.link.cancel_export()
    assert ended(anna).phase == "cancelled"
    anna.ends()
    # As after a crash: the client's files and the folder as they were in the middle.
    shutil.rmtree(anna.home)
    shutil.copytree(tmp_path / "crashed", anna.home)
    shutil.copytree(tmp_path / "left", work)
    mine = place / "Tea by hand.part"
    mine.mkdir()
    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: not work.exists() or None)
    assert list(place.iterdir()) == [mine]
    mine.rmdir()
    relay.go_on()


def test_another_folder_of_that_name_is_left_alone(tmp_path: Path):
    work = tmp_path / "Tea.part"
    begin(work, "a mark")
    assert sweep(work, "another mark")
    assert (work / MARK).is_file()
    assert sweep(work, "a mark")
    assert not work.exists()
    assert sweep(work, "a mark"), "gone already"
    assert not sweep(tmp_path / "not mounted" / "Tea.part", "a mark"), "it may come back"
    kept = tmp_path / "kept"
    begin(kept, "a mark")
    work.symlink_to(kept)
    assert sweep(work, "a mark")
    assert (kept / MARK).is_file()


def test_what_is_said_much_later_of_a_message_is_there_and_what_is_quoted_from_far_back(
    relay: RelayProcess, enter: Enter, place: Path
):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("Long ago")
    first = anna.until(lambda: anna.seq_of("Long ago") or None)
    for number in range(1100):
        anna.says(f"{number}")
    answers(anna, first, "As was said")
    answer = anna.until(lambda: anna.seq_of("As was said") or None)
    anna.does("reaction", first, "👍")
    for number in range(210):
        anna.says(f"Since then {number}")
    anna.until(lambda: anna.seq_of("Since then 209") or None)
    boris = enter("boris")
    boris.register(relay.address, "boris")
    page = read_page(made(boris, order(boris, place, files=False)) / "index.html")
    assert bubbles(page)[f"m{answer}"].one(kind="q").text == "AnnaLong ago"
    assert bubbles(page)[f"m{first}"].one(kind="r").text == "👍 1"


def test_names_of_files_never_collide_on_any_system():
    names = Names()
    given = ["A.txt", "a (2).TXT", "A.txt", "a.TXT", "CON", "../a.txt", "a.txt\u202e"]
    made_of = [names.of(name) for name in given]
    assert len({name.casefold() for name in made_of}) == len(given)
    assert made_of[:3] == ["A.txt", "a (2).TXT", "A (3).txt"]
    assert all("/" not in name for name in made_of)


def test_what_is_fetched_is_what_was_sent(relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    content = os.urandom(3_000_000)
    (tmp_path / "kettle.bin").write_bytes(content)
    sends_file(anna, tmp_path / "kettle.bin")
    sends_file(anna, tmp_path / "kettle.bin")
    end = exports(anna, order(anna, place))
    fetched = [(end.folder / file.path) for entry in entries(end.folder) for file in entry.files]
    assert [hashlib.sha256(path.read_bytes()).digest() for path in fetched] == [hashlib.sha256(content).digest()] * 2
    assert GroupId(1) == anna.general
    assert Seq(1) == entries(end.folder)[0].seq
