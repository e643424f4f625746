"""What floats over a list, drawn as canvas items so that its shadow is really transparent: the menu and the round button."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from desktop.view import emoji, tokens
from desktop.view.bubble import emoji_picture
from desktop.view.fonts import fit
from desktop.view.look import Look

_TAG: Final = "menu"
_LINES: Final = "menu-lines"
_LEAST_ROWS: Final = 4
_ROW: Final = 34
_EDGE: Final = 6
_QUICK: Final = 42
"""The row of emoji above the lines."""
_QUICK_STEP: Final = 34


class Choice(Struct, frozen=True):
    """A line of a menu. *key* is shown at the right, and does the same while the menu is open; whoever has the keyboard binds it.

    *chosen*: it is as the line says already, so a check stands in place of its icon.
    """

    icon: str
    label: str
    act: Callable[[], object]
    key: str = ""
    danger: bool = False
    chosen: bool = False

    @property
    def shown_icon(self) -> str:
        """What stands before the label."""
        return "check" if self.chosen else self.icon


class Quick(Struct, frozen=True):
    """An emoji in the row above a menu's lines."""

    sign: str
    act: Callable[[], object]


class Menu:
    """A menu on a canvas: opened at a point, closed by a choice, a click elsewhere, Escape or scrolling."""

    def __init__(self, canvas: tk.Canvas, look: Look) -> None:
        self._canvas = canvas
        self._look = look
        self._quick: tuple[Quick, ...] = ()
        self._choices: tuple[Choice, ...] = ()
        self._active = -1
        """Counts the emoji first, then the lines."""
        self._place = (0, 0, 0)
        self._first = 0
        self._fitting = 0
        """Lines from this one on, and so many, are seen: a low view does not hold all."""

    @property
    def is_cut(self) -> bool:
        """Whether not all lines are seen."""
        return self._fitting < len(self._choices)

    @property
    def is_open(self) -> bool:
        return bool(self._choices)

    def open(self, x: int, y: int, choices: Sequence[Choice], quick: Sequence[Quick] = ()) -> None:
        """At a point of the view; kept within it. *quick*: emoji in a row above the lines."""
        self.close()
        look, canvas, px, tx = self._look, self._canvas, self._look.px, self._look.tx
        self._choices = tuple(choices)
        self._quick = tuple(quick)
        widths = (look.fonts.width("second", one.label) + look.fonts.width("small", one.key) for one in choices)
        width = max(px(190), max(widths) + px(84), px(_QUICK_STEP) * len(quick) + px(20))
        room = canvas.winfo_height() - px(8) - 2 * px(_EDGE)
        if self._quick_height() + tx(_ROW) * min(len(choices), _LEAST_ROWS) > room:
            self._quick = ()  # a line offers the same
        self._first = 0
        self._fitting = min(len(choices), max(1, (room - self._quick_height()) // tx(_ROW)))
        height = 2 * px(_EDGE) + self._quick_height() + tx(_ROW) * self._fitting
        width = min(width, max(1, canvas.winfo_width() - px(12)))
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
        if self._quick:
            self._draw_quick(left, top, width)
        self._draw_lines()

    def _draw_lines(self) -> None:
        look, canvas, px, tx = self._look, self._canvas, self._look.px, self._look.tx
        palette = look.palette
        left, top, width = self._place
        top += self._quick_height()
        canvas.delete(_LINES)
        for number, choice in enumerate(self._choices[self._first : self._first + self._fitting]):
            middle = top + px(_EDGE) + tx(_ROW) * number + tx(_ROW) // 2
            colour = palette.danger if choice.danger else palette.text2
            canvas.create_image(
                left + px(16), middle, anchor="w", image=look.icon(choice.shown_icon, 17, colour), tags=(_TAG, _LINES)
            )
            canvas.create_text(
                left + px(44),
                middle,
                anchor="w",
                text=fit(look.fonts, "second", choice.label, width - px(60)),
                font=look.font("second"),
                fill=palette.danger if choice.danger else palette.text,
                tags=(_TAG, _LINES),
            )
            canvas.create_text(
                left + width - px(16),
                middle,
                anchor="e",
                text=choice.key,
                font=look.font("small"),
                fill=palette.text3,
                tags=(_TAG, _LINES),
            )
        for is_more, y, icon in (
            (self._first > 0, top + px(_EDGE), "up"),
            (self._first + self._fitting < len(self._choices), top + px(_EDGE) + tx(_ROW) * self._fitting, "down"),
        ):
            if is_more:
                picture = look.icon(icon, 14, palette.accent_text, 2.4)
                canvas.create_image(left + width // 2, y, image=picture, tags=(_TAG, _LINES))

    def scroll(self, by: int) -> None:
        """So many lines down (up when negative), where not all are seen."""
        first = min(max(self._first + by, 0), len(self._choices) - self._fitting)
        if first != self._first:
            self._first = first
            self._active = -1
            self._canvas.delete(f"{_TAG}-active")
            self._draw_lines()

    def close(self) -> bool:
        """Take it away; whether it was there."""
        was_open = self.is_open
        self._choices = self._quick = ()
        self._active = -1
        self._canvas.delete(_TAG)
        return was_open

    def point(self, x: float, y: float) -> None:
        """The pointer is there."""
        self._activate(self._choice_at(x, y))

    def step(self, by: int) -> None:
        """The next or previous line, by keyboard."""
        if self.is_open:
            cells = len(self._quick) + len(self._choices)
            first = len(self._quick) if by > 0 else cells - 1
            wanted = (self._active + by) % cells if self._active >= 0 else first
            line = wanted - len(self._quick)
            if line >= 0:
                self.scroll(min(line - self._first, 0) or max(line - self._first - self._fitting + 1, 0))
            self._activate(wanted)

    def press(self, x: float, y: float) -> None:
        """A click: on a line it acts; anywhere it closes."""
        self._activate(self._choice_at(x, y))
        self.act()

    def act(self) -> None:
        """Do what the marked line says, and close."""
        cells: tuple[Quick | Choice, ...] = (*self._quick, *self._choices)
        chosen = cells[self._active] if 0 <= self._active < len(cells) else None
        self.close()
        if chosen is not None:
            chosen.act()

    def act_by_key(self, key: str) -> bool:
        """Do what the line of that key says, and close; whether there is such a line."""
        chosen = next((choice for choice in self._choices if choice.key == key), None)
        if chosen is not None:
            self.close()
            chosen.act()
        return chosen is not None

    def _choice_at(self, x: float, y: float) -> int:
        left, top, width = self._place
        across = self._canvas.canvasx(x) - left
        down = self._canvas.canvasy(y) - top - self._look.px(_EDGE)
        if 0 <= down < self._quick_height():
            number = int((across - self._look.px(10)) // self._look.px(_QUICK_STEP))
            return number if 0 <= number < len(self._quick) else -1
        line = (down - self._quick_height()) // self._look.tx(_ROW)
        if not (0 <= across < width and 0 <= line < self._fitting):
            return -1
        return len(self._quick) + self._first + int(line)

    def _quick_height(self) -> int:
        return self._look.px(_QUICK) if self._quick else 0

    def _draw_quick(self, left: int, top: int, width: int) -> None:
        canvas, look, px = self._canvas, self._look, self._look.px
        middle = top + px(_EDGE) + (px(_QUICK) - px(6)) // 2
        for number, quick in enumerate(self._quick):
            x = left + px(10) + px(_QUICK_STEP) * number + px(_QUICK_STEP) // 2
            if emoji.colour_font() is not None:
                picture = emoji_picture(look, quick.sign, px(22))()
                canvas.create_image(x, middle, image=picture, tags=_TAG)
            else:
                sign = look.safe.drawable(quick.sign)
                canvas.create_text(x, middle, text=sign, font=look.font("title"), fill=look.palette.text, tags=_TAG)
        y = top + px(_EDGE) + px(_QUICK) - px(4)
        canvas.create_line(left + px(1), y, left + width - px(1), y, fill=look.palette.overlay_border, tags=_TAG)

    def _activate(self, number: int) -> None:
        if number == self._active:
            return
        self._active = number
        canvas, look, px, tx = self._canvas, self._look, self._look.px, self._look.tx
        canvas.delete(f"{_TAG}-active")
        if number < 0:
            return
        left, top, width = self._place
        if number < len(self._quick):
            side = px(_QUICK_STEP) - px(2)
            ground = look.paint.panel(side, side, px(7), look.palette.accent_soft)
            x = left + px(10) + px(_QUICK_STEP) * number + px(1)
            y = top + px(_EDGE) + (px(_QUICK) - px(6) - side) // 2
        else:
            ground = look.paint.panel(width - px(10), tx(_ROW) - px(2), px(7), look.palette.accent_soft)
            x = left + px(5)
            y = top + px(_EDGE) + self._quick_height() + tx(_ROW) * (number - len(self._quick) - self._first) + px(1)
        item = canvas.create_image(x, y, anchor="nw", image=ground, tags=(_TAG, f"{_TAG}-active"))
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
