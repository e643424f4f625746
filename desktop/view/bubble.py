"""How a message is laid out: author, what it answers, its text, files, reactions, and what is said of it in small. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from desktop import locale
from desktop.locale import _
from desktop.model.rows import Bubble, Delivery, Quote
from desktop.view import actions, emoji, markdown, tokens
from desktop.view.block import Block, Hit, Panel, Picture, Rule, Run, Text
from desktop.view.body import Body, lay_body
from desktop.view.files.cards import UNKNOWN, Item, Standing, hits_of, items_of, lay_attached, marks_of
from desktop.view.fonts import Measure, fit
from desktop.view.look import Look
from desktop.view.paint import on_ground
from desktop.view.richtext import Piece, font_of, wrap

FOLD_LINES: Final = 24
"""Longer messages show this many lines, and the rest on demand."""
EXPANDED_LINES: Final = 4000

_DELIVERY_ICONS: Final = {
    Delivery.WAITING: "clock",
    Delivery.STORED: "check",
    Delivery.READ: "checks",
    Delivery.FAILED: "warning",
}
_CHIP: Final = 24
_CHIP_GAP: Final = 6


def body_text(row: Bubble, look: Look) -> str:
    """The text of the message as it was written, made safe; or what is said in its place."""
    if row.damaged:
        return _("This message cannot be opened (damaged).")
    if row.redacted:
        return _("This message was taken back.")
    text = look.safe.body(row.body)
    return text if emoji.colour_font() else look.safe.drawable(text)


def document(row: Bubble, look: Look) -> markdown.Document:
    """What is seen of the text: what selecting counts in."""
    text = body_text(row, look)
    if row.damaged or row.redacted:
        return markdown.plain(text)
    seen = markdown.parse(text)
    return seen if row.calls else markdown.without_calls(seen)


def selected_text(row: Bubble, look: Look, start: int, end: int) -> str:
    """Those characters of what is seen; of the whole message the text as it was written, signs of Markdown included."""
    written = body_text(row, look)
    if start == 0 and end > 2 * len(written):
        return written  # to the end, and beyond: no need to look at it
    seen = document(row, look).text
    return written if start == 0 and end >= len(seen) else seen[start:end]


class InFont:
    """Measures every kind of text in one font."""

    def __init__(self, measure: Measure, font: str) -> None:
        self._measure = measure
        self._font = font

    def width(self, font: str, text: str) -> int:
        return self._measure.width(self._font, text)

    def line(self, font: str) -> int:
        return self._measure.line(self._font)

    def ascent(self, font: str) -> int:
        return self._measure.ascent(self._font)


class BubbleLayout:
    """Lays one message out, from the top down: each part adds its marks and says how wide it is; the panel is put below at the end."""

    def __init__(self, row: Bubble, look: Look, width: int, expanded: bool, standing: Standing = UNKNOWN) -> None:
        """*standing*: how it stands with the files, asked whenever they are drawn."""
        self._row = row
        self._standing = standing
        self._look = look
        self._px = look.px
        self._fonts = look.fonts
        self._width = width
        self._expanded = expanded
        self._block = Block()
        px = look.px
        self._avatar = px(36)
        self._left = px(16) + self._avatar + px(8)
        self._pad = px(12)
        self._most = min(look.tx(tokens.BUBBLE_WIDTH), max(px(160), width - self._left - px(72)))
        self._inner_most = self._most - 2 * self._pad
        self._inner = 0
        self._late: list[Callable[[int], None]] = []
        """Parts to be drawn when the left edge is known."""
        self._y = 0
        self._fill = look.palette.own if row.own else look.palette.other
        self._quiet = look.palette.own_text2 if row.own else look.palette.text3
        self._link = look.palette.link_own if row.own else look.palette.link

    def lay_out(self) -> Block:
        row, px, block, pad = self._row, self._px, self._block, self._pad
        top = px(10) if row.first_of_run else px(3)
        self._y = top + px(8)
        is_gone = row.damaged or row.redacted
        self._head()
        if not is_gone and row.quote is not None:
            self._answered(row.quote)
        ink = self._body(is_gone)
        if not is_gone:
            if items := items_of(row):
                ink = self._attached(items)
            if row.reactions:
                ink = self._reactions()
        bottom = self._meta(ink) + px(7)
        wide = self._inner + 2 * pad
        x = self._width - px(20) - wide if row.own else self._left
        self._panel(x, top, wide, bottom - top)
        for draw in self._late:
            draw(x + pad)
        if not row.own and row.last_of_run:
            name, ground = self._look.safe.name(row.author_name), self._look.palette.timeline
            picture = partial(self._look.paint.avatar, self._avatar, name, row.author, ground=ground)
            y = max(top, bottom - self._avatar)
            block.marks.append(Picture(px(16), y, picture))
            block.hits.append(Hit(px(16), y, self._avatar, self._avatar, actions.PERSON))
        block.height = bottom
        if row.delivery is Delivery.FAILED:
            self._failure(bottom)
        return block

    def _panel(self, x: int, top: int, wide: int, high: int) -> None:
        row, px = self._row, self._px
        large, small = px(tokens.RADIUS_BUBBLE), px(tokens.RADIUS_BUBBLE_JOINED)
        upper = large if row.first_of_run else small
        radii = (large, upper, small, large) if row.own else (upper, large, large, small)
        self._block.marks.append(Panel(x, top, wide, high, radii, self._fill, self._look.palette.timeline))

    def _wide(self, width: int) -> None:
        self._inner = max(self._inner, min(width, self._inner_most))

    def _line_of(self, text: str, font: str, colour: str, gap: int, action: str = "") -> None:
        """A line of its own, shortened to what fits. *action*: what a click on it is for."""
        shown = fit(self._fonts, font, text, self._inner_most)
        y, wide = self._y, self._fonts.width(font, shown)
        self._wide(wide)
        self._late.append(lambda left: self._block.marks.append(Text(left, y, shown, font, colour)))
        if action:
            self._late.append(lambda left: self._block.hits.append(Hit(left, y, wide, self._fonts.line(font), action)))
        self._y += self._fonts.line(font) + self._px(gap)

    def _head(self) -> None:
        """Who said it, through which script, and who said it first."""
        row, safe = self._row, self._look.safe
        if row.first_of_run and not row.own:
            colour = self._look.name_colour(row.author)
            self._line_of(safe.name(row.author_name), "second_bold", colour, 3, actions.PERSON)
        if row.via:
            self._line_of(_("via {script}").format(script=safe.name(row.via)), "small", self._quiet, 2)
        if row.forwarded_from:
            text = _("Forwarded from {name}").format(name=safe.name(row.forwarded_from))
            self._line_of(text, "small", self._quiet, 3)

    def _answered(self, quote: Quote) -> None:
        """The message that this one answers: a click leads to it."""
        px, look, fonts, block = self._px, self._look, self._fonts, self._block
        palette = look.palette
        room = self._inner_most - px(22)
        name = fit(fonts, "small_bold", look.safe.name(quote.author_name), room)
        if quote.redacted:
            said = _("This message was taken back.")
        else:
            said = look.safe.line(markdown.seen(look.safe.body(quote.text))) or _("A message that is not loaded here")
        said = fit(fonts, "small", said, room)
        y = self._y + px(2)
        line = fonts.line("small")
        high = 2 * line + px(9)
        wide = max(fonts.width("small_bold", name), fonts.width("small", said)) + px(22)
        self._wide(wide)
        ground = palette.quote_own if self._row.own else palette.quote
        radius = px(tokens.RADIUS_QUOTE)

        def draw(left: int) -> None:
            block.marks.append(Panel(left, y, wide, high, (0, radius, radius, 0), ground, self._fill))
            block.marks.append(Rule(left, y, px(3), high, look.name_colour(quote.author)))
            block.marks.append(Text(left + px(11), y + px(3), name, "small_bold", palette.text))
            colour = palette.own_text2 if self._row.own else palette.text2
            block.marks.append(Text(left + px(11), y + px(5) + line, said, "small", colour))
            block.hits.append(Hit(left, y, wide, high, actions.JUMP, str(quote.seq)))

        self._late.append(draw)
        self._y = y + high + px(6)

    # -- the text ------------------------------------------------------------------------------------------------------

    def _body(self, is_gone: bool) -> int:
        """The text; returns where its last line ends."""
        row, look, px, block = self._row, self._look, self._px, self._block
        seen = document(row, look)
        block.text = seen.text
        if not seen.text and (row.files or row.uploads or row.reactions):
            return 0
        size = look.tx(17)
        body = lay_body(
            self._fonts,
            px,
            seen,
            self._inner_most,
            size + px(2) if not is_gone and emoji.colour_font() else 0,
            EXPANDED_LINES if self._expanded else FOLD_LINES,
        )
        top = self._y
        self._wide(body.width)
        self._late.append(lambda left: self._draw_body(body, left, top, size, is_gone))
        self._y += body.height
        if body.complete:
            return body.ink
        unfold = _("Show the whole message")
        y = self._y + px(2)
        width, line = self._fonts.width("small_bold", unfold), self._fonts.line("small_bold")
        self._wide(width)

        def draw(left: int) -> None:
            block.marks.append(Text(left, y, unfold, "small_bold", self._link))
            block.hits.append(Hit(left, y, width, line, actions.UNFOLD))

        self._late.append(draw)
        self._y = y + line + px(4)
        return width

    def _draw_body(self, body: Body, left: int, top: int, emoji_size: int, is_gone: bool) -> None:
        palette, px, block = self._look.palette, self._px, self._block
        code = palette.code_own if self._row.own else palette.code
        radius = px(tokens.RADIUS_QUOTE)
        for ground in body.grounds:
            wide = self._inner - ground.x
            block.marks.append(
                Panel(left + ground.x, top + ground.y, wide, ground.height, (radius,) * 4, code, self._fill)
            )
        for bar in body.bars:
            block.marks.append(Rule(left + bar.x, top + bar.y, px(3), bar.height, self._quiet))
        step = self._fonts.line("body") + px(3)
        markers = iter(body.markers)
        marker = next(markers, None)
        for x, y, high, line in body.lines:
            while marker is not None and marker.y <= y:
                span = marker.span
                piece = Piece(0, marker.width, "body", span.text, span.start, "")
                self._piece(piece, left + marker.x, top + marker.y, step, palette.text, emoji_size, code)
                marker = next(markers, None)
            for piece in line.pieces:
                # On a block's own ground, code needs none.
                self._piece(
                    piece,
                    left + x + piece.x,
                    top + y,
                    high,
                    self._quiet if is_gone else palette.text,
                    emoji_size,
                    code if high == step else "",
                )

    def _piece(self, piece: Piece, x: int, y: int, step: int, colour: str, emoji_size: int, code: str) -> None:
        """One stretch of text. *code*: the ground of code within a line, empty for none."""
        block, look, px, fonts = self._block, self._look, self._px, self._fonts
        font = font_of(piece.kind)
        is_emoji = piece.kind == "emoji"
        if piece.kind == "code" and code:
            block.marks.append(Rule(x - px(1), y, piece.width + px(2), fonts.line("body"), code))
        down = fonts.ascent("body") - fonts.ascent(font) if piece.kind == "code" and code else 0
        block.runs.append(Run(x, y, piece.width, step, font, piece.text, piece.start, len(block.marks), is_emoji))
        if is_emoji:
            picture = emoji_picture(look, piece.text, emoji_size)
            block.marks.append(Picture(x + px(1), y + (fonts.line("body") - emoji_size) // 2, picture))
        elif piece.kind in ("link", "mention"):
            colour = self._link
            block.marks.append(Text(x, y, piece.text, font, colour))
        else:
            block.marks.append(Text(x, y + down, piece.text, font, colour))
        if piece.target:
            block.marks.append(Rule(x, y + fonts.ascent("body") + px(2), piece.width, px(1), self._link))
            block.hits.append(Hit(x, y, piece.width, step, actions.LINK, piece.target))

    # -- below the text ------------------------------------------------------------------------------------------------

    def _attached(self, items: Sequence[Item]) -> int:
        """The files, in the places that they keep whatever becomes of them."""
        px, block, row = self._px, self._block, self._row
        y = self._y + px(2)
        attached = lay_attached(items, self._look, self._inner_most)
        self._wide(attached.width)

        def draw(left: int) -> None:
            for part in attached.parts:
                block.marks.append(marks_of(part, self._look, self._standing, row.own, left, y))
                block.hits.extend(hits_of(part, self._look, left, y))

        self._late.append(draw)
        self._y = y + attached.height + px(3)
        return self._inner_most  # the time goes below it

    def _reactions(self) -> int:
        """A chip for each emoji; a click puts or takes away the own one. Returns where the last row of chips ends."""
        px, look, fonts, block = self._px, self._look, self._fonts, self._block
        palette = look.palette
        self._y += px(4)
        high, size, gap = look.tx(_CHIP), look.tx(16), px(_CHIP_GAP)
        x = 0
        for one in self._row.reactions:
            sign = look.safe.body(one.emoji)[:16]
            is_picture = emoji.colour_font() is not None and emoji.EMOJI.fullmatch(sign) is not None
            shown = "" if is_picture else look.safe.drawable(sign)
            sign_width = size if is_picture else fonts.width("second", shown)
            count = str(one.count)
            wide = px(8) + sign_width + px(5) + fonts.width("small_bold", count) + px(9)
            if x and x + wide > self._inner_most:
                x = 0
                self._y += high + px(4)
            ground = palette.accent if one.own else palette.chip_own if self._row.own else palette.chip
            colour = palette.on_accent if one.own else palette.own_text2 if self._row.own else palette.text2

            def draw(
                left: int,
                x: int = x,
                y: int = self._y,
                wide: int = wide,
                sign: str = sign,
                shown: str = shown,
                sign_width: int = sign_width,
                count: str = count,
                ground: str = ground,
                colour: str = colour,
                value: str = one.emoji,
            ) -> None:
                radius = high // 2
                block.marks.append(Panel(left + x, y, wide, high, (radius,) * 4, ground, self._fill))
                if shown:
                    block.marks.append(Text(left + x + px(8), y + radius, shown, "second", colour, "w"))
                else:
                    picture = emoji_picture(look, sign, size, ground)
                    block.marks.append(Picture(left + x + px(8), y + radius, picture, "w"))
                text_x = left + x + px(13) + sign_width
                block.marks.append(Text(text_x, y + radius, count, "small_bold", colour, "w"))
                block.hits.append(Hit(left + x, y, wide, high, actions.REACT, value))

            self._late.append(draw)
            self._wide(x + wide)
            x += wide + gap
        self._y += high
        return x - gap

    def _meta(self, ink: int) -> int:
        """Time, state and marks, beside the last line when they fit there, else below. Returns where the bubble's content ends."""
        row, look, px, fonts, block = self._row, self._look, self._px, self._fonts, self._block
        palette = look.palette
        meta = locale.time_of_day(row.at)
        if row.edited and not (row.redacted or row.damaged):
            meta = _("edited {time}").format(time=meta)
        width = fonts.width("meta", meta) + (px(20) if row.delivery else 0) + (px(17) if row.pinned else 0)
        line = fonts.line("meta")
        if ink + px(10) + width <= self._inner_most:
            self._inner = max(self._inner, ink + px(10) + width)
            top, bottom = self._y - line - px(1), self._y
        else:
            self._inner = max(self._inner, width)
            top, bottom = self._y, self._y + line

        def draw(left: int) -> None:
            right = left + self._inner
            if row.delivery:
                colour = palette.danger if row.delivery is Delivery.FAILED else self._quiet
                size = 15 if row.delivery is Delivery.READ else 14
                icon = partial(look.icon, _DELIVERY_ICONS[row.delivery], size, colour, 2.2, self._fill)
                block.marks.append(Picture(right - px(15), top + (line - px(14)) // 2, icon))
                right -= px(18)
            block.marks.append(Text(right, top, meta, "meta", self._quiet, "ne"))
            if row.pinned:
                right -= fonts.width("meta", meta) + px(3)
                pin = partial(look.icon, "pin", 13, self._quiet, 2.2, self._fill)
                block.marks.append(Picture(right, top + line // 2, pin, "e"))

        self._late.append(draw)
        return bottom

    def _failure(self, top: int) -> None:
        """Below the bubble: what went wrong, and what can be done."""
        look, px, block = self._look, self._px, self._block
        problem = look.safe.line(self._row.problem)
        text = _("Not sent. {problem}").format(problem=problem) if problem else _("Not sent.")
        lines = wrap(InFont(look.fonts, "small"), text, self._most, 0, 3).lines
        step = look.fonts.line("small") + px(1)
        right = self._width - px(20)
        y = top + px(3)
        for line in lines:
            whole = "".join(piece.text for piece in line.pieces).rstrip()
            block.marks.append(Text(right, y, whole, "small", look.palette.danger, "ne"))
            y += step
        y += px(1)
        x = right
        choices = (
            (actions.DISCARD, _("Delete")),
            (actions.COPY, _("Copy")),
            (actions.EDIT, _("Edit")),
            (actions.RETRY, _("Try again")),
        )
        for action, label in choices:
            wide = look.fonts.width("small_bold", label)
            block.marks.append(Text(x, y, label, "small_bold", look.palette.accent_text, "ne"))
            block.hits.append(Hit(x - wide - px(6), y - px(2), wide + px(12), step + px(4), action))
            x -= wide + px(16)
        block.height = y + step + px(4)


def emoji_picture(look: Look, sequence: str, size: int, ground: str = "") -> Callable[[], str]:
    """What asks for an emoji's picture when it comes into view. *ground*: the one colour below it; empty: it may be any."""
    return lambda: look.paint.passing_picture(
        ("emoji", sequence, size, ground), lambda: on_ground(emoji.draw(sequence, size), ground)
    )
