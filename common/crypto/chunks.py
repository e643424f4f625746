"""Seals a file in chunks, so that it is never whole in memory: each chunk is bound to its file, its place in it and the file's size.

A file has a key of its own. A sealed chunk is ``nonce (12) || ciphertext || tag (16)``, ChaCha20-Poly1305 as in RFC 8439. The nonce is
random: under a key that seals one file of some ten thousand chunks, 12 bytes are enough. Every chunk but the last has `CHUNK_BYTES`,
so the size says how many there are and how long each is; because the size is bound too, a file that was cut short, put together in
another order or with chunks of another file does not open.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from common.crypto.sealing import Field, HoldsSecret, associated_data
from common.errors import SealError

CHUNK_BYTES: Final = 256 * 1024
CHUNK_OVERHEAD_BYTES: Final = 12 + 16
SLOT_BYTES: Final = CHUNK_BYTES + CHUNK_OVERHEAD_BYTES
"""A sealed chunk; the n-th one begins at n times this."""
_NONCE_BYTES: Final = 12


class ChunkSeal:
    """Seals and opens the chunks of one file."""

    def __init__(self, key: HoldsSecret, size: int, *place: Field) -> None:
        """*key*: the file's own, used for nothing else. *size*: of the whole file. *place*: what else the chunks are bound to."""
        self.size = size
        self._cipher = ChaCha20Poly1305(key.secret)
        self._place = associated_data("file chunk", *place, size)

    def seal(self, index: int, plaintext: bytes | bytearray | memoryview) -> bytes:
        """The chunk at *index*; the one at the end of what has arrived so far may be shorter than it will be."""
        return bytes(self.seal_into(index, plaintext, bytearray(SLOT_BYTES)))

    def seal_into(self, index: int, plaintext: bytes | bytearray | memoryview, slot: bytearray) -> memoryview:
        """As `seal`, into *slot*, of `SLOT_BYTES`; the part of it that holds the sealed chunk.

        Memory for each chunk anew would cost more than sealing it: the system fills every page of it with zeros first.
        """
        nonce = os.urandom(_NONCE_BYTES)
        sealed = memoryview(slot)[: len(plaintext) + CHUNK_OVERHEAD_BYTES]
        sealed[:_NONCE_BYTES] = nonce
        self._cipher.encrypt_into(nonce, plaintext, self._bound(index), sealed[_NONCE_BYTES:])
        return sealed

    def open(self, index: int, sealed: bytes | memoryview) -> bytes:
        """The plaintext of what was sealed at *index*; compare its length with `length_at`.

        Raises:
            SealError: altered, or of another file or place.
        """
        if len(sealed) < CHUNK_OVERHEAD_BYTES:
            raise SealError(f"Chunk {index} cannot be opened: {len(sealed)} bytes are too few for a sealed chunk.")
        try:
            return self._cipher.decrypt(bytes(sealed[:_NONCE_BYTES]), sealed[_NONCE_BYTES:], self._bound(index))
        except InvalidTag as error:
            raise SealError(f"Chunk {index} cannot be opened: it was altered or moved.") from error

    def length_at(self, index: int) -> int:
        """How many bytes of plaintext the chunk at *index* has once the file is whole."""
        return max(0, min(CHUNK_BYTES, self.size - index * CHUNK_BYTES))

    def _bound(self, index: int) -> bytes:
        is_last = (index + 1) * CHUNK_BYTES >= self.size
        return self._place + associated_data("chunk", index, int(is_last))
