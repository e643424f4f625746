"""Contents on the disk: written in parts, damaged, moved, cut short; and what a power cut may leave."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from common.crypto.chunks import CHUNK_BYTES, SLOT_BYTES
from common.crypto.sealing import SealKey
from common.errors import FileDamaged
from common.ids import RelayId, UserId
from common.protocol.messages import FileInfo
from relay.files.blobs import Blobs
from relay.storage.files import StoredFile

SIZE = 4 * CHUNK_BYTES + 1000
DATA = os.urandom(SIZE)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "files", RelayId("R" * 52))


def a_file(number: int = 1, received: int = 0, key: SealKey = SealKey(0, bytes(32))) -> StoredFile:  # noqa: B008
    return StoredFile(FileInfo(f"{number:032x}", "kettle", SIZE), UserId(1), received, None, key)


def fill(blobs: Blobs, file: StoredFile, stop: int = SIZE) -> str:
    writer = blobs.open_writer(file, None)
    writer.write(DATA[file.received : stop])
    assert writer.settle() == stop
    writer.close()
    return writer.hasher.hexdigest()


def content(blobs: Blobs, file: StoredFile, start: int = 0, stop: int = SIZE) -> bytes:
    reader, found = blobs.open_reader(file), b""
    try:
        while start + len(found) < stop:
            found += b"".join(reader.read(start + len(found), stop))
    finally:
        reader.close()
    return found


def test_what_was_written_is_read(blobs: Blobs):
    assert fill(blobs, a_file()) == hashlib.sha256(DATA).hexdigest()
    assert content(blobs, a_file()) == DATA
    for start, stop in ((0, 1), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (SIZE - 1, SIZE), (5, 3 * CHUNK_BYTES)):
        assert content(blobs, a_file(), start, stop) == DATA[start:stop]


@pytest.mark.parametrize("first", [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, SIZE - 1])
def test_going_on_later_gives_the_same(blobs: Blobs, first: int):
    fill(blobs, a_file(), first)
    assert blobs.settled(a_file(received=first)) == first
    assert fill(blobs, a_file(received=first)) == hashlib.sha256(DATA).hexdigest()
    assert content(blobs, a_file()) == DATA


def test_more_on_the_disk_than_was_acknowledged(blobs: Blobs):
    fill(blobs, a_file(), 1000)
    writer = blobs.open_writer(a_file(received=1000), None)
    writer.write(DATA[1000 : 2 * CHUNK_BYTES])
    writer.close()  # the power fails: the row still says 1000
    assert blobs.settled(a_file(received=1000)) == 1000
    fill(blobs, a_file(received=1000))
    assert content(blobs, a_file()) == DATA


def test_less_on_the_disk_than_was_acknowledged(blobs: Blobs):
    fill(blobs, a_file(), 3 * CHUNK_BYTES + 500)
    file = a_file(received=3 * CHUNK_BYTES + 500)
    path = blobs.path_of(file.id)
    os.truncate(path, 3 * SLOT_BYTES + 100)
    assert blobs.settled(file) == 3 * CHUNK_BYTES
    os.truncate(path, SLOT_BYTES + 5)
    assert blobs.settled(file) == CHUNK_BYTES
    path.unlink()
    assert blobs.settled(file) == 0


def test_going_back_to_a_mark(blobs: Blobs):
    fill(blobs, a_file(), 1000)
    writer = blobs.open_writer(a_file(received=1000), None)
    mark = writer.mark()
    writer.write(os.urandom(2 * CHUNK_BYTES))
    writer.rewind(mark)
    assert writer.settle() == 1000
    writer.close()
    fill(blobs, a_file(received=1000))
    assert content(blobs, a_file()) == DATA


def swap(data: bytearray) -> None:
    data[:SLOT_BYTES], data[SLOT_BYTES : 2 * SLOT_BYTES] = data[SLOT_BYTES : 2 * SLOT_BYTES], data[:SLOT_BYTES]


def cut(data: bytearray) -> None:
    del data[-1:]


def drop_the_last_chunk(data: bytearray) -> None:
    del data[4 * SLOT_BYTES :]


def drop_the_first_chunk(data: bytearray) -> None:
    del data[:SLOT_BYTES]


def flip(data: bytearray) -> None:
    data[SLOT_BYTES + 7] ^= 1


@pytest.mark.parametrize("harm", [swap, cut, drop_the_last_chunk, drop_the_first_chunk, flip])
def test_what_was_altered_does_not_open(blobs: Blobs, harm):
    fill(blobs, a_file())
    path = blobs.path_of(a_file().id)
    data = bytearray(path.read_bytes())
    harm(data)
    path.write_bytes(data)
    with pytest.raises(FileDamaged):
        content(blobs, a_file())


def test_another_files_contents_do_not_open(blobs: Blobs):
    fill(blobs, a_file(1))
    fill(blobs, a_file(2))
    blobs.path_of(a_file(1).id).replace(blobs.path_of(a_file(2).id))
    with pytest.raises(FileDamaged):
        content(blobs, a_file(2))


def test_without_its_key_nothing_opens(blobs: Blobs):
    fill(blobs, a_file())
    with pytest.raises(FileDamaged):
        content(blobs, a_file(key=SealKey(0, b"k" * 32)))
    lost = StoredFile(a_file().info, UserId(1), SIZE, None, None)
    with pytest.raises(FileDamaged):
        blobs.open_reader(lost)
