"""The index on disk, sealed: written now and then and at the end, so that the next start need not read the whole log.

    mark │ 16 random bytes │ number of parts │ part: length, sealed │ part: length, sealed │ …

The first part says how far the index had followed the log, each further one is a shard. All are bound to the relay, the epoch, this
very file and their place in it: a part that was altered, moved or taken from another file does not open. A file is put in its place
when it is whole, so that whenever the relay is killed there is a whole one or none.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec

from common.crypto.sealing import SealKey, associated_data, open_sealed, seal
from common.errors import SealError
from common.ids import Epoch, GroupId, RelayId, Seq
from relay.search.shard import Image

T = TypeVar("T", bound=msgspec.Struct)

FILE: Final = "search.snapshot"
_MARK: Final = b"PyMsnap1"
_HEAD: Final = struct.Struct(">8s16sI")
_LENGTH: Final = struct.Struct(">I")
_LONGEST: Final = 1024 * 1024 * 1024
_NEW: Final[int] = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


class SnapshotUnusable(Exception):
    """The file is damaged, another relay's, or of another life of the log; the text says what is known."""


class Reached(msgspec.Struct, frozen=True):
    """How far the index had followed the log: to the entry *number*, which was in *group* at *seq*.

    *missing*: shards, by their first number, that are to be made from the log. *counted*: how often what stands in texts.
    *purges*: how often messages were deleted for good before it.
    """

    number: int
    group: GroupId
    seq: Seq
    missing: list[int]
    counted: dict[str, int]
    has_given_up: bool
    purges: int = 0


class SnapshotFile:
    """The snapshot of one relay. Its methods wait for the disk."""

    def __init__(self, folder: Path, key: Callable[[], SealKey], relay_id: RelayId, epoch: Epoch) -> None:
        """*key*: asked for each time, for it changes with the master key."""
        self._path = folder / FILE
        self._key = key
        self._place = (relay_id, epoch)

    def remove(self) -> None:
        """Let there be none."""
        self._path.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, reached: Reached, shards: Iterable[Image], count: int) -> None:
        """Put a whole new snapshot of *count* shards in the place of the one before.

        Raises:
            OSError: the disk is full or fails; the one before is still there.
        """
        file_id, key = secrets.token_bytes(16), self._key()
        with self._new_file() as file:
            file.write(_HEAD.pack(_MARK, file_id, count))
            for number, part in enumerate(chain([reached], shards)):
                self._write_part(file, key, part, self._associated(key, file_id, count, number))

    def _write_part(self, file: IO[bytes], key: SealKey, part: msgspec.Struct, associated: bytes) -> None:
        sealed = seal(key, msgspec.msgpack.encode(part), associated)
        file.write(_LENGTH.pack(len(sealed)))
        file.write(sealed)

    @contextmanager
    def _new_file(self) -> Iterator[IO[bytes]]:
        try:
            with os.fdopen(os.open(self._part, _NEW, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            self._part.replace(self._path)
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

    @property
    def _part(self) -> Path:
        return self._path.with_suffix(".part")

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self) -> Iterator[Reached | Image]:
        """How far the index had come, then its shards; nothing where there is no snapshot.

        Raises:
            SnapshotUnusable: it is not to be believed, whatever came before.
        """
        try:
            with self._path.open("rb") as file:
                yield from self._parts(file)
        except FileNotFoundError:
            return
        except SealError as error:
            raise SnapshotUnusable(
                "it was altered, or belongs to another relay or to an older state of this one"
            ) from error
        except (OSError, msgspec.MsgspecError, struct.error) as error:
            raise SnapshotUnusable(str(error)) from error

    def _parts(self, file: IO[bytes]) -> Iterator[Reached | Image]:
        mark, file_id, count = _HEAD.unpack(file.read(_HEAD.size))
        if mark != _MARK:
            raise SnapshotUnusable("it has another form")
        key = self._key()
        yield self._read_part(file, key, Reached, self._associated(key, file_id, count, 0))
        for number in range(1, count + 1):
            yield self._read_part(file, key, Image, self._associated(key, file_id, count, number))

    def _read_part(self, file: IO[bytes], key: SealKey, kind: type[T], associated: bytes) -> T:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        if length > _LONGEST:
            raise SnapshotUnusable("it has another form")
        opened = open_sealed(key, file.read(length), associated)
        return msgspec.msgpack.decode(opened, type=kind)

    def _associated(self, key: SealKey, file_id: bytes, count: int, number: int) -> bytes:
        return associated_data("search.snapshot", *self._place, file_id, count, number, key.key_id)
