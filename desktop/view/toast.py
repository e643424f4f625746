"""A short remark at the bottom of the window, which goes by itself."""

from __future__ import annotations

import tkinter as tk

from desktop.view import tokens
from desktop.view.look import Look


class Toast:
    """One at a time: a new one takes the old one's place."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._label: tk.Label | None = None
        self._job = ""

    def show(self, look: Look, text: str) -> None:
        """For some seconds, or until it is clicked."""
        self.hide()
        px = look.px
        label = tk.Label(
            self._root,
            text=look.safe.line(text),
            font=look.font("second_bold"),
            fg=look.palette.window,
            bg=look.palette.text,
            padx=px(16),
            pady=px(10),
            justify="left",
            wraplength=px(420),
        )
        label.place(relx=0.5, rely=1.0, y=-px(96), anchor="s")
        label.lift()
        label.bind("<Button-1>", lambda _event: self.hide())
        self._label = label
        self._job = self._root.after(tokens.TOAST_MS, self.hide)

    def hide(self) -> None:
        """Take it away, if it is there."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._label is not None:
            self._label.destroy()
            self._label = None
