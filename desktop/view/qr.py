"""A link as a QR code: whole pixels for each of its squares, dark on white in both themes, as every camera expects it."""

from __future__ import annotations

import segno
from PIL import Image

_QUIET = 4
"""Squares of white around it; the standard asks for four."""


def draw_qr(text: str, side: int) -> Image.Image:
    """The code of *text*, as large as whole squares fit into *side* pixels."""
    rows = tuple(segno.make(text, error="m", micro=False, boost_error=False).matrix)
    squares = len(rows) + 2 * _QUIET
    image = Image.new("L", (squares, squares), 255)
    for y, row in enumerate(rows, _QUIET):
        for x, is_dark in enumerate(row, _QUIET):
            if is_dark:
                image.putpixel((x, y), 0)
    length = squares * max(1, side // squares)
    return image.resize((length, length), Image.Resampling.NEAREST).convert("RGBA")
