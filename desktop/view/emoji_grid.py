"""Emoji in rows under the names of their categories; one is marked, and chosen by a click or by Return."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Hashable, Sequence
from typing import Final

from desktop.view import emoji, keymap
from desktop.view.block import Block, Panel, Picture, Text
from desktop.view.bubble import emoji_picture
from desktop.view.emoji_table import Emoji
from desktop.view.look import Look
from desktop.view.virtual import VirtualList

CELL: Final = 40
_SIGN: Final = 26
_HEADING: Final = 30
_PAGE: Final = 5
"""Rows of a page."""

Row = str | tuple[Emoji, ...]
"""The name of a category, or emoji beside each other."""


class EmojiGrid(VirtualList):
    """The keys are heard where the search is typed."""

    START_MARGIN = 0
    END_MARGIN = 4

    def __init__(
        self, parent: tk.Misc, look: Look, on_marked: Callable[[Emoji | None], None], on_chosen: Callable[[Emoji], None]
    ) -> None:
        """*on_marked*: its name can be shown; None: there is nothing."""
        self._parts: Sequence[tuple[str, Sequence[Emoji]]] = ()
        self._rows: list[Row] = []
        self._marked = (-1, -1)
        self._columns = 0
        self._on_marked = on_marked
        self._on_chosen = on_chosen
        super().__init__(parent, look, "window")
        self.canvas.configure(takefocus=0)

    def show_parts(self, parts: Sequence[tuple[str, Sequence[Emoji]]]) -> None:
        """Categories, each with its name (empty: none is shown) and its emoji; the first one is marked."""
        self._parts = parts
        self._columns = 0
        self._lay_rows()
        self.show(0)

    def go_to_part(self, number: int) -> None:
        """Bring a category to the top, and mark its first emoji."""
        names = [at for at, row in enumerate(self._rows) if isinstance(row, str)]
        if 0 <= number < len(names):
            self.show(names[number])
            self._mark((names[number] + 1, 0))

    def step(self, across: int, down: int) -> None:
        """Mark another one, by keyboard."""
        row, column = self._marked
        if row < 0:
            return
        if across:
            flat = [
                (r, c) for r, cells in enumerate(self._rows) if not isinstance(cells, str) for c in range(len(cells))
            ]
            self._mark(flat[min(max(flat.index(self._marked) + across, 0), len(flat) - 1)])
        else:
            row += down
            while 0 <= row < len(self._rows) and isinstance(self._rows[row], str):
                row += 1 if down > 0 else -1
            if not 0 <= row < len(self._rows):
                return
            self._mark((row, min(column, len(self._rows[row]) - 1)))
        self.reveal(self._marked[0])
        if self._marked[0] == 1:
            self.reveal(0)

    def choose(self) -> None:
        """Take the marked one."""
        found = self._at(self._marked)
        if found is not None:
            self._on_chosen(found)

    def count(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> Hashable:
        return self._rows[index], self._marked[1] if index == self._marked[0] else -1

    def lay_out(self, index: int) -> Block:
        look, px, row = self.look, self.look.px, self._rows[index]
        if isinstance(row, str):
            block = Block(look.tx(_HEADING))
            block.marks.append(Text(px(4), look.tx(_HEADING - 6), row, "small_bold", look.palette.text2, "sw"))
            return block
        cell, size = px(CELL), px(_SIGN)
        block = Block(cell)
        for column, one in enumerate(row):
            x = column * cell
            if (index, column) == self._marked:
                block.marks.append(
                    Panel(x + px(1), px(1), cell - px(2), cell - px(2), (px(8),) * 4, look.palette.accent_soft)
                )
            if emoji.colour_font() is None:
                block.marks.append(Text(x + cell // 2, cell // 2, one.sign, "title", look.palette.text, "center"))
            else:
                inset = (cell - size) // 2
                block.marks.append(Picture(x + inset, inset, emoji_picture(look, one.sign, size)))
        return block

    # -- inside --------------------------------------------------------------------------------------------------------

    def _lay_rows(self) -> None:
        columns = max(1, self.width // self.look.px(CELL))
        if columns == self._columns:
            return
        self._columns = columns
        rows: list[Row] = []
        for name, signs in self._parts:
            if name and signs:
                rows.append(name)
            rows.extend(tuple(signs[at : at + columns]) for at in range(0, len(signs), columns))
        self._rows = rows
        first = next((at for at, row in enumerate(rows) if not isinstance(row, str)), -1)
        self._marked = (first, 0) if first >= 0 else (-1, -1)
        self._on_marked(self._at(self._marked))

    def _resize(self, width: int, height: int) -> None:
        self.width = width
        self._lay_rows()
        super()._resize(width, height)

    def _at(self, place: tuple[int, int]) -> Emoji | None:
        row, column = place
        cells = self._rows[row] if 0 <= row < len(self._rows) else ""
        return cells[column] if not isinstance(cells, str) and 0 <= column < len(cells) else None

    def _mark(self, place: tuple[int, int]) -> None:
        if place == self._marked or self._at(place) is None:
            return
        before, self._marked = self._marked, place
        for row in {before[0], place[0]}:
            if 0 <= row < self.count():
                self.redraw(row)
        self._on_marked(self._at(place))

    def _bind(self) -> None:
        super()._bind()
        self.canvas.bind("<Motion>", lambda event: self._mark(self._under(event)))
        self.canvas.bind("<Button-1>", self._press)

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        place = self._under(event)
        if self._at(place) is not None:
            self._mark(place)
            self.choose()

    def _under(self, event: tk.Event[tk.Canvas]) -> tuple[int, int]:
        found = self.row_at(event.y)
        if found is None or not 0 <= event.y - self.to_view(found[1]) < found[1].block.height:
            return -1, -1
        return found[0], event.x // self.look.px(CELL)


def listen(grid: EmojiGrid, field: tk.Misc) -> None:
    """Let the keys that move and choose work in *field*, which has the keyboard."""
    keymap.bind(
        field,
        "emoji",
        {
            "left": lambda: grid.step(-1, 0),
            "right": lambda: grid.step(1, 0),
            "up": lambda: grid.step(0, -1),
            "down": lambda: grid.step(0, 1),
            "page_up": lambda: grid.step(0, -_PAGE),
            "page_down": lambda: grid.step(0, _PAGE),
            "choose": grid.choose,
        },
    )
