"""The client's own picture, as others take it: pixels without a file."""

from __future__ import annotations

from collections.abc import Callable

Picture = tuple[int, int, bytes]
"""Width, height, and four bytes a pixel, red first, opacity last."""
Draw = Callable[[int, int], Picture]
"""Draws it so many pixels wide, with so many messages that wait."""


def argb(picture: Picture) -> Picture:
    """The same with opacity first, as icons beside the clock want it."""
    width, height, rgba = picture
    turned = bytearray(len(rgba))
    turned[0::4] = rgba[3::4]
    turned[1::4] = rgba[0::4]
    turned[2::4] = rgba[1::4]
    turned[3::4] = rgba[2::4]
    return width, height, bytes(turned)
