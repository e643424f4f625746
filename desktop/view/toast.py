"""A short remark at the bottom of the window, which goes by itself."""

from __future__ import annotations

import tkinter as tk

from desktop.view import tokens
from desktop.view.look import Look

_WIDTH = 420
"""Logical pixels; longer text has several lines."""


class Toast:
    """One at a time: a new one takes the old one's place."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._label: tk.Label | None = None
        self._job = ""

    def show(self, look: Look, text: str, ground: str) -> None:
        """For some seconds, or until it is clicked. *ground*: the colour that it mostly lies on."""
        self.hide()
        px = look.px
        shown = tk.Label(
            self._root,
            text=look.safe.line(text),
            font=look.font("second_bold"),
            fg=look.palette.window,
            bg=ground,
            justify="left",
            wraplength=min(look.tx(_WIDTH), max(px(100), self._root.winfo_width() - px(80))),
            compound="center",
            bd=0,
            padx=0,
            pady=0,
        )
        width, height = shown.winfo_reqwidth() + px(36), shown.winfo_reqheight() + px(22)
        panel = look.paint.panel(width, height, px(tokens.RADIUS_FIELD), look.palette.text, ground=ground)
        shown.configure(image=panel)
        shown.place(relx=0.5, rely=1.0, y=-look.tx(96), anchor="s")
        shown.lift()
        shown.bind("<Button-1>", lambda _event: self.hide())
        self._label = shown
        self._job = self._root.after(tokens.TOAST_MS, self.hide)

    def hide(self) -> None:
        """Take it away, if it is there."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._label is not None:
            self._label.destroy()
            self._label = None
