"""The client's own icon, with the number of messages that wait."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from desktop.view.paint import SUPERSAMPLING, bold_font, colour, draw_avatar

COUNTED: Final = 9
"""More than this is "9+": there is no room for more."""
_LETTER: Final = "M"
_COLOUR: Final = 4
_FILL: Final = "#C0282E"
_RIM: Final = "#FFFFFF"
_DOT_BELOW: Final = 20
"""On an icon smaller than this a number cannot be read, but a dot be seen."""


def badge_text(unread: int) -> str:
    """What stands on the icon; empty: nothing."""
    if unread <= 0:
        return ""
    return str(unread) if unread <= COUNTED else f"{COUNTED}+"


def draw_app_icon(size: int, text: str) -> Image.Image:
    """*size* in pixels; *text*: of the badge, empty for none."""
    icon = draw_avatar(size, _LETTER, _COLOUR, square=True)
    if not text:
        return icon
    large = size * SUPERSAMPLING
    badge = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    draw = ImageDraw.Draw(badge)
    is_dot = size < _DOT_BELOW
    height = int(large * (0.46 if is_dot else 0.60))
    width = height if is_dot or len(text) == 1 else int(height * 1.35)
    rim = max(1, large // 24)
    box = (large - 1 - width, large - 1 - height, large - 1, large - 1)
    draw.rounded_rectangle(box, radius=height // 2, fill=colour(_RIM))
    inner = (box[0] + rim, box[1] + rim, box[2] - rim, box[3] - rim)
    draw.rounded_rectangle(inner, radius=(height - 2 * rim) // 2, fill=colour(_FILL))
    if not is_dot:
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(middle, text, font=bold_font(int(height * 0.74)), fill=colour(_RIM), anchor="mm")
    icon.alpha_composite(badge.resize((size, size), Image.Resampling.LANCZOS))
    return icon


def app_pixels(size: int, unread: int) -> tuple[int, int, bytes]:
    """Width, height and pixels: red, green, blue, opacity."""
    return size, size, draw_app_icon(size, badge_text(unread)).tobytes()
