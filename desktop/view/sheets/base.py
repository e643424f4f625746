"""A sheet: a card in the middle of the window, over everything else, until it is answered or closed."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Final

from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.kept import keep
from desktop.view.look import Look
from desktop.view.scrolled import Scrolled
from desktop.view.sheets.cover import Cover
from desktop.view.theme import SHEET_BLUR
from desktop.view.virtual import VirtualList

_AROUND: Final = 24
"""From the card's edge to what is in it, where the window has room for that; logical pixels."""
_AROUND_LESS: Final = 12
"""The same where the window is narrow."""
_AROUND_LEAST: Final = 6
"""The same where it is narrower still, and above and below where it is low."""
_NARROWER: Final = 480
_ROOMY: Final = 600
"""In a window at least so high, logical pixels at text of the standard size, a body that scrolls anyway is no reason to save at the edges."""
_HIGH: Final = 0.45
"""How much of the room that is left is above the card."""


class Sheet(Cover):
    """A title, a body that the subclass fills, and buttons. Escape closes, unless `CLOSABLE` is false.

    It is never larger than the window: first what was named to `let_shrink` gets lower, then the body scrolls.
    """

    WIDTH = 420
    """Of the body, logical pixels at text of the standard size."""

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, title: str) -> None:
        super().__init__(parent, look, on_close, look.palette.timeline)
        self._default: ttk.Button | None = None
        self._lists: list[tuple[tk.Frame, int, int]] = []
        self._job = ""
        self._size = (0, 0)
        self._tag = f"Sheet{id(self)}"
        self._list_tag = f"{self._tag}List"  # Return and the page keys are the list's own
        self._listen()
        px = look.px
        self._card = ttk.Frame(self, style="Sheet.TFrame")
        self._inside = kit.frame(self._card, look)
        self._inside.pack(fill="both", expand=True)
        self._head = kit.frame(self._inside, look)
        self._head.pack(fill="x", pady=(0, px(12)))
        if self.CLOSABLE:
            kit.icon_button(self._head, look, "close", self.close, "", size=17).pack(side="right", anchor="n")
        kit.paragraph(self._head, look, title, "head").pack(side="left", fill="x", expand=True)
        self.scrolled = Scrolled(self._inside, look)
        self.body = self.scrolled.inside
        self._buttons = Flow(self._inside, look, "right", 8)
        self._buttons.pack(side="bottom", fill="x", pady=(px(18), 0))
        self.scrolled.pack(fill="both", expand=True)
        for part in (self, self._head, self.body, self._buttons):
            part.bind("<Configure>", lambda _event: self._arrange_soon(), add="+")
        self.bind("<Destroy>", self._destroyed, add="+")

    @property
    def room(self) -> int:
        """Real pixels that the body is wide."""
        least = 2 * (self._at_the_sides + self.look.px(4))
        wide, there = self.look.tx(self.WIDTH), self.master.winfo_width()
        return min(wide, max(1, there - least)) if there > 1 else wide

    @property
    def _at_the_sides(self) -> int:
        """Real pixels that are left and right of what is in the card where it does not fit otherwise."""
        is_narrower = self.master.winfo_width() < self.look.tx(_NARROWER)
        return self.look.px(_AROUND_LEAST if is_narrower else _AROUND_LESS)

    def add_button(
        self, text: str, command: kit.Command, kind: kit.ButtonKind = "Plain", default: bool = False
    ) -> ttk.Button:
        """From right to left. The default one is pressed by Return from anywhere but another button."""
        made = kit.button(self._buttons, self.look, text, command, kind)
        self._buttons.put(made)
        if default:
            self._default = made
        return made

    def show_button(self, button: ttk.Button, wanted: bool) -> None:
        """Whether one that was added is there."""
        if wanted:
            self._buttons.put(button)
        else:
            self._buttons.take(button)

    def let_shrink(self, place: tk.Frame, height: int, least: int) -> None:
        """*place*, a part of the body that scrolls by itself, is *height* high, or down to *least* in a low window; logical pixels."""
        place.pack_propagate(False)
        place.configure(height=self.look.tx(height))
        self._lists.append((place, self.look.tx(height), self.look.tx(least)))

    def cover(self) -> None:
        """Cover the window."""
        super().cover()
        self._hear(self)
        self.scrolled.listen(self.body)
        self._arrange()

    def first_focus(self) -> tk.Misc:
        """Where the keyboard goes when the sheet appears."""
        return self._default or self

    @property
    def may_be_left(self) -> bool:
        """Whether it can go without being asked: nothing is lost by that."""
        return super().may_be_left and not any(text for text, _cursor in keep(self).fields)

    def say(self, text: str, font: str = "second", colour: str = "") -> tk.Label:
        """A paragraph of the body."""
        made = kit.paragraph(self.body, self.look, text, font, colour or self.look.palette.text2)
        made.pack(fill="x", pady=(0, self.look.px(10)))
        return made

    def hear(self, part: tk.Misc) -> None:
        """A part of the body that was made later: its keys and its wheel do the same as everywhere in the sheet."""
        self._hear(part)
        self.scrolled.listen(part)

    def _hear(self, widget: tk.Misc) -> None:
        """Escape, Return and the page keys work wherever the keyboard is.

        By a tag, not by bindings of each widget: what has a key of its own is taken for something that Tab has to stop at.
        """
        if isinstance(widget, VirtualList):
            self._mark(widget.canvas, self._list_tag)  # its own frame never has the keyboard
            return
        self._mark(widget, self._tag)
        for child in widget.winfo_children():
            self._hear(child)

    def _mark(self, widget: tk.Misc, tag: str) -> None:
        tags = widget.bindtags()
        if tag not in tags:
            widget.bindtags((tags[0], tag, *tags[1:]))

    def _listen(self) -> None:
        self.bind_class(self._tag, "<Return>", self._return)
        if self.CLOSABLE:
            for tag in (self._tag, self._list_tag):
                self.bind_class(tag, "<Escape>", lambda _event: self.close())
        for key, pages in (("Prior", -1), ("Next", 1)):
            self.bind_class(self._tag, f"<{key}>", lambda _event, pages=pages: self.scrolled.page(pages))  # type: ignore[misc]

    def _return(self, event: tk.Event[tk.Misc]) -> str | None:
        if isinstance(event.widget, ttk.Button):
            return None
        if self._default is not None:
            self._default.invoke()
        return "break"

    # -- size ----------------------------------------------------------------------------------------------------------

    def _arrange_soon(self) -> None:
        if not self._job:
            self._job = self.after_idle(self._arrange)

    def _arrange(self) -> None:
        """Give the card the size that its parts ask for, as far as the window has it."""
        if self._job:
            self.after_cancel(self._job)
            self._job = ""
        look, px = self.look, self.look.px
        room_x, room_y = self.master.winfo_width(), self.master.winfo_height()
        if room_x <= 1 or not self._card.winfo_exists():
            return
        shadow = 2 * px(SHEET_BLUR)
        around = shadow + px(_AROUND)
        buttons = max(one.winfo_reqheight() for one in shown) if (shown := self._buttons.winfo_children()) else 0
        gaps = px(12) + (px(18) if buttons else 0)
        body = self.body.winfo_reqheight() + sum(full - int(place["height"]) for place, full, _least in self._lists)
        needed = self._head.winfo_reqheight() + gaps + body + max(buttons, int(self._buttons["height"]))
        wide, high = look.tx(self.WIDTH) + 2 * around, needed + 2 * around
        # Where every pixel counts the card goes from edge to edge, and its shadow is out of sight.
        saved, hidden = px(_AROUND - _AROUND_LEAST), shadow - px(4)
        around_x = around_y = around
        if wide > room_x:
            saved_x = px(_AROUND) - self._at_the_sides
            around_x, wide, room_x = around - saved_x, wide - 2 * saved_x, room_x + 2 * hidden
        would_fit = high - 2 * saved <= room_y + 2 * hidden
        if high > room_y and (would_fit or self._lists or room_y < look.tx(_ROOMY)):
            around_y, high, room_y = around - saved, high - 2 * saved, room_y + 2 * hidden
        missing = high - room_y
        for place, full, least in self._lists:
            given = min(max(full - max(0, missing), least), full)
            missing -= full - given
            if given != int(place["height"]):
                place.configure(height=given)
        width, height = min(wide, room_x), min(room_y, room_y + missing)
        self._buttons.pack_configure(pady=(px(18) if buttons else 0, 0))
        self._card.configure(padding=(around_x, around_y))
        y = round((self.master.winfo_height() - height) * _HIGH)
        if (width, height) != self._size:
            self._size = width, height
            self._card.place(relx=0.5, anchor="n", y=y, width=width, height=height)
            focused = self.focus_lastfor()
            if focused is not None:
                self.scrolled.settle(focused)

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self and self._job:
            self.after_cancel(self._job)
            self._job = ""
