"""How each kind of timeline row is laid out. Pure: rows, a width and a look go in, a block comes out."""

from __future__ import annotations

from datetime import date

from desktop import locale
from desktop.locale import _
from desktop.model.rows import BeginLine, Bubble, DayLine, GapLine, NewLine, Notice, Row
from desktop.view import actions
from desktop.view.block import Block, Hit, Panel, Rule, Text
from desktop.view.bubble import FOLD_LINES, BubbleLayout, InFont
from desktop.view.files.cards import UNKNOWN, Standing
from desktop.view.keeping import begin_text
from desktop.view.look import Look
from desktop.view.notices import notice_text
from desktop.view.richtext import wrap


def lay_out(
    row: Row, look: Look, width: int, today: date, expanded: bool = False, standing: Standing = UNKNOWN
) -> Block:
    """The block of *row* in a timeline of *width* pixels. *expanded*: a long message is shown whole; *standing*: of its files."""
    match row:
        case Bubble():
            return BubbleLayout(row, look, width, expanded, standing).lay_out()
        case DayLine(day):
            return _pill(locale.day_name(day, today), look, width)
        case NewLine():
            return _new_line(look, width)
        case BeginLine(keeps, cut):
            return _centred(begin_text(keeps, cut=cut), look, width)
        case GapLine():
            return _gap_line(look, width)
        case Notice():
            return _centred(notice_text(row, look.safe), look, width)


def heading(row: Bubble, look: Look) -> str:
    """What stands before a message when several are copied."""
    return f"[{locale.time_of_day(row.at)}] {look.safe.name(row.author_name)}: "


# -- lines between messages --------------------------------------------------------------------------------------------


def _pill(text: str, look: Look, width: int) -> Block:
    px, palette = look.px, look.palette
    height = look.tx(24)
    wide = look.fonts.width("small_bold", text) + px(22)
    y = px(14)
    block = Block(y + height + px(4))
    radius = height // 2
    block.marks.append(Panel((width - wide) // 2, y, wide, height, (radius,) * 4, palette.day, palette.timeline))
    block.marks.append(Text(width // 2, y + height // 2, text, "small_bold", palette.text2, "center"))
    return block


def _new_line(look: Look, width: int) -> Block:
    px, palette = look.px, look.palette
    text = _("New messages")
    half = look.fonts.width("small_bold", text) // 2 + px(10)
    y = look.tx(14)
    block = Block(y + look.tx(10))
    side = width // 2 - half - px(20)
    if side > 0:
        block.marks.append(Rule(px(20), y, side, px(1), palette.danger))
        block.marks.append(Rule(width // 2 + half, y, side, px(1), palette.danger))
    block.marks.append(Text(width // 2, y, text, "small_bold", palette.danger, "center"))
    return block


def _gap_line(look: Look, width: int) -> Block:
    block = _centred(_("Messages are missing here. They come as soon as the relay can be reached."), look, width)
    block.hits.append(Hit(0, 0, width, block.height, actions.GAP))
    return block


def _centred(text: str, look: Look, width: int) -> Block:
    px = look.px
    lines = wrap(InFont(look.fonts, "small"), text, max(px(80), width - px(64)), 0, FOLD_LINES).lines
    step = look.fonts.line("small") + px(2)
    block = Block(px(12) + step * len(lines) + px(2))
    for number, line in enumerate(lines):
        whole = "".join(piece.text for piece in line.pieces)
        block.marks.append(Text(width // 2, px(10) + step * number, whole.rstrip(), "small", look.palette.text2, "n"))
    return block
