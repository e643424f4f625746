"""The keys that do something, as a list to look at."""

from __future__ import annotations

import sys
import tkinter as tk
from typing import Final

from desktop.locale import _, mark
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

KEYS: Final = (
    ("Enter", mark("Send")),
    ("Shift+Enter", mark("Begin a new line")),
    ("Alt+↑  Alt+↓", mark("Previous, next conversation")),
    ("Alt+Shift+↑  Alt+Shift+↓", mark("The same, only with unread messages")),
    ("F6", mark("The next part of the window")),
    ("PgUp  PgDn  Home  End", mark("Move through the messages")),
    ("Shift+F10", mark("What can be done with a message")),
    ("Ctrl+C  Ctrl+A", mark("Copy what is selected; select everything")),
    ("Ctrl+N", mark("New group")),
    ("Ctrl+I", mark("Members")),
    ("Ctrl++  Ctrl+-  Ctrl+0", mark("Larger, smaller, as it was")),
    ("Ctrl+,", mark("Settings")),
    ("Ctrl+Q", mark("Quit")),
    ("F1  Ctrl+/", mark("This list")),
)


class ShortcutsSheet(Sheet):
    """Two columns: the key, and what it does."""

    WIDTH = 480

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command) -> None:
        super().__init__(parent, look, on_close, _("Keys"))
        px = look.px
        self.body.columnconfigure(1, weight=1)
        for number, (keys, what) in enumerate(KEYS):
            shown = keys.replace("Ctrl", "⌘") if sys.platform == "darwin" else keys
            kit.label(self.body, look, shown, "small_bold", look.palette.text2).grid(
                row=number, column=0, sticky="w", padx=(0, px(18)), pady=px(2)
            )
            kit.label(self.body, look, _(what), "second").grid(row=number, column=1, sticky="w", pady=px(2))
        self.add_button(_("Close"), self.close, "Primary", default=True)
