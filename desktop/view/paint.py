"""Antialiased shapes: drawn by Pillow four times as large, reduced, and kept by what they look like.

Every picture is handed out as the name of a Tk image, which `-image` takes. The pictures themselves belong to one `Paint`: it
alone holds and deletes them, in the window's thread. Lengths are real pixels here.
"""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageTk

from desktop.view import icons, tokens
from desktop.view.initials import initials

SUPERSAMPLING: Final = 4
_RECENT: Final = 4000
"""Pictures of people, emoji and panels kept; far more than can be in view."""
_SQUARE_RADIUS: Final = 0.28
_BOLD_FILES: Final = (
    "/usr/share/fonts/opentype/inter/Inter-SemiBold.otf",
    "/usr/share/fonts/truetype/inter/Inter-SemiBold.ttf",
    "C:/Windows/Fonts/seguisb.ttf",
    "/System/Library/Fonts/SFNS.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/TTF/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf",
)

Colour = tuple[int, int, int, int]
Radii = tuple[int, int, int, int]
"""Corners: top left, top right, bottom right, bottom left."""


class Paint:
    """The pictures of one window."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._kept: dict[Hashable, ImageTk.PhotoImage] = {}
        self._recent: OrderedDict[Hashable, ImageTk.PhotoImage] = OrderedDict()

    def clear(self) -> None:
        """Delete all pictures; nothing may show one any more."""
        self._kept.clear()
        self._recent.clear()

    def picture(self, key: Hashable, draw: Callable[[], Image.Image]) -> str:
        """The name of the picture known by *key*, drawn now if it is not there, and kept for good."""
        photo = self._kept.get(key)
        if photo is None:
            photo = self._kept[key] = ImageTk.PhotoImage(draw(), master=self._root)
        return str(photo)

    def passing_picture(self, key: Hashable, draw: Callable[[], Image.Image]) -> str:
        """The same for pictures of which there is no end: the ones not asked for in a long time are deleted."""
        photo = self._recent.get(key)
        if photo is None:
            photo = self._recent[key] = ImageTk.PhotoImage(draw(), master=self._root)
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        else:
            self._recent.move_to_end(key)
        return str(photo)

    def corner(self, which: int, radius: int, fill: str, ground: str = "") -> str:
        """A quarter of a disc; *which* as in `Radii`. Transparent outside, or in the colour of its *ground*."""
        return self.picture(("corner", which, radius, fill, ground), lambda: draw_corner(which, radius, fill, ground))

    def disc(self, diameter: int, fill: str, ring: str = "", ring_width: int = 0) -> str:
        """A dot, perhaps with a ring in the colour of its ground."""
        return self.picture(
            ("disc", diameter, fill, ring, ring_width), lambda: draw_disc(diameter, fill, ring, ring_width)
        )

    def panel(
        self, width: int, height: int, radius: int, fill: str, border: str = "", border_width: int = 1, ground: str = ""
    ) -> str:
        """A rectangle with round corners; transparent outside, or in the colour of its *ground*."""
        return self.passing_picture(
            ("panel", width, height, radius, fill, border, border_width, ground),
            lambda: draw_panel(width, height, radius, fill, border, border_width, ground),
        )

    def raised_panel(
        self, width: int, height: int, radius: int, fill: str, border: str, blur: int, opacity: float
    ) -> str:
        """A panel with a soft shadow; the picture is larger by twice *blur* on each side."""
        return self.passing_picture(
            ("raised", width, height, radius, fill, border, blur, opacity),
            lambda: draw_raised_panel(width, height, radius, fill, border, blur, opacity),
        )

    def avatar(self, size: int, name: str, colour: int, square: bool = False, ground: str = "") -> str:
        """Initials on a gradient: a disc for people, a square with round corners for groups. *ground* as of `corner`."""
        letters = initials(name)
        return self.passing_picture(
            ("avatar", size, letters, colour % 8, square, ground),
            lambda: on_ground(draw_avatar(size, letters, colour, square), ground),
        )

    def icon(self, name: str, size: int, colour: str, stroke: float = 1.9, ground: str = "") -> str:
        """One of `icons.ICONS`. *stroke*: on the icons' own grid. *ground* as of `corner`."""
        return self.picture(
            ("icon", name, size, colour, stroke, ground),
            lambda: on_ground(draw_icon(name, size, colour, stroke), ground),
        )

    def round_button(self, diameter: int, fill: str, icon: str, colour: str, share: float = 0.5) -> str:
        """An icon on a disc. *share*: of the diameter."""
        return self.picture(
            ("button", diameter, fill, icon, colour, share),
            lambda: draw_round_button(diameter, fill, icon, colour, share),
        )

    def switch(self, width: int, height: int, fill: str, on: bool) -> str:
        """A sliding switch."""
        return self.picture(("switch", width, height, fill, on), lambda: draw_switch(width, height, fill, on))


