"""What covers the whole window until it is answered or closed."""

from __future__ import annotations

import tkinter as tk
from typing import Any

from desktop.view import kit
from desktop.view.kept import keep, put_back
from desktop.view.look import Look


class Cover(tk.Frame):
    """The base of sheets and of the viewer. Whoever opened it gives it the keyboard and takes it away."""

    CLOSABLE = True

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, ground: str) -> None:
        super().__init__(parent, bg=ground, bd=0, highlightthickness=0, takefocus=0)
        self.look = look
        self._on_close = on_close

    def appear(self) -> None:
        """Cover the window and take the keyboard."""
        self.cover()
        self.update_idletasks()  # what is not there yet cannot take the keyboard: what is typed ahead would go astray
        self.first_focus().focus_set()

    def cover(self) -> None:
        """Cover the window."""
        self.place(relx=0, rely=0, relwidth=1, relheight=1)
        self.lift()

    def take_over(self, old: Any) -> None:
        """Be as *old* was, a cover of the same kind: with what was typed there, and with its keyboard."""
        put_back(self, keep(old))

    def first_focus(self) -> tk.Misc:
        """Where the keyboard goes when it appears."""
        return self

    def close(self) -> None:
        """Take it away and let its owner know."""
        self._on_close()

    @property
    def may_be_left(self) -> bool:
        """Whether it can go without being asked: nothing is lost by that."""
        return self.CLOSABLE
