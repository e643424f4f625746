"""The letters on a person's or group's avatar. Pure."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"\w+")


def initials(name: str) -> str:
    """The first letters of the first two words; a question mark for a name without letters."""
    return "".join(word[0] for word in _WORD.findall(name)[:2]).upper()[:2] or "?"
