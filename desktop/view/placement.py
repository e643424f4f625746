"""Where the window stands and how large it is: remembered, never beyond the screen, and never too small for what is in it."""

from __future__ import annotations

import re
import tkinter as tk
from typing import Final, NamedTuple

from desktop.settings import SettingsFile
from desktop.view import tokens
from desktop.view.scale import Scale

_SETTLED_MS: Final = 600
"""The place is kept when the window has not moved for this long."""
_FRAME: Final = 40
"""So many logical pixels of a screen's height go to the window's title and the desktop's bar."""
_GEOMETRY: Final = re.compile(r"(\d+)x(\d+)(?:\+(-?\d+)\+(-?\d+))?", re.ASCII)


class Room(NamedTuple):
    """Where a window may be, in pixels: the corner, the far corner, and how high the part is that the desktop leaves."""

    left: int
    top: int
    right: int
    bottom: int


def fitted(geometry: str, room: Room) -> str:
    """*geometry* as Tk writes it, no larger than *room* and, where it says a place, within it; empty: it says nothing of use."""
    found = _GEOMETRY.fullmatch(geometry)
    if found is None:
        return ""
    width = min(int(found[1]), room.right - room.left)
    height = min(int(found[2]), room.bottom - room.top)
    if found[3] is None:
        return f"{width}x{height}"
    x = max(room.left, min(int(found[3]), room.right - width))
    y = max(room.top, min(int(found[4]), room.bottom - height))
    return f"{width}x{height}+{x}+{y}"


class Placement:
    """The place of one root."""

    def __init__(self, root: tk.Tk, settings: SettingsFile, scale: Scale) -> None:
        self._root = root
        self._settings = settings
        self._job = ""
        self._scale = scale
        self._least = scale.px(tokens.WINDOW_MIN_WIDTH) // 2
        self._frame = scale.px(_FRAME)
        room = self._room()
        self.fit_zoom()
        usual = f"{scale.px(tokens.WINDOW_WIDTH)}x{scale.px(tokens.WINDOW_HEIGHT)}"
        geometry = fitted(settings.settings.geometry, room) or fitted(usual, room)
        self._given = ""
        """Where the desktop has put the window; what nobody has moved is the desktop's to place next time too."""
        self._is_placed = "+" in geometry
        root.geometry(geometry)
        if settings.settings.maximized:
            self._maximize()
        root.bind("<Configure>", self._moved, add="+")

    def fit_zoom(self) -> None:
        """The interface is as large as the settings say: the window is no smaller than it can do with, as far as the screen goes."""
        chosen, scale, room = self._settings.settings, self._scale, self._room()
        zoomed = scale.zoomed(chosen.scale, chosen.text)
        by = max(1.0, zoomed.tx(100) / scale.px(100))
        width, height = (
            scale.px(min(least * by, enough))
            for least, enough in (
                (tokens.WINDOW_MIN_WIDTH, tokens.WINDOW_ENOUGH_WIDTH),
                (tokens.WINDOW_MIN_HEIGHT, tokens.WINDOW_ENOUGH_HEIGHT),
            )
        )
        self._root.minsize(min(width, room.right - room.left), min(height, room.bottom - room.top))

    def keep(self) -> None:
        """Write the present place into the settings."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._root.state() == "withdrawn" or self._root.winfo_width() < self._least:
            return  # never shown, or its size is not settled
        maximized = self._is_maximized()
        geometry = self._settings.settings.geometry if maximized else self._geometry()
        self._settings.change(geometry=geometry, maximized=maximized)

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root:
            if self._job:
                self._root.after_cancel(self._job)
            self._job = self._root.after(_SETTLED_MS, self.keep)

    def _geometry(self) -> str:
        """The present size, with the place when it was chosen."""
        geometry = self._root.geometry()
        size, _plus, place = geometry.partition("+")
        if not self._is_placed:
            self._given = self._given or place
            self._is_placed = place != self._given
        return geometry if self._is_placed else size

    def _room(self) -> Room:
        """All screens together, without what the desktop has of them."""
        root = self._root
        left, top = root.winfo_vrootx(), root.winfo_vrooty()
        right = left + max(root.winfo_vrootwidth(), root.winfo_screenwidth())
        bottom = top + max(root.winfo_vrootheight(), root.winfo_screenheight()) - self._frame
        return Room(left, top, right, bottom)

    def _is_maximized(self) -> bool:
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            return bool(self._root.attributes("-zoomed"))
        return self._root.state() == "zoomed"

    def _maximize(self) -> None:
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            self._root.attributes("-zoomed", True)
        else:
            self._root.state("zoomed")
