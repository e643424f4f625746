"""A frame of any height that scrolls when it does not fit. For a few dozen widgets; long lists are `virtual`."""

from __future__ import annotations

import sys
import tkinter as tk
from typing import Final

from desktop.view import kit
from desktop.view.look import Look
from desktop.view.theme import surface_colour
from desktop.view.virtual import WHEEL, VirtualList

RESTLESS: Final = 8
"""So often may the scrollbar come at one width; then it stays. Text that wraps anew may call it and send it away without end."""


class Scrolled(tk.Frame):
    """Put widgets into `inside`; the scrollbar comes only when it is needed."""

    def __init__(self, parent: tk.Misc, look: Look, surface: kit.Surface = "window") -> None:
        ground = surface_colour(look, surface)
        super().__init__(parent, bg=ground, bd=0, highlightthickness=0)
        self._step = look.px(WHEEL)
        self._width_now = 0
        self._came = 0
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
        # Not at the widgets: what has a binding for the keyboard's coming is taken for something that Tab has to stop at.
        self.bind_class(self._tag, "<FocusIn>", self._focused)
        self.listen(self._canvas)

    def ask_for(self, height: int) -> None:
        """Ask for that height, in pixels, where its owner gives it no other."""
        self._canvas.configure(height=height)

    def listen(self, widget: tk.Misc) -> None:
        """Let the wheel scroll over *widget* and all that is in it; a list in it scrolls by itself."""
        if isinstance(widget, VirtualList):
            return
        if self._tag not in widget.bindtags():
            widget.bindtags((*widget.bindtags(), self._tag))
        for child in widget.winfo_children():
            self.listen(child)

    def _focused(self, event: tk.Event[tk.Misc]) -> None:
        """What is around the widget hears of it as well."""
        if self.focus_lastfor() is event.widget:
            self.reveal(event.widget)

    def page(self, by: int) -> None:
        """Most of what is seen, down or up."""
        self._scroll(round(by * 0.8 * self._canvas.winfo_height()))

    def settle(self, widget: tk.Misc) -> None:
        """The size has changed: from the beginning on, but so far that *widget* is seen."""
        self._canvas.yview_moveto(0)
        if str(widget).startswith(str(self.inside)):
            self.update_idletasks()  # the places in it
            self.reveal(widget)

    def reveal(self, widget: tk.Misc) -> None:
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
        if self._width_now != self.winfo_width():
            self._width_now, self._came = self.winfo_width(), 0
        shown = bool(self._bar.winfo_manager())
        if too_high and not shown:
            self._came += 1
            self._bar.pack(side="right", fill="y")
        elif not too_high and shown and self._came < RESTLESS:
            self._bar.pack_forget()

    def _scroll(self, pixels: int) -> None:
        if self._bar.winfo_ismapped():
            self._canvas.yview_scroll(pixels, "units")

    def _wheel(self, event: tk.Event[tk.Misc]) -> None:
        notches = event.delta if sys.platform == "darwin" else event.delta / 120
        self._scroll(-round(notches * self._step))
