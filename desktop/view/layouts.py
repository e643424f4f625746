"""What a word would be had it been typed under the other keyboard layout: a Russian one for an English one, or the reverse."""

from __future__ import annotations

from typing import Final

_ENGLISH: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_RUSSIAN: Final = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER: Final = str.maketrans(_ENGLISH + _RUSSIAN, _RUSSIAN + _ENGLISH)


def swapped(text: str) -> str:
    """*text* as the same keys give it under the other layout, in small letters."""
    return text.casefold().translate(_OTHER)
