"""Choosing the conversation that a message is forwarded to."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from common.ids import GroupId
from desktop.locale import _
from desktop.model.rows import RailRow
from desktop.view import kit
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

_SHOWN: Final = 7
"""Conversations at a time; typing finds the others."""


class ForwardSheet(Sheet):
    """A field to type a part of a name into, and the conversations that have it. Enter takes the first one."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        rows: Sequence[RailRow],
        on_choose: Callable[[GroupId], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Forward to"))
        self._rows = [row for row in rows if row.joined]
        self._on_choose = on_choose
        self._found: list[RailRow] = []
        self._field = kit.Field(self.body, look, _("Name"))
        self._field.pack(fill="x", pady=(0, look.px(8)))
        self._field.entry.bind("<KeyRelease>", lambda _event: self._seek())
        self._lines = [
            kit.button(self.body, look, "", lambda number=number: self._choose(number))  # type: ignore[misc]
            for number in range(_SHOWN)
        ]
        self._nothing = kit.label(self.body, look, _("Nothing found."), "second", look.palette.text2)
        self.add_button(_("Cancel"), self.close)
        self._default = self._lines[0]
        self._seek()

    def first_focus(self) -> tk.Misc:
        return self._field.entry

    def _seek(self) -> None:
        """Show what has the typed text in its name."""
        wanted = self._field.text.strip().casefold()
        self._found = [row for row in self._rows if wanted in row.name.casefold()][:_SHOWN]
        px, safe = self.look.px, self.look.safe
        self._nothing.pack_forget()
        for number, line in enumerate(self._lines):
            line.pack_forget()
            if number < len(self._found):
                name = fit(self.look.fonts, "second_bold", safe.name(self._found[number].name), self.room - px(60))
                line.configure(text=name)
                line.pack(fill="x", pady=px(2))
        if not self._found:
            self._nothing.pack(anchor="w")

    def _choose(self, number: int) -> None:
        if number < len(self._found):
            group = self._found[number].group
            self.close()
            self._on_choose(group)
