"""The conversations at the left: groups, then direct ones, each with its last message, time and unread count."""

from __future__ import annotations

import sys
import time
import tkinter as tk
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from msgspec import Struct

from common.ids import GroupId, Millis
from common.protocol import limits
from desktop import locale
from desktop.locale import _
from desktop.model.rows import RailRow
from desktop.view import keymap, markdown, presence, tokens
from desktop.view.block import Block, Panel, Picture, Text
from desktop.view.fonts import fit
from desktop.view.levels import SIGNS
from desktop.view.look import Look
from desktop.view.virtual import VirtualList


class Section(Struct, frozen=True):
    """A heading between the conversations."""

    title: str


class Rail(VirtualList):
    """The list; a click or Return opens a conversation."""

    START_MARGIN = 0
    END_MARGIN = 8

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_open: Callable[[GroupId], None],
        on_menu: Callable[[RailRow, int, int], None],
        on_enter: Callable[[], object],
    ) -> None:
        """*on_enter*: the keyboard is to go into the open conversation. *on_menu*: what can be done with that conversation is wanted, at that place of the screen."""
        self._items: list[RailRow | Section] = []
        self._selected: GroupId | None = None
        self._hovered = -1
        self._on_open = on_open
        self._on_menu = on_menu
        self._on_enter = on_enter
        self._unread_only = False
        self._shown: Sequence[RailRow] = ()
        super().__init__(parent, look, "rail")

    def show_rows(self, rows: Sequence[RailRow], selected: int | None) -> None:
        """Replace the list; the place in it stays."""
        self._shown = rows
        group = rows[selected].group if selected is not None and selected < len(rows) else None
        follow = group is not None and group != self._selected
        self._selected = group
        self._items = self._arranged()
        position = self.position()
        self._hovered = -1
        self.go_to(position)
        if follow:
            index = self._index_of(group)
            if index is not None and self._ready():
                self.reveal(index)

    @property
    def unread_only(self) -> bool:
        """Whether only conversations with something unread are in the list."""
        return self._unread_only

    def show_unread_only(self, wanted: bool) -> None:
        """Leave out all in which nothing is unread, or not any more. The open one stays."""
        self._unread_only = wanted
        self._items = self._arranged()
        self._hovered = -1
        self.show(0)

    def open_neighbour(self, by: int, unread_only: bool = False) -> None:
        """The next (or previous) conversation, perhaps only among those with something unread."""
        rows = [row for row in self._items if isinstance(row, RailRow)]
        if not rows:
            return
        here = next((place for place, row in enumerate(rows) if row.group == self._selected), -1 if by > 0 else 0)
        for step in range(1, len(rows) + 1):
            row = rows[(here + by * step) % len(rows)]
            if row.unread or not unread_only:
                if row.group != self._selected:
                    self._on_open(row.group)
                return

    # -- the base's questions ------------------------------------------------------------------------------------------

    def count(self) -> int:
        return len(self._items)

    def key(self, index: int) -> Hashable:
        item = self._items[index]
        if isinstance(item, Section):
            return item
        return item, item.group == self._selected, index == self._hovered, locale.local_day(_now())

    def lay_out(self, index: int) -> Block:
        item = self._items[index]
        if isinstance(item, Section):
            return self._section(item)
        return self._conversation(item, item.group == self._selected, index == self._hovered)

    def _arranged(self) -> list[RailRow | Section]:
        rows = [row for row in self._shown if not row.hidden or row.group == self._selected]
        if not self._unread_only:
            return _with_sections(rows)
        rows = [row for row in rows if row.unread or row.mentions or row.group == self._selected]
        items = _with_sections(rows)
        if not any(row.unread for row in rows):
            items.append(Section(_("Nothing is unread")))
        return items

    # -- layout --------------------------------------------------------------------------------------------------------

    def _section(self, section: Section) -> Block:
        px, tx = self.look.px, self.look.tx
        return Block(tx(34), [Text(px(18), tx(20), section.title, "small_bold", self.look.palette.text3, "w")])

    def _conversation(self, row: RailRow, selected: bool, hovered: bool) -> Block:
        look, px, fonts, palette = self.look, self.look.px, self.look.fonts, self.look.palette
        height = look.tx(tokens.RAIL_ROW)
        block = Block(height + px(2))
        marks = block.marks
        ground = palette.rail_selected if selected else palette.rail_hover if hovered else palette.rail
        if selected or hovered:
            wide = max(1, self.width - px(10))
            marks.append(Panel(px(8), 0, wide, height, (px(10),) * 4, ground, palette.rail))
        name = look.safe.name(row.name)
        size = px(42)
        ident = row.peer if row.peer is not None else row.group
        avatar = partial(look.paint.avatar, size, name, ident, row.kind != "direct", ground)
        marks.append(Picture(px(18), (height - size) // 2, avatar))
        if row.presence is not None:
            dot = partial(look.paint.disc, px(14), presence.colour(palette, row.presence), ground, px(2))
            marks.append(Picture(px(18) + size + px(2), (height + size) // 2 + px(2), dot, "se"))
        left = px(18) + size + px(12)
        right = self.width - px(12)
        upper, lower = look.tx(21), look.tx(42)
        when = locale.short_moment(row.at, _now()) if row.at is not None else ""
        when_width = fonts.width("meta", when) + px(8) if when else 0
        if when:
            colour = palette.accent_text if row.unread else palette.text3
            marks.append(Text(right, upper, when, "meta", colour, "e"))
        level = SIGNS[row.notify] if row.joined else ""
        sign_width = px(20) if level else 0
        title = fit(fonts, "second_bold", name, right - left - when_width - sign_width)
        marks.append(Text(left, upper, title, "second_bold", palette.text, "w"))
        if level:
            sign = partial(look.icon, level, 14, palette.text3)
            marks.append(Picture(left + fonts.width("second_bold", title) + px(5), upper, sign, "w"))
        taken = self._badge(block, row, right, lower)
        prefix, text, colour = self._preview(row)
        if prefix:
            marks.append(Text(left, lower, prefix, "second", colour, "w"))
            left += fonts.width("second", prefix)
            colour = palette.text2
        marks.append(Text(left, lower, fit(fonts, "second", text, right - left - taken), "second", colour, "w"))
        return block

    def _badge(self, block: Block, row: RailRow, right: int, middle: int) -> int:
        """The unread count, or a sign that something was not sent; the width that it takes."""
        look, px, palette = self.look, self.look.px, self.look.palette
        if row.failed:
            icon = partial(look.icon, "warning", 18, palette.danger, 2.2)
            block.marks.append(Picture(right, middle, icon, "e"))
            return px(26)
        if not row.unread:
            return 0
        text = str(row.unread) if row.unread < limits.UNREAD_COUNTED else f"{limits.UNREAD_COUNTED - 1}+"
        height = look.tx(20)
        taken = 0
        fill = palette.badge_muted if row.notify != "all" else palette.badge
        badges = [(text, fill)] if not row.mentions else [(text, fill), ("@", palette.badge)]
        for words, colour in badges:
            width = max(height, look.fonts.width("small_bold", words) + px(12))
            panel = partial(look.paint.panel, width, height, height // 2, colour)
            block.marks.append(Picture(right - taken, middle, panel, "e"))
            middle_x = right - taken - width // 2
            block.marks.append(Text(middle_x, middle, words, "small_bold", palette.on_accent, "center"))
            taken += width + px(4)
        return taken + px(4)

    def _preview(self, row: RailRow) -> tuple[str, str, str]:
        """(prefix, text, colour of the prefix or, without one, of the text)."""
        safe, palette = self.look.safe, self.look.palette
        text = safe.line(markdown.seen(safe.body(row.preview)))
        if not row.joined:
            return "", text or _("You can join this group"), palette.text3
        if row.typing:
            return "", safe.line(row.typing), palette.accent_text
        if row.draft:
            return _("Draft:") + " ", text, palette.danger
        if row.preview_own:
            return "", _("You: {text}").format(text=text), palette.text2
        if row.preview_author and row.kind != "direct":
            return "", f"{safe.name(row.preview_author)}: {text}", palette.text2
        return "", text or _("No messages yet"), palette.text2 if text else palette.text3

    # -- pointer and keys ----------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        super()._bind()
        self.canvas.bind("<Button-1>", self._press)
        self.canvas.bind("<Button-3>", self._press_menu)
        if sys.platform == "darwin":
            self.canvas.bind("<Button-2>", self._press_menu)
            self.canvas.bind("<Control-Button-1>", self._press_menu)
        self.canvas.bind("<Motion>", lambda event: self._hover(self._under(event.y)))
        self.canvas.bind("<Leave>", lambda _event: self._hover(-1))
        keymap.bind(
            self.canvas,
            "conversations",
            {
                "up": lambda: self.open_neighbour(-1),
                "down": lambda: self.open_neighbour(1),
                "first": lambda: self._open_end(0),
                "last": lambda: self._open_end(-1),
                "page_up": lambda: self.page(-1),
                "page_down": lambda: self.page(1),
                "enter": self._on_enter,
                "menu": self._key_menu,
            },
        )

    def _press(self, event: tk.Event[tk.Canvas]) -> None:
        self.canvas.focus_set()
        item = self._items[index] if (index := self._under(event.y)) >= 0 else None
        if isinstance(item, RailRow):
            self._on_open(item.group)

    def _press_menu(self, event: tk.Event[tk.Canvas]) -> str:
        self.canvas.focus_set()
        item = self._items[index] if (index := self._under(event.y)) >= 0 else None
        if isinstance(item, RailRow):
            self._on_menu(item, event.x_root, event.y_root)
        return "break"

    def _open_end(self, place: int) -> None:
        """The first conversation, or (-1) the last one."""
        rows = [row for row in self._items if isinstance(row, RailRow)]
        if rows and rows[place].group != self._selected:
            self._on_open(rows[place].group)

    def _key_menu(self) -> None:
        """For the open conversation, beside it."""
        index = self._index_of(self._selected)
        drawn = self.drawn(index) if index is not None else None
        item = self._items[index] if index is not None else None
        if drawn is not None and isinstance(item, RailRow):
            x = self.canvas.winfo_rootx() + self.look.px(60)
            self._on_menu(item, x, self.canvas.winfo_rooty() + self.to_view(drawn) + drawn.block.height // 2)

    def _under(self, y: float) -> int:
        found = self.row_at(y)
        if found is None:
            return -1
        index, drawn = found
        inside = 0 <= y - self.to_view(drawn) < drawn.block.height
        return index if inside and isinstance(self._items[index], RailRow) else -1

    def _hover(self, index: int) -> None:
        if index == self._hovered:
            return
        before, self._hovered = self._hovered, index
        for changed in (before, index):
            if 0 <= changed < self.count():
                self.redraw(changed)
        self.canvas.configure(cursor="hand2" if index >= 0 else "")

    def _index_of(self, group: GroupId | None) -> int | None:
        return next(
            (i for i, item in enumerate(self._items) if isinstance(item, RailRow) and item.group == group), None
        )


def _with_sections(rows: Sequence[RailRow]) -> list[RailRow | Section]:
    parts = (
        (_("GROUPS"), [row for row in rows if row.kind != "direct" and row.joined]),
        (_("DIRECT MESSAGES"), [row for row in rows if row.kind == "direct"]),
        (_("OTHER GROUPS"), [row for row in rows if row.kind != "direct" and not row.joined]),
    )
    items: list[RailRow | Section] = []
    for title, part in parts:
        if part:
            items.append(Section(title))
            items.extend(part)
    return items


def _now() -> Millis:
    return Millis(int(time.time() * 1000))
