"""The recovery code: what a person writes on paper, and reads back on the day when everything else is lost.

Eight groups of four characters of Crockford's base32, which has no I, L, O and U. Seven groups are random (140 bits), so no slow hash is
needed; the eighth is a checksum, so that a slip of the pen is told apart from the code of another relay, and mostly even found.
"""

from __future__ import annotations

import re
import secrets
from hashlib import blake2b
from typing import Final

from common.errors import MessengerError

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUP: Final = 4
_RANDOM_CHARACTERS: Final = 28
_CHARACTERS: Final = _RANDOM_CHARACTERS + _GROUP
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_SEPARATORS: Final = re.compile(r"[\s\-_.\u2010-\u2015]+")


class BadRecoveryCode(MessengerError, ValueError):
    """This text is no recovery code; the message says where to look."""


def new_recovery_code() -> str:
    """A new code, as it is shown to people: ``XXXX-XXXX-…``"""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return _shown(characters + _check(characters))


def parse_recovery_code(text: str) -> str:
    """The code in *text* as `new_recovery_code` shows it, whatever its case, its grouping, or O for 0 and I or L for 1.

    Raises:
        BadRecoveryCode: something is missing, cannot be part of a code, or was mistyped; the message never repeats the whole code.
    """
    compact = _SEPARATORS.sub("", text).upper().translate(_LOOKALIKES)
    for position, character in enumerate(compact):
        if character not in _ALPHABET:
            raise BadRecoveryCode(f"“{character}” in group {position // _GROUP + 1} cannot be part of a recovery code.")
    if len(compact) != _CHARACTERS:
        raise BadRecoveryCode(
            f"A recovery code has {_CHARACTERS // _GROUP} groups of {_GROUP} letters and digits; this one has {len(compact)} "
            f"characters instead of {_CHARACTERS}."
        )
    if not _fits(compact):
        raise BadRecoveryCode(f"The recovery code was not copied exactly. {_where_to_look(compact)}")
    return _shown(compact)


def _check(characters: str) -> str:
    digest = blake2b(characters.encode("ascii"), digest_size=4, person=b"pymessenger-rec1").digest()
    number = int.from_bytes(digest)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_GROUP))


def _fits(compact: str) -> bool:
    return _check(compact[:_RANDOM_CHARACTERS]) == compact[_RANDOM_CHARACTERS:]


def _where_to_look(compact: str) -> str:
    """Which groups become right by one other character or by two neighbours changing places."""
    groups: set[int] = set()
    for position, character in enumerate(compact):
        before, after = compact[:position], compact[position + 1 :]
        candidates = [before + other + after for other in _ALPHABET if other != character]
        if after:
            candidates.append(before + after[0] + character + after[1:])
        if any(map(_fits, candidates)):
            groups.add(position // _GROUP + 1)
    if not groups:
        return "Compare all groups with the paper."
    named = " or ".join(f"group {group}" for group in sorted(groups))
    return f"Compare {named} with the paper."


def _shown(compact: str) -> str:
    return "-".join(compact[start : start + _GROUP] for start in range(0, len(compact), _GROUP))
