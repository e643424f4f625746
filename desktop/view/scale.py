"""How many real pixels a logical one has: the system's scale times the person's, and how much larger than that text is.

On X11 the resource ``Xft.dpi`` is the desktop's scale, and the font library applies it a second time to every size given in
pixels; so sizes of fonts are divided by it again.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys

from msgspec import Struct

LEAST, MOST = 85, 300
"""Percent, of the interface and of text."""
STEPS = (85, 100, 115, 130, 150, 175, 200, 250, 300)
"""What can be chosen of both."""
STANDARD_DPI = 96


class Scale(Struct, frozen=True):
    """*factor*: real pixels for a logical one; *font_factor*: the same for sizes handed to Tk as a font's.

    *text*: how much larger text is than what is around it.
    """

    factor: float = 1.0
    font_factor: float = 1.0
    text: float = 1.0

    def px(self, length: float) -> int:
        """Real pixels, rounded; at least one for anything that is not zero."""
        return round(length * self.factor) or (1 if length > 0 else 0)

    def tx(self, length: float) -> int:
        """Real pixels of a length that text has to fit into: it grows with the text, and is never less than `px`."""
        return self.px(length * max(1.0, self.text))

    def zoomed(self, percent: int, text_percent: int = 100) -> Scale:
        """This scale as the person wants it, kept within its bounds.

        Text is in the interface, so both enlarge it; but never to more than the largest of either: beyond that a window holds a word or two.
        """
        zoom = within(percent) / 100
        together = min(zoom * within(text_percent) / 100, MOST / 100)
        return Scale(self.factor * zoom, self.font_factor * together, together / zoom)


def within(percent: int) -> int:
    """The nearest allowed size."""
    return min(max(percent, LEAST), MOST)


def step(percent: int, by: int) -> int:
    """The next larger (*by* 1) or smaller (-1) choice; the same at the end."""
    beyond = [choice for choice in STEPS if (choice - percent) * by > 0]
    return percent if not beyond else min(beyond) if by > 0 else max(beyond)


def become_dpi_aware() -> None:
    """On Windows: say, before the first window, that this program scales itself; else Windows stretches its picture."""
    if sys.platform == "win32":
        ctypes.windll.shcore.SetProcessDpiAwareness(1)


def system_scale(tk_dpi: float) -> Scale:
    """The desktop's own scale. *tk_dpi*: pixels of an inch as Tk sees them (``winfo_fpixels("1i")``)."""
    if sys.platform == "darwin":
        return Scale()
    if sys.platform == "win32":
        factor = tk_dpi / STANDARD_DPI
        return Scale(factor, factor)
    dpi = xft_dpi()
    if dpi is None:
        return Scale()
    factor = dpi / STANDARD_DPI
    return Scale(factor, factor * tk_dpi / dpi)


def xft_dpi() -> float | None:
    """``Xft.dpi`` of the X server's resources; None when it is not set or there is no X11 library."""
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetDefault.restype = ctypes.c_char_p
    x11.XGetDefault.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return None
    try:
        value = x11.XGetDefault(display, b"Xft", b"dpi")
        return float(value) if value else None
    except ValueError:
        return None
    finally:
        x11.XCloseDisplay(display)
