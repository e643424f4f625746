"""Seal a record under a key, bound to its place; open it there and nowhere else.

The cipher is XChaCha20-Poly1305. A sealed record is ``nonce (24) || ciphertext || tag (16)``; the nonce is random, which 24 bytes make
safe for any number of records. The associated data says where the record stands (table, group, seq, sender, …), so a row that was
moved, re-attributed or reordered does not open.

The cipher does not commit to its key: a record can be crafted that opens under two keys. So no caller ever tries several keys; the key
id is stored beside the record, is part of the associated data, and says which one key to take.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Final, Protocol

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt,
)
from nacl.exceptions import CryptoError

from common.errors import SealError
from common.ids import RelayId

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 24
TAG_BYTES: Final = 16
OVERHEAD_BYTES: Final = NONCE_BYTES + TAG_BYTES
"""How much longer a sealed record is than its plaintext."""

Field = int | str | bytes | None
"""What associated data is made of: integers of 64 bits with sign, texts, bytes, or nothing."""


class HoldsSecret(Protocol):
    """Anything with 32 secret bytes: a `SealKey` or a master key."""

    @property
    def secret(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SealKey:
    """A key for records, and the id by which the records name it. The secret never shows in a repr."""

    key_id: int
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(self.secret)}")

    @classmethod
    def random(cls, key_id: int) -> SealKey:
        """A new key that nothing else leads to: once it is destroyed, what it sealed is gone."""
        return cls(key_id, os.urandom(KEY_BYTES))


# -- sealing -----------------------------------------------------------------------------------------------------------


def seal(key: HoldsSecret, plaintext: bytes, associated: bytes) -> bytes:
    """*plaintext* sealed under *key* and bound to *associated*, which must be given again to open it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _encrypt(plaintext, associated, nonce, key.secret)


def open_sealed(key: HoldsSecret, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext of *sealed*.

    Raises:
        SealError: another key, another place, or changed bytes; which of them cannot be known.
    """
    if len(sealed) < OVERHEAD_BYTES:
        raise SealError(f"This record cannot be opened: {len(sealed)} bytes are too few for a sealed record.")
    try:
        return _decrypt(sealed[NONCE_BYTES:], associated, sealed[:NONCE_BYTES], key.secret)
    except CryptoError as error:
        raise SealError("This record cannot be opened: it was altered or moved, or its key is another one.") from error


# -- associated data ---------------------------------------------------------------------------------------------------

# Each field carries its type, and its length unless the type has only one, so that two different lists of fields never
# give the same bytes. The first bytes name this format; a later one gets another number.
_FORMAT: Final = b"PyM\x01"
_INTEGER: Final = Struct(">cq")
_SIZED: Final = Struct(">cI")


def associated_data(label: str, *fields: Field) -> bytes:
    """The place of a record as canonical bytes: *label* (the table or purpose), then its *fields* in a fixed order.

    Raises:
        ValueError: an integer does not fit 64 bits, or a text is not valid Unicode.
    """
    return _FORMAT + _text(label) + b"".join(map(_encoded, fields))


def _encoded(value: Field) -> bytes:
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError("an integer of associated data must fit 64 bits")
        return _INTEGER.pack(b"i", value)
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return b"n"
    return _SIZED.pack(b"b", len(value)) + value


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _SIZED.pack(b"t", len(encoded)) + encoded


_kind_field = lru_cache(maxsize=64)(_text)


class EntryPlaces:
    """The associated data of every entry in one relay's *table*, made fast, for it is made once for each message.

    ``places.associated(g, s, k, u, t, x, i)`` is ``associated_data(table, relay_id, g, s, k, u, t, x, i)``, byte for byte.
    """

    __slots__ = ("_head",)

    _GROUP_SEQ: Final = Struct(">cqcq")
    _WITH_TARGET: Final = Struct(">cqcqcqcq")
    _WITHOUT_TARGET: Final = Struct(">cqcqccq")

    def __init__(self, table: str, relay_id: RelayId) -> None:
        self._head = associated_data(table, relay_id)

    def associated(
        self, group: int, seq: int, kind: str, sender: int, at: int, target: int | None, key_id: int
    ) -> bytes:
        """The place of one entry; *at* in Unix milliseconds, *target* the seq that it points to, if any."""
        if target is None:
            rest = self._WITHOUT_TARGET.pack(b"i", sender, b"i", at, b"n", b"i", key_id)
        else:
            rest = self._WITH_TARGET.pack(b"i", sender, b"i", at, b"i", target, b"i", key_id)
        return self._head + self._GROUP_SEQ.pack(b"i", group, b"i", seq) + _kind_field(kind) + rest


# -- derived keys ------------------------------------------------------------------------------------------------------

# What was derived or hashed once is on disk: these two names and their meaning never change.
_DERIVE: Final = b"pymessenger-drv1"
_LOOKUP: Final = b"pymessenger-lkp1"


def derive(source: HoldsSecret, purpose: str, key_id: int = 0) -> SealKey:
    """The key that belongs to *source* for one *purpose* ("names", "search snapshot"): always the same one.

    For keys that need not be destroyed alone; those that must be are made by `SealKey.random` and wrapped.
    """
    digest = blake2b(purpose.encode(), digest_size=KEY_BYTES, key=source.secret, person=_DERIVE)
    return SealKey(key_id, digest.digest())


def lookup_hash(key: HoldsSecret, text: str) -> bytes:
    """32 bytes by which a row with *text* is found without storing it: equal texts give equal bytes, under this key only.

    The caller normalises (NFKC and case folding for names). Take a derived key, not one that seals.
    """
    return blake2b(text.encode(), digest_size=32, key=key.secret, person=_LOOKUP).digest()
