"""Which names can be used: what people could not see or tell apart is refused, never mended in silence."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from common.errors import BadName

_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc\U0001d159\U000e0100-\U000e01ef]"
)
"""Without any ink, though their category says otherwise: Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties) as far as
`str.isprintable` lets it pass, the empty Braille pattern, the object replacement and the null notehead."""
_EMOJI_GLUE: Final = re.compile("(?<=[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])\ufe0f|(?<=[0-9#*])\ufe0f\u20e3")
"""A variation selector where it belongs: behind an emoji."""
_NUMBER: Final = re.compile(r"#\s*\d+")
"""Stands for somebody without a name."""
_JOINERS: Final = frozenset("\u200c\u200d")
"""Some scripts and many emoji need them between two characters; in user names they would only make twins."""
_ALIKE: Final = ("LATIN", "CYRILLIC", "GREEK")
"""Scripts whose letters are taken for each other's: within one word of a user name only one of them."""
_MARKS_MAX: Final = 4


def check_username(name: str) -> None:
    """Raise `BadName` unless *name* can be seen, and typed again, by everybody."""
    if any(character in _JOINERS for character in name):
        raise BadName
    _check(name)
    _check(unicodedata.normalize("NFKC", name))
    if _NUMBER.fullmatch(unicodedata.normalize("NFKC", name)):
        raise BadName("So are those called who have deleted their account. Choose another name.")
    for word in re.split(r"[^\w]+|_", name):
        if len({script for letter in word if (script := _script(letter))}) > 1:
            raise BadName("A word of this name mixes alphabets whose letters look alike. Write it in one.")


def check_name(name: str) -> None:
    """Raise `BadName` unless *name* (of a group, or to be shown) can be seen."""
    _check(_EMOJI_GLUE.sub("", "".join(character for character in name if character not in _JOINERS)))


def check_topic(topic: str) -> None:
    """Raise `BadName` unless *topic* can be seen; it may be empty."""
    if topic:
        check_name(topic)


def folded(name: str) -> str:
    """Equal for names that people would call the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _check(name: str) -> None:
    if not name or name != name.strip() or not name.isprintable() or _INVISIBLE.search(name):
        raise BadName
    if _most_marks(name) > _MARKS_MAX or unicodedata.combining(name[0]):
        raise BadName("This name has too many accents in one place, or begins with one.")


def _script(letter: str) -> str:
    """Which of the scripts that look alike *letter* belongs to, if any."""
    name = unicodedata.name(letter, "")
    return next((script for script in _ALIKE if name.startswith(script)), "")


def _most_marks(name: str) -> int:
    """The longest run of marks that stand on one character."""
    longest = run = 0
    for character in unicodedata.normalize("NFD", name):
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest
