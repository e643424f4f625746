"""Shortcuts that work on every keyboard layout.

Under a Russian layout Tk reports Ctrl+C as Control with the keysym Cyrillic_es, and none of its own bindings fire. So a letter is
known by its keysym when that is Latin, and else by the key's place on the keyboard.
"""

from __future__ import annotations

import sys
import tkinter as tk
from typing import Final

# Key codes of the places where a US keyboard has these letters and signs.
_X11: Final = {
    24: "q", 25: "w", 26: "e", 27: "r", 28: "t", 29: "y", 30: "u", 31: "i", 32: "o", 33: "p",
    38: "a", 39: "s", 40: "d", 41: "f", 42: "g", 43: "h", 44: "j", 45: "k", 46: "l",
    52: "z", 53: "x", 54: "c", 55: "v", 56: "b", 57: "n", 58: "m", 59: "comma", 60: "period", 61: "slash",
    19: "0", 20: "minus", 21: "equal",
}  # fmt: skip
_WINDOWS: Final = {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)} | {
    188: "comma",
    190: "period",
    191: "slash",
}
_MAC: Final = {
    0: "a", 1: "s", 2: "d", 3: "f", 4: "h", 5: "g", 6: "z", 7: "x", 8: "c", 9: "v", 11: "b", 12: "q", 13: "w", 14: "e",
    15: "r", 16: "y", 17: "t", 31: "o", 32: "u", 34: "i", 35: "p", 37: "l", 38: "j", 40: "k", 43: "comma", 44: "slash",
    45: "n", 46: "m", 47: "period",
}  # fmt: skip
_EDITING: Final = {
    "c": "<<Copy>>",
    "v": "<<Paste>>",
    "x": "<<Cut>>",
    "z": "<<Undo>>",
    "y": "<<Redo>>",
    "a": "<<SelectAll>>",
}
_SIGNS: Final = {",": "comma", ".": "period", "/": "slash", "+": "plus", "-": "minus"}
_EDITORS: Final = ("Text", "Entry", "TEntry")
_RUSSIAN_FULL_STOP: Final = ("period", "comma")
_MOVES: Final = {
    "n": "<<NextLine>>",
    "p": "<<PrevLine>>",
    "f": "<<NextChar>>",
    "b": "<<PrevChar>>",
    "a": "<<LineStart>>",
    "e": "<<LineEnd>>",
    "slash": "<<SelectAll>>",
}
"""What fields do at these keys under X11."""
_SELECTS: Final = {
    "N": "<<SelectNextLine>>",
    "P": "<<SelectPrevLine>>",
    "F": "<<SelectNextChar>>",
    "B": "<<SelectPrevChar>>",
    "A": "<<SelectLineStart>>",
    "E": "<<SelectLineEnd>>",
}
"""And with Shift."""

MODIFIER: Final = "Command" if sys.platform == "darwin" else "Control"
SHIFT: Final = 0x1


def letter(keysym: str, keycode: int, platform: str = sys.platform) -> str:
    """The Latin letter (or the keysym of another sign) on that key, whatever the layout."""
    if keysym.isascii() and not keysym.startswith(
        ("Cyrillic_", "Greek_", "Ukrainian_", "Byelorussian_", "Serbian_", "Macedonia_")
    ):
        if keysym in _RUSSIAN_FULL_STOP and _place(keycode, platform) == "slash":
            return "slash"  # there the Russian layout has its full stop and comma, and no Latin one has
        return keysym.lower() if len(keysym) == 1 else keysym
    return _place(keycode, platform) or keysym


def _place(keycode: int, platform: str) -> str:
    """What a US keyboard has at that place; empty: nothing that matters."""
    places = {"win32": _WINDOWS, "darwin": _MAC}.get(platform, _X11)
    return places.get(keycode >> 16 & 0xFF if platform == "darwin" else keycode, "")


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
    # Nobody expects these either (Ctrl+Shift+A excepted, which is as Ctrl+A), and what is selected unasked goes with the next letter that is typed.
    for key, move in _SELECTS.items():
        root.event_delete(move, f"<{MODIFIER}-{key}>", f"<{MODIFIER}-Lock-{key.lower()}>")


def take_from_fields(root: tk.Misc, key: str) -> None:
    """What Tk's own fields would do at Ctrl+letter first, as some editors do, they do no more: with Ctrl+K they cut the line off."""
    modifier, plus, letter_key = key.partition("+")
    if modifier != "Ctrl" or not plus or not (len(letter_key) == 1 and (letter_key.isalpha() or letter_key in _SIGNS)):
        return
    name = _SIGNS.get(letter_key, letter_key.lower())
    for kind in _EDITORS:
        root.unbind_class(kind, f"<{MODIFIER}-{name}>")
    if name in _MOVES:
        root.event_delete(_MOVES[name], f"<{MODIFIER}-{name}>", f"<{MODIFIER}-Lock-{name.upper()}>")
