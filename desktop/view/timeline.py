"""The messages of one conversation: what is seen of them, how far they were read, and where the pointer and the keys lead."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Collection, Hashable
from datetime import date
from functools import partial
from typing import Final

from desktop.intents import Intents
from desktop.model.rows import Bubble, DayLine, GapLine, NewLine, Row, Rows, Splice
from desktop.view import actions, bubble, keymap, kit, message_layout
from desktop.view.acting import ActingList
from desktop.view.block import Block
from desktop.view.files.files import Files
from desktop.view.look import Look
from desktop.view.marking import ident
from desktop.view.message_acts import Ask, Forward, PickEmoji
from desktop.view.overlay import NewestButton
from desktop.view.selection import END, Place, Selection, copied
from desktop.view.virtual import WHEEL

OLDER_ROWS: Final = 30
"""With fewer rows than this above the view, older ones are asked for."""


class Timeline(ActingList):
    """Draws `Rows`; the reader's place in them is kept whatever changes."""

    GROWS_UP = True

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        intents: Intents,
        ask: Ask,
        forward: Forward,
        pick_emoji: PickEmoji,
        files: Files,
    ) -> None:
        """*ask*: put a question to the person, and say what was answered. *forward*: let them choose where to."""
        self._anchor: int | None = None
        self._new_count = 0
        self._focused = False
        self._read: Row | None = None
        self._told_at_end = True
        self._today = date.today()  # noqa: DTZ011 - the day on the reader's own calendar
        self._tell_job = ""
        super().__init__(parent, look, "timeline", intents, ask, forward, pick_emoji, files)
        self._nothing = kit.label(self, look, "", "second", look.palette.text2, "timeline", wrap=400)
        self._nothing.configure(justify="center")
        self._newest = NewestButton(self.canvas, look)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def open(self, rows: Rows, anchor: int | None) -> None:
        """Another conversation; row *anchor* comes to the upper third, None: at the newest row."""
        self._rows = rows
        self._selection = None
        self._mark(None)
        self._expanded.clear()
        self._read = None
        self._told_at_end = True
        self._new_count = 0
        self._menu.close()
        self._blocks.clear()
        self._anchor = anchor
        self.first_shown()

    def first_shown(self) -> None:
        if self._anchor is None or not self._rows:
            self.go_to_end()
        else:
            self.show(self._anchor, self.height // 3)

    def change(self, splice: Splice) -> None:
        """The rows have changed so."""
        if self._selection is not None:
            self._selection = self._selection.after(splice)
        self._menu.close()
        self.splice(splice.start, splice.removed, splice.added)

    def files_changed(self, keys: Collection[str]) -> None:
        """These files look different now."""
        self.redraw_live(keys)

    @property
    def rows(self) -> Rows:
        """What is shown."""
        return self._rows

    def show_nothing(self, text: str) -> None:
        """Said in the middle while there are no rows; empty: nothing is."""
        self._nothing.configure(text=text)
        self._place_nothing()

    def show_new_count(self, count: int) -> None:
        """On the button to the newest message."""
        self._new_count = count
        self._place_button()

    def focus_changed(self, focused: bool) -> None:
        """The window got or lost the keyboard: only what is seen in a focused window counts as read."""
        self._focused = focused
        today = date.today()  # noqa: DTZ011
        if today != self._today:
            self._today = today
            self.refresh()
        self._tell_read()

    # -- the base's questions ------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self._rows)

    def key(self, index: int) -> Hashable:
        row = self._rows[index]
        if isinstance(row, DayLine):
            return row, self._today
        return (row, True) if self._expanded and ident(row) in self._expanded else row

    def lay_out(self, index: int) -> Block:
        row = self._rows[index]
        expanded = bool(self._expanded) and ident(row) in self._expanded
        return message_layout.lay_out(row, self.look, self.width, self._today, expanded, self._files)

    def is_read_from(self, index: int) -> bool:
        return isinstance(self._rows[index], NewLine)

    def view_changed(self) -> None:
        if self._menu.is_open:
            self._menu.close()
        self._draw_selection()
        self._draw_mark()
        self._place_button()
        self._place_nothing()
        if not self._tell_job:
            self._tell_job = self.after_idle(self._tell)

    def glide_by(self, pixels: float) -> None:
        if self._menu.is_cut:
            self._menu.scroll(1 if pixels > 0 else -1)
        else:
            super().glide_by(pixels)

    def _tell(self) -> None:
        """Say what came into view; not from within a change, so that nobody is called back while calling."""
        self._tell_job = ""
        rows = self.visible()
        if not rows:
            return
        if rows[0][0] < OLDER_ROWS:
            self._intents.load_older()
        for index, _drawn in rows:
            if isinstance(self._rows[index], GapLine):
                self._intents.load_gap(index)
        if self.at_end != self._told_at_end:
            self._told_at_end = self.at_end
            self._intents.scrolled(self.at_end)
        self._tell_read()

    def _tell_read(self) -> None:
        """Say how far was read: the last row that is wholly in view (or fills it)."""
        if not self._focused:
            return
        bottom = self._top() + self.height
        for index, drawn in reversed(self.visible()):
            if drawn.bottom <= bottom or drawn.block.height > self.height:
                if self._rows[index] != self._read:
                    self._read = self._rows[index]
                    self._intents.read_up_to(index)
                return

    def _place_nothing(self) -> None:
        if self._nothing["text"] and not self._rows:
            self._nothing.configure(wraplength=max(1, self.width - self.look.px(80)))
            self._nothing.place(relx=0.5, rely=0.45, anchor="center")
        else:
            self._nothing.place_forget()

    def _place_button(self) -> None:
        self._newest.place(bool(self._drawn) and not self.at_end, self._new_count)

    # -- selection -----------------------------------------------------------------------------------------------------

    def selected_text(self) -> str:
        """What would be copied; messages of several rows have time and author before them."""
        if self._selection is None or self._selection.empty:
            return ""
        parts = []
        for index in range(self._selection.first.row, min(self._selection.last.row, self.count() - 1) + 1):
            row = self._rows[index]
            part = self._selection.in_row(index)
            if isinstance(row, Bubble) and part is not None:
                text = bubble.selected_text(row, self.look, *part)
                parts.append((message_layout.heading(row, self.look), text))
        return copied(parts)

    # -- pointer -------------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        super()._bind()
        canvas = self.canvas
        canvas.bind("<Button-1>", self._press)
        canvas.bind("<B1-Motion>", self._drag)
        canvas.bind("<ButtonRelease-1>", self._release)
        canvas.bind("<Double-Button-1>", self._select_word)
        canvas.bind("<Triple-Button-1>", self._select_row)
        canvas.bind("<Motion>", self._point)
        canvas.bind("<Button-3>", self._open_menu)
        if canvas.tk.call("tk", "windowingsystem") == "aqua":
            canvas.bind("<Button-2>", self._open_menu)
            canvas.bind("<Control-Button-1>", self._open_menu)
        canvas.bind("<Shift-Button-1>", self._press_further)
        canvas.bind("<FocusOut>", lambda _event: self._menu.close(), add="+")
        with_message = {
            name: partial(self._act_on_marked, name)
            for name in ("reply", "react", "edit", "forward", "pin", "readers", "edits", "unread", "delete")
        }
        letters = {"download": "d", "save": "s", "open": "o", "folder": "f", "pause": "space", "cancel": "x"}
        keymap.bind(
            canvas,
            "file",
            {"act": self._act_on_file, **{name: partial(self._file_key, letter) for name, letter in letters.items()}},
        )
        keymap.bind(
            canvas,
            "messages",
            {
                "up": lambda: self._arrow(-1),
                "down": lambda: self._arrow(1),
                "page_up": lambda: self.page(-1),
                "page_down": lambda: self.page(1),
                "first": lambda: self._to_end(-1),
                "last": lambda: self._to_end(1),
                "select_up": lambda: self._extend(-1),
                "select_down": lambda: self._extend(1),
                "select_all": self.select_all,
                "copy": self._copy_by_key,
                "menu": self._menu_by_key,
                "left": lambda: self._aside(-1),
                "right": lambda: self._aside(1),
                "back": self._escape,
                **with_message,
            },
        )

    def to_newest(self) -> None:
        """The button or End: to the last row, and say so."""
        self.go_to_end()
        self._intents.jump_to_newest()

    def _to_end(self, by: int) -> None:
        """Home and End: the first message that is here is marked, or the newest."""
        if by > 0:
            self.to_newest()
        else:
            self.show(0)
        for index in range(self.count())[::-by]:
            if isinstance(self._rows[index], Bubble):
                self._mark(ident(self._rows[index]))
                self._draw_mark()
                return

    def _destroyed(self, event: tk.Event[tk.Canvas]) -> None:
        super()._destroyed(event)
        self._stop_dragging()
        if self._tell_job:
            self.after_cancel(self._tell_job)
            self._tell_job = ""

    def _arrow(self, by: int) -> None:
        """To the next or previous message; through a message higher than the view step by step."""
        if self._menu.is_open:
            self._menu.step(by)
            return
        at = self._marked_index()
        drawn = self.drawn(at) if at is not None else None
        if drawn is not None:
            top = self.to_view(drawn)
            hidden = top + drawn.block.height > self.height if by > 0 else top < 0
            if hidden and -drawn.block.height < top < self.height:
                self.scroll_by(self.look.px(WHEEL) * by)
                return
        seen = self.visible()
        if at is None:
            at = seen[-1][0] + 1 if seen and by < 0 else seen[0][0] - 1 if seen else -1
        at += by
        while 0 <= at < self.count() and not isinstance(self._rows[at], Bubble):
            at += by
        if 0 <= at < self.count():
            self._mark(ident(self._rows[at]))
            self.reveal(at)
            self._draw_mark()
        else:
            self.scroll_by(self.look.px(WHEEL) * by)

    def _aside(self, by: int) -> None:
        """Left and right: through a menu's lines, or through the files of the marked message."""
        if self._menu.is_open:
            self._menu.step(by)
        elif (row := self._marked_row()) is not None and self._file_focus.step(row, by):
            self._draw_mark()

    def _extend(self, by: int) -> None:
        """Select whole messages, from the marked one to the next or the one before."""
        at = self._marked_index()
        if at is None:
            self._arrow(by)
            at = self._marked_index()
            if at is not None:
                self._select(Selection(Place(at, 0), Place(at, END)))
            return
        anchor = self._selection.anchor.row if self._selection is not None else at
        if self._selection is not None:
            self._arrow(by)
            at = self._marked_index()
        if at is None:
            return
        first = Place(anchor, 0 if at >= anchor else END)
        self._select(Selection(first, Place(at, END if at >= anchor else 0)))

    def _escape(self) -> bool:
        if self._menu.close():
            return True
        if self._selection is not None:
            self._select(None)
            return True
        if self._marked is not None:
            self._mark(None)
            self._draw_mark()
            return True
        return False

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        if self._menu.is_open:
            self._menu.press(event.x, event.y)
            return
        if self._newest.holds(event.x, event.y):
            self.to_newest()
            return
        hit = self._hit_at(event.x, event.y)
        if hit is not None and hit[1].action != actions.LINK:
            self._act(*hit)
            return
        place = self._place_at(event.x, event.y)
        self._select(Selection(place, place) if place is not None else None)

    def _release(self, event: tk.Event[tk.Canvas]) -> None:
        self._stop_dragging()
        if self._selection is not None and self._selection.empty:
            self._selection = None
            hit = self._hit_at(event.x, event.y)
            if hit is not None and hit[1].action == actions.LINK:
                self._act(*hit)

    def _point(self, event: tk.Event[tk.Canvas]) -> None:
        if self._menu.is_open:
            self._menu.point(event.x, event.y)
            cursor = ""
        elif self._newest.holds(event.x, event.y):
            cursor = "hand2"
        else:
            hit = self._hit_at(event.x, event.y)
            if hit is not None:
                cursor = "hand2" if hit[1].action != actions.GAP else ""
            else:
                cursor = "xterm" if self._over_text(event.x, event.y) else ""
        if cursor != self.canvas["cursor"]:
            self.canvas.configure(cursor=cursor)

    def _over_text(self, x: float, y: float) -> bool:
        found = self.row_at(y)
        if found is None:
            return False
        _index, drawn = found
        inside = y - self.to_view(drawn)
        return any(run.x <= x < run.x + run.width and run.y <= inside < run.y + run.height for run in drawn.block.runs)
