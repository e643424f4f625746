"""What was not sent in conversations that the person is not in any more: to be copied, saved or dropped."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct

from common.ids import Millis
from desktop import locale
from desktop.locale import _
from desktop.model.unsent import UnsentRow, UnsentText
from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class UnsentActs(Struct, frozen=True):
    """What the sheet's buttons do; *closed*: nobody looks any more."""

    copy: Callable[[str], None]
    save: Callable[[UnsentRow], None]
    drop: Callable[[UnsentRow], None]
    closed: Callable[[], None]


class UnsentSheet(Sheet):
    """A heading for each conversation, below it each text; it comes anew whenever something changes."""

    WIDTH = 520

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, rows: Sequence[UnsentRow], acts: UnsentActs
    ) -> None:
        super().__init__(parent, look, on_close, _("Not sent"))
        self._acts = acts
        self.rows: Sequence[UnsentRow] = ()
        self._lines = kit.frame(self.body, look)
        self._lines.pack(fill="x")
        self.add_button(_("Close"), self.close, "Primary", default=True)
        self.show(rows)

    def show(self, rows: Sequence[UnsentRow]) -> None:
        """As it is now."""
        self.rows = rows
        had_keyboard = str(self.focus_lastfor()).startswith(f"{self._lines}.")
        for child in self._lines.winfo_children():
            child.destroy()
        for row in rows:
            self._conversation(row)
        if not rows:
            text = _(
                "Nothing. What you write and do not send in a conversation that you are no longer in is kept here."
            )
            kit.paragraph(self._lines, self.look, text).pack(fill="x")
        self.hear(self._lines)
        if had_keyboard:
            self.first_focus().focus_set()

    def close(self) -> None:
        self._acts.closed()
        super().close()

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, UnsentSheet)
        self.show(old.rows)
        super().take_over(old)

    def _conversation(self, row: UnsentRow) -> None:
        look, px = self.look, self.look.px
        name = look.safe.name(row.name) if row.name else _("A conversation that you are no longer in")
        kit.paragraph(self._lines, look, name, "second_bold").pack(fill="x", pady=(px(4), px(4)))
        for one in row.texts:
            self._text(one)
        buttons = Flow(self._lines, look, "left", 8)
        buttons.pack(fill="x", pady=(px(2), px(14)))
        if row.has_files:
            save = kit.button(buttons, look, _("Save the files…"), lambda: self._acts.save(row), icon="save")
            buttons.put(save)
        buttons.put(kit.button(buttons, look, _("Delete all of it…"), lambda: self._acts.drop(row), icon="trash"))

    def _text(self, one: UnsentText) -> None:
        look, px = self.look, self.look.px
        line = kit.frame(self._lines, look)
        line.pack(fill="x", pady=(0, px(8)))
        if one.text:
            copy = kit.button(line, look, _("Copy"), lambda: self._acts.copy(one.text), "Link", icon="copy")
            copy.pack(side="right", anchor="n")
        words = kit.frame(line, look)
        words.pack(side="left", fill="x", expand=True)
        when = _("Draft") if one.at is None else locale.moment(one.at, Millis(int(time.time() * 1000)))
        kit.paragraph(words, look, when, "small", look.palette.text3).pack(fill="x")
        if one.text:
            kit.paragraph(words, look, look.safe.drawable(look.safe.body(one.text))).pack(fill="x")
        if one.files:
            names = ", ".join(look.safe.name_of_file(name) for name in one.files)
            kit.paragraph(words, look, names, "small", look.palette.text2).pack(fill="x")
