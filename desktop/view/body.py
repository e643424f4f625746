"""A document's passages placed below each other: paragraphs, items, quotes and blocks of code. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, field

from desktop.view.fonts import Measure
from desktop.view.markdown import Document, Passage, Span
from desktop.view.richtext import Line, wrap_lines

QUOTE_STEP = 12
"""Logical pixels that a quote stands to the right, its bar included."""
ITEM_STEP = 18
"""The least room for an item's marker."""
CODE_PAD = 10


class PlacedLine(NamedTuple):
    """One line; *step*: from its top to the next one's."""

    x: int
    y: int
    step: int
    line: Line


class Ground(NamedTuple):
    """Below a block of code, from *x* to the right edge."""

    x: int
    y: int
    height: int


class Bar(NamedTuple):
    """Beside a quote."""

    x: int
    y: int
    height: int


class Marker(NamedTuple):
    """Before an item."""

    x: int
    y: int
    width: int
    span: Span


class Body(Struct):
    """Everything in its place, from the body's upper left corner. *ink*: where the last line's letters end."""

    lines: list[PlacedLine] = field(default_factory=list)
    grounds: list[Ground] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    width: int = 0
    height: int = 0
    ink: int = 0
    complete: bool = True


def lay_body(
    measure: Measure, px: Callable[[float], int], document: Document, width: int, emoji_width: int, most_lines: int
) -> Body:
    """Place *document* in *width* pixels. After *most_lines* lines the rest is left out."""
    return _Placing(measure, px, width, emoji_width, most_lines).place(document)


class _Placing:
    def __init__(
        self, measure: Measure, px: Callable[[float], int], width: int, emoji_width: int, most_lines: int
    ) -> None:
        self._measure = measure
        self._px = px
        self._width = width
        self._emoji_width = emoji_width
        self._left = most_lines
        self._body = Body()
        self._step = measure.line("body") + px(3)
        self._item_x: dict[int, int] = {}
        """Where the text of the present item of each depth begins."""

    def place(self, document: Document) -> Body:
        body = self._body
        for number, passage in enumerate(document.passages):
            blanks = passage.blanks if number else 0
            if self._left <= blanks:
                body.complete = False
                break
            self._left -= blanks
            body.height += self._step * blanks
            top = body.height
            if passage.is_code:
                self._code(passage)
            else:
                self._text(passage)
            for level in range(passage.quotes):
                self._bar(level, top)
            if not body.complete:
                break
        return body

    def _x(self, passage: Passage) -> int:
        """Where the passage's lines begin; an item's marker may push its own further right."""
        x = self._px(QUOTE_STEP) * passage.quotes
        if not passage.indent:
            self._item_x.clear()
            return self._within(x)
        outer = self._item_x.get(passage.indent - 1, x + self._px(ITEM_STEP) * (passage.indent - 1))
        if passage.marker is None:
            return self._within(self._item_x.get(passage.indent, outer + self._px(ITEM_STEP)))
        outer = self._within(outer)
        wide = self._measure.width("body", passage.marker.text)
        x = self._within(outer + max(self._px(ITEM_STEP), wide + self._px(6)))
        self._body.markers.append(Marker(outer, self._body.height, wide, passage.marker))
        self._item_x[passage.indent] = x
        return x

    def _within(self, x: int) -> int:
        """Half of the width stays for the text, however deep it stands."""
        return min(x, self._width // 2)

    def _text(self, passage: Passage) -> None:
        x = self._x(passage)
        self._lines(passage, x, self._width - x, self._step)

    def _code(self, passage: Passage) -> None:
        body, px = self._body, self._px
        x = self._x(passage)
        top = body.height + px(3)
        body.height = top + px(6)
        pad = px(CODE_PAD)
        self._lines(passage, x + pad, self._width - x - 2 * pad, self._measure.line("code") + px(4))
        body.height += px(6)
        body.grounds.append(Ground(x, top, body.height - top))
        body.height += px(3)
        body.width = min(self._width, body.width + pad)
        body.ink = self._width  # the time goes below it

    def _lines(self, passage: Passage, x: int, width: int, step: int) -> None:
        body = self._body
        wrapped = wrap_lines(self._measure, passage.lines, max(1, width), self._emoji_width, self._left)
        for line in wrapped.lines:
            body.lines.append(PlacedLine(x, body.height, step, line))
            body.height += step
        self._left -= len(wrapped.lines)
        body.width = max(body.width, x + wrapped.width)
        body.ink = x + wrapped.lines[-1].ink
        body.complete = wrapped.complete

    def _bar(self, level: int, top: int) -> None:
        """Goes on beside the next passage of the same quote."""
        x = self._within(self._px(QUOTE_STEP) * level)
        bars = self._body.bars
        for place in range(len(bars) - 1, -1, -1):
            if bars[place].x == x:
                if bars[place].y + bars[place].height == top:
                    bars[place] = bars[place]._replace(height=self._body.height - bars[place].y)
                    return
                break
        bars.append(Bar(x, top, self._body.height - top))
