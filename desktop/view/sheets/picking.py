"""A sheet with a list to choose from, and perhaps a field above that says what is in the list."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from typing import Final

from desktop.view import kit
from desktop.view.look import Look
from desktop.view.picklist import Line, PickList
from desktop.view.sheets.base import Sheet

_LEAST: Final = 60


class PickSheet(Sheet):
    """Subclasses say what is typed and chosen. The keyboard is in the field, and the list hears its keys there."""

    WIDTH = 460
    HEIGHT = 340
    """Of the list, where the window has room for it; logical pixels."""
    HAS_FIELD = True

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, title: str) -> None:
        super().__init__(parent, look, on_close, title)
        px = look.px
        self.head = kit.frame(self.body, look)
        self.head.pack(fill="x")
        self.field = kit.entry(self.head, look)
        self.field.configure(validate="key", validatecommand=(self.register(self._validate), "%P"))
        if self.HAS_FIELD:
            self.field.pack(fill="x", pady=(0, px(8)))
        self._remark = kit.paragraph(self.body, look, "", "second", look.palette.text3)
        self._place = kit.frame(self.body, look)
        self.let_shrink(self._place, self.HEIGHT, _LEAST)
        self._place.pack(fill="x", pady=(0, px(2)))
        self.list = PickList(self._place, look, self.chosen)
        self.list.pack(fill="both", expand=True)
        self.list.listen(self.field)
        self.list.listen(self)

    def first_focus(self) -> tk.Misc:
        return self.field if self.HAS_FIELD else self

    def typed(self, text: str) -> None:
        """The field holds *text* now."""

    def chosen(self, index: int) -> None:
        """Line *index* was chosen."""

    def show_lines(self, lines: Sequence[Line], remark: str = "") -> None:
        """Fill the list. *remark*: said above it, or in its place when there is nothing in it."""
        self.list.show_lines(lines)
        self._remark.configure(text=remark)
        if remark:
            self._remark.pack(fill="x", pady=(0, self.look.px(6)), before=self._place)
        else:
            self._remark.pack_forget()

    def _validate(self, text: str) -> bool:
        self.typed(text)
        return True
