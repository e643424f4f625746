"""How the archive's records are sealed: under one key, each bound to its place, so that none can be moved or altered unseen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from common.crypto.sealing import Field, SealKey, associated_data, open_sealed, seal
from common.errors import SealError

T = TypeVar("T")


class Seals:
    """Seals structs as records of the archive, each bound to its place, and opens them there."""

    def __init__(self, key: SealKey) -> None:
        """All records are sealed under *key*."""
        self._key = key
        self._encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode

    def seal(self, what: object, table: str, *place: Field) -> bytes:
        """*what* as the sealed record of *table* at *place*."""
        return self.seal_bytes(self._encode(what), table, *place)

    def seal_bytes(self, plain: bytes, table: str, *place: Field) -> bytes:
        """*plain*, which has no shape of its own, as the sealed record of *table* at *place*."""
        return seal(self._key, plain, associated_data(f"archive.{table}", *place))

    def open(self, kind: type[T], sealed: bytes, table: str, *place: Field) -> T:
        """The value that was sealed at that place.

        Raises:
            SealError: damaged or moved, or of a shape that this version does not know.
        """
        plain = self.open_bytes(sealed, table, *place)
        try:
            return msgspec.msgpack.decode(plain, type=kind, dec_hook=_typed)
        except ValueError as error:
            raise SealError(f"This record of the archive has another shape: {error}") from error

    def open_bytes(self, sealed: bytes, table: str, *place: Field) -> bytes:
        """What `seal_bytes` sealed at that place.

        Raises:
            SealError: damaged or moved.
        """
        return open_sealed(self._key, sealed, associated_data(f"archive.{table}", *place))


def _plain(value: object) -> bytes:
    """A path as the bytes that the system knows it by: not every file name is text."""
    if isinstance(value, Path):
        return os.fsencode(value)
    raise TypeError(f"{type(value).__name__} cannot be kept in the archive")


def _typed(kind: type[Any], value: Any) -> Path:
    if kind is Path and isinstance(value, (bytes, str)):
        return Path(os.fsdecode(value))
    raise TypeError(f"{kind.__name__} is not kept in the archive")
