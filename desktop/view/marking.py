"""The message that the keyboard is at: a line around it while the messages have the keyboard, or for a moment when somebody jumped there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Hashable
from typing import Final

from desktop.model.rows import Bubble, Row, Rows
from desktop.view import kit
from desktop.view.block import Panel
from desktop.view.files.cards import Item
from desktop.view.files.in_timeline import FileFocus
from desktop.view.look import Look
from desktop.view.selecting import SelectingList

_MARK: Final = "mark"
POINTED_MS: Final = 2500
"""So long a message is pointed out to who jumped there and writes on."""


class MarkingList(SelectingList):
    """The rows, and which of them is marked. Subclasses bind the keys."""

    def __init__(self, parent: tk.Misc, look: Look, surface: kit.Surface) -> None:
        self._rows: Rows = ()
        self._marked: Hashable = None
        """What `ident` says of the marked message."""
        self._file_focus = FileFocus()
        self._has_keyboard = False
        self._pointing_job = ""
        super().__init__(parent, look, surface)

    def point_out(self, index: int) -> None:
        """Somebody jumped to that row: it comes to the upper third of the view, marked; for a moment also where it has not the keyboard."""
        if self._pointing_job:
            self.after_cancel(self._pointing_job)
        self._pointing_job = self.after(POINTED_MS, self._stop_pointing)
        self._mark(ident(self._rows[index]))
        self.show(index, self.height // 3)
        self._draw_mark()

    def _bind(self) -> None:
        super()._bind()
        self.canvas.bind("<FocusIn>", lambda _event: self._keyboard_came(True), add="+")
        self.canvas.bind("<FocusOut>", lambda _event: self._keyboard_came(False), add="+")

    def _keyboard_came(self, is_here: bool) -> None:
        self._has_keyboard = is_here
        self._draw_mark()

    def _stop_pointing(self) -> None:
        self._pointing_job = ""
        self._draw_mark()

    def _destroyed(self, event: tk.Event[tk.Canvas]) -> None:
        super()._destroyed(event)
        if self._pointing_job:
            self.after_cancel(self._pointing_job)
            self._pointing_job = ""

    def place_of_keyboard(self) -> int | None:
        return self._marked_index()

    def _mark(self, mark: Hashable) -> None:
        """The keyboard is at that message, at none with None."""
        self._marked = mark
        self._file_focus.reset()

    def _marked_row(self) -> Bubble | None:
        index = self._marked_index()
        row = self._rows[index] if index is not None else None
        return row if isinstance(row, Bubble) else None

    def _marked_index(self) -> int | None:
        """Where the marked message is, among the rows that are drawn."""
        if self._marked is None:
            return None
        return next((index for index, _drawn in self.all_drawn() if ident(self._rows[index]) == self._marked), None)

    def _draw_mark(self) -> None:
        """A line around the message that the keyboard is at."""
        self.canvas.delete(_MARK)
        if not (self._has_keyboard or self._pointing_job):
            return
        index = self._marked_index()
        drawn = self.drawn(index) if index is not None else None
        if drawn is None:
            return
        panel = next((mark for mark in drawn.block.marks if isinstance(mark, Panel)), None)
        if panel is None:
            return
        edge, line = self.look.px(2), self.look.px(2)
        left, top = panel.x - edge, drawn.top + panel.y - edge
        right, bottom = panel.x + panel.width + edge, drawn.top + panel.y + panel.height + edge
        colour = self.look.palette.accent
        self.canvas.create_rectangle(left, top, right, bottom, outline=colour, width=line, tags=_MARK)
        row = self._marked_row()
        box = self._file_focus.box(row, drawn.block) if row is not None else None
        if box is not None:
            left, top = box.x - edge, drawn.top + box.y - edge
            right, bottom = left + box.width + 2 * edge, top + box.height + 2 * edge
            self.canvas.create_rectangle(left, top, right, bottom, outline=colour, width=line, tags=_MARK)

    def _marked_file(self) -> Item | None:
        """The file of the marked message that the keyboard is at."""
        row = self._marked_row()
        return self._file_focus.item(row) if row is not None else None


def ident(row: Row) -> Hashable:
    """What stays the same about a message while its state changes."""
    return (row.nonce or row.seq) if isinstance(row, Bubble) else row
