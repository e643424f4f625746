"""Everything that a widget needs to know to draw itself: scale, colours, fonts, pictures, and how text is made safe."""

from __future__ import annotations

import tkinter as tk

from msgspec import Struct

from desktop.view.fonts import Fonts
from desktop.view.paint import Paint
from desktop.view.safetext import SafeText
from desktop.view.scale import Scale
from desktop.view.tokens import DARK, LIGHT, Palette


class Look(Struct, frozen=True):
    """One theme at one scale. Another theme or scale is another look, and the widgets are built anew with it."""

    scale: Scale
    palette: Palette
    fonts: Fonts
    paint: Paint
    safe: SafeText

    def px(self, length: float) -> int:
        """Real pixels of a logical length."""
        return self.scale.px(length)

    def tx(self, length: float) -> int:
        """Real pixels of a logical length that text has to fit into."""
        return self.scale.tx(length)

    def font(self, role: str) -> str:
        """The name for ``-font``."""
        return self.fonts.name(role)

    def icon(self, name: str, size: float, colour: str, stroke: float = 1.9, ground: str = "") -> str:
        """An icon; *size* in logical pixels."""
        return self.paint.icon(name, self.px(size), colour, stroke, ground)

    def name_colour(self, ident: int) -> str:
        """The colour of a person's name."""
        return self.palette.names[ident % len(self.palette.names)]


def make_look(root: tk.Misc, scale: Scale, dark: bool, paint: Paint, safe: SafeText) -> Look:
    """The look of *root* from now on; its fonts change in place."""
    return Look(scale, DARK if dark else LIGHT, Fonts(root, scale), paint, safe)
