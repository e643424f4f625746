"""Controls beside each other that go on in a further line where the width ends: large text must not push any out of the window."""

from __future__ import annotations

import tkinter as tk
from typing import Literal

from desktop.view import kit
from desktop.view.look import Look
from desktop.view.theme import surface_colour


class Flow(tk.Frame):
    """Pack it with ``fill="x"``. Its children stand in the order in which they were put, from the left or from the right."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        side: Literal["left", "right"] = "left",
        gap: float = 6,
        surface: kit.Surface = "window",
    ) -> None:
        """*gap*: between two, across and down; logical pixels."""
        super().__init__(parent, bg=surface_colour(look, surface), bd=0, highlightthickness=0, height=1)
        self._side = side
        self._gap = look.px(gap)
        self._shown: list[tk.Widget] = []
        self._job = ""
        self.bind("<Configure>", lambda _event: self._lay())
        self.bind("<Destroy>", self._destroyed)

    def put(self, widget: tk.Widget) -> None:
        """Show *widget*, a child of this, behind the others."""
        if widget not in self._shown:
            self._shown.append(widget)
            widget.bind("<Configure>", lambda _event: self._lay_soon(), add="+")
            self._lay_soon()

    def take(self, widget: tk.Widget) -> None:
        """Do not show it any more."""
        if widget in self._shown:
            self._shown.remove(widget)
            widget.place_forget()
            self._lay_soon()

    def _lay_soon(self) -> None:
        if not self._job:
            self._job = self.after_idle(self._lay)

    def _lay(self) -> None:
        if self._job:
            self.after_cancel(self._job)
            self._job = ""
        width = self.winfo_width()
        if width <= 1:
            self.configure(height=max((one.winfo_reqheight() for one in self._shown), default=1))
            return
        rows: list[list[tuple[tk.Widget, int]]] = []
        used = 0
        for widget in self._shown:
            wide = min(widget.winfo_reqwidth(), width)
            if not rows or used + wide > width:
                rows.append([])
                used = 0
            rows[-1].append((widget, wide))
            used += wide + self._gap
        y = 0
        for row in rows:
            high = max(widget.winfo_reqheight() for widget, _wide in row)
            x = 0
            for widget, wide in row:
                widget.place(x=x if self._side == "left" else width - x - wide, y=y, width=wide, height=high)
                x += wide + self._gap
            y += high + self._gap
        needed = max(1, y - self._gap)
        if needed != int(self["height"]):
            self.configure(height=needed)

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._job:
            self.after_cancel(self._job)
            self._job = ""
