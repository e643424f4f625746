"""What floats over a list, drawn as canvas items so that its shadow is really transparent: the menu and the round button."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from desktop.view import tokens
from desktop.view.look import Look

_TAG: Final = "menu"
_ROW: Final = 34
_EDGE: Final = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a menu. *key* is shown at the right, as a reminder; it is not bound here."""

    icon: str
    label: str
    act: Callable[[], object]
    key: str = ""
    danger: bool = False


class Menu:
    """A menu on a canvas: opened at a point, closed by a choice, a click elsewhere, Escape or scrolling."""

    def __init__(self, canvas: tk.Canvas, look: Look) -> None:
        self._canvas = canvas
        self._look = look
        self._choices: tuple[Choice, ...] = ()
        self._active = -1
        self._place = (0, 0, 0)

    @property
    def is_open(self) -> bool:
        return bool(self._choices)

    def open(self, x: int, y: int, choices: Sequence[Choice]) -> None:
        """At a point of the view; kept within it."""
        self.close()
        look, canvas, px = self._look, self._canvas, self._look.px
        self._choices = tuple(choices)
        widths = (look.fonts.width("second", one.label) + look.fonts.width("small", one.key) for one in choices)
        width = max(px(190), max(widths) + px(84))
        height = 2 * px(_EDGE) + px(_ROW) * len(choices)
        x = max(px(4), min(x, canvas.winfo_width() - width - px(8)))
        y = max(px(4), min(y, canvas.winfo_height() - height - px(8)))
        left, top = round(canvas.canvasx(x)), round(canvas.canvasy(y))
        self._place = (left, top, width)
        palette = look.palette
        blur = px(10)
        panel = look.paint.raised_panel(
            width, height, px(tokens.RADIUS_MENU), palette.overlay, palette.overlay_border, blur, palette.shadow
        )
        canvas.create_image(left - 2 * blur, top - 2 * blur, anchor="nw", image=panel, tags=_TAG)
        for number, choice in enumerate(self._choices):
            middle = top + px(_EDGE) + px(_ROW) * number + px(_ROW) // 2
            colour = palette.danger if choice.danger else palette.text2
            canvas.create_image(left + px(16), middle, anchor="w", image=look.icon(choice.icon, 17, colour), tags=_TAG)
            canvas.create_text(
                left + px(44),
                middle,
                anchor="w",
                text=choice.label,
                font=look.font("second"),
                fill=palette.danger if choice.danger else palette.text,
                tags=_TAG,
            )
            canvas.create_text(
                left + width - px(16),
                middle,
                anchor="e",
                text=choice.key,
                font=look.font("small"),
                fill=palette.text3,
                tags=_TAG,
            )

    def close(self) -> bool:
        """Take it away; whether it was there."""
        was_open = self.is_open
        self._choices = ()
        self._active = -1
        self._canvas.delete(_TAG)
        return was_open

    def point(self, x: float, y: float) -> None:
        """The pointer is there."""
        self._activate(self._choice_at(x, y))

    def step(self, by: int) -> None:
        """The next or previous line, by keyboard."""
        if self.is_open:
            self._activate(
                (self._active + by) % len(self._choices)
                if self._active >= 0
                else (0 if by > 0 else -1) % len(self._choices)
            )

    def press(self, x: float, y: float) -> None:
        """A click: on a line it acts; anywhere it closes."""
        self._activate(self._choice_at(x, y))
        self.act()

    def act(self) -> None:
        """Do what the marked line says, and close."""
        chosen = self._choices[self._active] if 0 <= self._active < len(self._choices) else None
        self.close()
        if chosen is not None:
            chosen.act()

    def _choice_at(self, x: float, y: float) -> int:
        left, top, width = self._place
        across = self._canvas.canvasx(x) - left
        line = (self._canvas.canvasy(y) - top - self._look.px(_EDGE)) // self._look.px(_ROW)
        return int(line) if 0 <= across < width and 0 <= line < len(self._choices) else -1

    def _activate(self, number: int) -> None:
        if number == self._active:
            return
        self._active = number
        canvas, look, px = self._canvas, self._look, self._look.px
        canvas.delete(f"{_TAG}-active")
        if number < 0:
            return
        left, top, width = self._place
        ground = look.paint.panel(width - px(10), px(_ROW) - px(2), px(7), look.palette.accent_soft)
        y = top + px(_EDGE) + px(_ROW) * number + px(1)
        item = canvas.create_image(left + px(5), y, anchor="nw", image=ground, tags=(_TAG, f"{_TAG}-active"))
        panel = canvas.find_withtag(_TAG)[0]
        canvas.tag_raise(item, panel)


class NewestButton:
    """The round button to the newest message, with the number of new ones. It stays in its corner while the view scrolls."""

    _TAG = "newest"
    _DIAMETER = 42

    def __init__(self, canvas: tk.Canvas, look: Look) -> None:
        self._canvas = canvas
        self._look = look
        self._shown: tuple[int, int, int] | None = None

    def place(self, visible: bool, count: int) -> None:
        """Draw it at its corner, or take it away. Called after each movement of the view."""
        canvas, px = self._canvas, self._look.px
        if not visible:
            if self._shown is not None:
                canvas.delete(self._TAG)
                self._shown = None
            return
        diameter = px(self._DIAMETER)
        x = round(canvas.canvasx(canvas.winfo_width() - px(24) - diameter))
        y = round(canvas.canvasy(canvas.winfo_height() - px(20) - diameter))
        if self._shown is not None and self._shown[2] == count:
            dx, dy = x - self._shown[0], y - self._shown[1]
            if dx or dy:
                canvas.move(self._TAG, dx, dy)
            canvas.tag_raise(self._TAG)
        else:
            canvas.delete(self._TAG)
            self._draw(x, y, diameter, count)
        self._shown = (x, y, count)

    def holds(self, x: float, y: float) -> bool:
        """Whether that point of the view is on it."""
        if self._shown is None:
            return False
        left, top, _count = self._shown
        diameter = self._look.px(self._DIAMETER)
        across, down = self._canvas.canvasx(x) - left, self._canvas.canvasy(y) - top
        return 0 <= across < diameter and -self._look.px(10) <= down < diameter

    def _draw(self, x: int, y: int, diameter: int, count: int) -> None:
        canvas, look, px = self._canvas, self._look, self._look.px
        palette = look.palette
        blur = px(6)
        panel = look.paint.raised_panel(
            diameter,
            diameter,
            diameter // 2,
            palette.overlay,
            palette.overlay_border,
            blur,
            0.25 if not palette.dark else 0.5,
        )
        canvas.create_image(x - 2 * blur, y - 2 * blur, anchor="nw", image=panel, tags=self._TAG)
        middle = x + diameter // 2
        canvas.create_image(
            middle, y + diameter // 2 + px(1), image=look.icon("down", 22, palette.text2), tags=self._TAG
        )
        if count:
            text = str(count) if count < 1000 else "999+"
            height = px(20)
            width = max(height, look.fonts.width("small_bold", text) + px(12))
            canvas.create_image(
                middle, y, image=look.paint.panel(width, height, height // 2, palette.badge), tags=self._TAG
            )
            canvas.create_text(
                middle, y, text=text, font=look.font("small_bold"), fill=palette.on_accent, tags=self._TAG
            )
