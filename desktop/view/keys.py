"""Shortcuts that work on every keyboard layout.

Under a Russian layout Tk reports Ctrl+C as Control with the keysym Cyrillic_es, and none of its own bindings fire. So a letter is
known by its keysym when that is Latin, and else by the key's place on the keyboard.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from typing import Final

# Key codes of the places where a US keyboard has these letters and signs.
_X11: Final = {
    24: "q", 25: "w", 26: "e", 27: "r", 28: "t", 29: "y", 30: "u", 31: "i", 32: "o", 33: "p",
    38: "a", 39: "s", 40: "d", 41: "f", 42: "g", 43: "h", 44: "j", 45: "k", 46: "l",
    52: "z", 53: "x", 54: "c", 55: "v", 56: "b", 57: "n", 58: "m", 59: "comma", 61: "slash",
}  # fmt: skip
_WINDOWS: Final = {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)} | {188: "comma", 191: "slash"}
_MAC: Final = {
    0: "a", 1: "s", 2: "d", 3: "f", 4: "h", 5: "g", 6: "z", 7: "x", 8: "c", 9: "v", 11: "b", 12: "q", 13: "w", 14: "e",
    15: "r", 16: "y", 17: "t", 31: "o", 32: "u", 34: "i", 35: "p", 37: "l", 38: "j", 40: "k", 43: "comma", 44: "slash",
    45: "n", 46: "m",
}  # fmt: skip
_EDITING: Final = {
    "c": "<<Copy>>",
    "v": "<<Paste>>",
    "x": "<<Cut>>",
    "z": "<<Undo>>",
    "y": "<<Redo>>",
    "a": "<<SelectAll>>",
}
_EDITORS: Final = ("Text", "Entry", "TEntry")

MODIFIER: Final = "Command" if sys.platform == "darwin" else "Control"
SHIFT: Final = 0x1

Handler = Callable[[], object]


def letter(keysym: str, keycode: int, platform: str = sys.platform) -> str:
    """The Latin letter (or the keysym of another sign) on that key, whatever the layout."""
    if keysym.isascii() and not keysym.startswith(
        ("Cyrillic_", "Greek_", "Ukrainian_", "Byelorussian_", "Serbian_", "Macedonia_")
    ):
        return keysym.lower() if len(keysym) == 1 else keysym
    places = {"win32": _WINDOWS, "darwin": _MAC}.get(platform, _X11)
    if platform == "darwin":
        keycode = keycode >> 16 & 0xFF
    return places.get(keycode, keysym)


def edit_on_every_layout(root: tk.Misc) -> None:
    """Let copy, paste, cut, undo and select-all work in all fields under every layout."""

    def press(event: tk.Event[tk.Misc]) -> str | None:
        if len(event.keysym) == 1 and event.keysym.isascii():
            return None  # Tk's own bindings serve it
        command = _EDITING.get(letter(event.keysym, event.keycode))
        if command is None:
            return None
        event.widget.event_generate(command)
        return "break"

    def select_all(event: tk.Event[tk.Misc]) -> str:
        event.widget.event_generate("<<SelectAll>>")
        return "break"

    for kind in _EDITORS:
        root.bind_class(kind, f"<{MODIFIER}-KeyPress>", press)
        # On X11 Tk's own Ctrl+A goes to the start of the line, which nobody expects any more.
        for key in "aA":
            root.bind_class(kind, f"<{MODIFIER}-{key}>", select_all)


class Shortcuts:
    """Shortcuts of a window: Ctrl (Cmd on macOS) and a letter, told by `letter`."""

    def __init__(self, root: tk.Misc) -> None:
        self._handlers: dict[tuple[str, bool], Handler] = {}
        root.bind(f"<{MODIFIER}-KeyPress>", self._press, add="+")

    def on(self, key: str, handler: Handler, shift: bool = False) -> None:
        """Call *handler* at Ctrl+*key*; a handler that returns False lets the key go on to others."""
        self._handlers[key, shift] = handler

    def _press(self, event: tk.Event[tk.Misc]) -> str | None:
        key = letter(event.keysym, event.keycode)
        handler = self._handlers.get((key, bool(int(event.state) & SHIFT)))
        if handler is None or handler() is False:
            return None
        return "break"
