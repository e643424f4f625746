"""Named fonts by role, and how wide text is in them.

The fonts are Tk's named ones under fixed names: a change of scale reconfigures them in place, and no Python object has to
delete them (a finalizer that runs in another thread would call Tk from there).
"""

from __future__ import annotations

import sys
import tkinter as tk
from typing import Final, Protocol

from desktop.view import tokens
from desktop.view.scale import Scale

_MEASURED: Final = 60_000
"""Widths kept before the cache is dropped."""


class Measure(Protocol):
    """What layout needs to know of fonts. Tests lay out with fonts whose letters are all equally wide."""

    def width(self, font: str, text: str) -> int:
        """Pixels of *text* in the font of that role."""

    def line(self, font: str) -> int:
        """Pixels from one line to the next."""

    def ascent(self, font: str) -> int:
        """Pixels from the top of a line to its base."""


class Fonts:
    """The fonts of one Tk interpreter, at one scale."""

    def __init__(self, root: tk.Misc, scale: Scale) -> None:
        self._call = root.tk.call
        self._widths: dict[tuple[str, str], int] = {}
        families = frozenset(root.tk.splitlist(self._call("font", "families")))
        self.family = _first_of(tokens.FAMILIES.get(sys.platform, tokens.FAMILIES["linux"]), families, "TkDefaultFont")
        self.mono = _first_of(tokens.MONO_FAMILIES, families, "TkFixedFont")
        existing = frozenset(root.tk.splitlist(self._call("font", "names")))
        self._lines: dict[str, int] = {}
        self._ascents: dict[str, int] = {}
        for role, size in tokens.FONT_PX.items():
            name = self.name(role)
            self._call(
                "font",
                "configure" if name in existing else "create",
                name,
                "-family",
                self.mono if role in tokens.MONO_FONTS else self.family,
                "-size",
                -max(1, round(size * scale.font_factor)),
                "-weight",
                "bold" if role in tokens.BOLD_FONTS else "normal",
                "-slant",
                "italic" if role in tokens.ITALIC_FONTS else "roman",
            )
            self._lines[role] = int(self._call("font", "metrics", name, "-linespace"))
            self._ascents[role] = int(self._call("font", "metrics", name, "-ascent"))

    @staticmethod
    def name(role: str) -> str:
        """Tk's name of the font, for ``-font``."""
        return f"pymessenger.{role}"

    def width(self, font: str, text: str) -> int:
        key = (font, text)
        width = self._widths.get(key)
        if width is None:
            if len(self._widths) >= _MEASURED:
                self._widths.clear()
            width = self._widths[key] = int(self._call("font", "measure", self.name(font), text))
        return width

    def line(self, font: str) -> int:
        return self._lines[font]

    def ascent(self, font: str) -> int:
        return self._ascents[font]


def fit(measure: Measure, font: str, text: str, width: int) -> str:
    """*text*, or as much of its beginning as fits into *width* pixels with an ellipsis."""
    if measure.width(font, text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure.width(font, text[:middle].rstrip() + "…") <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def broken(measure: Measure, font: str, text: str, width: int, most: int) -> list[str]:
    """*text* in lines of *width* pixels, broken between words; the last one of *most* has all that is left."""
    lines: list[str] = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and len(lines) < most and measure.width(font, longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _first_of(wanted: tuple[str, ...], there: frozenset[str], otherwise: str) -> str:
    return next((family for family in wanted if family in there), otherwise)
