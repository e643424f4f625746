"""What a person has done in a part of the window that is about to be built anew: what was typed, switched, and where the keyboard was."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from msgspec import Struct


class Kept(Struct, frozen=True):
    """*fields*: text and cursor of each field; *switches*: whether each is on; *focus*: which widget has the keyboard, counted."""

    fields: tuple[tuple[str, int], ...]
    switches: tuple[bool, ...]
    focus: int | None


def keep(part: tk.Misc) -> Kept:
    """What was done in *part*."""
    widgets = list(_within(part))
    focused = part.focus_lastfor()  # also while another program has the keyboard
    return Kept(
        tuple((field.get(), int(field.index("insert"))) for field in widgets if isinstance(field, ttk.Entry)),
        tuple(switch.instate(["selected"]) for switch in widgets if isinstance(switch, ttk.Checkbutton)),
        widgets.index(focused) if focused in widgets else None,
    )


def put_back(part: tk.Misc, kept: Kept) -> None:
    """Do it again in *part*, which was built like the one before."""
    widgets = list(_within(part))
    fields = [field for field in widgets if isinstance(field, ttk.Entry)]
    for field, (text, cursor) in zip(fields, kept.fields, strict=True):
        field.delete(0, "end")
        field.insert(0, text)
        field.icursor(cursor)
    switches = [switch for switch in widgets if isinstance(switch, ttk.Checkbutton)]
    for switch, was_on in zip(switches, kept.switches, strict=True):
        if switch.instate(["selected"]) != was_on:
            switch.invoke()
    if kept.focus is not None and kept.focus < len(widgets):
        widgets[kept.focus].focus_set()


def _within(part: tk.Misc) -> Iterator[tk.Misc]:
    yield part
    for child in part.winfo_children():
        yield from _within(child)
