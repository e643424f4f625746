"""Text broken into lines: words, links and emoji, each with its place in the source, so that it can be selected and copied.

Pure: it only asks how wide text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from desktop.view import emoji
from desktop.view.fonts import Measure

_LINK: Final = re.compile(r"(?:https?|pymessenger)://[^\s<>\"«»“”]+")
_AFTER_LINK: Final = ".,;:!?…'»”)]}"
_WORD: Final = re.compile(r"\S+\s*|\s+")


class Span(NamedTuple):
    """A stretch of one kind: ``body``, ``link`` or ``emoji``. *start*: its place in the source."""

    kind: str
    text: str
    start: int


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


def spans(text: str) -> Iterator[Span]:
    """The stretches of *text*, without what is empty. Sentence signs at the end of a link are not part of it."""
    at = 0
    for found in _LINK.finditer(text):
        link = _without_tail(found.group())
        yield from _plain_spans(text, at, found.start())
        yield Span("link", link, found.start())
        at = found.start() + len(link)
    yield from _plain_spans(text, at, len(text))


def _without_tail(link: str) -> str:
    """A closing bracket belongs to the link only when it was opened in it."""
    while link and link[-1] in _AFTER_LINK and not (link[-1] == ")" and link.count("(") >= link.count(")")):
        link = link[:-1]
    return link


def _plain_spans(text: str, start: int, end: int) -> Iterator[Span]:
    part = text[start:end]
    at = 0
    if not part.isascii():
        for found in emoji.EMOJI.finditer(part):
            if emoji.is_text(found.group()):
                continue
            if found.start() > at:
                yield Span("body", part[at : found.start()], start + at)
            yield Span("emoji", found.group(), start + found.start())
            at = found.end()
    if at < len(part):
        yield Span("body", part[at:], start + at)


def wrap(measure: Measure, text: str, width: int, emoji_width: int, most_lines: int) -> Wrapped:
    """Break *text* at *width* pixels. After *most_lines* lines the rest is left out."""
    return _Wrapper(measure, width, emoji_width, most_lines).wrap(text)


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

    def wrap(self, text: str) -> Wrapped:
        complete = True
        try:
            for span in spans(text):
                at = span.start
                for number, part in enumerate(span.text.split("\n")):
                    if number:
                        self._break()
                        at += 1
                    if span.kind == "emoji":
                        self._put_emoji(part, at)
                    elif part:
                        self._put_text(span.kind, part, at, span.text if span.kind == "link" else "")
                    at += len(part)
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

    def _put_emoji(self, text: str, start: int) -> None:
        if self._x + self._emoji_width > self._width and self._pieces:
            self._break()
        self._put("emoji", text, self._emoji_width, start, "")
        self._ink = self._x

    def _put_text(self, kind: str, text: str, start: int, target: str) -> None:
        whole = self._measure.width(kind, text) if len(text) < 80 else self._width + 1
        if self._x + whole <= self._width:
            self._put(kind, text, whole, start, target)
            self._note_ink(kind, text, whole)
            return
        for found in _WORD.finditer(text):
            word = found.group()
            core = word.rstrip()
            core_width = self._measure.width(kind, core) if core else 0
            if self._x + core_width > self._width and self._pieces:
                self._break()
            if core_width > self._width:
                self._put_in_parts(kind, word, start + found.start(), target)
                continue
            width = core_width if len(core) == len(word) else self._measure.width(kind, word)
            self._put(kind, word, width, start + found.start(), target)
            if core:
                self._ink = self._x - width + core_width

    def _note_ink(self, kind: str, text: str, width: int) -> None:
        core = text.rstrip()
        if core:
            self._ink = self._x - (width - self._measure.width(kind, core) if len(core) < len(text) else 0)

    def _put_in_parts(self, kind: str, word: str, start: int, target: str) -> None:
        """A word wider than a line is broken where the line ends."""
        at = 0
        while at < len(word):
            low, high = 1, len(word) - at
            high = min(high, self._width)  # no letter is narrower than a pixel
            while low < high:
                middle = (low + high + 1) // 2
                if self._x + self._measure.width(kind, word[at : at + middle]) <= self._width:
                    low = middle
                else:
                    high = middle - 1
            part = word[at : at + low]
            width = self._measure.width(kind, part)
            self._put(kind, part, width, start + at, target)
            self._note_ink(kind, part, width)
            at += low
            if at < len(word):
                self._break()
