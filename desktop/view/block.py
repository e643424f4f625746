"""A laid-out row of a list: what is drawn, where text can be selected, and what can be clicked. Plain values, made without Tk.

All places are real pixels, x from the left edge of the list, y from the top of the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from desktop.view.paint import Radii


class Pen(Protocol):
    """What marks are drawn with: each call makes items of a canvas."""

    def text(self, x: int, y: int, text: str, font: str, fill: str, anchor: str) -> None: ...
    def panel(self, x: int, y: int, width: int, height: int, radii: Radii, fill: str, ground: str) -> None: ...
    def picture(self, x: int, y: int, name: str, anchor: str) -> None: ...
    def rectangle(self, x: int, y: int, width: int, height: int, fill: str) -> None: ...


class Text(NamedTuple):
    """One line of text in one font; *font* is a role."""

    x: int
    y: int
    text: str
    font: str
    fill: str
    anchor: str = "nw"

    def draw(self, pen: Pen, top: int) -> None:
        pen.text(self.x, top + self.y, self.text, self.font, self.fill, self.anchor)


class Panel(NamedTuple):
    """A filled rectangle with round corners. *ground*: the one colour around it; empty: it may be any, which takes longer to draw."""

    x: int
    y: int
    width: int
    height: int
    radii: Radii
    fill: str
    ground: str = ""

    def draw(self, pen: Pen, top: int) -> None:
        pen.panel(self.x, top + self.y, self.width, self.height, self.radii, self.fill, self.ground)


class Picture(NamedTuple):
    """An image; *ask* gives its name and is called only when the row comes into view."""

    x: int
    y: int
    ask: Callable[[], str]
    anchor: str = "nw"

    def draw(self, pen: Pen, top: int) -> None:
        pen.picture(self.x, top + self.y, self.ask(), self.anchor)


class Rule(NamedTuple):
    """A filled rectangle with square corners: lines and bars."""

    x: int
    y: int
    width: int
    height: int
    fill: str

    def draw(self, pen: Pen, top: int) -> None:
        pen.rectangle(self.x, top + self.y, self.width, self.height, self.fill)


class Live(NamedTuple):
    """What looks otherwise from moment to moment in a place that stays the same: *marks* says how when it is drawn.

    *name*: what it shows, so that it can be found to be drawn again.
    """

    name: str
    marks: Callable[[], Sequence[Text | Panel | Picture | Rule]]

    def draw(self, pen: Pen, top: int) -> None:
        for mark in self.marks():
            mark.draw(pen, top)


Mark = Text | Panel | Picture | Rule | Live


class Run(NamedTuple):
    """Text that can be selected: characters [start, start + len(text)) of the row's text. *mark*: its place among the marks."""

    x: int
    y: int
    width: int
    height: int
    font: str
    text: str
    start: int
    mark: int
    whole: bool
    """An emoji: it is taken as a whole."""


class Hit(NamedTuple):
    """A place that can be clicked. *action* says what for, *value* with what."""

    x: int
    y: int
    width: int
    height: int
    action: str
    value: str = ""

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


class Block(Struct):
    """A row, ready to draw. *text*: all that can be selected and copied, in reading order."""

    height: int = 0
    marks: list[Mark] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    text: str = ""

    def hit(self, x: float, y: float) -> Hit | None:
        """What is clicked there; what was laid out later lies above."""
        return next((hit for hit in reversed(self.hits) if hit.holds(x, y)), None)
