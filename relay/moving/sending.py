"""What the other computer fetches: a sealed stream in the form of a backup, with the database or without, and without files that are there already."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import BinaryIO, Final, cast

from msgspec import Struct

from common.crypto.keyslots import MasterKey
from common.ids import Millis, RelayId
from common.protocol.messages import FileId
from relay.backup.container import write_header
from relay.backup.making import sizes_of, write_archive
from relay.storage.copying import look_at_copy
from relay.storage.migrate import migrations

_log = logging.getLogger(__name__)

PIECE_BYTES: Final = 512 * 1024
"""Handed over at once: a hop to the loop for each."""
COPY: Final = "moving.db.part"
"""In the data folder, while the relay moves: a copy of the database, sealed as that is."""


class Parcel(Struct, frozen=True):
    """What one copy holds. *database*: a copy that belongs to it alone, or None."""

    relay_id: RelayId
    database: Path | None
    files: Path
    sizes: dict[FileId, int]

    @property
    def bytes(self) -> int:
        """About how long it is."""
        return sum(self.sizes.values()) + (0 if self.database is None else self.database.stat().st_size)


def pack(
    relay_id: RelayId, database: Path | None, files: Path, ids: Iterable[FileId], have: Collection[FileId]
) -> Parcel:
    """A parcel with what *have* does not hold. With a *database* it is that which says which files there are, else *ids*."""
    named = ids if database is None else look_at_copy(database).files
    return Parcel(relay_id, database, files, sizes_of(files, (each for each in named if each not in have)))


def send(parcel: Parcel, master: MasterKey, now: Millis, put: Callable[[bytes], None], stop: threading.Event) -> None:
    """Give *parcel* to *put*, piece by piece. Blocks.

    Raises:
        Stopped: *stop* was set; and what *put* raises.
    """
    out = _Pieces(put)
    frames = write_header(cast(BinaryIO, out), master, parcel.relay_id, now, max(migrations()), [])
    write_archive(frames, parcel.database, parcel.files, parcel.sizes, parcel.bytes, lambda _done, _total: None, stop)
    out.flush()


def forget_copy(folder: Path) -> None:
    """Remove from the data *folder* what a relay that was killed in the middle of a move has left; nobody else has the folder now."""
    for name in (COPY, f"{COPY}-journal"):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:  # it is in nobody's way but the disk's
            _log.warning("What is left of a move that was broken off could not be removed (%s).", error)


class _Pieces:
    """Gathers what is written."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._held = bytearray()

    def write(self, piece: bytes) -> int:
        self._held += piece
        if len(self._held) >= PIECE_BYTES:
            self.flush()
        return len(piece)

    def flush(self) -> None:
        if self._held:
            self._put(bytes(self._held))
            self._held.clear()
