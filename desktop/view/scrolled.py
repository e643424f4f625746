"""A frame of any height that scrolls when it does not fit. For a few dozen widgets; long lists are `virtual`."""

from __future__ import annotations

import sys
import tkinter as tk

from desktop.view import kit
from desktop.view.look import Look
from desktop.view.theme import surface_colour
from desktop.view.virtual import WHEEL


class Scrolled(tk.Frame):
    """Put widgets into `inside`; the scrollbar comes only when it is needed."""

    def __init__(self, parent: tk.Misc, look: Look, surface: kit.Surface = "window") -> None:
        ground = surface_colour(look, surface)
        super().__init__(parent, bg=ground, bd=0, highlightthickness=0)
        self._step = look.px(WHEEL)
        self._canvas = tk.Canvas(self, bg=ground, bd=0, highlightthickness=0, yscrollincrement=1, width=1, height=1)
        self._bar = kit.scrollbar(self, look, self._canvas.yview, surface)
        self._canvas.configure(yscrollcommand=self._bar.set)
        self._canvas.pack(side="left", fill="both", expand=True)
        self.inside = kit.frame(self._canvas, look, surface)
        self._item = self._canvas.create_window(0, 0, anchor="nw", window=self.inside)
        self.inside.bind("<Configure>", lambda _event: self._fit())
        self._canvas.bind("<Configure>", lambda _event: self._fit())
        self._tag = f"Scrolled{id(self)}"
        self.bind_class(self._tag, "<Button-4>", lambda _event: self._scroll(-self._step))
        self.bind_class(self._tag, "<Button-5>", lambda _event: self._scroll(self._step))
        self.bind_class(self._tag, "<MouseWheel>", self._wheel)
        self.listen(self._canvas)

    def listen(self, widget: tk.Misc) -> None:
        """Let the wheel scroll over *widget* and all that is in it."""
        if self._tag not in widget.bindtags():
            widget.bindtags((*widget.bindtags(), self._tag))
            widget.bind("<<TraverseIn>>", lambda _event: self._reveal(widget), add="+")
        for child in widget.winfo_children():
            self.listen(child)

    def _reveal(self, widget: tk.Misc) -> None:
        """Scroll so that what has just got the keyboard is seen."""
        top = widget.winfo_rooty() - self._canvas.winfo_rooty()
        over = top + widget.winfo_height() + self._step // 3 - self._canvas.winfo_height()
        if top < 0:
            self._scroll(top - self._step // 3)
        elif over > 0:
            self._scroll(over)

    def _fit(self) -> None:
        width, height = self._canvas.winfo_width(), self._canvas.winfo_height()
        needed = self.inside.winfo_reqheight()
        self._canvas.itemconfigure(self._item, width=width)
        self._canvas.configure(scrollregion=(0, 0, width, max(needed, height)))
        too_high = needed > height > 1
        if too_high and not self._bar.winfo_ismapped():
            self._bar.pack(side="right", fill="y")
        elif not too_high and self._bar.winfo_ismapped():
            self._bar.pack_forget()

    def _scroll(self, pixels: int) -> None:
        if self._bar.winfo_ismapped():
            self._canvas.yview_scroll(pixels, "units")

    def _wheel(self, event: tk.Event[tk.Misc]) -> None:
        notches = event.delta if sys.platform == "darwin" else event.delta / 120
        self._scroll(-round(notches * self._step))
