"""The secret of a key file is exchanged in step with a database, whenever it is broken off."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.crypto.keyfile import copy_of, read_key_file, write_key_file
from common.crypto.keyfile_renewal import begin, new_of, settle
from common.errors import ConfigError
from common.ids import Millis

OLD = bytes(range(32))
RELAY, OTHER = "A" * 52, "B" * 52
NOW = Millis(1_790_000_000_000)
KEPT = "relay.key.before-20260921-141320"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "relay.key"
    write_key_file(path, OLD, RELAY)
    return path


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir())


def test_the_new_one_waits_beside_the_old_until_it_opens_the_database(key_file: Path):
    secret = begin(key_file, RELAY)
    assert (read_key_file(key_file), read_key_file(new_of(key_file))) == (OLD, secret)
    settle(key_file, RELAY, lambda tried: tried == secret, NOW)
    assert read_key_file(key_file) == read_key_file(copy_of(key_file)) == secret != OLD
    assert read_key_file(key_file.with_name(KEPT)) == OLD
    assert [path.stat().st_mode & 0o777 for path in key_file.parent.iterdir()] == [0o600] * len(names(key_file))


def test_one_that_never_came_to_open_it_goes(key_file: Path):
    begin(key_file, RELAY)
    settle(key_file, RELAY, lambda tried: tried == OLD, NOW)
    assert read_key_file(key_file) == OLD
    assert names(key_file) == ["relay.key", "relay.key.copy"]


def test_where_neither_opens_it_both_stay(key_file: Path):
    secret = begin(key_file, RELAY)
    settle(key_file, RELAY, lambda tried: False, NOW)
    assert (read_key_file(key_file), read_key_file(new_of(key_file))) == (OLD, secret)


@pytest.mark.parametrize("left", ["both", "copy only", "copy exchanged already"])
def test_it_is_ended_as_often_as_it_was_broken_off(key_file: Path, left: str):
    secret = begin(key_file, RELAY)
    if left == "copy only":
        new_of(key_file).unlink()
    if left == "copy exchanged already":
        copy_of(key_file).write_bytes(new_of(key_file).read_bytes())
    for _ in range(2):
        settle(key_file, RELAY, lambda tried: tried == secret, NOW)
    assert read_key_file(key_file) == secret
    assert names(key_file) == ["relay.key", KEPT, "relay.key.copy"]


def test_both_of_two_old_ones_that_differ_are_kept(key_file: Path):
    copy_of(key_file).unlink()
    other = key_file.parent / "elsewhere" / "relay.key"
    write_key_file(other, b"x" * 32, RELAY)
    other.rename(copy_of(key_file))
    secret = begin(key_file, RELAY)
    settle(key_file, RELAY, lambda tried: tried == secret, NOW)
    assert read_key_file(key_file.with_name(KEPT)) == OLD
    assert read_key_file(key_file.with_name(f"{KEPT}-copy")) == b"x" * 32


def test_what_waits_for_another_relay_is_left_alone(key_file: Path):
    write_key_file(new_of(key_file), b"y" * 32, OTHER)
    settle(key_file, RELAY, lambda tried: True, NOW)
    assert read_key_file(key_file) == OLD
    assert new_of(key_file).exists()


@pytest.mark.parametrize("text", ["0123456789abcdef" * 4, "Py_messenger key file, version 9\n"], ids=["bare", "later"])
def test_what_this_program_did_not_write_for_this_relay_is_not_exchanged(tmp_path: Path, text: str):
    path = tmp_path / "relay.key"
    path.write_text(text)
    with pytest.raises(ConfigError, match="--keep-key-file"):
        begin(path, RELAY)
    assert names(path) == ["relay.key"]


def test_a_lost_or_damaged_one_is_made_anew(key_file: Path):
    copy_of(key_file).unlink()
    key_file.write_text("spilled coffee")
    secret = begin(key_file, RELAY)
    settle(key_file, RELAY, lambda tried: tried == secret, NOW)
    assert read_key_file(key_file) == secret
    assert key_file.with_name(KEPT).read_text() == "spilled coffee"
