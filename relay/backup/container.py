"""The form of a backup file: what it says in clear, and a sealed stream with the rest.

    PyMbackup  u32  header (JSON)   frames …          common.crypto.frames: a tar archive of
    9 bytes    len  in clear        sealed            relay.db, files/xx/<32 hex digits>

The header holds what the database shows in clear too: whose it is, when it was made, and the key slots, any one of which opens it. The frames
are bound to the header, so that neither can be exchanged. Contents of files are sealed in themselves, and once more here.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import BinaryIO, Final

import msgspec

from common.crypto.frames import FrameReader, FrameWriter
from common.crypto.keyslots import MasterKey, Slot, unwrap, wrap
from common.crypto.sealing import SealKey, associated_data
from common.errors import MessengerError, SealError
from common.ids import Millis, RelayId

MAGIC: Final = b"PyMbackup"
VERSION: Final = 1
DATABASE: Final = "relay.db"
_HEADER_BYTES: Final = 1024 * 1024
_LENGTH: Final = Struct(">I")


class NoBackup(MessengerError):
    """This file is no backup, or cannot be used; the text says why and what to do."""


class Header(msgspec.Struct, frozen=True):
    """What stands in clear. *schema*: of the database in it; *wrapped*: the key of the frames, by the master key."""

    version: int
    relay_id: RelayId
    made_at: Millis
    schema: int
    slots: list[Slot]
    wrapped: bytes


def write_header(
    out: BinaryIO, master: MasterKey, relay_id: RelayId, made_at: Millis, schema: int, slots: list[Slot]
) -> FrameWriter:
    """Begin a backup; what is written to the answer becomes the sealed stream."""
    key = SealKey.random(0)
    header = Header(VERSION, relay_id, made_at, schema, slots, wrap(master, key, _context(relay_id)))
    encoded = msgspec.json.encode(header)
    out.write(MAGIC + _LENGTH.pack(len(encoded)) + encoded)
    return FrameWriter(out, key, *_place(relay_id, encoded))


def read_header(source: BinaryIO) -> tuple[Header, bytes]:
    """What a backup says in clear, and the same as it stands there.

    Raises:
        NoBackup: it is none, or a later version made it.
    """
    start = source.read(len(MAGIC) + _LENGTH.size)
    if len(start) < len(MAGIC) + _LENGTH.size or not start.startswith(MAGIC):
        raise NoBackup("This is no backup of a relay.")
    (length,) = _LENGTH.unpack(start[len(MAGIC) :])
    encoded = source.read(min(length, _HEADER_BYTES))
    try:
        version = msgspec.json.decode(encoded, type=_Version).version
        if version > VERSION:
            raise NoBackup(f"A later version of this program made this backup (format {version}). Use that version.")
        return msgspec.json.decode(encoded, type=Header), encoded
    except msgspec.DecodeError as error:
        raise NoBackup("The beginning of this backup was damaged, so it cannot be used. Take another one.") from error


def open_stream(source: BinaryIO, header: Header, encoded: bytes, master: MasterKey) -> FrameReader:
    """The sealed stream behind the header.

    Raises:
        SealError: the header was altered, or is another relay's.
    """
    key = unwrap(master, header.wrapped, 0, _context(header.relay_id))
    return FrameReader(source, key, *_place(header.relay_id, encoded))


def damaged(error: SealError) -> NoBackup:
    """In words."""
    return NoBackup(f"This backup was damaged, and nothing of it was used. {error} Take another one.")


class _Version(msgspec.Struct, frozen=True):
    version: int


def _context(relay_id: RelayId) -> bytes:
    return associated_data("backup", relay_id)


def _place(relay_id: RelayId, encoded: bytes) -> tuple[str, str, bytes]:
    return "backup", relay_id, blake2b(encoded, digest_size=32).digest()
