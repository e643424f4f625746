"""The strip above the composer: what is attached, each with its name, its size, a small picture, and a way to take it off again."""

from __future__ import annotations

import io
import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from PIL import Image, ImageOps

from desktop.locale import _, n_
from desktop.model.attached import AttachedRow
from desktop.sizes import size_text
from desktop.view import keymap, kit, tokens
from desktop.view.fonts import fit
from desktop.view.look import Look
from desktop.view.paint import mask
from desktop.view.scrolled import Scrolled

CARD_WIDTH: Final = 178
"""The narrowest; they share the width that there is."""
CARD_HEIGHT: Final = 56
GAP: Final = 8
ROWS_SEEN: Final = 2
"""More rows than that scroll; the last one is cut off in the middle, so that one sees that there are more."""
_PICTURE: Final = 40


class AttachStrip(tk.Frame):
    """Its owner packs it while `is_needed`. Arrows go from card to card; Delete, Backspace and the cross take one off."""

    def __init__(
        self, parent: tk.Misc, look: Look, on_remove: Callable[[str], None], on_leave: Callable[[], None]
    ) -> None:
        """*on_leave*: the keyboard goes back to where one writes."""
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._on_remove = on_remove
        self._on_leave = on_leave
        self._rows: tuple[AttachedRow, ...] = ()
        self._cards: dict[str, _Card] = {}
        self._columns = 0
        px = look.px
        self._count = kit.label(self, look, "", "meta", look.palette.text3)
        self._count.pack(fill="x", padx=px(18), pady=(px(8), px(2)))
        self._scrolled = Scrolled(self, look)
        self._scrolled.pack(fill="x", expand=True, padx=(px(16), px(8)))
        self.bind("<Configure>", lambda _event: self._arrange())

    @property
    def is_needed(self) -> bool:
        """Whether anything is attached."""
        return bool(self._rows)

    def show(self, rows: Sequence[AttachedRow]) -> None:
        """These are attached; cards of those that stay are left as they are."""
        had_keyboard = self._card_with_keyboard()
        place = self._place_of(had_keyboard) if had_keyboard is not None else 0
        self._rows = tuple(rows)
        for key in self._cards.keys() - {row.key for row in rows}:
            self._cards.pop(key).destroy()
        for row in rows:  # what is new comes last, so that Tab goes through them in their order
            if row.key in self._cards:
                self._cards[row.key].show(row)
            else:
                self._cards[row.key] = self._card(row)
        total = sum(row.size for row in rows)
        words = n_("{n} file, {size}", "{n} files, {size}", len(rows)).format(n=len(rows), size=size_text(total))
        self._count.configure(text=words)
        self._arrange()
        if had_keyboard is not None and not had_keyboard.winfo_exists():
            self._focus(min(place, len(rows) - 1))

    def _card(self, row: AttachedRow) -> _Card:
        card = _Card(self._scrolled.inside, self._look, row, lambda: self._on_remove(row.key))
        keymap.bind(
            card,
            "files",
            {
                "left": lambda: self._step(card, -1, False),
                "right": lambda: self._step(card, 1, False),
                "up": lambda: self._step(card, None, True),
                "down": lambda: self._step(card, None, False),
                "remove": lambda: self._on_remove(row.key),
                "back": self._on_leave,
            },
        )
        self._scrolled.listen(card)
        return card

    # -- the keyboard --------------------------------------------------------------------------------------------------

    def _card_with_keyboard(self) -> _Card | None:
        focused = kit.keyboard_at(self)
        return next((card for card in self._cards.values() if str(card) == focused), None)

    def _place_of(self, card: _Card) -> int:
        return next((at for at, row in enumerate(self._rows) if self._cards.get(row.key) is card), 0)

    def _step(self, card: _Card, by: int | None, up: bool) -> str:
        step = by if by is not None else -self._columns if up else self._columns
        self._focus(self._place_of(card) + step)
        return "break"

    def _focus(self, at: int) -> None:
        """The keyboard to that card; below the last one is where one writes."""
        if 0 <= at < len(self._rows):
            card = self._cards[self._rows[at].key]
            card.focus_set()
            card.event_generate("<<TraverseIn>>")
        elif at >= len(self._rows) or not self._rows:
            self._on_leave()

    # -- where the cards stand -----------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """As many beside each other as there is room for."""
        px = self._look.px
        width = self._scrolled.winfo_width()
        columns = max(1, (width - px(GAP)) // px(CARD_WIDTH + GAP)) if width > 1 else 1
        inside = self._scrolled.inside
        if columns != self._columns:
            for column in range(max(columns, self._columns)):
                is_used = column < columns
                inside.columnconfigure(column, weight=int(is_used), uniform="cards" if is_used else "")
            self._columns = columns
        for at, row in enumerate(self._rows):
            self._cards[row.key].stand(at // columns, at % columns)
        lines = -(-len(self._rows) // columns)
        seen = lines if lines <= ROWS_SEEN else ROWS_SEEN + 0.5
        line = px(CARD_HEIGHT + GAP)
        # At large sizes in a low window two lines would push out where one writes.
        most = max(line, self.winfo_toplevel().winfo_height() // 4)
        self._scrolled.ask_for(min(round(seen * line), most))


class _Card(tk.Frame):
    """One file."""

    def __init__(self, parent: tk.Misc, look: Look, row: AttachedRow, on_remove: kit.Command) -> None:
        px = look.px
        width, height = px(CARD_WIDTH), px(CARD_HEIGHT)
        super().__init__(
            parent, bg=look.palette.window, bd=0, highlightthickness=0, takefocus=True, width=width, height=height
        )
        self.pack_propagate(False)
        self._look = look
        self._row: AttachedRow | None = None
        self._cell = (-1, -1)
        ground = look.palette.field
        # One picture behind everything: ttk would put a frame together of a thousand small ones.
        self._panel = tk.Label(self, bd=0, bg=look.palette.window)
        self._panel.place(x=0, y=0)
        self._picture = kit.label(self, look)
        self._picture.configure(bg=ground, width=px(_PICTURE), height=px(_PICTURE), anchor="center")
        self._picture.pack(side="left", padx=(px(8), px(8)))
        off = tk.Label(self, bg=ground, bd=0, cursor="hand2", image=look.icon("close", 14, look.palette.text2))
        off.pack(side="right", anchor="n", padx=px(8), pady=px(8))
        off.bind("<Button-1>", lambda _event: on_remove())
        kit.Tip(off, look, _("Remove"))
        words = kit.frame(self, look)
        words.configure(bg=ground)
        words.pack(side="left", fill="x", expand=True)
        self._name = kit.label(words, look, "", "second_bold", look.palette.text)
        self._about = kit.label(words, look, "", "meta", look.palette.text2)
        for shown in (self._name, self._about):
            shown.configure(bg=ground)
            shown.pack(fill="x")
        kit.Tip(self._name, look, look.safe.line(row.name))
        words.bind("<Configure>", lambda event: self._write(event.width))
        self.bind("<Configure>", lambda _event: self._draw())
        self.bind("<FocusIn>", lambda _event: self._draw(focused=True))
        self.bind("<FocusOut>", lambda _event: self._draw(focused=False))
        for part in (self, self._panel, self._picture, words, self._name, self._about):
            part.bind("<Button-1>", lambda _event: self.focus_set())
        self.show(row)

    def show(self, row: AttachedRow) -> None:
        """It is this file."""
        if row != self._row:
            self._row = row
            self._picture.configure(image=_picture(self._look, row))
            self._about.configure(text=_about(row))

    def stand(self, line: int, column: int) -> None:
        """In that cell."""
        if self._cell != (line, column):
            self._cell = (line, column)
            gap = self._look.px(GAP)
            self.grid(row=line, column=column, padx=(0, gap), pady=(0, gap), sticky="ew")

    def _write(self, width: int) -> None:
        if self._row is not None:
            self._name.configure(text=_fit_name(self._look, self._look.safe.line(self._row.name), width))

    def _draw(self, focused: bool | None = None) -> None:
        look, palette = self._look, self._look.palette
        if focused is None:
            focused = kit.keyboard_at(self) == str(self)
        border = palette.accent if focused else palette.border
        size = (self.winfo_width(), self.winfo_height(), look.px(tokens.RADIUS_FIELD))
        panel = look.paint.panel(*size, palette.field, border, look.px(1), palette.window)
        self._panel.configure(image=panel)


def _about(row: AttachedRow) -> str:
    size = size_text(row.size)
    return f"{row.width} × {row.height}, {size}" if row.width and row.height else size


def _fit_name(look: Look, name: str, room: int) -> str:
    """Shortened in the middle: the end says what kind of file it is."""
    if look.fonts.width("second_bold", name) <= room:
        return name
    tail = name[-8:]
    head = fit(look.fonts, "second_bold", name[:-8], max(1, room - look.fonts.width("second_bold", tail)))
    return f"{head}{tail}"


def _picture(look: Look, row: AttachedRow) -> str:
    edge = look.px(_PICTURE)
    if not row.preview:
        return look.icon("file", 26, look.palette.text2, 1.6)
    return look.paint.passing_picture(("attached", row.key, edge), lambda: _cut(row.preview, edge))


def _cut(png: bytes, edge: int) -> Image.Image:
    """The middle of the picture as a square with round corners. It was made by the limited child and is small."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as small:
        square = ImageOps.fit(small.convert("RGBA"), (edge, edge), Image.Resampling.LANCZOS)
    radius = max(2, edge // 7)
    square.putalpha(
        Image.composite(square.getchannel("A"), Image.new("L", square.size), mask(edge, edge, (radius,) * 4))
    )
    return square
