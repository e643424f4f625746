"""A list of any length on one Canvas: only the rows in view, and a little around them, exist as canvas items.

The position is never a sum of pixels over the whole list: it is a row and an offset into it. Rows are laid out when they come
near; a row's block is kept under the row's value, so that a changed row is laid out anew and an unchanged one never. Scrolling
moves the canvas's view; the scrollbar counts rows. World coordinates have no origin: rows before the first drawn one simply get
smaller ones.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable
from typing import Final

from msgspec import Struct

from desktop.view import kit, tokens
from desktop.view.block import Block, Live
from desktop.view.look import Look
from desktop.view.paint import Radii
from desktop.view.theme import surface_colour

OVERSCAN: Final = 200
"""Logical pixels around the view that are kept drawn."""
WHEEL: Final = 60
"""Logical pixels for one notch."""
_BLOCKS: Final = 3000
_GLIDE_MS: Final = 15
_GLIDE_SHARE: Final = 0.4
"""Of the way that is left, for each step of a glide: 120 ms for the most part of it."""


class Drawn(Struct):
    """A row that exists as canvas items. *firsts*: the item with which each mark begins."""

    top: int
    block: Block
    items: list[int]
    firsts: list[int]

    @property
    def bottom(self) -> int:
        return self.top + self.block.height


class Position(Struct, frozen=True):
    """Where a reader is: so many pixels of row *index* are above the view. *at_end*: at the newest row, and stays there."""

    index: int
    offset: int
    at_end: bool


class CanvasPen:
    """Draws marks as canvas items. Goes to Tcl directly: six times cheaper than `Canvas.create_text` and its like."""

    def __init__(self, canvas: tk.Canvas, look: Look) -> None:
        self._call = canvas.tk.call
        self._path = str(canvas)
        self._look = look
        self.items: list[int] = []

    def text(self, x: int, y: int, text: str, font: str, fill: str, anchor: str) -> None:
        self.items.append(
            self._call(
                self._path,
                "create",
                "text",
                x,
                y,
                "-text",
                text,
                "-font",
                self._look.font(font),
                "-fill",
                fill,
                "-anchor",
                anchor,
            )
        )

    def panel(self, x: int, y: int, width: int, height: int, radii: Radii, fill: str, ground: str) -> None:
        tl, tr, br, bl = radii
        right, bottom = x + width, y + height
        # fmt: off
        self.items.append(self._call(
            self._path, "create", "polygon",
            x + tl, y, right - tr, y, right - tr, y + tr, right, y + tr,
            right, bottom - br, right - br, bottom - br, right - br, bottom, x + bl, bottom,
            x + bl, bottom - bl, x, bottom - bl, x, y + tl, x + tl, y + tl,
            "-fill", fill, "-outline", "",
        ))
        # fmt: on
        places = ((tl, x, y, "nw"), (tr, right, y, "ne"), (br, right, bottom, "se"), (bl, x, bottom, "sw"))
        for which, (radius, at_x, at_y, anchor) in enumerate(places):
            if radius:
                self.picture(at_x, at_y, self._look.paint.corner(which, radius, fill, ground), anchor)

    def picture(self, x: int, y: int, name: str, anchor: str) -> None:
        self.items.append(self._call(self._path, "create", "image", x, y, "-anchor", anchor, "-image", name))

    def rectangle(self, x: int, y: int, width: int, height: int, fill: str) -> None:
        self.items.append(
            self._call(self._path, "create", "rectangle", x, y, x + width, y + height, "-fill", fill, "-outline", "")
        )


class VirtualList(tk.Frame):
    """The base of rail, timeline and members. Subclasses say how many rows there are and how each is laid out."""

    START_MARGIN = 8
    END_MARGIN = 14
    GROWS_UP = False
    """Few rows stand at the bottom, and the list opens at its end."""

    def __init__(self, parent: tk.Misc, look: Look, surface: kit.Surface) -> None:
        super().__init__(parent, bd=0, highlightthickness=0)
        self.look = look
        ground = surface_colour(look, surface)
        self.configure(bg=ground)
        self.canvas = tk.Canvas(
            self,
            bg=ground,
            bd=0,
            highlightthickness=0,
            confine=False,
            xscrollincrement=1,
            yscrollincrement=1,
            takefocus=1,
        )
        self._bar = kit.scrollbar(self, look, self._bar_moved, surface)
        self._bar.pack(side="right", fill="y")
        self.canvas.pack(side="left", fill="both", expand=True)
        self.width = 0
        self.height = 0
        self._first = 0
        self._drawn: deque[Drawn] = deque()
        self._blocks: OrderedDict[Hashable, Block] = OrderedDict()
        self._at_end = self.GROWS_UP
        self._resize_job = ""
        self._glide_job = ""
        self._glide_left = 0.0
        self._pen = CanvasPen(self.canvas, look)
        self._ring: tuple[tk.Frame, ...] = ()
        self._bind()

    # -- what a subclass says ------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def key(self, index: int) -> Hashable:
        """All that the look of the row depends on, besides the width."""
        raise NotImplementedError

    def lay_out(self, index: int) -> Block:
        """The row, laid out for `width`."""
        raise NotImplementedError

    def is_read_from(self, index: int) -> bool:
        """Whether that row, if it is in view, is where people begin to read: what comes below it does not move it."""
        return False

    def view_changed(self) -> None:
        """Rows were drawn or moved; called at the end of each such change."""

    # -- position ------------------------------------------------------------------------------------------------------

    @property
    def at_end(self) -> bool:
        """Whether the last row is wholly in view."""
        return self._at_end

    def position(self) -> Position:
        """Where the reader is. Only who reads a list that grows upwards stays at its end."""
        at_end = self.GROWS_UP and self._at_end
        top = self._top()
        for index, drawn in self.visible():
            return Position(index, top - drawn.top, at_end)
        return Position(0, 0, at_end)

    def visible(self) -> list[tuple[int, Drawn]]:
        """The rows of which anything is in view, with their index, from the top."""
        top, bottom = self._top(), self._top() + self.height
        rows = enumerate(self._drawn, self._first)
        return [(index, drawn) for index, drawn in rows if drawn.bottom > top and drawn.top < bottom]

    def go_to(self, position: Position) -> None:
        """Show that place, as far as there are rows."""
        if position.at_end:
            self.go_to_end()
        else:
            self.show(position.index, -position.offset)

    def show(self, index: int, down: int = 0) -> None:
        """Put the top of row *index* at *down* pixels below the top of the view."""
        self._erase()
        if self._ready() and self.count():
            self._first = min(max(index, 0), self.count() - 1)
            self._drawn.append(self._draw(self._first, self._top() + down))
        self._settle()

    def go_to_end(self) -> None:
        """Show the last rows."""
        self._erase()
        if self._ready() and self.count():
            self._first = self.count() - 1
            height = self.block(self._first).height
            self._drawn.append(self._draw(self._first, self._top() + self.height - self._end_margin() - height))
        self._at_end = True
        self._settle()

    def scroll_by(self, pixels: float) -> None:
        """Move the view down (up when negative), at once."""
        whole = round(pixels)
        if self._drawn and whole:
            self._shift_view(whole)
            self._settle()

    def glide_by(self, pixels: float) -> None:
        """The same in a short movement; several add up."""
        self._glide_left += pixels
        if not self._glide_job:
            self._glide()

    def reveal(self, index: int) -> None:
        """Scroll as little as needed to have row *index* wholly in view."""
        drawn = self.drawn(index)
        if drawn is None:
            self.show(index)
            return
        top, bottom = self._top(), self._top() + self.height
        if drawn.top < top:
            self.scroll_by(drawn.top - top - self._start_margin())
        elif drawn.bottom > bottom:
            self.scroll_by(drawn.bottom - bottom + self._end_margin())

    # -- changes -------------------------------------------------------------------------------------------------------

    def splice(self, start: int, removed: int, added: int) -> None:
        """Rows [start, start + removed) became *added* others; the list already has them. What is in view stays where it is."""
        moved = added - removed
        last = self._first + len(self._drawn) - 1
        if not self._drawn:
            self.go_to_end() if self._at_end else self.show(0)
        elif start + removed <= self._first and start < self._first:
            self._first += moved
            self._settle()
        elif start > last and not self._at_end:
            self._settle()
        elif self._at_end:
            self.go_to_end()
        else:
            self._redraw_around(start, removed, moved)

    def refresh(self) -> None:
        """Lay out and draw again what is in view, where it is."""
        position = self.position()
        self._blocks.clear()
        self.go_to(position)

    def redraw(self, index: int) -> None:
        """Row *index* looks different now, with the same height."""
        drawn = self.drawn(index)
        if drawn is not None:
            self._delete(drawn)
            self._drawn[index - self._first] = self._draw(index, drawn.top)
            self.view_changed()

    def redraw_live(self, names: Collection[str]) -> None:
        """What is live and called so looks different now. Everything else stays as it is, and what lies above it above it."""
        for drawn in self._drawn:
            for number, mark in enumerate(drawn.block.marks):
                if isinstance(mark, Live) and mark.name in names:
                    self._redraw_mark(drawn, number, mark)

    def _redraw_mark(self, drawn: Drawn, number: int, mark: Live) -> None:
        first = drawn.firsts[number]
        last = drawn.firsts[number + 1] if number + 1 < len(drawn.firsts) else len(drawn.items)
        old = drawn.items[first:last]
        new: list[int] = []
        self._pen.items = new
        mark.draw(self._pen, drawn.top)
        call, path = self.canvas.tk.call, str(self.canvas)
        if old:
            for item in new:  # each just below the first old one, so in their order
                call(path, "lower", item, old[0])
            call(path, "delete", *old)
        drawn.items[first:last] = new
        for later in range(number + 1, len(drawn.firsts)):
            drawn.firsts[later] += len(new) - len(old)

    # -- for subclasses ------------------------------------------------------------------------------------------------

    def block(self, index: int) -> Block:
        """The row's layout, kept for the next time."""
        key = self.key(index)
        block = self._blocks.get(key)
        if block is None:
            block = self._blocks[key] = self.lay_out(index)
            if len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(key)
        return block

    def drawn(self, index: int) -> Drawn | None:
        """The row's items, if it has any now."""
        place = index - self._first
        return self._drawn[place] if 0 <= place < len(self._drawn) else None

    def all_drawn(self) -> list[tuple[int, Drawn]]:
        """Every row that exists as items."""
        return list(enumerate(self._drawn, self._first))

    def row_at(self, y: float) -> tuple[int, Drawn] | None:
        """The row at *y* (from the top of the view); between rows and beyond them the nearest. None: there are none."""
        if not self._drawn:
            return None
        world = self._top() + y
        for index, drawn in enumerate(self._drawn, self._first):
            if world < drawn.bottom:
                return index, drawn
        return self._first + len(self._drawn) - 1, self._drawn[-1]

    def to_view(self, drawn: Drawn) -> int:
        """How far the row's top is below the top of the view."""
        return drawn.top - self._top()

    # -- drawing -------------------------------------------------------------------------------------------------------

    def _ready(self) -> bool:
        return self.width > 1 and self.height > 1

    def _top(self) -> int:
        return int(self.canvas.canvasy(0))

    def _start_margin(self) -> int:
        return self.look.px(self.START_MARGIN)

    def _end_margin(self) -> int:
        return self.look.px(self.END_MARGIN)

    def _shift_view(self, pixels: int) -> None:
        self.canvas.tk.call(str(self.canvas), "yview", "scroll", pixels, "units")

    def _draw(self, index: int, top: int) -> Drawn:
        block = self.block(index)
        pen = self._pen
        items: list[int] = []
        pen.items = items
        firsts = []
        for mark in block.marks:
            firsts.append(len(items))
            mark.draw(pen, top)
        return Drawn(top, block, items, firsts)

    def _delete(self, drawn: Drawn) -> None:
        if drawn.items:
            self.canvas.tk.call(str(self.canvas), "delete", *drawn.items)

    def _erase(self) -> None:
        for drawn in self._drawn:
            self._delete(drawn)
        self._drawn.clear()

    def _fill(self) -> None:
        """Draw rows until the view and some of its surroundings are covered, and delete those far away."""
        if not self._drawn:
            return
        count = self.count()
        near = self.look.px(OVERSCAN)
        above, below = self._top() - near, self._top() + self.height + near
        while self._first > 0 and self._drawn[0].top > above:
            block = self.block(self._first - 1)
            self._drawn.appendleft(self._draw(self._first - 1, self._drawn[0].top - block.height))
            self._first -= 1
        while self._first + len(self._drawn) < count and self._drawn[-1].bottom < below:
            self._drawn.append(self._draw(self._first + len(self._drawn), self._drawn[-1].bottom))
        while len(self._drawn) > 1 and self._drawn[0].bottom < above - near:
            self._delete(self._drawn.popleft())
            self._first += 1
        while len(self._drawn) > 1 and self._drawn[-1].top > below + near:
            self._delete(self._drawn.pop())

    def _settle(self) -> None:
        """Cover the view with rows and keep it within them."""
        self._fill()
        if self._drawn:
            top = self._top()
            begins = self._drawn[0].top - self._start_margin() if self._first == 0 else None
            reached_end = self._first + len(self._drawn) == self.count()
            ends = self._drawn[-1].bottom + self._end_margin() if reached_end else None
            self._at_end = ends is not None and top + self.height >= ends
            wanted = top
            if ends is not None and top + self.height > ends:
                wanted = ends - self.height
            if (
                begins is not None
                and wanted < begins
                and not (self.GROWS_UP and ends is not None and ends - begins < self.height)
            ):
                wanted = begins
            if wanted != top:
                self._shift_view(wanted - top)
                self._fill()
        self._place_bar()
        self.view_changed()

    def _redraw_around(self, start: int, removed: int, moved: int) -> None:
        """Draw again, with a row in view that survives the change staying where it is.

        Rows above the change stay, and what is below makes room; but when rows were added and most of the view is below them (a gap
        was filled above what is being read), the rows below stay, unless people begin to read above.
        """
        top, bottom = self._top(), self._top() + self.height
        above: list[tuple[int, int]] = []
        below: list[tuple[int, int]] = []
        seen_above = seen_below = 0
        for index, drawn in self.visible():
            seen = min(drawn.bottom, bottom) - max(drawn.top, top)
            if index < start:
                above.append((index, drawn.top - top))
                seen_above += seen
            elif index >= start + removed:
                below.append((index + moved, drawn.top - top))
                seen_below += seen
        begins_above = any(self.is_read_from(index) for index, _down in above)
        if above and (begins_above or moved <= 0 or seen_above >= seen_below):
            self.show(*above[0])
        elif below:
            self.show(*below[0])
        else:
            position = self.position()
            self.show(min(position.index, max(0, self.count() - 1)), -position.offset)

    # -- movement ------------------------------------------------------------------------------------------------------

    def _glide(self) -> None:
        step = self._glide_left * _GLIDE_SHARE
        if abs(self._glide_left) <= 2:
            step = self._glide_left
        self._glide_left -= step
        before = self._top()
        self.scroll_by(step)
        stopped = self._top() == before and abs(step) >= 1
        if stopped or abs(self._glide_left) < 1:
            self._glide_left = 0.0
            self._glide_job = ""
        else:
            self._glide_job = self.after(_GLIDE_MS, self._glide)

    def _place_bar(self) -> None:
        count = self.count()
        if not count or not self._drawn:
            self._bar.set(0, 1)
            return
        rows = self.visible()
        if not rows:
            return
        top = self._top()
        index, drawn = rows[0]
        begin = (index + (top - drawn.top) / max(1, drawn.block.height)) / count
        index, drawn = rows[-1]
        end = (index + (top + self.height - drawn.top) / max(1, drawn.block.height)) / count
        least = 0.04  # the thumb stays large enough to be caught
        if end - begin < least:
            begin = min(begin, 1 - least) if not self._at_end else 1 - least
            end = begin + least
        self._bar.set(max(0.0, begin), min(1.0, end))

    def _bar_moved(self, command: str, amount: str, unit: str = "") -> None:
        if command == "moveto":
            share = min(max(float(amount), 0.0), 1.0)
            low, high, *_rest = self._bar.get()
            if share >= 1 - (high - low) - 1e-6:
                self.go_to_end()
                return
            row = share * self.count()
            index = min(int(row), self.count() - 1)
            if index >= 0:
                self.show(index, -int((row - index) * self.block(index).height))
        elif unit.startswith("p"):
            self.scroll_by(int(amount) * self._page())
        else:
            self.scroll_by(int(amount) * self.look.px(WHEEL))

    def page(self, by: int) -> None:
        """Most of what is seen, down or (-1) up."""
        self.glide_by(by * self._page())

    def _page(self) -> int:
        return max(1, round(self.height * 0.9))

    def _bind(self) -> None:
        canvas = self.canvas
        canvas.bind("<Configure>", self._configured)
        for event, pixels in (("<Button-4>", -WHEEL), ("<Button-5>", WHEEL)):
            canvas.bind(event, lambda _event, by=pixels: self.glide_by(self.look.px(abs(by)) * (1 if by > 0 else -1)))  # type: ignore[misc]
        canvas.bind("<MouseWheel>", self._wheel)
        canvas.bind("<Destroy>", self._destroyed)
        # Tk says so when the keyboard came by a key; who clicked knows where it is.
        canvas.bind("<<TraverseIn>>", lambda _event: self._show_ring())
        canvas.bind("<FocusOut>", lambda _event: self._hide_ring(), add="+")

    def _show_ring(self) -> None:
        """Mark the list as the one that has the keyboard."""
        if not self._ring:
            line = self.look.px(2)
            self._ring = tuple(tk.Frame(self, bg=self.look.palette.accent, bd=0) for _side in range(4))
            top, bottom, left, right = self._ring
            top.place(x=0, y=0, relwidth=1, height=line)
            bottom.place(x=0, rely=1, relwidth=1, height=line, anchor="sw")
            left.place(x=0, y=0, relheight=1, width=line)
            right.place(relx=1, y=0, relheight=1, width=line, anchor="ne")

    def _hide_ring(self) -> None:
        for side in self._ring:
            side.destroy()
        self._ring = ()

    def _wheel(self, event: tk.Event[tk.Canvas]) -> None:
        notches = event.delta if sys.platform == "darwin" else event.delta / 120
        self.glide_by(-notches * self.look.px(WHEEL if sys.platform != "darwin" else WHEEL / 4))

    def _configured(self, event: tk.Event[tk.Canvas]) -> None:
        if (event.width, event.height) == (self.width, self.height):
            return
        if not self._ready() or event.width == self.width:
            self._resize(event.width, event.height)
        else:
            if self._resize_job:
                self.after_cancel(self._resize_job)
            self._resize_job = self.after(tokens.FRAME_MS, lambda: self._resize(event.width, event.height))

    def _resize(self, width: int, height: int) -> None:
        self._resize_job = ""
        position = self.position()
        if width == self.width and self._drawn:
            grown = height - self.height
            self.height = height
            if position.at_end and grown:
                self._shift_view(-grown)
            self._settle()
            return
        self.width, self.height = width, height
        self._blocks.clear()
        if self._drawn or not self.count():
            self.go_to(position)
        else:
            self.first_shown()

    def first_shown(self) -> None:
        """The list has got its size for the first time."""
        self.go_to_end() if self.GROWS_UP else self.show(0)

    def _destroyed(self, _event: tk.Event[tk.Canvas]) -> None:
        for job in (self._resize_job, self._glide_job):
            if job:
                self.after_cancel(job)
        self._resize_job = self._glide_job = ""
