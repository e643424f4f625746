"""A sheet: a card in the middle of the window, over everything else, until it is answered or closed."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from desktop.view import kit
from desktop.view.kept import keep, put_back
from desktop.view.look import Look
from desktop.view.theme import SHEET_BLUR


class Sheet(tk.Frame):
    """A title, a body that the subclass fills, and buttons. Escape closes, unless `CLOSABLE` is false."""

    WIDTH = 420
    CLOSABLE = True

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, title: str) -> None:
        super().__init__(parent, bg=look.palette.timeline, bd=0, highlightthickness=0, takefocus=0)
        self.look = look
        self._on_close = on_close
        self._default: ttk.Button | None = None
        px = look.px
        card = ttk.Frame(self, style="Sheet.TFrame", padding=2 * px(SHEET_BLUR) + px(24))
        card.place(relx=0.5, rely=0.45, anchor="center")
        inside = kit.frame(card, look)
        inside.pack(fill="both", expand=True)
        kit.fixed_frame(inside, look, width=self.WIDTH, height=1).pack()
        head = kit.frame(inside, look)
        head.pack(fill="x", pady=(0, px(12)))
        if self.CLOSABLE:
            kit.icon_button(head, look, "close", self.close, "", size=17).pack(side="right", anchor="n")
        kit.paragraph(head, look, title, "head").pack(side="left", fill="x", expand=True)
        self.body = kit.frame(inside, look)
        self.body.pack(fill="x")
        self._buttons = kit.frame(inside, look)
        self._buttons.pack(fill="x", pady=(px(18), 0))
        if self.CLOSABLE:
            self.bind("<Escape>", lambda _event: self.close())

    def add_button(
        self, text: str, command: kit.Command, kind: kit.ButtonKind = "Plain", default: bool = False
    ) -> ttk.Button:
        """From right to left. The default one is pressed by Return from anywhere but another button."""
        made = kit.button(self._buttons, self.look, text, command, kind)
        made.pack(side="right", padx=(self.look.px(8), 0))
        if default:
            self._default = made
        return made

    def appear(self) -> None:
        """Cover the window and take the keyboard."""
        self.cover()
        self.first_focus().focus_set()

    def cover(self) -> None:
        """Cover the window."""
        self.place(relx=0, rely=0, relwidth=1, relheight=1)
        self.lift()
        self._hear(self)

    def take_over(self, old: Sheet) -> None:
        """Be as *old* was, a sheet of the same kind: with what was typed there, and with its keyboard."""
        put_back(self, keep(old))

    def first_focus(self) -> tk.Misc:
        """Where the keyboard goes when the sheet appears."""
        return self._default or self

    def close(self) -> None:
        """Take it away and let its owner know."""
        self._on_close()

    def say(self, text: str, font: str = "second", colour: str = "") -> tk.Label:
        """A paragraph of the body."""
        made = kit.label(self.body, self.look, text, font, colour or self.look.palette.text2, wrap=self.WIDTH)
        made.pack(fill="x", pady=(0, self.look.px(10)))
        return made

    def _hear(self, widget: tk.Misc) -> None:
        """Escape and Return work wherever the keyboard is."""
        if widget is not self:
            if self.CLOSABLE:
                widget.bind("<Escape>", lambda _event: self.close(), add="+")
            if not isinstance(widget, ttk.Button):
                widget.bind("<Return>", self._return, add="+")
        for child in widget.winfo_children():
            self._hear(child)

    def _return(self, _event: tk.Event[tk.Misc]) -> str:
        if self._default is not None:
            self._default.invoke()
        return "break"
