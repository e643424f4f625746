"""Which names can be used: what people could not see or tell apart is refused, never mended in silence."""

from __future__ import annotations

import unicodedata
from typing import Final

from common.errors import BadName

# Letters by their category, but without any ink: the Hangul fillers and the empty Braille pattern.
_INVISIBLE: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_JOINERS: Final = frozenset("\u200c\u200d")
"""Some scripts and many emoji need them between two characters; in user names they would only make twins."""
_MARKS_MAX: Final = 4


def check_username(name: str) -> None:
    """Raise `BadName` unless *name* can be seen, and typed again, by everybody."""
    if any(character in _JOINERS for character in name):
        raise BadName
    _check(name)
    _check(unicodedata.normalize("NFKC", name))


def check_name(name: str) -> None:
    """Raise `BadName` unless *name* (of a group, or to be shown) can be seen."""
    _check("".join(character for character in name if character not in _JOINERS))


def check_topic(topic: str) -> None:
    """Raise `BadName` unless *topic* can be seen; it may be empty."""
    if topic:
        check_name(topic)


def folded(name: str) -> str:
    """Equal for names that people would call the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _check(name: str) -> None:
    if not name or name != name.strip() or not name.isprintable() or _INVISIBLE.intersection(name):
        raise BadName
    if _most_marks(name) > _MARKS_MAX or unicodedata.combining(name[0]):
        raise BadName("This name has too many accents in one place, or begins with one.")


def _most_marks(name: str) -> int:
    """The longest run of marks that stand on one character."""
    longest = run = 0
    for character in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest
