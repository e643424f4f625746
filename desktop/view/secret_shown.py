"""A secret that is shown this once, with ways to copy it and an example of its use."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from msgspec import Struct

from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look


class Shown(Struct, frozen=True):
    """*title*: what *secret* is; *curl*: a command that uses it."""

    title: str
    secret: str
    curl: str


class SecretShown(tk.Frame):
    """Two fields to be copied, not written in."""

    def __init__(self, parent: tk.Misc, look: Look, shown: Shown) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        hint = _("It is shown this once. Whoever has it can do what it allows, so keep it like a password.")
        kit.paragraph(self, look, hint, "small", look.palette.warn_text).pack(fill="x", pady=(0, px(6)))
        fields: Sequence[tuple[str, str]] = ((shown.title, shown.secret), (_("Try it in a terminal"), shown.curl))
        self.entries: list[ttk.Entry] = []
        self._first: ttk.Button
        for title, value in fields:
            kit.label(self, look, title, "small_bold", look.palette.text2).pack(anchor="w")
            row = kit.frame(self, look)
            row.pack(fill="x", pady=(px(2), px(8)))
            copy = kit.button(row, look, _("Copy"), lambda value=value: self._copy(value), icon="copy")  # type: ignore[misc]
            copy.pack(side="right", padx=(px(8), 0))
            self._first = copy if not self.entries else self._first
            # Only to look at; a change of the look builds it anew, so nothing of it is kept as typed.
            entry = kit.entry(row, look)
            entry.insert(0, value)
            entry.state(["readonly"])
            entry.pack(side="left", fill="x", expand=True)
            self.entries.append(entry)

    def point_out(self) -> None:
        """It has just been made: the keyboard goes to its first button, which brings it into view."""
        self.update_idletasks()
        self._first.focus_set()

    def _copy(self, value: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(value)
