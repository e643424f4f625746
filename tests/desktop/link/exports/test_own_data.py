"""What the relay holds about a person, by the whole link over a real relay: it is there whole, or nothing is."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.link.exports.own_data import check
from desktop.link.exports.place import MARK
from desktop.link.transfers.moving import RESERVE_BYTES, Hopeless
from desktop.own_data import OwnDataChanged, OwnDataProgress
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.exports.test_exports import sends_file
from tests.desktop.link.relays import RelayProcess


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where people put it; what is still growing there at the end of a test was left behind."""
    folder = tmp_path / "documents"
    yield folder
    assert not list(folder.glob("*.part"))


def told(client: Client) -> list[OwnDataProgress]:
    return [event.progress for event in client.events if isinstance(event, OwnDataChanged)]


def ended(client: Client, since: int = 0) -> OwnDataProgress:
    def fact() -> OwnDataProgress | None:
        new = told(client)[since:]
        return new[-1] if new and not new[-1].is_under_way else None

    return client.until(fact)


def fetched(client: Client, place: Path) -> OwnDataProgress:
    since = len(told(client))
    client.link.fetch_own_data(place)
    return ended(client, since)


def comes_to_a_stop(relay: RelayProcess, client: Client, place: Path) -> None:
    """The download has begun, and the relay stands still in the middle of it."""
    client.link.fetch_own_data(place)
    client.until(lambda: [one for one in told(client) if one.done])
    relay.pause()


def carries(relay: RelayProcess, enter: Enter, tmp_path: Path, size: int) -> tuple[Client, Path]:
    """Somebody who has said something and sent a file of *size* bytes."""
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("Чайник вскипел")
    picture = tmp_path / "picture.bin"
    picture.write_bytes(os.urandom(size))
    sends_file(anna, picture)
    return anna, picture


def test_all_that_the_person_said_and_sent_is_in_one_file(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna, picture = carries(relay, enter, tmp_path, 700_000)
    end = fetched(anna, place)
    assert end.phase == "done", end
    assert list(place.iterdir()) == [end.path]
    assert end.path.name.startswith("relay anna 20")
    assert "(" not in end.path.name
    with zipfile.ZipFile(end.path) as archive:
        entries = [json.loads(line) for line in archive.read(f"entries/{anna.general}.jsonl").splitlines()]
        assert "Чайник вскипел" in [entry.get("body") for entry in entries]
        (file,) = json.loads(archive.read("files.json"))
        assert archive.read(file["path"]) == picture.read_bytes()
    assert end.done <= end.path.stat().st_size


def test_what_is_there_already_is_kept_beside_it(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    first, second = fetched(anna, place), fetched(anna, place)
    assert first.path != second.path
    assert set(place.iterdir()) == {first.path, second.path}


@pytest.mark.skipif(os.name == "nt", reason="a file of Windows has no such mode")
def test_nobody_else_on_the_computer_may_read_it(relay: RelayProcess, enter: Enter, place: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    assert fetched(anna, place).path.stat().st_mode & 0o077 == 0


def test_one_that_is_given_up_leaves_nothing_and_says_so(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna, _picture = carries(relay, enter, tmp_path, 48 * 1024**2)
    comes_to_a_stop(relay, anna, place)
    anna.link.cancel_own_data()
    assert ended(anna).phase == "cancelled"
    assert list(place.iterdir()) == []
    relay.go_on()


def test_when_the_relay_dies_on_the_way_it_begins_afresh_and_comes_whole(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path
):
    anna, picture = carries(relay, enter, tmp_path, 48 * 1024**2)
    port = relay.port
    comes_to_a_stop(relay, anna, place)
    relay.kill()
    anna.until(lambda: [one for one in told(anna) if one.waiting])
    relay.start(port)
    end = ended(anna)
    assert end.phase == "done", end
    with zipfile.ZipFile(end.path) as archive:
        (file,) = json.loads(archive.read("files.json"))
        assert archive.read(file["path"]) == picture.read_bytes()


def test_signing_out_ends_it_with_nothing_left(relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path):
    anna, _picture = carries(relay, enter, tmp_path, 48 * 1024**2)
    comes_to_a_stop(relay, anna, place)
    anna.link.sign_out()
    assert ended(anna).phase == "cancelled"
    assert list(place.iterdir()) == []
    relay.go_on()


def test_one_that_does_not_fit_on_the_disk_is_said(
    relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    anna, _picture = carries(relay, enter, tmp_path, 700_000)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        "desktop.link.transfers.moving.shutil.disk_usage", lambda _path: usage._replace(free=RESERVE_BYTES + 500_000)
    )
    end = fetched(anna, place)
    assert end.phase == "failed"
    assert str(place) in end.problem
    assert list(place.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(relay: RelayProcess, enter: Enter, tmp_path: Path):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    (tmp_path / "file").write_text("")
    end = fetched(anna, tmp_path / "file")
    assert end.phase == "failed"
    assert str(tmp_path / "file") in end.problem


def test_what_a_crash_left_is_removed_at_the_next_start(relay: RelayProcess, enter: Enter, place: Path, tmp_path: Path):
    anna, _picture = carries(relay, enter, tmp_path, 48 * 1024**2)
    comes_to_a_stop(relay, anna, place)
    (work,) = place.glob("*.part")
    assert (work / MARK).is_file()
    shutil.copytree(anna.home, tmp_path / "crashed")
    shutil.copytree(work, tmp_path / "left")
    anna.link.cancel_own_data()
    ended(anna)
    anna.ends()
    # As after a crash: the client's files and the folder as they were in the middle.
    shutil.rmtree(anna.home)
    shutil.copytree(tmp_path / "crashed", anna.home)
    shutil.copytree(tmp_path / "left", work)
    again = enter("anna")
    again.link.resume()
    again.until(lambda: not work.exists() or None)
    relay.go_on()


@pytest.mark.parametrize("cut", [1, 30, 400])
def test_an_archive_without_its_end_is_not_taken_for_whole(tmp_path: Path, cut: int):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", os.urandom(500))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(Hopeless):
        check(path)


def test_an_archive_that_was_altered_is_not_taken_for_whole(tmp_path: Path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", os.urandom(500))
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(Hopeless):
        check(path)
