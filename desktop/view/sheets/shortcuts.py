"""The keys that do something, as a list to look at."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.view import kit
from desktop.view.keymap import TABLE, TITLES, shown
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class KeyList(tk.Frame):
    """Two columns, place by place: the keys, and what they do there."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self.columnconfigure(1, weight=1)
        row = 0
        for where, title in TITLES.items():
            head = kit.label(self, look, _(title), "second_bold", look.palette.accent_text)
            head.grid(row=row, column=0, columnspan=2, sticky="w", pady=(px(12) if row else 0, px(4)))
            for key in TABLE[where]:
                row += 1
                keys = "  ".join(shown(name) for name in key.keys)
                kit.label(self, look, keys, "small_bold", look.palette.text2).grid(
                    row=row, column=0, sticky="nw", padx=(0, px(18)), pady=px(2)
                )
                kit.paragraph(self, look, _(key.what), "second").grid(row=row, column=1, sticky="we", pady=px(2))
            row += 1


class ShortcutsSheet(Sheet):
    """The list alone."""

    WIDTH = 560

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command) -> None:
        super().__init__(parent, look, on_close, _("Keys"))
        KeyList(self.body, look).pack(fill="x")
        self.add_button(_("Close"), self.close, "Primary", default=True)
