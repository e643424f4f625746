"""Passwords for signing in: argon2id, each hash with its own salt and cost inside.

Both functions take about 60 ms and 64 MiB, and free the interpreter's lock meanwhile: call them in a thread, at most two at once.
"""

from __future__ import annotations

import base64
import unicodedata
from typing import Final

from nacl.exceptions import InvalidkeyError
from nacl.pwhash import argon2id

OPS: Final[int] = argon2id.OPSLIMIT_INTERACTIVE
MEMORY: Final[int] = argon2id.MEMLIMIT_INTERACTIVE
"""Bytes."""


def hash_password(password: str, *, ops: int = OPS, memory: int = MEMORY) -> str:
    """The text to store for *password*: ``$argon2id$v=19$…``. Lengths are checked by the caller; *memory* in bytes."""
    return argon2id.str(_normalised(password), opslimit=ops, memlimit=memory).decode("ascii")


def verify_password(stored: str | None, password: str) -> bool:
    """Whether *password* is the one that *stored* was made from.

    *stored* is None for an unknown user: the answer is no, after the same work, so that its time does not tell who has an account.
    """
    try:
        argon2id.verify((_NOBODY if stored is None else stored).encode("ascii"), _normalised(password))
    except InvalidkeyError:
        return False
    return stored is not None


def _normalised(password: str) -> bytes:
    # Keyboards differ in whether they compose й from two code points; people cannot see which one they typed.
    return unicodedata.normalize("NFC", password).encode()


def _unpadded(zeros: int) -> str:
    return base64.b64encode(bytes(zeros)).decode("ascii").rstrip("=")


# A hash of the same cost that was made from nothing. Even were there a password for it, `verify_password` says no.
_NOBODY: Final = f"$argon2id$v=19$m={MEMORY // 1024},t={OPS},p=1${_unpadded(16)}${_unpadded(32)}"