# -- drawing -----------------------------------------------------------------------------------------------------------


def colour(text: str, alpha: int = 255) -> Colour:
    """``#RRGGBB`` as Pillow wants it."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16), alpha


def mask(width: int, height: int, radii: Radii) -> Image.Image:
    """The shape of a rectangle with these corners."""
    wide, high = width * SUPERSAMPLING, height * SUPERSAMPLING
    shape = Image.new("L", (wide, high), 255)
    draw = ImageDraw.Draw(shape)
    for place, logical in enumerate(radii):
        radius = logical * SUPERSAMPLING
        if radius <= 0:
            continue
        right, bottom = place in (1, 2), place in (2, 3)
        left, top = (wide - radius if right else 0), (high - radius if bottom else 0)
        x, y = (wide - radius if right else radius), (high - radius if bottom else radius)
        draw.rectangle((left, top, left + radius - 1, top + radius - 1), fill=0)
        draw.ellipse((x - radius, y - radius, x + radius - 1, y + radius - 1), fill=255)
    return shape.resize((width, height), Image.Resampling.BOX)


def on_ground(image: Image.Image, ground: str) -> Image.Image:
    """*image* on the colour *ground*, with nothing transparent left; as it is where that is empty.

    Under X11 Tk asks the server for what lies below each half transparent picture, and waits for it, every time that it draws one.
    """
    if not ground:
        return image
    below = Image.new("RGBA", image.size, colour(ground))
    below.alpha_composite(image)
    return below.convert("RGB")


def draw_corner(which: int, radius: int, fill: str, ground: str = "") -> Image.Image:
    size = radius * SUPERSAMPLING * 2
    disc = Image.new("L", (size, size), 0)
    ImageDraw.Draw(disc).ellipse((0, 0, size - 1, size - 1), fill=255)
    disc = disc.resize((radius * 2, radius * 2), Image.Resampling.BOX)
    left, top = (0 if which in (0, 3) else radius), (0 if which in (0, 1) else radius)
    image = Image.new("RGBA", (radius, radius), colour(fill))
    image.putalpha(disc.crop((left, top, left + radius, top + radius)))
    return on_ground(image, ground)


def draw_disc(diameter: int, fill: str, ring: str = "", ring_width: int = 0) -> Image.Image:
    size = diameter * SUPERSAMPLING
    image = Image.new("RGBA", (size, size), colour(ring or fill, 0))
    draw = ImageDraw.Draw(image)
    inset = 0
    if ring:
        draw.ellipse((0, 0, size - 1, size - 1), fill=colour(ring))
        inset = ring_width * SUPERSAMPLING
    draw.ellipse((inset, inset, size - 1 - inset, size - 1 - inset), fill=colour(fill))
    return image.resize((diameter, diameter), Image.Resampling.LANCZOS if ring else Image.Resampling.BOX)


def draw_panel(
    width: int, height: int, radius: int, fill: str, border: str = "", border_width: int = 1, ground: str = ""
) -> Image.Image:
    radius = min(radius, width // 2, height // 2)
    image = Image.new("RGBA", (width, height), colour(ground) if ground else colour(border or fill, 0))

    def put(inset: int, paint: str) -> None:
        shape = mask(width - 2 * inset, height - 2 * inset, (max(0, radius - inset),) * 4)
        layer = Image.new("RGBA", shape.size, colour(paint))
        layer.putalpha(shape)
        image.alpha_composite(layer, (inset, inset))

    if border:
        put(0, border)
        put(border_width, fill)
    else:
        put(0, fill)
    return image


def draw_raised_panel(
    width: int, height: int, radius: int, fill: str, border: str, blur: int, opacity: float
) -> Image.Image:
    from PIL import ImageFilter  # only menus, toasts and sheets have a shadow

    pad = blur * 2
    shade = Image.new("L", (width + 2 * pad, height + 2 * pad), 0)
    shade.paste(mask(width, height, (min(radius, width // 2, height // 2),) * 4), (pad, pad + blur // 2))
    shade = shade.filter(ImageFilter.GaussianBlur(blur * 0.8)).point([round(value * opacity) for value in range(256)])
    image = Image.new("RGBA", shade.size, (0, 0, 0, 0))
    image.putalpha(shade)
    image.alpha_composite(draw_panel(width, height, radius, fill, border), (pad, pad))
    return image


def draw_avatar(size: int, letters: str, colour_index: int, square: bool) -> Image.Image:
    large = size * SUPERSAMPLING
    top, bottom = (colour(text) for text in tokens.AVATAR_GRADIENTS[colour_index % len(tokens.AVATAR_GRADIENTS)])
    ramp = Image.new("RGB", (1, large))
    for y in range(large):
        share = y / large
        ramp.putpixel(
            (0, y),
            (
                _between(top[0], bottom[0], share),
                _between(top[1], bottom[1], share),
                _between(top[2], bottom[2], share),
            ),
        )
    image = ramp.resize((large, large)).convert("RGBA")
    shape = Image.new("L", (large, large), 0)
    if square:
        ImageDraw.Draw(shape).rounded_rectangle(
            (0, 0, large - 1, large - 1), radius=int(large * _SQUARE_RADIUS), fill=255
        )
    else:
        ImageDraw.Draw(shape).ellipse((0, 0, large - 1, large - 1), fill=255)
    font = bold_font(int(large * (0.40 if len(letters) > 1 else 0.46)))
    ImageDraw.Draw(image).text((large / 2, large / 2), letters, font=font, fill="white", anchor="mm")
    image.putalpha(shape)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def draw_icon(name: str, size: int, paint: str, stroke: float = 1.9) -> Image.Image:
    large = size * SUPERSAMPLING
    unit = large / icons.GRID
    shape = Image.new("L", (large, large), 0)
    draw = ImageDraw.Draw(shape)
    width = max(1, round(stroke * unit))

    def dot(x: float, y: float, radius: float) -> None:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)

    for part in icons.ICONS[name]:
        match part:
            case icons.Line(points):
                scaled = [(x * unit, y * unit) for x, y in points]
                draw.line(scaled, fill=255, width=width, joint="curve")
                for x, y in scaled:
                    dot(x, y, width / 2 - 0.5)
            case icons.Circle(x, y, radius):
                outer = radius * unit + width / 2
                draw.ellipse(
                    (x * unit - outer, y * unit - outer, x * unit + outer, y * unit + outer), outline=255, width=width
                )
            case icons.Dot(x, y, radius):
                dot(x * unit, y * unit, radius * unit)
            case icons.Shape(points):
                draw.polygon([(x * unit, y * unit) for x, y in points], fill=255)
            case icons.Box(left, top, right, bottom, radius):
                half = width / 2
                box = (left * unit - half, top * unit - half, right * unit + half, bottom * unit + half)
                draw.rounded_rectangle(box, radius=radius * unit, outline=255, width=width)
    image = Image.new("RGBA", (size, size), colour(paint))
    image.putalpha(shape.resize((size, size), Image.Resampling.LANCZOS))
    return image


def draw_round_button(diameter: int, fill: str, icon: str, paint: str, share: float) -> Image.Image:
    image = draw_disc(diameter, fill)
    size = int(diameter * share)
    image.alpha_composite(draw_icon(icon, size, paint), ((diameter - size) // 2, (diameter - size) // 2))
    return image


def draw_switch(width: int, height: int, fill: str, on: bool) -> Image.Image:
    image = draw_panel(width, height, height // 2, fill)
    inset = max(2, round(height * 0.15))
    knob = height - 2 * inset
    image.alpha_composite(draw_disc(knob, "#FFFFFF"), (width - knob - inset if on else inset, inset))
    return image


def _between(start: int, end: int, share: float) -> int:
    return int(start + (end - start) * share)


@lru_cache(maxsize=32)
def bold_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    file = next((file for file in _BOLD_FILES if Path(file).exists()), None)
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
