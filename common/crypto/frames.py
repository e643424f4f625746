"""Seals a stream of unknown length in frames, so that it is never whole in memory, and so that its end is known to be its end.

Each frame is a sealed record (`common.crypto.sealing`) of up to `FRAME_BYTES` of plaintext behind its length in four bytes. It is bound to what the
stream belongs to, to its number, and to whether it is the last: frames that were dropped, doubled, put in another order or
taken from another stream do not open, and a stream without its last frame is known to have been cut short. (The construction is STREAM,
Hoang, Reyhanitabar, Rogaway and Vizár 2015, with random nonces in place of counters.)
"""

from __future__ import annotations

from struct import Struct
from typing import BinaryIO, Final

from common.crypto.sealing import OVERHEAD_BYTES, Field, HoldsSecret, associated_data, open_sealed, seal
from common.errors import SealError

FRAME_BYTES: Final = 256 * 1024
_LENGTH: Final = Struct(">I")


class FrameWriter:
    """A file to write to; what is written comes out sealed. `finish` it, or it counts as cut short."""

    def __init__(self, out: BinaryIO, key: HoldsSecret, *place: Field) -> None:
        """*key*: of this stream and of nothing else. *place*: what the stream is bound to."""
        self._out = out
        self._key = key
        self._place = place
        self._index = 0
        self._held = bytearray()
        self.written = 0
        """Bytes of plaintext so far."""

    def write(self, piece: bytes | bytearray | memoryview) -> int:
        """Add *piece*; how much of it, which is all."""
        self._held += piece
        self.written += len(piece)
        while len(self._held) > FRAME_BYTES:  # what fills a frame exactly may be the last
            self._put(self._held[:FRAME_BYTES], is_last=False)
            del self._held[:FRAME_BYTES]
        return len(piece)

    def finish(self) -> None:
        """Write the last frame. Nothing comes after it."""
        self._put(self._held, is_last=True)
        self._held = bytearray()

    def _put(self, plaintext: bytearray, *, is_last: bool) -> None:
        place = associated_data("frame", *self._place, self._index, int(is_last))
        sealed = seal(self._key, bytes(plaintext), place)
        self._out.write(_LENGTH.pack(len(sealed) | is_last << 31) + sealed)
        self._index += 1


class FrameReader:
    """A file to read from, once through. It ends where the last frame ends, and nowhere else."""

    def __init__(self, source: BinaryIO, key: HoldsSecret, *place: Field) -> None:
        """As it was written."""
        self._source = source
        self._key = key
        self._place = place
        self._index = 0
        self._held = memoryview(b"")
        self._is_over = False

    def read(self, size: int = FRAME_BYTES) -> bytes:
        """Up to *size* bytes, fewer at the end of a frame; none at the end of the stream.

        Raises:
            SealError: it was altered or cut short, or more comes after its end.
        """
        while not self._held and not self._is_over:
            self._held = memoryview(self._next())
        piece, self._held = self._held[:size], self._held[size:]
        return bytes(piece)

    def _next(self) -> bytes:
        head = self._source.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            raise SealError("It was cut short: its end is missing.")
        (word,) = _LENGTH.unpack(head)
        length, is_last = word & 0x7FFF_FFFF, bool(word >> 31)
        if not OVERHEAD_BYTES <= length <= FRAME_BYTES + OVERHEAD_BYTES:
            raise SealError("It was altered: a frame has an impossible length.")
        sealed = self._source.read(length)
        if len(sealed) < length:
            raise SealError("It was cut short: its end is missing.")
        place = associated_data("frame", *self._place, self._index, int(is_last))
        plaintext = open_sealed(self._key, sealed, place)
        self._index += 1
        if is_last:
            self._is_over = True
            if self._source.read(1):
                raise SealError("It was altered: something comes after its end.")
        return plaintext
