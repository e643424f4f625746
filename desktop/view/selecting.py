"""A list whose text can be selected across rows: by dragging, which scrolls at the edges, by words, by rows, and with Shift."""

from __future__ import annotations

import tkinter as tk
from typing import Final

from desktop.view import kit
from desktop.view.look import Look
from desktop.view.selection import END, Place, Selection, offset_at, word_around
from desktop.view.virtual import VirtualList

_DRAG_MS: Final = 30


class SelectingList(VirtualList):
    """The selection, drawn below the text. Subclasses say what is copied, and bind the pointer."""

    def __init__(self, parent: tk.Misc, look: Look, surface: kit.Surface) -> None:
        self._selection: Selection | None = None
        self._selected_items: list[int] = []
        self._drag_job = ""
        self._pointer = (0, 0)
        super().__init__(parent, look, surface)

    def selected_text(self) -> str:
        """What would be copied."""
        raise NotImplementedError

    def place_of_keyboard(self) -> int | None:
        """The row that the keyboard is at."""
        raise NotImplementedError

    def copy(self, text: str = "") -> bool:
        """Put *text*, or else what is selected, on the clipboard; whether there was anything."""
        text = text or self.selected_text()
        if text:
            self.clipboard_clear()
            self.clipboard_append(text)
        return bool(text)

    def select_all(self) -> None:
        """Everything that is there."""
        if self.count():
            self._select(Selection(Place(0, 0), Place(self.count() - 1, END)))

    def _select(self, selection: Selection | None) -> None:
        self._selection = selection
        self._draw_selection()

    def _draw_selection(self) -> None:
        call, path = self.canvas.tk.call, str(self.canvas)
        if self._selected_items:
            call(path, "delete", *self._selected_items)
            self._selected_items = []
        if self._selection is None or self._selection.empty:
            return
        palette, measure = self.look.palette, self.look.fonts
        for index, drawn in self.all_drawn():
            part = self._selection.in_row(index)
            if part is None:
                continue
            for run in drawn.block.runs:
                start, end = max(part[0] - run.start, 0), min(part[1] - run.start, len(run.text))
                if start >= end:
                    continue
                left = run.x if run.whole or not start else run.x + measure.width(run.font, run.text[:start])
                right = (
                    run.x + run.width
                    if run.whole or end == len(run.text)
                    else run.x + measure.width(run.font, run.text[:end])
                )
                top = drawn.top + run.y - self.look.px(1)
                item = call(
                    path,
                    "create",
                    "rectangle",
                    left,
                    top,
                    right,
                    top + run.height,
                    "-fill",
                    palette.select,
                    "-outline",
                    "",
                )
                call(path, "lower", item, drawn.items[drawn.firsts[run.mark]])
                self._selected_items.append(item)

    def _place_at(self, x: float, y: float) -> Place | None:
        found = self.row_at(y)
        if found is None:
            return None
        index, drawn = found
        return Place(index, offset_at(drawn.block, self.look.fonts, x, y - self.to_view(drawn)))

    def _press_further(self, event: tk.Event[tk.Canvas]) -> None:
        """With Shift: the selection goes on to there, from where it began or from the marked message."""
        self.canvas.focus_set()
        place = self._place_at(event.x, event.y)
        if place is None:
            return
        marked = self.place_of_keyboard()
        if self._selection is not None:
            self._select(self._selection.to(place))
        elif marked is not None:
            self._select(Selection(Place(marked, 0 if place.row >= marked else END), place))
        else:
            self._select(Selection(place, place))

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        self._pointer = (event.x, event.y)
        if self._selection is None:
            return
        place = self._place_at(event.x, min(max(event.y, 0), self.height - 1))
        if place is not None:
            self._select(self._selection.to(place))
        outside = event.y < 0 or event.y >= self.height
        if outside and not self._drag_job:
            self._drag_scroll()

    def _drag_scroll(self) -> None:
        """The pointer is dragged beyond the edge: the view follows it."""
        self._drag_job = ""
        x, y = self._pointer
        beyond = y if y < 0 else y - self.height if y >= self.height else 0
        if not beyond or self._selection is None:
            return
        self.scroll_by(beyond / 2)
        place = self._place_at(x, min(max(y, 0), self.height - 1))
        if place is not None:
            self._select(self._selection.to(place))
        self._drag_job = self.after(_DRAG_MS, self._drag_scroll)

    def _select_word(self, event: tk.Event[tk.Canvas]) -> None:
        place = self._place_at(event.x, event.y)
        if place is not None:
            start, end = word_around(self.block(place.row).text, place.offset)
            self._select(Selection(Place(place.row, start), Place(place.row, end)))

    def _select_row(self, event: tk.Event[tk.Canvas]) -> None:
        place = self._place_at(event.x, event.y)
        if place is not None:
            self._select(Selection(Place(place.row, 0), Place(place.row, END)))

    def _stop_dragging(self) -> None:
        if self._drag_job:
            self.after_cancel(self._drag_job)
            self._drag_job = ""
