"""What of a window does not fit into it: controls beyond its edges, words that are cut off."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from desktop.view.scrolled import Scrolled
from tests.desktop.view.conftest import Stage

_SLACK = 2
"""Pixels that rounding may cost."""


def misfits(stage: Stage) -> list[str]:
    """In words, what cannot be seen whole or be brought into view; empty: all fits."""
    root = stage.window.root
    right, bottom = root.winfo_rootx() + root.winfo_width(), root.winfo_rooty() + root.winfo_height()
    found = []
    for widget in _all(root):
        if not isinstance(widget, ttk.Button | ttk.Checkbutton | ttk.Entry | tk.Label | tk.Text):
            continue
        name = f"{widget.winfo_class()} {_words(widget)!r}"
        left, top = widget.winfo_rootx(), widget.winfo_rooty()
        if left < root.winfo_rootx() - _SLACK or left + widget.winfo_width() > right + _SLACK:
            found.append(f"{name} is beyond the side")
        scrolled = _scrolled(widget)
        if scrolled is None and (top < root.winfo_rooty() - _SLACK or top + widget.winfo_height() > bottom + _SLACK):
            found.append(f"{name} is beyond the upper or lower edge")
        if not isinstance(widget, ttk.Button | ttk.Checkbutton | tk.Label):
            continue
        wide = 1 if isinstance(widget, tk.Label) and int(widget["width"]) == 1 else widget.winfo_reqwidth()
        if wide > widget.winfo_width() + _SLACK:
            found.append(f"{name} is cut at the side: {widget.winfo_width()} of {wide}")
        if widget.winfo_reqheight() > widget.winfo_height() + _SLACK:
            found.append(f"{name} is cut below: {widget.winfo_height()} of {widget.winfo_reqheight()}")
        if scrolled is not None and scrolled._canvas.winfo_height() < min(widget.winfo_height(), 30):
            found.append(f"{name} is in a part that is too low: {scrolled._canvas.winfo_height()}")
    return found


def _words(widget: tk.Misc) -> str:
    return str(widget.cget("text"))[:50] if isinstance(widget, ttk.Button | ttk.Checkbutton | tk.Label) else str(widget)


def _all(widget: tk.Misc) -> Iterator[tk.Misc]:
    for child in widget.winfo_children():
        if child.winfo_ismapped():
            yield child
            yield from _all(child)


def _scrolled(widget: tk.Misc) -> Scrolled | None:
    parent = widget.master
    while parent is not None:
        if isinstance(parent, Scrolled):
            return parent
        parent = parent.master
    return None
