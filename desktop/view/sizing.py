"""How large the interface and its text are: changed by a choice in the settings at once, and by keys as soon as the fingers rest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from desktop.settings import SettingsFile
from desktop.view import scale

RESTS_MS: Final = 250
"""Keys that follow each other faster than this are one change: to build a window anew takes longer, and what is pressed meanwhile is lost."""


class Sizing:
    """Of one window. `stop` before it goes."""

    def __init__(self, root: tk.Misc, settings: SettingsFile, on_changed: Callable[[], None]) -> None:
        """*on_changed*: everything is another size now."""
        self._root = root
        self._settings = settings
        self._on_changed = on_changed
        self._job = ""

    def set_zoom(self, percent: int) -> None:
        """Everything larger or smaller."""
        if self._change(scale=scale.within(percent)):
            self._tell()

    def set_text(self, percent: int) -> None:
        """Text alone larger or smaller."""
        if self._change(text=scale.within(percent)):
            self._tell()

    def step_zoom(self, by: int) -> None:
        """The next larger (*by* 1) or smaller (-1) size of everything, by a key; 0: as large as before."""
        if self._change(scale=scale.step(self._settings.settings.scale, by) if by else 100):
            self._tell_soon()

    def step_text(self, by: int) -> None:
        """The same for text alone."""
        if self._change(text=scale.step(self._settings.settings.text, by) if by else 100):
            self._tell_soon()

    def stop(self) -> None:
        """Nothing changes any more."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""

    def _change(self, **size: int) -> bool:
        before = self._settings.settings
        return self._settings.change(**size) != before

    def _tell_soon(self) -> None:
        self.stop()
        self._job = self._root.after(RESTS_MS, self._tell)

    def _tell(self) -> None:
        self.stop()
        self._on_changed()
