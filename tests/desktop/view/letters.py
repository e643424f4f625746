"""A look without Tk: every letter is eight pixels wide and every line eighteen high."""

from __future__ import annotations

from typing import Any, cast

from desktop.view.look import Look
from desktop.view.paint import Paint
from desktop.view.safetext import SafeText
from desktop.view.scale import Scale
from desktop.view.tokens import LIGHT

LETTER = 8
LINE = 18


class EvenLetters:
    """Fonts of which everything can be computed by hand."""

    def width(self, font: str, text: str) -> int:
        return LETTER * len(text)

    def line(self, font: str) -> int:
        return LINE

    def ascent(self, font: str) -> int:
        return 14


def plain_look(scale: float = 1.0) -> Look:
    """For layout alone: nothing is ever drawn with it."""
    return Look(Scale(scale, scale), LIGHT, cast(Any, EvenLetters()), Paint(cast(Any, None)), SafeText())
