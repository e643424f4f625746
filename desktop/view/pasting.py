"""What is pasted into a field replaces the selection, fits the field, and is made safe for this system's Tk."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from desktop.view.safetext import BODY_MAX, SafeText

_MAX = 2 * BODY_MAX
"""More than can be sent: the field then says by how much it is too long."""


def paste_safely(root: tk.Misc, safe: SafeText) -> None:
    """Replace Tk's own pasting, from the clipboard and by the middle button, in all fields."""
    for event, source in (("<<Paste>>", "CLIPBOARD"), ("<<PasteSelection>>", "PRIMARY")):
        for kind in ("Text", "TEntry"):
            root.bind_class(kind, event, lambda event, source=source: _paste(event.widget, source, safe))


def _paste(field: tk.Misc, source: str, safe: SafeText) -> str:
    try:
        pasted = str(
            field.tk.call("selection", "get", "-displayof", str(field), "-selection", source, "-type", _type(field))
        )
    except tk.TclError:  # nothing there that is text
        return "break"
    pasted = pasted[:_MAX].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    pasted = safe.drawable(pasted)
    if isinstance(field, tk.Text):
        _into_text(field, pasted, replacing=source == "CLIPBOARD")
    elif isinstance(field, ttk.Entry):
        _into_entry(field, " ".join(pasted.split("\n")).strip())
    return "break"


def _type(field: tk.Misc) -> str:
    """X11 has a type of its own for text of all scripts; the plain one loses letters."""
    return "UTF8_STRING" if field.tk.call("tk", "windowingsystem") == "x11" else "STRING"


def _into_text(field: tk.Text, pasted: str, replacing: bool) -> None:
    if str(field["state"]) != "normal":
        return
    if replacing and field.tag_ranges("sel"):
        field.mark_set("insert", "sel.first")
        field.delete("sel.first", "sel.last")
    field.insert("insert", pasted)
    field.see("insert")


def _into_entry(field: ttk.Entry, pasted: str) -> None:
    if field.instate(["disabled"]):
        return
    if field.selection_present():
        field.delete("sel.first", "sel.last")
    field.insert("insert", pasted)
