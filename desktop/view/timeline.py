"""The messages of one conversation: reading, selecting, copying, and what can be done with a message."""

from __future__ import annotations

import tkinter as tk
import webbrowser
from collections.abc import Hashable, Sequence
from datetime import date
from typing import Final

from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Bubble, DayLine, Delivery, GapLine, Row, Rows, Splice
from desktop.view import keys, kit, message_layout
from desktop.view.block import Block, Hit
from desktop.view.look import Look
from desktop.view.overlay import Choice, Menu, NewestButton
from desktop.view.selection import END, Place, Selection, copied, offset_at, word_around
from desktop.view.virtual import WHEEL, VirtualList

OLDER_ROWS: Final = 30
"""With fewer rows than this above the view, older ones are asked for."""
_DRAG_MS: Final = 30


class Timeline(VirtualList):
    """Draws `Rows`; the reader's place in them is kept whatever changes."""

    GROWS_UP = True

    def __init__(self, parent: tk.Misc, look: Look, intents: Intents) -> None:
        self._rows: Rows = ()
        self._intents = intents
        self._anchor: int | None = None
        self._selection: Selection | None = None
        self._selected_items: list[int] = []
        self._expanded: set[Hashable] = set()
        self._new_count = 0
        self._focused = False
        self._read: Row | None = None
        self._told_at_end = True
        self._today = date.today()  # noqa: DTZ011 - the day on the reader's own calendar
        self._drag_job = ""
        self._tell_job = ""
        self._pointer = (0, 0)
        super().__init__(parent, look, "timeline")
        self._menu = Menu(self.canvas, look)
        self._nothing = kit.label(self, look, "", "second", look.palette.text2, "timeline", wrap=400)
        self._nothing.configure(justify="center")
        self._newest = NewestButton(self.canvas, look)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def open(self, rows: Rows, anchor: int | None) -> None:
        """Another conversation; row *anchor* comes to the upper third, None: at the newest row."""
        self._rows = rows
        self._selection = None
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
        return (row, True) if self._expanded and _ident(row) in self._expanded else row

    def lay_out(self, index: int) -> Block:
        row = self._rows[index]
        expanded = bool(self._expanded) and _ident(row) in self._expanded
        return message_layout.lay_out(row, self.look, self.width, self._today, expanded)

    def view_changed(self) -> None:
        if self._menu.is_open:
            self._menu.close()
        self._draw_selection()
        self._place_button()
        self._place_nothing()
        if not self._tell_job:
            self._tell_job = self.after_idle(self._tell)

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
                text = message_layout.body_text(row, self.look)[slice(*part)]
                parts.append((message_layout.heading(row, self.look), text))
        return copied(parts)

    def copy(self, text: str = "") -> bool:
        """Put *text*, or else what is selected, on the clipboard; whether there was anything."""
        text = text or self.selected_text()
        if text:
            self.clipboard_clear()
            self.clipboard_append(text)
        return bool(text)

    def select_all(self) -> None:
        """Everything that is there."""
        if self.count():
            self._select(Selection(Place(0, 0), Place(self.count() - 1, END)))

    def _select(self, selection: Selection | None) -> None:
        self._selection = selection
        self._draw_selection()

    def _draw_selection(self) -> None:
        call, path = self.canvas.tk.call, str(self.canvas)
        if self._selected_items:
            call(path, "delete", *self._selected_items)
            self._selected_items = []
        if self._selection is None or self._selection.empty:
            return
        palette, measure = self.look.palette, self.look.fonts
        for index, drawn in self.all_drawn():
            part = self._selection.in_row(index)
            if part is None:
                continue
            for run in drawn.block.runs:
                start, end = max(part[0] - run.start, 0), min(part[1] - run.start, len(run.text))
                if start >= end:
                    continue
                left = run.x if run.whole or not start else run.x + measure.width(run.font, run.text[:start])
                right = (
                    run.x + run.width
                    if run.whole or end == len(run.text)
                    else run.x + measure.width(run.font, run.text[:end])
                )
                top = drawn.top + run.y - self.look.px(1)
                item = call(
                    path,
                    "create",
                    "rectangle",
                    left,
                    top,
                    right,
                    top + run.height,
                    "-fill",
                    palette.select,
                    "-outline",
                    "",
                )
                call(path, "lower", item, drawn.items[drawn.firsts[run.mark]])
                self._selected_items.append(item)

    def _place_at(self, x: float, y: float) -> Place | None:
        found = self.row_at(y)
        if found is None:
            return None
        index, drawn = found
        return Place(index, offset_at(drawn.block, self.look.fonts, x, y - self.to_view(drawn)))

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
        for key, pixels in (("<Up>", -WHEEL), ("<Down>", WHEEL)):
            canvas.bind(key, lambda _event, by=pixels: self._arrow(by))  # type: ignore[misc]
        canvas.bind("<Home>", lambda _event: self.show(0))
        canvas.bind("<End>", lambda _event: self.to_newest())
        canvas.bind("<Return>", lambda _event: self._menu.act())
        canvas.bind("<Escape>", self._escape)
        canvas.bind(f"<{keys.MODIFIER}-KeyPress>", self._shortcut)
        canvas.bind("<FocusOut>", lambda _event: self._menu.close(), add="+")
        for key in ("<Menu>", "<Shift-F10>"):
            canvas.bind(key, lambda _event: self._open_menu_by_key())

    def to_newest(self) -> None:
        """The button or End: to the last row, and say so."""
        self.go_to_end()
        self._intents.jump_to_newest()

    def _destroyed(self, event: tk.Event[tk.Canvas]) -> None:
        super()._destroyed(event)
        for job in (self._drag_job, self._tell_job):
            if job:
                self.after_cancel(job)
        self._drag_job = self._tell_job = ""

    def _arrow(self, pixels: int) -> None:
        if self._menu.is_open:
            self._menu.step(1 if pixels > 0 else -1)
        else:
            self.scroll_by(self.look.px(abs(pixels)) * (1 if pixels > 0 else -1))

    def _escape(self, _event: tk.Event[tk.Canvas]) -> str | None:
        if self._menu.close():
            return "break"
        if self._selection is not None:
            self._select(None)
            return "break"
        return None

    def _shortcut(self, event: tk.Event[tk.Canvas]) -> str | None:
        match keys.letter(event.keysym, event.keycode):
            case "c":
                return "break" if self.copy() else None
            case "a":
                self.select_all()
                return "break"
        return None

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        if self._menu.is_open:
            self._menu.press(event.x, event.y)
            return
        if self._newest.holds(event.x, event.y):
            self.to_newest()
            return
        hit = self._hit_at(event.x, event.y)
        if hit is not None and hit[1].action != message_layout.LINK:
            self._act(*hit)
            return
        place = self._place_at(event.x, event.y)
        self._select(Selection(place, place) if place is not None else None)

    def _drag(self, event: tk.Event[tk.Canvas]) -> None:
        self._pointer = (event.x, event.y)
        if self._selection is None:
            return
        place = self._place_at(event.x, min(max(event.y, 0), self.height - 1))
        if place is not None:
            self._select(self._selection.to(place))
        outside = event.y < 0 or event.y >= self.height
        if outside and not self._drag_job:
            self._drag_scroll()

    def _drag_scroll(self) -> None:
        """The pointer is dragged beyond the edge: the view follows it."""
        self._drag_job = ""
        x, y = self._pointer
        beyond = y if y < 0 else y - self.height if y >= self.height else 0
        if not beyond or self._selection is None:
            return
        self.scroll_by(beyond / 2)
        place = self._place_at(x, min(max(y, 0), self.height - 1))
        if place is not None:
            self._select(self._selection.to(place))
        self._drag_job = self.after(_DRAG_MS, self._drag_scroll)

    def _release(self, event: tk.Event[tk.Canvas]) -> None:
        if self._drag_job:
            self.after_cancel(self._drag_job)
            self._drag_job = ""
        if self._selection is not None and self._selection.empty:
            self._selection = None
            hit = self._hit_at(event.x, event.y)
            if hit is not None and hit[1].action == message_layout.LINK:
                self._act(*hit)

    def _select_word(self, event: tk.Event[tk.Canvas]) -> None:
        place = self._place_at(event.x, event.y)
        if place is not None:
            start, end = word_around(self.block(place.row).text, place.offset)
            self._select(Selection(Place(place.row, start), Place(place.row, end)))

    def _select_row(self, event: tk.Event[tk.Canvas]) -> None:
        place = self._place_at(event.x, event.y)
        if place is not None:
            self._select(Selection(Place(place.row, 0), Place(place.row, END)))

    def _hit_at(self, x: float, y: float) -> tuple[int, Hit] | None:
        found = self.row_at(y)
        if found is None:
            return None
        index, drawn = found
        hit = drawn.block.hit(x, y - self.to_view(drawn))
        return None if hit is None else (index, hit)

    def _point(self, event: tk.Event[tk.Canvas]) -> None:
        if self._menu.is_open:
            self._menu.point(event.x, event.y)
            cursor = ""
        elif self._newest.holds(event.x, event.y):
            cursor = "hand2"
        else:
            hit = self._hit_at(event.x, event.y)
            if hit is not None:
                cursor = "hand2" if hit[1].action != message_layout.GAP else ""
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

    # -- what can be done ----------------------------------------------------------------------------------------------

    def _act(self, index: int, hit: Hit) -> None:
        row = self._rows[index]
        match hit.action:
            case message_layout.LINK:
                self._follow(hit.value)
            case message_layout.UNFOLD:
                self._expanded.add(_ident(row))
                drawn = self.drawn(index)
                self.show(index, self.to_view(drawn) if drawn is not None else 0)
            case message_layout.GAP:
                self._intents.load_gap(index)
            case message_layout.COPY if isinstance(row, Bubble):
                self.copy(message_layout.body_text(row, self.look))
            case message_layout.RETRY | message_layout.EDIT | message_layout.DISCARD if isinstance(row, Bubble):
                self._act_on_failed(row, hit.action)

    def _act_on_failed(self, row: Bubble, action: str) -> None:
        if row.nonce is None:
            return
        match action:
            case message_layout.RETRY:
                self._intents.retry(row.nonce)
            case message_layout.EDIT:
                self._intents.edit_failed(row.nonce)
            case message_layout.DISCARD:
                self._intents.discard(row.nonce)

    def _follow(self, target: str) -> None:
        """A link of the web opens in the browser; an invitation leads to its relay."""
        if target.startswith("pymessenger://"):
            self._intents.paste_invitation(target)
        else:
            webbrowser.open(target)

    def _open_menu_by_key(self) -> None:
        """For the message that needs somebody most: the last one in view that failed, else the last one."""
        bubbles = [(row, drawn) for index, drawn in self.visible() if isinstance(row := self._rows[index], Bubble)]
        if not bubbles:
            return
        failed = [found for found in bubbles if found[0].delivery is Delivery.FAILED]
        row, drawn = (failed or bubbles)[-1]
        x = self.width - self.look.px(40) if row.own else self.look.px(80)
        self._menu.open(x, min(self.to_view(drawn) + drawn.block.height // 2, self.height), self._choices(row, None))
        self._menu.step(1)

    def _open_menu(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        found = self.row_at(event.y)
        if found is None:
            return
        hit = self._hit_at(event.x, event.y)
        choices = self._choices(self._rows[found[0]], hit[1] if hit is not None else None)
        if choices:
            self._menu.open(event.x, event.y, choices)

    def _choices(self, row: Row, hit: Hit | None) -> Sequence[Choice]:
        choices: list[Choice] = []
        shortcut = "⌘C" if keys.MODIFIER == "Command" else "Ctrl+C"
        if self.selected_text():
            choices.append(Choice("copy", _("Copy selected text"), self.copy, shortcut))
        if not isinstance(row, Bubble):
            return choices
        text = message_layout.body_text(row, self.look)
        choices.append(Choice("copy", _("Copy message"), lambda: self.copy(text)))
        if hit is not None and hit.action == message_layout.LINK:
            choices.append(Choice("link", _("Copy link"), lambda: self.copy(hit.value)))
        if row.delivery is Delivery.FAILED:
            choices.append(Choice("retry", _("Try again"), lambda: self._act_on_failed(row, message_layout.RETRY)))
            choices.append(Choice("edit", _("Edit"), lambda: self._act_on_failed(row, message_layout.EDIT)))
            choices.append(
                Choice("trash", _("Delete"), lambda: self._act_on_failed(row, message_layout.DISCARD), danger=True)
            )
        return choices


def _ident(row: Row) -> Hashable:
    """What stays the same about a message while its state changes."""
    return (row.nonce or row.seq) if isinstance(row, Bubble) else row
