"""The contents of files on the disk: sealed in chunks, one blob a file, never whole in memory and never in clear.

Everything here blocks and belongs on a thread. What is acknowledged as received is durable: `BlobWriter.settle` and `flush` say up to
where.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from common.crypto.chunks import CHUNK_BYTES, CHUNK_OVERHEAD_BYTES, SLOT_BYTES, ChunkSeal
from common.errors import FileDamaged, SealError
from common.ids import RelayId
from common.protocol.messages import FileId
from relay.storage.files import StoredFile

FOLDER: Final = "files"
"""In the data folder: the contents of files, sealed."""
READ_CHUNKS: Final = 2
"""Chunks that are read and opened at once."""

if sys.platform == "darwin":
    import fcntl

    def _to_disk(descriptor: int) -> None:
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone leaves it in the drive's cache

else:
    _to_disk = getattr(os, "fdatasync", os.fsync)


class Blobs:
    """The folder of all contents."""

    def __init__(self, folder: Path, relay_id: RelayId) -> None:
        """Nothing is touched yet."""
        self.folder = folder
        self._relay_id = relay_id

    def path_of(self, file_id: FileId) -> Path:
        """Where the contents of that file are."""
        return self.folder / file_id[:2] / file_id

    def seal_of(self, file: StoredFile) -> ChunkSeal:
        """What seals and opens the chunks of *file*.

        Raises:
            FileDamaged: its key is lost.
        """
        if file.key is None:
            raise FileDamaged
        return ChunkSeal(file.key, file.size, self._relay_id, file.id)

    def remove(self, file_id: FileId) -> None:
        """Delete contents; that there are none is as well."""
        self.path_of(file_id).unlink(missing_ok=True)

    def listed(self) -> Iterator[FileId]:
        """The files that have contents here."""
        if self.folder.is_dir():
            for blob in self.folder.glob("[0-9a-f][0-9a-f]/*"):
                yield blob.name

    def free_bytes(self) -> int:
        """Room on the disk."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self.folder).free

    def settled(self, file: StoredFile) -> int:
        """Up to where the contents of an unfinished *file* are there and open: what its row says, or less after a power cut."""
        try:
            with self.path_of(file.id).open("rb", buffering=0) as blob:
                return _settled(blob, self.seal_of(file), file.received)
        except FileNotFoundError:
            return 0

    def open_writer(self, file: StoredFile, hasher: Hasher | None) -> BlobWriter:
        """Goes on with *file* after what was received. *hasher*: of exactly that; without it what is there is read again.

        Raises:
            FileDamaged: what was received does not open any more.
        """
        path, seal = self.path_of(file.id), self.seal_of(file)
        is_new = not path.exists()
        if is_new:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        blob = path.open("x+b" if is_new else "r+b", buffering=0)
        try:
            if is_new:
                path.chmod(0o600)
                _keep_name(path.parent)
            return BlobWriter(blob, seal, file.received, hasher)
        except BaseException:
            blob.close()
            raise

    def open_reader(self, file: StoredFile) -> BlobReader:
        """Reads a whole *file*.

        Raises:
            FileDamaged: it is not there.
        """
        seal = self.seal_of(file)
        if not file.size:
            return BlobReader(None, seal)
        try:
            return BlobReader(self.path_of(file.id).open("rb", buffering=0), seal)
        except FileNotFoundError as error:
            raise FileDamaged from error


class Hasher:
    """SHA-256 of what came so far, and how much that is."""

    __slots__ = ("_sha", "offset")

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self.offset = 0

    def add(self, piece: bytes | memoryview) -> None:
        """More of it."""
        self._sha.update(piece)
        self.offset += len(piece)

    def copy(self) -> Hasher:
        """The same, to go on from here twice."""
        other = Hasher()
        other._sha, other.offset = self._sha.copy(), self.offset
        return other

    def hexdigest(self) -> str:
        """In hex."""
        return self._sha.hexdigest()


