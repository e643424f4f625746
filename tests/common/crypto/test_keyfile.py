from __future__ import annotations

import contextlib
import os
import stat

import pytest

from common.crypto import keyfile
from common.crypto.keyfile import (
    copy_of,
    default_key_file,
    key_file_exists,
    read_key_file,
    write_key_file,
)
from common.errors import ConfigError, KeyUnavailable

SECRET = bytes(range(32))

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")


@contextlib.contextmanager
def without_roots_rights():
    """Root may read everything, so become somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def key_file(tmp_path):
    path = default_key_file(tmp_path / "config")
    write_key_file(path, SECRET, "ABCD-EFGH  (Warehouse)\n")
    return path


def test_what_was_written_is_read_again(key_file):
    assert read_key_file(key_file) == SECRET
    assert "relay: ABCD-EFGH (Warehouse)\n" in key_file.read_text()


@posix
def test_both_copies_are_readable_by_their_owner_only(key_file):
    assert [stat.S_IMODE(place.stat().st_mode) for place in (key_file, copy_of(key_file))] == [0o600, 0o600]
    assert stat.S_IMODE(key_file.parent.stat().st_mode) & 0o077 == 0


def test_nothing_else_stays_in_the_folder(key_file):
    assert sorted(key_file.parent.iterdir()) == [key_file, copy_of(key_file)]


@pytest.mark.parametrize("which", ["file", "copy"])
def test_an_existing_key_is_never_overwritten(key_file, which):
    (copy_of(key_file) if which == "file" else key_file).unlink()
    before = {place: place.read_bytes() for place in key_file.parent.iterdir()}
    with pytest.raises(ConfigError, match="not overwritten"):
        write_key_file(key_file, bytes(32))
    assert {place: place.read_bytes() for place in key_file.parent.iterdir()} == before
    assert key_file_exists(key_file)


def test_a_key_that_another_process_wrote_at_the_same_moment_is_not_overwritten_either(key_file):
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        keyfile._write_new(key_file, "another key")
    assert key_file.read_bytes() == before
    assert sorted(key_file.parent.iterdir()) == [key_file, copy_of(key_file)]


DAMAGES = {
    "lost": lambda place: place.unlink(),
    "empty": lambda place: place.write_bytes(b""),
    "half": lambda place: place.write_bytes(place.read_bytes()[:200]),
    "one digit changed": lambda place: place.write_text(place.read_text().replace("key: 0001", "key: 0011")),
    "zeroed": lambda place: place.write_bytes(bytes(400)),
    "no text": lambda place: place.write_bytes(b"\xff\xfe" * 100),
    "endless": lambda place: place.write_bytes(b"x" * 100_000),
}


@pytest.mark.parametrize("which", ["file", "copy"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_one_copy_is_mended_from_the_other(key_file, which, damage, caplog):
    place = key_file if which == "file" else copy_of(key_file)
    whole = place.read_bytes()
    damage(place)
    assert read_key_file(key_file) == SECRET
    assert place.read_bytes() == whole
    assert "mended" in caplog.text
    caplog.clear()
    assert read_key_file(key_file) == SECRET
    assert not caplog.records


def test_what_stood_in_a_damaged_place_is_kept_beside_it(key_file):
    key_file.write_text("something of the user's")
    read_key_file(key_file)
    assert key_file.with_name(key_file.name + ".damaged").read_text() == "something of the user's"


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_to_both_copies_is_said_of_both(key_file, damage):
    damage(key_file)
    damage(copy_of(key_file))
    with pytest.raises(KeyUnavailable) as raised:
        read_key_file(key_file)
    text = str(raised.value)
    assert str(key_file) in text
    assert copy_of(key_file).name in text
    assert "recovery code" in text
    assert SECRET.hex() not in text


def test_a_flipped_bit_anywhere_in_both_copies_never_gives_another_key(key_file):
    whole = key_file.read_bytes()
    for bit in range(0, len(whole) * 8, 7):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        key_file.write_bytes(changed)
        copy_of(key_file).write_bytes(changed)
        with pytest.raises(KeyUnavailable):
            read_key_file(key_file)


def test_a_missing_key_file_is_named_with_its_whole_path(tmp_path):
    path = tmp_path / "nowhere" / "relay.key"
    assert not key_file_exists(path)
    with pytest.raises(KeyUnavailable, match="is missing") as raised:
        read_key_file(path)
    assert str(path) in str(raised.value)


def test_a_folder_in_place_of_the_key_file_is_an_error_of_the_same_kind(tmp_path):
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        read_key_file(tmp_path)


@posix
def test_a_key_file_that_may_not_be_read_is_told_apart_from_a_missing_one(key_file):
    key_file.chmod(0)
    copy_of(key_file).chmod(0)
    with without_roots_rights(), pytest.raises(KeyUnavailable, match="may not be read by this user"):
        read_key_file(key_file)


@posix
def test_a_key_file_that_others_may_read_is_used_with_a_warning(key_file, caplog):
    key_file.chmod(0o644)
    assert read_key_file(key_file) == SECRET
    assert "chmod 600" in caplog.text


def test_a_key_file_of_another_version_is_left_alone(key_file):
    later = key_file.read_text().replace("version 1", "version 2")
    key_file.write_text(later)
    assert read_key_file(key_file) == SECRET
    assert key_file.read_text() == later


def test_two_copies_with_different_keys_are_told(key_file, tmp_path, caplog):
    other = tmp_path / "other.key"
    write_key_file(other, bytes(32))
    copy_of(key_file).write_bytes(other.read_bytes())
    assert read_key_file(key_file) == SECRET
    assert "different keys" in caplog.text
    assert copy_of(key_file).read_bytes() == other.read_bytes()


def test_a_containers_secret_of_64_digits_is_read_and_gets_no_copy(tmp_path):
    path = tmp_path / "relay_key"
    path.write_text(SECRET.hex().upper() + "\n")
    path.chmod(0o600)
    assert read_key_file(path) == SECRET
    assert list(tmp_path.iterdir()) == [path]


def test_lines_that_an_editor_ended_the_windows_way_are_read(key_file):
    copy_of(key_file).unlink()
    key_file.write_bytes(key_file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_key_file(key_file) == SECRET


def test_a_folder_that_cannot_be_made_is_said_with_what_to_do(tmp_path):
    (tmp_path / "config").write_text("a file")
    with pytest.raises(ConfigError, match="RELAY_KEY_FILE"):
        write_key_file(tmp_path / "config" / "relay.key", SECRET)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_secret_of_another_length_is_refused(tmp_path, length):
    with pytest.raises(ValueError, match="32 bytes"):
        write_key_file(tmp_path / "relay.key", bytes(length))
