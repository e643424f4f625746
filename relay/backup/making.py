"""Makes a backup of a relay that runs: a copy of the database as it is at one moment, then the contents of the files that it names.

Everything here blocks and belongs on a thread. The file appears under its name only when it was written whole, brought to the disk, and
read back.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.crypto.frames import FrameWriter
from common.crypto.keyslots import MasterKey
from common.errors import SealError
from common.ids import Millis, RelayId
from common.protocol.messages import FileId
from relay.backup.container import DATABASE, NoBackup, damaged, write_header
from relay.backup.reading import Reading, read_through
from relay.sizes import size_text
from relay.storage.copying import look_at_copy

_PIECE: Final = 1024 * 1024
_ROOM: Final = 16 * 1024 * 1024
"""Bytes that are left free on the disk."""
_BLOCK: Final = 512
"""What the tar format puts before each member, and rounds its length up to."""

Told = Callable[[int, int], None]
"""Called with the bytes that are done and those in all."""


class Stopped(Exception):
    """It was asked to stop."""


class Made(Struct, frozen=True):
    """A backup that stands. *bytes*: its length. *missing*: files that were deleted while it was made, and so are not in it."""

    path: Path
    bytes: int
    entries: int
    files: int
    missing: int


class Source(Struct, frozen=True):
    """What is backed up. *database*: a copy that belongs to the backup alone; *files*: the folder of contents."""

    relay_id: RelayId
    master: MasterKey
    database: Path
    files: Path


def make(source: Source, path: Path, now: Millis, told: Told, stop: threading.Event) -> Made:
    """Write the backup *path*, which must not be there yet, and read it back.

    Raises:
        NoBackup: it cannot be written there, there is no room, or what was written does not open; nothing is left of it.
        Stopped: *stop* was set.
    """
    if path.is_dir():
        raise NoBackup(f"{path} is a folder. Name the file to write, as {path / 'relay.backup'}.")
    if path.exists():
        raise NoBackup(f"There is a file {path} already. Choose another name, or move it away.")
    part = path.with_name(path.name + ".part")
    try:
        with _new(part) as out:
            made = _written(source, out, path, now, told, stop)
            out.flush()
            os.fsync(out.fileno())
        _read_back(source, part, made)
        part.rename(path)
    except OSError as error:
        raise _in_words(path, error) from error
    finally:
        with contextlib.suppress(OSError):  # the disk that failed before
            part.unlink(missing_ok=True)
    return made


@contextlib.contextmanager
def _new(part: Path) -> Iterator[io.BufferedWriter]:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as out:
        yield out


def _written(
    source: Source, out: io.BufferedWriter, path: Path, now: Millis, told: Told, stop: threading.Event
) -> Made:
    copy = look_at_copy(source.database)
    sizes = sizes_of(source.files, copy.files)
    total = source.database.stat().st_size + sum(sizes.values())
    _check_room(path, total)
    frames = write_header(out, source.master, source.relay_id, now, copy.schema, copy.slots)
    lost = write_archive(frames, source.database, source.files, sizes, total, told, stop)
    missing = len(copy.files) - len(sizes) + lost
    return Made(path, out.tell(), copy.entries, len(copy.files) - missing, missing)


def sizes_of(files: Path, ids: Iterable[FileId]) -> dict[FileId, int]:
    """How much each of those files takes in an archive; those that are not in the folder *files* are left out."""
    return {file_id: size for file_id in ids if (size := _size(_place(files, file_id))) is not None}


def write_archive(
    frames: FrameWriter,
    database: Path | None,
    files: Path,
    ids: Iterable[FileId],
    total: int,
    told: Told,
    stop: threading.Event,
) -> int:
    """The archive with *database*, if there is one, and with those contents out of *files*; how many were gone by then.

    Raises:
        Stopped: *stop* was set.
    """
    lost = 0
    progress = _Progress(frames, total, told, stop)
    with tarfile.open(fileobj=progress, mode="w|", bufsize=_PIECE, format=tarfile.PAX_FORMAT) as archive:
        if database is not None:
            _add(archive, DATABASE, database)
        for file_id in ids:
            try:
                _add(archive, f"files/{file_id[:2]}/{file_id}", _place(files, file_id))
            except FileNotFoundError:
                lost += 1
    frames.finish()
    return lost


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    with path.open("rb") as content:  # opened first: a file that is gone leaves nothing behind in the archive
        member = tarfile.TarInfo(name)
        member.size = os.fstat(content.fileno()).st_size
        archive.addfile(member, content)


class _Progress(io.RawIOBase):
    """Hands what the archive writes on, and tells how far it is."""

    def __init__(self, frames: FrameWriter, total: int, told: Told, stop: threading.Event) -> None:
        self._frames = frames
        self._total = total
        self._told = told
        self._stop = stop

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        if self._stop.is_set():
            raise Stopped
        written = self._frames.write(piece)
        self._told(min(self._frames.written, self._total), self._total)
        return written


def _read_back(source: Source, part: Path, made: Made) -> None:
    """Whether what stands on the disk is what was meant to stand there."""
    try:
        with part.open("rb") as file:
            found: Reading = read_through(file, source.master)
    except SealError as error:
        raise damaged(error) from error
    if found.files != made.files:
        raise NoBackup(f"The backup was written with {made.files} files and read back with {found.files}. Try again.")


def _place(files: Path, file_id: str) -> Path:
    return files / file_id[:2] / file_id


def _size(path: Path) -> int | None:
    """How much a member takes in the archive; None when the file is not there."""
    try:
        return path.stat().st_size + 2 * _BLOCK
    except FileNotFoundError:
        return None


def _check_room(path: Path, needed: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < needed + _ROOM:
        raise NoBackup(
            f"The backup takes {size_text(needed)}, and {path.parent} has {size_text(free)} free. Make room, or choose another disk."
        )


def _in_words(path: Path, error: OSError) -> NoBackup:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoBackup(f"The disk of {path.parent} became full. Make room, or choose another disk.")
    return NoBackup(f"The backup cannot be written to {path} ({error.strerror or error}).")
