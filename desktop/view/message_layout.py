"""How each kind of timeline row is laid out. Pure: rows, a width and a look go in, a block comes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final

from desktop import locale
from desktop.locale import _
from desktop.model.rows import Bubble, DayLine, Delivery, GapLine, NewLine, Notice, NoticeKind, Row
from desktop.view import emoji, tokens
from desktop.view.block import Block, Hit, Panel, Picture, Rule, Run, Text
from desktop.view.look import Look
from desktop.view.richtext import Wrapped, wrap

FOLD_LINES: Final = 24
"""Longer messages show this many lines, and the rest on demand."""
EXPANDED_LINES: Final = 4000

LINK, RETRY, EDIT, COPY, DISCARD, UNFOLD, GAP = "link", "retry", "edit", "copy", "discard", "unfold", "gap"
"""What can be clicked; a `Hit` names one of them."""

_DELIVERY_ICONS: Final = {
    Delivery.WAITING: "clock",
    Delivery.STORED: "check",
    Delivery.READ: "checks",
    Delivery.FAILED: "warning",
}


def lay_out(row: Row, look: Look, width: int, today: date, expanded: bool = False) -> Block:
    """The block of *row* in a timeline of *width* pixels. *expanded*: a long message is shown whole."""
    match row:
        case Bubble():
            return _BubbleLayout(row, look, width, expanded).lay_out()
        case DayLine(day):
            return _pill(locale.day_name(day, today), look, width)
        case NewLine():
            return _new_line(look, width)
        case GapLine():
            return _gap_line(look, width)
        case Notice():
            return _centred(notice_text(row, look), look, width)


def notice_text(row: Notice, look: Look) -> str:
    """What happened, as a sentence."""
    who = look.safe.name(row.who)
    match row.kind:
        case NoticeKind.JOINED:
            return _("{name} joined the group").format(name=who)
        case NoticeKind.LEFT:
            return _("{name} left the group").format(name=who)
        case NoticeKind.RENAMED:
            return _("{name} renamed the group to “{group}”").format(name=who, group=look.safe.name(row.text))


def body_text(row: Bubble, look: Look) -> str:
    """The text that stands in the bubble."""
    if row.damaged:
        return _("This message cannot be opened (damaged).")
    if row.redacted:
        return _("This message was taken back.")
    text = look.safe.body(row.body)
    return text if emoji.colour_font() else look.safe.drawable(text)


def heading(row: Bubble, look: Look) -> str:
    """What stands before a message when several are copied."""
    return f"[{locale.time_of_day(row.at)}] {look.safe.name(row.author_name)}: "


# -- lines between messages --------------------------------------------------------------------------------------------


def _pill(text: str, look: Look, width: int) -> Block:
    px, palette = look.px, look.palette
    height = px(24)
    wide = look.fonts.width("small_bold", text) + px(22)
    y = px(14)
    block = Block(y + height + px(4))
    radius = height // 2
    block.marks.append(Panel((width - wide) // 2, y, wide, height, (radius, radius, radius, radius), palette.day))
    block.marks.append(Text(width // 2, y + height // 2, text, "small_bold", palette.text2, "center"))
    return block


def _new_line(look: Look, width: int) -> Block:
    px, palette = look.px, look.palette
    text = _("New messages")
    half = look.fonts.width("small_bold", text) // 2 + px(10)
    y = px(14)
    block = Block(y + px(10))
    side = width // 2 - half - px(20)
    if side > 0:
        block.marks.append(Rule(px(20), y, side, px(1), palette.danger))
        block.marks.append(Rule(width // 2 + half, y, side, px(1), palette.danger))
    block.marks.append(Text(width // 2, y, text, "small_bold", palette.danger, "center"))
    return block


def _gap_line(look: Look, width: int) -> Block:
    block = _centred(_("Messages are missing here. They come as soon as the relay can be reached."), look, width)
    block.hits.append(Hit(0, 0, width, block.height, GAP))
    return block


def _centred(text: str, look: Look, width: int) -> Block:
    px = look.px
    lines = wrap(_As(look, "small"), text, max(px(80), width - px(64)), 0, FOLD_LINES).lines
    step = look.fonts.line("small") + px(2)
    block = Block(px(12) + step * len(lines) + px(2))
    for number, line in enumerate(lines):
        whole = "".join(piece.text for piece in line.pieces)
        block.marks.append(Text(width // 2, px(10) + step * number, whole.rstrip(), "small", look.palette.text2, "n"))
    return block


class _As:
    """Measures every kind of text in one font."""

    def __init__(self, look: Look, font: str) -> None:
        self._measure = look.fonts
        self._font = font

    def width(self, font: str, text: str) -> int:
        return self._measure.width(self._font, text)

    def line(self, font: str) -> int:
        return self._measure.line(self._font)

    def ascent(self, font: str) -> int:
        return self._measure.ascent(self._font)


# -- messages ----------------------------------------------------------------------------------------------------------


class _BubbleLayout:
    def __init__(self, row: Bubble, look: Look, width: int, expanded: bool) -> None:
        self._row = row
        self._look = look
        self._px = look.px
        self._width = width
        self._expanded = expanded
        self._block = Block()
        px = look.px
        self._avatar = px(36)
        self._left = px(16) + self._avatar + px(8)
        self._pad = px(12)
        self._most = min(px(tokens.BUBBLE_WIDTH), max(px(160), width - self._left - px(72)))

    def lay_out(self) -> Block:
        row, look, px, block, pad = self._row, self._look, self._px, self._block, self._pad
        palette, fonts = look.palette, look.fonts
        inner_most = self._most - 2 * pad
        top = px(10) if row.first_of_run else px(3)

        name = look.safe.name(row.author_name) if row.first_of_run and not row.own else ""
        block.text = body_text(row, look)
        plain = not (row.damaged or row.redacted)
        size = px(17)
        wrapped = wrap(
            fonts,
            block.text,
            inner_most,
            size + px(2) if plain and emoji.colour_font() else 0,
            EXPANDED_LINES if self._expanded else FOLD_LINES,
        )
        step = fonts.line("body") + px(3)
        meta = locale.time_of_day(row.at)
        meta_width = fonts.width("meta", meta) + (px(20) if row.delivery else 0)
        meta_line = fonts.line("meta")

        text_top = top + px(8) + (fonts.line("second_bold") + px(3) if name else 0)
        text_bottom = text_top + step * len(wrapped.lines)
        unfold = "" if wrapped.complete else _("Show the whole message")
        inner = max(wrapped.width, fonts.width("second_bold", name) if name else 0)
        if unfold:
            unfold_top = text_bottom + px(2)
            last_ink = fonts.width("small_bold", unfold)
            text_bottom = unfold_top + fonts.line("small_bold") + px(4)
        else:
            unfold_top = 0
            last_ink = wrapped.lines[-1].ink
        if last_ink + px(10) + meta_width <= inner_most:
            inner = max(inner, last_ink + px(10) + meta_width)
            meta_top = text_bottom - meta_line - px(1)
            bottom = text_bottom
        else:
            inner = max(inner, meta_width)
            meta_top = text_bottom
            bottom = text_bottom + meta_line
        bottom += px(7)
        wide, high = inner + 2 * pad, bottom - top
        x = self._width - px(20) - wide if row.own else self._left
        self._panel(x, top, wide, high)
        if name:
            block.marks.append(Text(x + pad, top + px(8), name, "second_bold", look.name_colour(row.author)))
        self._body(wrapped, x + pad, text_top, step, size, plain)
        if unfold:
            block.marks.append(Text(x + pad, unfold_top, unfold, "small_bold", self._link_colour()))
            block.hits.append(Hit(x + pad, unfold_top, last_ink, fonts.line("small_bold"), UNFOLD))
        right = x + wide - pad
        block.marks.append(
            Text(right - (px(18) if row.delivery else 0), meta_top, meta, "meta", self._quiet_colour(), "ne")
        )
        if row.delivery:
            colour = palette.danger if row.delivery is Delivery.FAILED else self._quiet_colour()
            icon = partial(
                look.icon, _DELIVERY_ICONS[row.delivery], 15 if row.delivery is Delivery.READ else 14, colour, 2.2
            )
            block.marks.append(Picture(right - px(15), meta_top + (meta_line - px(14)) // 2, icon))
        if not row.own and row.last_of_run:
            picture = partial(look.paint.avatar, self._avatar, look.safe.name(row.author_name), row.author)
            block.marks.append(Picture(px(16), max(top, bottom - self._avatar), picture))
        block.height = bottom
        if row.delivery is Delivery.FAILED:
            self._failure(bottom)
        return block

    def _panel(self, x: int, top: int, wide: int, high: int) -> None:
        row, px = self._row, self._px
        large, small = px(tokens.RADIUS_BUBBLE), px(tokens.RADIUS_BUBBLE_JOINED)
        upper = large if row.first_of_run else small
        radii = (large, upper, small, large) if row.own else (upper, large, large, small)
        self._block.marks.append(
            Panel(x, top, wide, high, radii, self._look.palette.own if row.own else self._look.palette.other)
        )

    def _quiet_colour(self) -> str:
        return self._look.palette.own_text2 if self._row.own else self._look.palette.text3

    def _link_colour(self) -> str:
        return self._look.palette.link_own if self._row.own else self._look.palette.link

    def _body(self, wrapped: Wrapped, left: int, top: int, step: int, emoji_size: int, plain: bool) -> None:
        block, look, px = self._block, self._look, self._px
        link = self._link_colour()
        base = look.fonts.ascent("body") + px(2)
        line_height = look.fonts.line("body")
        for number, line in enumerate(wrapped.lines):
            y = top + step * number
            for piece in line.pieces:
                x = left + piece.x
                font = "body" if piece.kind == "emoji" else piece.kind
                run = Run(
                    x, y, piece.width, step, font, piece.text, piece.start, len(block.marks), piece.kind == "emoji"
                )
                block.runs.append(run)
                if piece.kind == "emoji":
                    picture = _emoji_picture(look, piece.text, emoji_size)
                    block.marks.append(Picture(x + px(1), y + (line_height - emoji_size) // 2, picture))
                elif piece.kind == "link":
                    block.marks.append(Text(x, y, piece.text, "link", link))
                    block.marks.append(Rule(x, y + base, piece.width, px(1), link))
                    block.hits.append(Hit(x, y, piece.width, step, LINK, piece.target))
                else:
                    colour = look.palette.text if plain else self._quiet_colour()
                    block.marks.append(Text(x, y, piece.text, "body", colour))

    def _failure(self, top: int) -> None:
        """Below the bubble: what went wrong, and what can be done."""
        look, px, block = self._look, self._px, self._block
        problem = look.safe.line(self._row.problem)
        text = _("Not sent. {problem}").format(problem=problem) if problem else _("Not sent.")
        lines = wrap(_As(look, "small"), text, self._most, 0, 3).lines
        step = look.fonts.line("small") + px(1)
        right = self._width - px(20)
        y = top + px(3)
        for line in lines:
            whole = "".join(piece.text for piece in line.pieces).rstrip()
            block.marks.append(Text(right, y, whole, "small", look.palette.danger, "ne"))
            y += step
        y += px(1)
        x = right
        actions = ((DISCARD, _("Delete")), (COPY, _("Copy")), (EDIT, _("Edit")), (RETRY, _("Try again")))
        for action, label in actions:
            wide = look.fonts.width("small_bold", label)
            block.marks.append(Text(x, y, label, "small_bold", look.palette.accent_text, "ne"))
            block.hits.append(Hit(x - wide - px(6), y - px(2), wide + px(12), step + px(4), action))
            x -= wide + px(16)
        block.height = y + step + px(4)


def _emoji_picture(look: Look, sequence: str, size: int) -> Callable[[], str]:
    return lambda: look.paint.passing_picture(("emoji", sequence, size), lambda: emoji.draw(sequence, size))
