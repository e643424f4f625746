"""Spans broken into lines: each piece with its width and its place in the text, so that it can be selected and copied.

Pure: it only asks how wide text is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from desktop.view.fonts import Measure
from desktop.view.markdown import Span, plain

_WORD: Final = re.compile(r"\S+\s*|\s+")
_LONG: Final = 80
"""A span of more characters is measured word by word from the start."""


class Piece(NamedTuple):
    """What is drawn as one, at *x* in its line. *target*: the whole link that it belongs to."""

    x: int
    width: int
    kind: str
    text: str
    start: int
    target: str


class Line(NamedTuple):
    """One line. *ink*: where its last visible letter ends."""

    pieces: list[Piece]
    ink: int


class Wrapped(NamedTuple):
    """The lines. *complete*: nothing was left out."""

    lines: list[Line]
    width: int
    complete: bool


def font_of(kind: str) -> str:
    """The role of the font that a kind of span is drawn in."""
    return "bold" if kind == "mention" else "body" if kind == "emoji" else kind


def wrap(measure: Measure, text: str, width: int, emoji_width: int, most_lines: int) -> Wrapped:
    """Break plain *text* at *width* pixels. After *most_lines* lines the rest is left out."""
    return wrap_lines(measure, plain(text).passages[0].lines, width, emoji_width, most_lines)


def wrap_lines(
    measure: Measure, lines: Sequence[Sequence[Span]], width: int, emoji_width: int, most_lines: int
) -> Wrapped:
    """Break lines of spans at *width* pixels."""
    return _Wrapper(measure, width, emoji_width, most_lines).wrap(lines)


class _Full(Exception):
    """There are as many lines as wanted, and something is left."""


class _Wrapper:
    def __init__(self, measure: Measure, width: int, emoji_width: int, most_lines: int) -> None:
        self._measure = measure
        self._width = width
        self._emoji_width = emoji_width
        self._most_lines = most_lines
        self._lines: list[Line] = []
        self._pieces: list[Piece] = []
        self._x = 0
        self._ink = 0

    def wrap(self, lines: Sequence[Sequence[Span]]) -> Wrapped:
        complete = True
        try:
            for number, spans in enumerate(lines):
                if number:
                    self._break()
                for span in spans:
                    if span.kind == "emoji":
                        self._put_emoji(span)
                    else:
                        self._put_text(span)
            self._lines.append(Line(self._pieces, self._ink))
        except _Full:
            complete = False
        return Wrapped(self._lines, max(line.ink for line in self._lines), complete)

    def _break(self) -> None:
        self._lines.append(Line(self._pieces, self._ink))
        if len(self._lines) >= self._most_lines:
            raise _Full
        self._pieces = []
        self._x = self._ink = 0

    def _put(self, kind: str, text: str, width: int, start: int, target: str) -> None:
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.kind == kind != "emoji" and last.target == target:
            self._pieces[-1] = last._replace(width=last.width + width, text=last.text + text)
        else:
            self._pieces.append(Piece(self._x, width, kind, text, start, target))
        self._x += width

    def _put_emoji(self, span: Span) -> None:
        if self._x + self._emoji_width > self._width and self._pieces:
            self._break()
        self._put("emoji", span.text, self._emoji_width, span.start, span.target)
        self._ink = self._x

    def _put_text(self, span: Span) -> None:
        kind, text, target = span.kind, span.text, span.target
        font = font_of(kind)
        whole = self._measure.width(font, text) if len(text) < _LONG else self._width + 1
        if self._x + whole <= self._width:
            self._put(kind, text, whole, span.start, target)
            self._note_ink(font, text, whole)
            return
        for found in _WORD.finditer(text):
            word = found.group()
            core = word.rstrip()
            core_width = self._measure.width(font, core) if core else 0
            if self._x + core_width > self._width and self._pieces:
                self._break()
            if core_width > self._width:
                self._put_in_parts(span, word, span.start + found.start())
                continue
            width = core_width if len(core) == len(word) else self._measure.width(font, word)
            # Blanks that have no room at the end of a line take none.
            width = max(core_width, min(width, self._width - self._x))
            self._put(kind, word, width, span.start + found.start(), target)
            if core:
                self._ink = self._x - width + core_width

    def _note_ink(self, font: str, text: str, width: int) -> None:
        core = text.rstrip()
        if core:
            self._ink = self._x - (width - self._measure.width(font, core) if len(core) < len(text) else 0)

    def _put_in_parts(self, span: Span, word: str, start: int) -> None:
        """A word wider than a line is broken where the line ends."""
        font = font_of(span.kind)
        at = 0
        while at < len(word):
            low, high = 1, len(word) - at
            high = min(high, self._width)  # no letter is narrower than a pixel
            while low < high:
                middle = (low + high + 1) // 2
                if self._x + self._measure.width(font, word[at : at + middle]) <= self._width:
                    low = middle
                else:
                    high = middle - 1
            part = word[at : at + low]
            width = self._measure.width(font, part)
            self._put(span.kind, part, width, start + at, span.target)
            self._note_ink(font, part, width)
            at += low
            if at < len(word):
                self._break()
