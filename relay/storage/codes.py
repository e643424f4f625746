"""Codes that let people in: made here, and stored as a keyed hash of what people type, however they case and group it."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Final

from relay.storage.vault import Vault

_CODE_BYTES: Final = 10
_NOT_IN_A_CODE: Final = re.compile(r"[^0-9a-z]")


def new_code() -> str:
    """A code that people can read out: 80 random bits as ``ABCD-EFGH-JKLM-NPQR``."""
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode("ascii")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def code_hash(vault: Vault, code: str) -> bytes:
    """What is stored of *code*, and by what it is looked up."""
    return vault.code_hash("code:" + _NOT_IN_A_CODE.sub("", code.casefold()))
