"""The screen of a client that cannot begin: why, what to do, and nothing else that could be pressed in vain."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.scrolled import Scrolled

_WIDTH = 480


class Blocked(tk.Frame):
    """Return, Escape and its one button close the window."""

    def __init__(self, parent: tk.Misc, look: Look, title: str, text: str, on_close: kit.Command) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        scrolled = Scrolled(self, look)
        scrolled.pack(fill="both", expand=True)
        column = kit.frame(scrolled.inside, look)
        column.pack(pady=px(24))
        measure = tk.Frame(column, bg=look.palette.window, height=1, bd=0)
        measure.pack()
        scrolled.inside.bind(
            "<Configure>",
            lambda event: measure.configure(width=max(1, min(look.tx(_WIDTH), event.width - px(32)))),
            add="+",
        )
        icon = look.icon("warning", 44, look.palette.warn_text, 1.5)
        kit.label(column, look, image=icon).pack(pady=(px(24), px(12)))
        head = kit.paragraph(column, look, look.safe.line(title), "head")
        head.configure(justify="center", anchor="center")
        head.pack(fill="x")
        kit.paragraph(column, look, look.safe.body(text), "body", look.palette.text2).pack(
            fill="x", pady=(px(12), px(20))
        )
        self.button = kit.button(column, look, _("Close"), on_close, "Primary")
        self.button.pack()
        for key in ("<Return>", "<KP_Enter>", "<Escape>"):
            self.button.bind(key, lambda _event: on_close())
        scrolled.listen(scrolled.inside)
        self.button.focus_set()
