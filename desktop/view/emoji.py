"""Emoji in text: where they are, and their pictures from the system's colour font, if it has one.

Tk draws emoji of several code points (skin tones, flags, families) as separate signs, and an old font library even dies of a
colour font; a picture has neither trouble. Nothing is shipped: without a colour font Tk's own text has to do.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

_FILES: Final = {
    "linux": (
        "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
        "/usr/share/fonts/noto/NotoColorEmoji.ttf",
        "/usr/share/fonts/google-noto-emoji/NotoColorEmoji.ttf",
        "/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf",
    ),
    "win32": ("C:/Windows/Fonts/seguiemj.ttf",),
    "darwin": ("/System/Library/Fonts/Apple Color Emoji.ttc",),
}
_SIZES: Final = {"linux": 109, "win32": 128, "darwin": 160}
"""Bitmap fonts open in the one size that they have."""

_SIGN: Final = (
    "(?:[\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u25fd\u25fe\u2b1b\u2b1c\U0001f300-\U0001faff"
    "\U0001f004\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202\U0001f21a"
    "\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
    "|[©®‼⁉™ℹ↔-↙↩↪⌨⏏Ⓜ▪▫▶◀◻◼⤴⤵⬅-⬇〰〽㊗㊙]\ufe0f)"
)
EMOJI: Final = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_SIGN}(?:\u200d{_SIGN})*")
"""One emoji: a flag, a key, or a sign with its skin tone and what is joined to it."""
_TEXT_SIGN: Final = re.compile("[\u2600-\u27bf]")
"""A sign that is text unless U+FE0F follows (☎, ✓) …"""
_EMOJI_BY_NATURE: Final = frozenset(
    "☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿"
)
"""… but these are emoji by themselves (Emoji_Presentation of the Unicode data)."""


def is_text(sequence: str) -> bool:
    """Whether that match of `EMOJI` is a plain sign that belongs into the text's own font."""
    return len(sequence) == 1 and _TEXT_SIGN.match(sequence) is not None and sequence not in _EMOJI_BY_NATURE


@lru_cache(maxsize=4096)
def is_drawable(sequence: str) -> bool:
    """Whether the system's colour font has that emoji; one newer than the font is empty, or falls apart into what it is joined of."""
    font = colour_font()
    if font is None:
        return False
    left, top, right, bottom = font.getbbox(sequence)
    return right > left and bottom > top and font.getlength(sequence) < 1.5 * font.getlength("😀")


@lru_cache(maxsize=1)
def colour_font() -> ImageFont.FreeTypeFont | None:
    """The system's colour font; None: there is none, or Pillow cannot shape sequences."""
    if not features.check("raqm"):
        return None
    for file in _FILES.get(sys.platform, ()):
        if Path(file).exists():
            try:
                return ImageFont.truetype(file, _SIZES[sys.platform], layout_engine=ImageFont.Layout.RAQM)
            except OSError:  # a version of the font that this FreeType cannot read: as good as none
                continue
    return None


def draw(sequence: str, size: int) -> Image.Image:
    """The emoji in a square of *size* pixels. Needs `colour_font`."""
    font = colour_font()
    assert font is not None
    box = font.getbbox(sequence)
    sheet = Image.new("RGBA", (max(1, round(box[2])), max(1, round(box[3]))), (0, 0, 0, 0))
    ImageDraw.Draw(sheet).text((0, 0), sequence, font=font, embedded_color=True)
    inked = sheet.getbbox()
    if inked is None:
        return _unknown(size)
    sheet = sheet.crop(inked)
    side = max(sheet.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(sheet, ((side - sheet.width) // 2, (side - sheet.height) // 2))
    return square.resize((size, size), Image.Resampling.LANCZOS)


def _unknown(size: int) -> Image.Image:
    """In place of an emoji that the font does not have: nothing at all would say that nothing was written."""
    edge = 4 * size
    square = Image.new("RGBA", (edge, edge), (0, 0, 0, 0))
    box = (edge // 6, edge // 6, edge - edge // 6, edge - edge // 6)
    ImageDraw.Draw(square).rounded_rectangle(box, radius=edge // 8, outline=(128, 138, 150, 255), width=edge // 14)
    return square.resize((size, size), Image.Resampling.LANCZOS)
