"""Reads a backup: through, to know that it is whole, or out into a folder. Nothing is taken from it before all of it was seen to open.

Everything here blocks and belongs on a thread.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol, cast

from msgspec import Struct

from common.crypto.frames import FrameReader
from common.crypto.keyslots import MasterKey
from common.errors import SealError
from relay.backup.container import DATABASE, Header, NoBackup, open_stream, read_header

_PIECE: Final = 1024 * 1024
_FILE: Final = re.compile(r"files/([0-9a-f]{2})/(\1[0-9a-f]{30})")

Told = Callable[[int, int], None]


class Reading(Struct, frozen=True):
    """What a backup holds."""

    header: Header
    database_bytes: int
    files: int


def read_through(file: io.BufferedReader, master: MasterKey, told: Told | None = None) -> Reading:
    """Open every frame, and see that the archive in them is what it should be. *told*: bytes read, and in all.

    Raises:
        NoBackup: it is none.
        SealError: it was altered or cut short.
    """
    return _read(file, _bytes_of(file), master, lambda _member, content: _drain(content), told)


def read_out(file: io.BufferedReader, master: MasterKey, folder: Path, told: Told | None = None) -> Reading:
    """Lay out the contents in *folder*, which is there and empty.

    Raises:
        NoBackup, SealError: as `read_through`; OSError: *folder* cannot be written to.
    """

    return _read(file, _bytes_of(file), master, _kept_in(folder), told)


def read_from(
    source: Source, total: int, master: MasterKey, folder: Path, told: Told | None = None, *, has_database: bool
) -> Reading:
    """As `read_out`, of about *total* bytes that come from elsewhere. What is not whole when it ends is not left in *folder*.

    Raises:
        NoBackup, SealError, OSError: as `read_out`; and what *source* raises.
    """
    return _read(source, total, master, _kept_in(folder), told, has_database=has_database)


class Source(Protocol):
    """What a backup is read from, once through."""

    def read(self, size: int = ..., /) -> bytes: ...


def _bytes_of(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


def _kept_in(folder: Path) -> Callable[[tarfile.TarInfo, IO[bytes]], None]:
    def keep(member: tarfile.TarInfo, content: IO[bytes]) -> None:
        path = folder / member.name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            with os.fdopen(descriptor, "wb") as out:
                while piece := content.read(_PIECE):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    return keep


def _read(
    file: Source,
    total: int,
    master: MasterKey,
    keep: Callable[[tarfile.TarInfo, IO[bytes]], None],
    told: Told | None,
    *,
    has_database: bool = True,
) -> Reading:
    counted = _Counted(file)
    source = cast(BinaryIO, counted)
    header, encoded = read_header(source)
    stream = open_stream(source, header, encoded, master)
    database_bytes, files, seen = -1, 0, set[str]()
    try:
        with tarfile.open(fileobj=_Stream(stream, counted, total, told), mode="r|", bufsize=_PIECE) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() and _is_ours(member.name, seen) else None
                if content is None:
                    raise NoBackup(
                        f"This backup holds something that is not a relay's ({member.name!r}). Take another one."
                    )
                keep(member, content)
                if member.name == DATABASE:
                    database_bytes = member.size
                else:
                    files += 1
    except tarfile.TarError as error:
        raise SealError(f"What is in it is no archive ({error}).") from error
    while stream.read():  # what the archive does not need, to the end that is sealed as the end
        pass
    if (database_bytes >= 0) != has_database:
        raise NoBackup("This backup holds no database. Take another one.")
    return Reading(header, database_bytes, files)


class _Counted(io.RawIOBase):
    """*source*, and how much of it was read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.bytes += len(piece)
        return piece


class _Stream(io.RawIOBase):
    """What `tarfile` reads from."""

    def __init__(self, frames: FrameReader, file: _Counted, total: int, told: Told | None) -> None:
        self._frames = frames
        self._file = file
        self._total = total
        self._told = told

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        pieces, missing = [], size
        while missing and (piece := self._frames.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        if self._told is not None:
            self._told(self._file.bytes, self._total)
        return b"".join(pieces)


def _is_ours(name: str, seen: set[str]) -> bool:
    if name in seen or not (name == DATABASE or _FILE.fullmatch(name)):
        return False
    seen.add(name)
    return True


def _drain(content: IO[bytes]) -> None:
    while content.read(_PIECE):
        pass
