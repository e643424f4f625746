"""Where the window stands and how large it is: remembered, and never beyond the screen."""

from __future__ import annotations

import tkinter as tk
from typing import Final

from desktop.settings import SettingsFile
from desktop.view import tokens
from desktop.view.scale import Scale

_SETTLED_MS: Final = 600
"""The place is kept when the window has not moved for this long."""
_REACHABLE: Final = 80
"""So many pixels of the window must be on the screen."""


class Placement:
    """The place of one root."""

    def __init__(self, root: tk.Tk, settings: SettingsFile, scale: Scale) -> None:
        self._root = root
        self._settings = settings
        self._job = ""
        self._least = scale.px(tokens.WINDOW_MIN_WIDTH) // 2
        width, height = scale.px(tokens.WINDOW_MIN_WIDTH), scale.px(tokens.WINDOW_MIN_HEIGHT)
        root.minsize(min(width, root.winfo_screenwidth()), min(height, root.winfo_screenheight()))
        width = min(scale.px(tokens.WINDOW_WIDTH), root.winfo_screenwidth())
        height = min(scale.px(tokens.WINDOW_HEIGHT), root.winfo_screenheight())
        root.geometry(self._remembered() or f"{width}x{height}")
        if settings.settings.maximized:
            self._maximize()
        root.bind("<Configure>", self._moved, add="+")

    def keep(self) -> None:
        """Write the present place into the settings."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._root.state() == "withdrawn" or self._root.winfo_width() < self._least:
            return  # never shown, or its size is not settled
        maximized = self._is_maximized()
        geometry = self._settings.settings.geometry if maximized else self._root.geometry()
        self._settings.change(geometry=geometry, maximized=maximized)

    def _moved(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root:
            if self._job:
                self._root.after_cancel(self._job)
            self._job = self._root.after(_SETTLED_MS, self.keep)

    def _remembered(self) -> str:
        """The kept place; only the size when no screen is there any more."""
        geometry = self._settings.settings.geometry
        size, plus, place = geometry.partition("+")
        if not plus or "-" in size:
            return size.partition("-")[0]
        x, _plus, y = place.partition("+")
        root = self._root
        right = root.winfo_vrootx() + max(root.winfo_vrootwidth(), root.winfo_screenwidth())
        bottom = root.winfo_vrooty() + max(root.winfo_vrootheight(), root.winfo_screenheight())
        return geometry if int(x) < right - _REACHABLE and int(y or 0) < bottom - _REACHABLE else size

    def _is_maximized(self) -> bool:
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            return bool(self._root.attributes("-zoomed"))
        return self._root.state() == "zoomed"

    def _maximize(self) -> None:
        if self._root.tk.call("tk", "windowingsystem") == "x11":
            self._root.attributes("-zoomed", True)
        else:
            self._root.state("zoomed")
