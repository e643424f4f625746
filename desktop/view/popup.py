"""A small menu of buttons over a screen, opened by a button: what can be done with what that button stands for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from desktop.view import kit, theme
from desktop.view.look import Look
from desktop.view.overlay import Choice


class Popup(ttk.Frame):
    """Goes by a choice, by Escape, and when the keyboard leaves it; its owner closes it at a click elsewhere."""

    def __init__(self, parent: tk.Misc, look: Look, opener: tk.Widget, choices: Sequence[Choice], ground: kit.Surface):
        """*opener* gets the keyboard back. *ground*: the surface that it lies on, as its corners have that colour."""
        theme.apply(parent, look, "overlay")
        super().__init__(parent, style=f"{ground.capitalize()}.Popup.TFrame", padding=look.px(6))
        self._opener = opener
        self._lines = [self._line(look, choice) for choice in choices]
        self.bind("<FocusOut>", lambda _event: self.after_idle(self._look_at_focus))

    def appear(self, x: int, y: int, width: int, anchor: str = "nw") -> None:
        """At that point of its parent, in real pixels."""
        self.place(x=x, y=y, width=width, anchor=anchor)  # type: ignore[arg-type]
        self.lift()
        self.update_idletasks()  # what is not there yet cannot take the keyboard
        self._lines[0].focus_set()

    def holds(self, widget: tk.Misc) -> bool:
        """Whether *widget* is a part of it, or what opened it."""
        path = str(widget)
        return path == str(self._opener) or path == str(self) or path.startswith(f"{self}.")

    def close(self) -> None:
        """Take it away, and give the keyboard back."""
        had_keyboard = self._has_keyboard()
        self.destroy()
        if had_keyboard and self._opener.winfo_exists():
            self._opener.focus_set()

    def _line(self, look: Look, choice: Choice) -> ttk.Button:
        def act() -> None:
            self.close()
            choice.act()

        made = kit.button(self, look, choice.label, act, "Menu", icon=choice.icon, surface="overlay")
        made.pack(fill="x")
        made.bind("<Up>", lambda _event: self._step(made, -1))
        made.bind("<Down>", lambda _event: self._step(made, 1))
        made.bind("<Escape>", lambda _event: self._escape())
        made.bind("<FocusOut>", lambda _event: self.after_idle(self._look_at_focus))
        made.bind("<Enter>", lambda _event: made.focus_set())
        return made

    def _step(self, line: ttk.Button, by: int) -> str:
        self._lines[(self._lines.index(line) + by) % len(self._lines)].focus_set()
        return "break"

    def _escape(self) -> str:
        self.close()
        return "break"

    def _has_keyboard(self) -> bool:
        focused = self.focus_lastfor()
        return focused is not None and self.holds(focused)

    def _look_at_focus(self) -> None:
        if self.winfo_exists() and not self._has_keyboard():
            self.destroy()
