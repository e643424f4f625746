"""A row of buttons of which one is the present choice."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Generic, TypeVar

from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.look import Look

Value = TypeVar("Value")


class Choosing(tk.Frame, Generic[Value]):
    """*value*: what is chosen now."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        title: str,
        choices: Sequence[tuple[Value, str]],
        present: Value,
        on_choice: Callable[[Value], None] | None = None,
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self.value = present
        self._on_choice = on_choice
        kit.label(self, look, title, "small_bold", look.palette.text2).pack(anchor="w", pady=(0, look.px(5)))
        row = Flow(self, look)
        row.pack(fill="x")
        self._buttons: list[tuple[Value, ttk.Button]] = []
        for value, label in choices:
            made = kit.button(row, look, label, lambda value=value: self.choose(value))  # type: ignore[misc]
            made.configure(padding=(look.px(11), look.px(7)))
            row.put(made)
            self._buttons.append((value, made))
        self._mark()

    def choose(self, value: Value) -> None:
        """Another one."""
        self.value = value
        self._mark()
        if self._on_choice is not None:
            self._on_choice(value)

    def _mark(self) -> None:
        for value, button in self._buttons:
            button.configure(style=f"Window.{'Primary' if value == self.value else 'Plain'}.TButton")
