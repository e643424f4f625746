"""A small menu of buttons over a screen, opened by a button: what can be done with what that button stands for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk

from desktop.view import kit, theme
from desktop.view.look import Look
from desktop.view.overlay import Choice
from desktop.view.scrolled import Scrolled


class Popup(ttk.Frame):
    """Goes by a choice, by Escape, and when the keyboard leaves it; its owner closes it at a click elsewhere."""

    def __init__(self, parent: tk.Misc, look: Look, opener: tk.Widget, choices: Sequence[Choice], ground: kit.Surface):
        """*opener* gets the keyboard back. *ground*: the surface that it lies on, as its corners have that colour."""
        theme.apply(parent, look, "overlay")
        super().__init__(parent, style=f"{ground.capitalize()}.Popup.TFrame", padding=look.px(6))
        self._opener = opener
        self._edge = look.px(4)
        self._scrolled = Scrolled(self, look, "overlay")
        self._scrolled.pack(fill="both", expand=True)
        self._lines = [self._line(look, choice) for choice in choices]
        self._scrolled.listen(self._scrolled.inside)
        self.bind("<FocusOut>", lambda _event: self.after_idle(self._look_at_focus))

    def appear(self, x: int, y: int, width: int, anchor: str = "nw") -> None:
        """At that point of its parent, in real pixels; kept within it, and lower than it, so that it scrolls where there is no room."""
        self.update_idletasks()
        edge, inside = self._edge, self._scrolled.inside
        room_x, room_y = self.master.winfo_width() - 2 * edge, self.master.winfo_height() - 2 * edge
        around = 2 * int(str(self["padding"][0]))
        width = min(max(width, inside.winfo_reqwidth() + around), room_x)
        height = min(inside.winfo_reqheight() + around, room_y)
        if anchor == "sw":
            y -= height
        x, y = min(x, room_x + edge - width), min(y, room_y + edge - height)
        self.place(x=max(edge, x), y=max(edge, y), width=width, height=height)
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

        made = kit.button(
            self._scrolled.inside, look, choice.label, act, "Menu", icon=choice.shown_icon, surface="overlay"
        )
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
