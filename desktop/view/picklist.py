"""A list to choose one line from, by pointer or keyboard: people, conversations, found messages."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from common.protocol.messages import PresenceState
from desktop.view import keymap, kit, presence
from desktop.view.block import Block, Panel, Picture, Text
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.virtual import VirtualList

_WORDS: Final = re.compile(r"\s+|\S+")
_LINES_MAX: Final = 3
_PAGE: Final = 6
"""Lines of a page."""


class Line(Struct, frozen=True):
    """*below*: some words under the title, up to three lines of it when *long*; *marks*: what is emphasised in it, (start, end)."""

    title: str
    below: str = ""
    ident: int = 0
    square: bool = False
    right: str = ""
    presence: PresenceState | None = None
    long: bool = False
    marks: tuple[tuple[int, int], ...] = ()
    pictured: bool = True
    name: str = ""
    """Whose initials are in the picture, where the title says more than that."""


class PickList(VirtualList):
    """One line is marked; Return or a click chooses it."""

    START_MARGIN = 2
    END_MARGIN = 2

    def __init__(self, parent: tk.Misc, look: Look, on_choose: Callable[[int], None], surface: kit.Surface = "window"):
        self._lines: Sequence[Line] = ()
        self._active = 0
        self._on_choose = on_choose
        super().__init__(parent, look, surface)
        self.canvas.configure(takefocus=0)

    def show_lines(self, lines: Sequence[Line], active: int = 0) -> None:
        """Other lines. When only some were added at the end the place stays."""
        grown = len(self._lines) > 0 and tuple(lines[: len(self._lines)]) == tuple(self._lines)
        self._lines = tuple(lines)
        if grown:
            self.go_to(self.position())
        else:
            self._active = active
            self.show(0)

    @property
    def active(self) -> int:
        """The marked line; -1: there is none."""
        return self._active if self._lines else -1

    def listen(self, field: tk.Misc) -> None:
        """Let the keys that move and choose work in *field*, which has the keyboard."""
        keymap.bind(
            field,
            "choosing",
            {
                "up": lambda: self._step(-1),
                "down": lambda: self._step(1),
                "page_up": lambda: self._step(-_PAGE),
                "page_down": lambda: self._step(_PAGE),
                "choose": self._choose,
            },
        )

    def count(self) -> int:
        return len(self._lines)

    def key(self, index: int) -> Hashable:
        return self._lines[index], index == self._active

    def lay_out(self, index: int) -> Block:
        look, px, palette, fonts = self.look, self.look.px, self.look.palette, self.look.fonts
        tx = look.tx
        line = self._lines[index]
        size = px(34)
        left = px(10) + size + px(10) if line.pictured else px(12)
        right = self.width - px(12)
        title = look.safe.line(line.title)
        aside = fit(fonts, "meta", line.right, tx(160)) if line.right else ""
        taken = fonts.width("meta", aside) + px(8) if aside else 0
        title = fit(fonts, "second_bold", title, max(1, right - left - taken))
        words: list[Text] = []
        step = fonts.line("small") + px(1)
        if line.below:
            words = self._flow(line, left, tx(31), right, step)
        rows = 1 + max((word.y - tx(31)) // step for word in words) if words else 0
        height = max(tx(46), tx(31) + rows * step - step // 2 + px(8)) if rows > 1 else tx(46)
        block = Block(height)
        if index == self._active:
            radius = px(8)
            block.marks.append(
                Panel(0, px(1), max(1, self.width - px(2)), height - px(2), (radius,) * 4, palette.accent_soft)
            )
        if line.pictured:
            top = px(6)
            picture = partial(look.paint.avatar, size, line.name or title or "?", line.ident, line.square)
            block.marks.append(Picture(px(10), top, picture))
            if line.presence is not None:
                ring = partial(look.paint.disc, px(12), presence.colour(palette, line.presence), palette.window, px(2))
                block.marks.append(Picture(px(10) + size + px(2), top + size + px(2), ring, "se"))
        middle = tx(15) if line.below else height // 2
        block.marks.append(Text(left, middle, title, "second_bold", palette.text, "w"))
        if aside:
            block.marks.append(Text(right, middle, aside, "meta", palette.text3, "e"))
        block.marks.extend(words)
        return block

    # -- inside --------------------------------------------------------------------------------------------------------

    def _flow(self, line: Line, left: int, top: int, right: int, step: int) -> list[Text]:
        """The words below the title, broken into lines; the emphasised ones in bold."""
        fonts, palette, safe = self.look.fonts, self.look.palette, self.look.safe
        room = max(1, right - left)
        if not line.long:
            return [Text(left, top, fit(fonts, "small", safe.line(line.below), room), "small", palette.text2, "w")]
        texts: list[Text] = []
        x, row = left, 0
        for piece, is_marked in _pieces(line.below, line.marks):
            font = "small_bold" if is_marked else "small"
            colour = palette.accent_text if is_marked else palette.text2
            for word in _WORDS.findall(safe.drawable(safe.body(piece)).replace("\n", " ")):
                word = fit(fonts, font, word, room)
                width = fonts.width(font, word)
                if x + width > right and x > left and not word.isspace():
                    row, x = row + 1, left
                    if row == _LINES_MAX:
                        return texts
                if word.isspace() and x == left:
                    continue
                if not word.isspace():
                    texts.append(Text(x, top + row * step, word, font, colour, "w"))
                x += width
        return texts

    def _bind(self) -> None:
        super()._bind()
        self.canvas.bind("<Button-1>", self._press)
        self.canvas.bind("<Motion>", lambda event: self._mark(self._under(event.y)))

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        index = self._under(event.y)
        if index >= 0:
            self._mark(index)
            self._choose()

    def _under(self, y: float) -> int:
        found = self.row_at(y)
        if found is None:
            return -1
        index, drawn = found
        return index if 0 <= y - self.to_view(drawn) < drawn.block.height else -1

    def _mark(self, index: int) -> None:
        if index < 0 or index == self._active:
            return
        before, self._active = self._active, index
        for changed in (before, index):
            if 0 <= changed < self.count():
                self.redraw(changed)

    def _step(self, by: int) -> str:
        if self._lines:
            last = len(self._lines) - 1
            wanted = self._active + by
            # Single steps go round, pages stop at the ends.
            self._mark(wanted % (last + 1) if abs(by) == 1 else min(max(wanted, 0), last))
            self.reveal(self._active)
        return "break"

    def _choose(self) -> str:
        if 0 <= self._active < len(self._lines):
            self._on_choose(self._active)
        return "break"


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """*text* cut at the borders of *marks*: (piece, whether it is emphasised)."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(marks):
        start, end = min(max(start, at), len(text)), min(max(end, at), len(text))
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    pieces.append((text[at:], False))
    return [(piece, is_marked) for piece, is_marked in pieces if piece]
