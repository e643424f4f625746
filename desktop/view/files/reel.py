"""A picture that moves: its frames one after the other, each for as long as it says, until somebody stops it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from PIL import Image

from desktop.events.transfers import Raster


class Reel:
    """`show` another picture at any time, `stop` at the end. A picture without frames stands still."""

    def __init__(self, clock: tk.Misc, on_frame: Callable[[Image.Image], None]) -> None:
        """*clock*: a widget that lives as long as this; *on_frame*: this is to be seen now."""
        self._clock = clock
        self._on_frame = on_frame
        self._raster: Raster | None = None
        self._at = 0
        self._job = ""
        self.is_stopped = False
        """Somebody wants it to stand still."""

    def show(self, raster: Raster | None) -> None:
        """Another picture from its beginning; None: there is none."""
        self.stop()
        self._raster, self._at = raster, 0
        if raster is not None:
            self._on_frame(_image(raster, raster.pixels))
            self._next_later()

    @property
    def moves(self) -> bool:
        """Whether there is more than one frame."""
        return self._raster is not None and len(self._raster.frames) > 1

    def toggle(self) -> bool:
        """Stand still, or go on; whether it is a picture that moves."""
        if self.moves:
            self.is_stopped = not self.is_stopped
            self.stop()
            self._next_later()
        return self.moves

    def take_over(self, old: Reel) -> None:
        """Be where *old* was."""
        self.is_stopped = old.is_stopped
        self.show(old._raster)
        if old._raster is not None and old.moves:
            self._to(old._at)

    def stop(self) -> None:
        """No other frame comes."""
        if self._job:
            self._clock.after_cancel(self._job)
            self._job = ""

    def _next_later(self) -> None:
        if self._raster is not None and self.moves and not self.is_stopped:
            self._job = self._clock.after(self._raster.shown_ms[self._at], self._next)

    def _next(self) -> None:
        self._job = ""
        assert self._raster is not None, "it moves"
        self._to((self._at + 1) % len(self._raster.frames))
        self._next_later()

    def _to(self, at: int) -> None:
        assert self._raster is not None, "it moves"
        self._at = at
        self._on_frame(_image(self._raster, self._raster.frames[at]))


def _image(raster: Raster, pixels: bytes) -> Image.Image:
    return Image.frombytes(raster.mode, (raster.width, raster.height), pixels)
