"""What a kill has left of writing a key file goes with the next start, and never the last one that opens the data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from common.crypto.keyfile import copy_of, write_key_file
from common.crypto.keyfile_leftovers import remove_leftovers
from common.ids import Millis

OPENS, OTHER_SECRET = bytes(range(32)), bytes(32)
RELAY, OTHER = "A" * 52, "B" * 52
NOW = Millis(1_790_000_000_000)
NAMES = [
    ".relay.key.abcd_123",
    ".relay.key.copy.abcd1234",
    ".relay.key.new.abcd1234",
    ".relay.key.new.copy.abcd1234",
    ".relay.key.before-20260921-141320.abcd1234",
    ".relay.key.before-20260921-141320-copy.abcd1234",
]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "relay.key"
    write_key_file(path, OPENS, RELAY)
    return path


def whole(secret: bytes, relay: str, folder: Path) -> bytes:
    """The text of a key file."""
    path = folder / "elsewhere" / "relay.key"
    write_key_file(path, secret, relay)
    content = path.read_bytes()
    for each in (path, copy_of(path)):
        each.unlink()
    path.parent.rmdir()
    return content


def left(key_file: Path, name: str, content: bytes, *, at: Millis = NOW) -> Path:
    """A temporary file that was written then."""
    place = key_file.with_name(name)
    place.write_bytes(content)
    os.utime(place, (at / 1000, at / 1000))
    return place


def remove(key_file: Path) -> None:
    remove_leftovers(key_file, RELAY, lambda secret: secret == OPENS, NOW)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("secret", [OPENS, OTHER_SECRET])
def test_where_the_key_file_opens_the_data_what_was_left_beside_it_goes(key_file: Path, name: str, secret: bytes):
    left(key_file, name, whole(secret, RELAY, key_file.parent))
    remove(key_file)
    assert sorted(key_file.parent.iterdir()) == [key_file, copy_of(key_file)]


@pytest.mark.parametrize("lost", ["file", "copy"])
def test_one_of_the_two_copies_is_enough(key_file: Path, lost: str):
    place = left(key_file, NAMES[0], whole(OPENS, RELAY, key_file.parent))
    (key_file if lost == "file" else copy_of(key_file)).unlink()
    remove(key_file)
    assert not place.exists()


def test_the_only_one_that_opens_the_data_stays(key_file: Path):
    place = left(key_file, NAMES[2], whole(OPENS, RELAY, key_file.parent))
    for each in (key_file, copy_of(key_file)):
        each.unlink()
    remove(key_file)
    assert place.exists()


def test_where_the_key_file_is_another_one_everything_stays(key_file: Path):
    places = [left(key_file, name, whole(OTHER_SECRET, RELAY, key_file.parent)) for name in NAMES]
    remove_leftovers(key_file, RELAY, lambda secret: False, NOW)
    assert all(each.exists() for each in places)


def test_what_another_relay_has_left_is_its_own(key_file: Path):
    place = left(key_file, NAMES[0], whole(OTHER_SECRET, OTHER, key_file.parent))
    remove(key_file)
    assert place.exists()


@pytest.mark.parametrize("content", [b"", b"Py_messenger key file, version 1\nrelay: "])
def test_one_that_is_not_whole_goes_once_nobody_can_be_writing_it_any_more(key_file: Path, content: bytes):
    old = left(key_file, NAMES[0], content, at=Millis(NOW - 61_000))
    young = left(key_file, NAMES[1], content, at=Millis(NOW - 59_000))
    remove(key_file)
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    "name", [".relay.key.swp", ".relay.key2.abcd1234", "relay.key.abcd1234", ".relay.key.mine.abcd1234"]
)
def test_what_is_called_otherwise_is_left_alone(key_file: Path, name: str):
    place = left(key_file, name, whole(OPENS, RELAY, key_file.parent))
    remove(key_file)
    assert place.exists()


def test_one_of_a_later_version_is_left_alone(key_file: Path):
    place = left(key_file, NAMES[0], b"Py_messenger key file, version 2\n", at=Millis(0))
    remove(key_file)
    assert place.exists()