class BlobWriter:
    """Adds to the contents of one file. One thread at a time; only `flush` may run beside the others."""

    def __init__(self, blob: FileIO, seal: ChunkSeal, offset: int, hasher: Hasher | None) -> None:
        """Made by `Blobs.open_writer`."""
        self._blob = blob
        self._seal = seal
        self._full = offset // CHUNK_BYTES
        """Chunks that are written and full."""
        self._slot = bytearray(SLOT_BYTES)
        self._tail = bytearray(_tail(blob, seal, offset))
        self.hasher = hasher if hasher is not None and hasher.offset == offset else self._rehashed()

    @property
    def offset(self) -> int:
        """How much there is, durable or not."""
        return self._full * CHUNK_BYTES + len(self._tail)

    def write(self, piece: bytes) -> None:
        """Add *piece*."""
        self.hasher.add(piece)
        rest = memoryview(piece)
        if self._tail:
            missing = CHUNK_BYTES - len(self._tail)
            self._tail += rest[:missing]
            rest = rest[missing:]
            if len(self._tail) < CHUNK_BYTES:
                return
            self._put(self._tail)
            self._full += 1
            self._tail.clear()
        while len(rest) >= CHUNK_BYTES:
            self._put(rest[:CHUNK_BYTES])
            self._full += 1
            rest = rest[CHUNK_BYTES:]
        self._tail += rest

    def flush(self) -> int:
        """Bring the full chunks to the disk; up to where they reach, which is safe now."""
        reached = self._full * CHUNK_BYTES
        _to_disk(self._blob.fileno())
        return reached

    def settle(self) -> int:
        """Bring everything to the disk, the begun chunk too; up to where that is, which is safe now."""
        if self._tail:
            self._put(self._tail)
        self._blob.truncate(self._full * SLOT_BYTES + (len(self._tail) + CHUNK_OVERHEAD_BYTES if self._tail else 0))
        _to_disk(self._blob.fileno())
        return self.offset

    def mark(self) -> Mark:
        """Where it stands, to come back to by `rewind`."""
        return Mark(self._full, bytes(self._tail), self.hasher.copy())

    def rewind(self, mark: Mark) -> None:
        """Drop what was written since *mark*."""
        self._full, self._tail, self.hasher = mark.full, bytearray(mark.tail), mark.hasher

    def close(self) -> None:
        """Let go of the file; what is not settled is lost."""
        self._blob.close()

    def _put(self, plaintext: bytearray | memoryview) -> None:
        self._blob.seek(self._full * SLOT_BYTES)
        _write_all(self._blob, self._seal.seal_into(self._full, plaintext, self._slot))

    def _rehashed(self) -> Hasher:
        hasher = Hasher()
        for index in range(self._full):
            hasher.add(_chunk(self._blob, self._seal, index, self._slot))
        hasher.add(bytes(self._tail))
        return hasher


class Mark:
    """A place that a `BlobWriter` can come back to."""

    __slots__ = ("full", "hasher", "tail")

    def __init__(self, full: int, tail: bytes, hasher: Hasher) -> None:
        self.full = full
        self.tail = tail
        self.hasher = hasher


class BlobReader:
    """Reads the contents of one file, some chunks at a time."""

    def __init__(self, blob: FileIO | None, seal: ChunkSeal) -> None:
        """Made by `Blobs.open_reader`; without *blob*: of an empty file."""
        self._blob = blob
        self._seal = seal
        self._slot = bytearray(SLOT_BYTES)

    def read(self, start: int, stop: int) -> list[bytes | memoryview]:
        """The first bytes between *start* and *stop*, at most `READ_CHUNKS` chunks of them, in pieces.

        Raises:
            FileDamaged: they do not open.
        """
        assert self._blob is not None, "nobody reads an empty file"
        pieces: list[bytes | memoryview] = []
        first = start // CHUNK_BYTES
        for index in range(first, min(first + READ_CHUNKS, -(-stop // CHUNK_BYTES))):
            chunk = _chunk(self._blob, self._seal, index, self._slot)
            begin, end = max(0, start - index * CHUNK_BYTES), min(len(chunk), stop - index * CHUNK_BYTES)
            pieces.append(chunk if end - begin == len(chunk) else memoryview(chunk)[begin:end])
        return pieces

    def close(self) -> None:
        """Let go of the file."""
        if self._blob is not None:
            self._blob.close()


# -- chunks ------------------------------------------------------------------------------------------------------------


def _chunk(blob: FileIO, seal: ChunkSeal, index: int, slot: bytearray) -> bytes:
    """A chunk that must be there in its full length; *slot* is where it is read to."""
    try:
        chunk = seal.open(index, _read_at(blob, index, slot, seal.length_at(index) + CHUNK_OVERHEAD_BYTES))
    except SealError as error:
        raise FileDamaged from error
    if len(chunk) != seal.length_at(index):
        raise FileDamaged
    return chunk


def _tail(blob: FileIO, seal: ChunkSeal, offset: int) -> bytes:
    """What was received of a chunk that is not full. More of it may stand there, from before a power cut."""
    index, length = divmod(offset, CHUNK_BYTES)
    if not length:
        return b""
    try:
        there = seal.open(index, _read_at(blob, index, bytearray(SLOT_BYTES), SLOT_BYTES))
    except SealError as error:
        raise FileDamaged from error
    if len(there) < length:
        raise FileDamaged
    return there[:length]


def _settled(blob: FileIO, seal: ChunkSeal, received: int) -> int:
    full = min(received // CHUNK_BYTES, os.fstat(blob.fileno()).st_size // SLOT_BYTES)
    if full < received // CHUNK_BYTES:
        return full * CHUNK_BYTES
    try:
        return full * CHUNK_BYTES + len(_tail(blob, seal, received))
    except FileDamaged:
        return full * CHUNK_BYTES


def _read_at(blob: FileIO, index: int, slot: bytearray, length: int) -> memoryview:
    """The sealed chunk at *index*, up to *length* bytes of it, in *slot*."""
    blob.seek(index * SLOT_BYTES)
    view, found = memoryview(slot)[:length], 0
    while found < length and (more := blob.readinto(view[found:])):
        found += more
    return view[:found]


def _write_all(blob: FileIO, data: memoryview) -> None:
    written = blob.write(data)
    while written < len(data):
        written += blob.write(data[written:])


def _keep_name(folder: Path) -> None:
    """Make a new name in *folder* durable, where the system can be told to."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):  # some file systems cannot, and keep names by themselves
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
