"""How texts and queries are made alike: case and ё do not count, nor does what only parts words.

A text becomes its *pieces*: words, and single signs such as "+" or an emoji. Written with one blank between, before and after them,
every three neighbouring characters are what the index knows of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

GRAM: Final = 3
_DULL: Final = r"""\s\x00-\x1f\x7f.,:;!?()\[\]{}"'`«»„“”‘’…–—\-"""
"""What parts words and says nothing by itself."""
_PIECE: Final = re.compile(rf"\w+|[^\w{_DULL}]")
_ONE_TO_ONE: Final = str.maketrans({"İ": "i", "ё": "е", "Ё": "е", "ς": "σ"})


def composed(text: str) -> str:
    """*text* in the one form in which texts are compared and shown: й is one character, however it was typed."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """*text* without the differences that do not count; each character stays in its place."""
    return text.translate(_ONE_TO_ONE).lower().translate(_ONE_TO_ONE)


def spread(text: str) -> str:
    """The pieces of *text*, each between blanks, as the index takes them in."""
    return f" {' '.join(_PIECE.findall(folded(composed(text))))} "


class Term(Struct, frozen=True):
    """Something that is looked for: a word, the beginning or part of one, or several words that stand together."""

    grams: tuple[str, ...]
    """What the index must know of every text that has it."""
    pattern: re.Pattern[str]
    """Finds it in a folded text."""

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands in a folded text, from the start on."""
        return (found.span() for found in self.pattern.finditer(text))


def term(text: str) -> Term | None:
    """What *text* looks for; None when it has nothing but signs that do not count."""
    pieces = _PIECE.findall(folded(composed(text)))
    if not pieces:
        return None
    line = " ".join(pieces)
    pattern = "".join(_joined(pieces))
    # Less than three characters are the beginning of a word, one letter is a whole one: parts so short are in everything.
    if len(line) < GRAM:
        line, pattern = f" {line}", rf"(?<!\w){pattern}" if _is_word(line) else pattern
    if len(line) < GRAM:
        line, pattern = f"{line} ", rf"{pattern}(?!\w)" if _is_word(line.strip()) else pattern
    return Term(grams_of(line), re.compile(pattern))


def grams_of(line: str) -> tuple[str, ...]:
    """Every three neighbouring characters of *line*, once each."""
    return tuple(dict.fromkeys(line[start : start + GRAM] for start in range(len(line) - GRAM + 1)))


def _joined(pieces: Sequence[str]) -> Iterator[str]:
    previous = ""
    for piece in pieces:
        if previous:
            yield f"[{_DULL}]{'+' if _is_word(previous) and _is_word(piece) else '*'}"
        yield re.escape(piece)
        previous = piece


def _is_word(piece: str) -> bool:
    return re.match(r"\w", piece) is not None


# -- what is shown -----------------------------------------------------------------------------------------------------

SNIPPET_CHARACTERS: Final = 160
_BEFORE: Final = 40
_MARKS: Final = 20
_CUT: Final = "…"


def snippet(text: str, terms: Iterable[Term]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Some of *text* around the first place, in one line, and what to emphasise in it: start and end, counted in characters."""
    text = re.sub(r"[\s\x00-\x1f\x7f]", " ", composed(text))
    marks = _merged(sorted(place for each in terms for place in each.places(folded(text))))
    start, end = _window(text, marks[0] if marks else (0, 0))
    head, tail = _CUT if start else "", _CUT if end < len(text) else ""
    shift = len(head) - start
    inside = [(max(low, start) + shift, min(high, end) + shift) for low, high in marks if low < end and high > start]
    return f"{head}{text[start:end]}{tail}", tuple(inside[:_MARKS])


def _window(text: str, first: tuple[int, int]) -> tuple[int, int]:
    if len(text) <= SNIPPET_CHARACTERS:
        return 0, len(text)
    start = max(0, min(first[0] - _BEFORE, len(text) - SNIPPET_CHARACTERS))
    if start:  # where a word begins, if one does before the place
        blank = text.find(" ", start, first[0])
        start = start if blank < 0 else blank + 1
    return start, min(len(text), start + SNIPPET_CHARACTERS)


def _merged(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in places:
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged
