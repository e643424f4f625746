"""What is selected in a list of rows: from one place to another, across rows; and how it follows when rows change. Pure."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from desktop.model.rows import Splice
from desktop.view.block import Block, Run
from desktop.view.fonts import Measure

END = 1 << 30
"""An offset behind all text."""


class Place(NamedTuple):
    """Before character *offset* of the text of row *row*."""

    row: int
    offset: int


class Selection(Struct, frozen=True):
    """From *anchor*, where it was begun, to *end*, where the pointer is; either may come first."""

    anchor: Place
    end: Place

    @property
    def first(self) -> Place:
        return min(self.anchor, self.end)

    @property
    def last(self) -> Place:
        return max(self.anchor, self.end)

    @property
    def empty(self) -> bool:
        return self.anchor == self.end

    def to(self, place: Place) -> Selection:
        """The same beginning, another end."""
        return replace(self, end=place)

    def in_row(self, index: int) -> tuple[int, int] | None:
        """Which characters of row *index* are selected: [start, end); None: none."""
        first, last = self.first, self.last
        if self.empty or not first.row <= index <= last.row:
            return None
        start = first.offset if index == first.row else 0
        end = last.offset if index == last.row else END
        return (start, end) if start < end else None

    def after(self, splice: Splice) -> Selection | None:
        """The selection after rows were replaced; None when it has lost an end.

        Rows replaced one for one (a message got stored) keep their places.
        """
        anchor, end = _moved(self.anchor, splice), _moved(self.end, splice)
        return Selection(anchor, end) if anchor is not None and end is not None else None


def _moved(place: Place, splice: Splice) -> Place | None:
    if place.row < splice.start:
        return place
    if place.row < splice.start + splice.removed:
        return place if splice.added >= splice.removed else None
    return Place(place.row + splice.added - splice.removed, place.offset)


def word_around(text: str, offset: int) -> tuple[int, int]:
    """Where the word at *offset* begins and ends; between words nothing."""
    start = end = min(offset, len(text))
    while start > 0 and _in_word(text[start - 1]):
        start -= 1
    while end < len(text) and _in_word(text[end]):
        end += 1
    return start, end


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def offset_at(block: Block, measure: Measure, x: float, y: float) -> int:
    """The character of the block's text nearest to a point in it."""
    if not block.runs:
        return 0
    if y < block.runs[0].y:
        return 0

    def distance(run: Run) -> tuple[float, float]:
        below, right = y - run.y - run.height, x - run.x - run.width
        return max(run.y - y, below, 0.0) if not run.y <= y < run.y + run.height else -1.0, max(run.x - x, right, 0.0)

    run = min(block.runs, key=distance)
    if y >= block.runs[-1].y + block.runs[-1].height:
        return len(block.text)
    if run.whole:
        return run.start + (len(run.text) if x > run.x + run.width / 2 else 0)
    low, high = 0, len(run.text)
    while low < high:
        middle = (low + high) // 2
        left = measure.width(run.font, run.text[:middle])
        right_edge = measure.width(run.font, run.text[: middle + 1])
        if run.x + (left + right_edge) / 2 < x:
            low = middle + 1
        else:
            high = middle
    return run.start + low


def copied(texts: list[tuple[str, str]]) -> str:
    """What goes to the clipboard from these rows' (heading, selected text): headings only when there are several rows."""
    texts = [(heading, text) for heading, text in texts if text]
    if len(texts) == 1:
        return texts[0][1]
    return "\n".join(f"{heading}{text}" for heading, text in texts)
