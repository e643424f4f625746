"""How the files of a message are laid out and drawn: pictures in a grid, everything else as cards. Pure.

The place of each is decided once, from what the message says of it. How it stands with it is asked when it is drawn, so that neither a
picture that arrives nor a transfer that goes on moves anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from common.ids import GroupId
from common.protocol.messages import FileInfo
from desktop.events.outbox import PendingUpload
from desktop.events.transfers import Transfer
from desktop.locale import _
from desktop.model.rows import Bubble
from desktop.model.transfers import UNDER_WAY
from desktop.sizes import size_text
from desktop.view import actions, tokens
from desktop.view.block import Hit, Live, Panel, Picture, Rule, Text
from desktop.view.files import kinds
from desktop.view.files.progress import status_text
from desktop.view.fonts import broken, fit
from desktop.view.look import Look

CARD_WIDTH: Final = 340
CARD_HEIGHT: Final = 56
SIDE: Final = 38
"""Of a card: the width of the small button at its right."""
PICTURE_WIDTH: Final = 380
PICTURE_HEIGHT: Final = 320
PICTURE_LEAST: Final = 72
"""So that a picture of few pixels can be hit, and says what is the matter with it."""
GRID_WIDTH: Final = 400
GRID_MOST: Final = 9
"""Tiles of one message; the last one says how many more there are."""
RADIUS: Final = 8
_GAP: Final = 4

Simple = Text | Panel | Picture | Rule


class Item(Struct, frozen=True):
    """A file of a message. *key*: its id at the relay, or the key of its upload."""

    key: str
    file: FileInfo | PendingUpload

    @property
    def upload(self) -> PendingUpload | None:
        """While it is on its way to the relay."""
        return self.file if isinstance(self.file, PendingUpload) else None


class Standing(Protocol):
    """How it stands with files."""

    def status(self, key: str) -> Transfer | None: ...
    def picture(self, item: Item, width: int, height: int, radius: int, fills: bool) -> str:
        """The name of a Tk image of so many pixels; empty while there is none. *fills*: cut off what sticks out."""

    def picture_problem(self, key: str) -> str:
        """Why there is none and will be none; empty while that is not known."""

    def waits_for_click(self, item: Item) -> bool:
        """It is too large to be fetched without being asked for."""


class _Unknown:
    """Nothing is known of any file."""

    def status(self, key: str) -> Transfer | None:
        return None

    def picture(self, item: Item, width: int, height: int, radius: int, fills: bool) -> str:
        return ""

    def picture_problem(self, key: str) -> str:
        return ""

    def waits_for_click(self, item: Item) -> bool:
        return False


UNKNOWN: Final[Standing] = _Unknown()


class Part(NamedTuple):
    """One file in its place, from the upper left corner of all of them. *more*: how many further ones it stands for."""

    item: Item
    x: int
    y: int
    width: int
    height: int
    is_picture: bool
    more: int = 0
    in_grid: bool = False


class Attached(Struct, frozen=True):
    """All files of a message, laid out."""

    width: int
    height: int
    parts: tuple[Part, ...]


def items_of(row: Bubble) -> list[Item]:
    """The files of a message, in their order."""
    return [Item(file.id, file) for file in row.files] + [Item(upload.key, upload) for upload in row.uploads]


def lay_attached(items: Sequence[Item], look: Look, room: int) -> Attached:
    """Place *items* in *room* pixels: pictures first, then the cards below each other."""
    px, tx = look.px, look.tx
    shown = [item for item in items if kinds.is_shown(item.file)]
    others = [item for item in items if not kinds.is_shown(item.file)]
    parts = _grid(shown, px, room) if len(shown) > 1 else [_single(item, px, room) for item in shown]
    gap = px(_GAP)
    y = max((part.y + part.height for part in parts), default=-gap)
    wide, high = min(tx(CARD_WIDTH), room), tx(CARD_HEIGHT)
    for item in others:
        parts.append(Part(item, 0, y + gap, wide, high, False))
        y += gap + high
    return Attached(max((part.x + part.width for part in parts), default=0), max(y, 0), tuple(parts))


def _single(item: Item, px: Callable[[float], int], room: int) -> Part:
    most_wide, most_high, least = min(px(PICTURE_WIDTH), room), px(PICTURE_HEIGHT), px(PICTURE_LEAST)
    width, height = px(item.file.width), px(item.file.height)
    share = min(1.0, most_wide / width, most_high / height)
    return Part(item, 0, 0, max(least, round(width * share)), max(least, round(height * share)), True)


def _grid(items: Sequence[Item], px: Callable[[float], int], room: int) -> list[Part]:
    across = 2 if len(items) in (2, 4) else 3
    gap = px(_GAP)
    side = (min(px(GRID_WIDTH), room) - gap * (across - 1)) // across
    more = len(items) - GRID_MOST
    parts = []
    for number, item in enumerate(items[:GRID_MOST]):
        down, right = divmod(number, across)
        is_last = number == GRID_MOST - 1 and more > 0
        parts.append(
            Part(item, right * (side + gap), down * (side + gap), side, side, True, more + 1 if is_last else 0, True)
        )
    return parts


def marks_of(part: Part, look: Look, standing: Standing, own: bool, left: int, top: int) -> Live:
    """*part* as it will be drawn, with all parts beginning at that place."""
    placed = part._replace(x=left + part.x, y=top + part.y)
    draw = _picture if part.is_picture else _card
    return Live(part.item.key, partial(draw, placed, look, standing, own))


def hits_of(part: Part, look: Look, left: int, top: int) -> list[Hit]:
    """What can be clicked of it."""
    x, y = left + part.x, top + part.y
    hits = [Hit(x, y, part.width, part.height, actions.FILE, part.item.key)]
    if not part.is_picture:
        side = look.tx(SIDE)
        hits.append(Hit(x + part.width - side, y, side, part.height, actions.FILE_SIDE, part.item.key))
    return hits


# -- drawing -----------------------------------------------------------------------------------------------------------


def _card(part: Part, look: Look, standing: Standing, own: bool) -> list[Simple]:
    """Icon, name, how it stands, and a bar while it is on its way."""
    px, tx, palette, fonts = look.px, look.tx, look.palette, look.fonts
    file, status = part.item.file, _status(part.item, standing)
    x, y, wide, high = part.x, part.y, part.width, part.height
    corners = (px(RADIUS),) * 4
    fill, around = (palette.quote_own, palette.own) if own else (palette.quote, palette.other)
    marks: list[Simple] = [Panel(x, y, wide, high, corners, fill, around)]
    disc = px(38)
    disc_x, disc_y = x + px(9), y + (high - disc) // 2
    is_moving = status is not None and status.state in UNDER_WAY
    failed = status is not None and status.state == "failed"
    ground = palette.danger if failed else palette.accent
    marks.append(Panel(disc_x, disc_y, disc, disc, (disc // 2,) * 4, ground, fill))
    icon = partial(look.icon, _main_icon(part.item, status), 19, palette.window if failed else palette.on_accent)
    marks.append(Picture(disc_x + disc // 2, disc_y + disc // 2, icon, "center"))
    text_x = disc_x + disc + px(10)
    room = max(1, x + wide - tx(SIDE) - text_x)
    name = kinds.fit_name(fonts, "second_bold", look.safe.name_of_file(file.name), room)
    quiet = palette.own_text2 if own else palette.text2
    words, colour = _words(part.item, status, standing), quiet
    if failed:
        colour = palette.text if own else palette.danger
    line, small = fonts.line("second_bold"), fonts.line("small")
    text_y = y + (high - line - small - (px(7) if is_moving else px(1))) // 2
    marks.append(Text(text_x, text_y, name, "second_bold", palette.text))
    marks.append(Text(text_x, text_y + line + px(1), fit(fonts, "small", words, room), "small", colour))
    if status is not None and is_moving:
        bar_y = text_y + line + small + px(4)
        marks += _bar(status, look, own, text_x, bar_y, room)
    side = partial(look.icon, _side_icon(part.item, status), 17, quiet)
    marks.append(Picture(x + wide - tx(SIDE) // 2, y + high // 2, side, "center"))
    return marks


def _bar(status: Transfer, look: Look, own: bool, x: int, y: int, room: int) -> list[Simple]:
    palette, px = look.palette, look.px
    share = min(status.done / status.size, 1.0) if status.size else 0.0
    fill = palette.text3 if status.state == "paused" else palette.accent
    return [
        Rule(x, y, room, px(3), palette.chip_own if own else palette.chip),
        Rule(x, y, round(room * share), px(3), fill),
    ]


def _picture(part: Part, look: Look, standing: Standing, own: bool) -> list[Simple]:
    """The picture; until it is there, or when there is none, what is known of it in its place."""
    px, palette = look.px, look.palette
    x, y, wide, high = part.x, part.y, part.width, part.height
    radius = px(RADIUS)
    marks: list[Simple] = []
    name = standing.picture(part.item, wide, high, radius, part.in_grid)
    if name:
        marks.append(Picture(x, y, lambda: name))
        if part.item.file.mime == "image/gif" and not part.more:
            marks += _sign("GIF", look, x, y)
    else:
        marks.append(Panel(x, y, wide, high, (radius,) * 4, palette.quote_own if own else palette.quote))
        marks += _instead(part, look, standing, own)
    if part.more:
        plate, middle = px(40), (x + wide // 2, y + high // 2)
        marks.append(
            Panel(middle[0] - plate, middle[1] - px(18), 2 * plate, px(36), (px(18),) * 4, palette.accent),
        )
        marks.append(Text(*middle, f"+{part.more}", "title", palette.on_accent, "center"))
    status = _status(part.item, standing)
    if status is not None and status.state != "done":
        marks += _plate(status, look, x, y, wide, high)
    return marks


def _sign(text: str, look: Look, x: int, y: int) -> list[Simple]:
    """In the corner of a picture that stands still here and may move in the viewer."""
    px, palette = look.px, look.palette
    wide, high = look.fonts.width("small_bold", text) + px(12), look.tx(20)
    return [
        Panel(x + px(6), y + px(6), wide, high, (px(tokens.RADIUS_QUOTE),) * 4, palette.overlay),
        Text(x + px(6) + wide // 2, y + px(6) + high // 2, text, "small_bold", palette.text2, "center"),
    ]


def _instead(part: Part, look: Look, standing: Standing, own: bool) -> list[Simple]:
    px, palette, fonts = look.px, look.palette, look.fonts
    quiet = palette.own_text2 if own else palette.text2
    problem = look.safe.line(standing.picture_problem(part.item.key))
    x, y = part.x + part.width // 2, part.y + part.height // 2
    room, line = part.width - px(12), fonts.line("small")
    most = max(0, (part.height - px(40)) // line)
    words = []
    if problem or standing.waits_for_click(part.item):
        say = problem or _("{size} · click to show").format(size=size_text(part.item.file.size))
        words = [kinds.fit_name(fonts, "small_bold", look.safe.name_of_file(part.item.file.name), room)]
        words += [fit(fonts, "small", piece, room) for piece in broken(fonts, "small", say, room, 3)]
        words = words[:most] if most > 1 else words[1 : most + 1]
    icon = partial(look.icon, "warning" if problem else "picture", 26, quiet)
    high = px(30) + line * len(words)
    marks: list[Simple] = [Picture(x, y - high // 2, icon, "n")]
    for number, word in enumerate(words):
        font = "small_bold" if number == 0 and most > 1 else "small"
        marks.append(Text(x, y - high // 2 + px(32) + line * number, word, font, quiet, "n"))
    return marks


def _plate(status: Transfer, look: Look, x: int, y: int, wide: int, high: int) -> list[Simple]:
    """How it stands with a picture that is on its way, on the picture."""
    px, palette, fonts = look.px, look.palette, look.fonts
    inset, plate = px(6), look.tx(26)
    words = fit(fonts, "small", look.safe.line(status_text(status)), wide - 2 * inset - px(16))
    across = min(wide - 2 * inset, fonts.width("small", words) + px(16))
    top = y + high - inset - plate
    colour = palette.danger if status.state == "failed" else palette.text
    marks: list[Simple] = [
        Panel(x + inset, top, across, plate, (px(tokens.RADIUS_QUOTE),) * 4, palette.overlay),
        Text(x + inset + px(8), top + plate // 2 - px(1), words, "small", colour, "w"),
    ]
    if status.state in UNDER_WAY and status.size:
        share = min(status.done / status.size, 1.0)
        marks.append(
            Rule(x + inset + px(6), top + plate - px(4), round((across - px(12)) * share), px(2), palette.accent)
        )
    return marks


# -- how it stands -----------------------------------------------------------------------------------------------------


def _status(item: Item, standing: Standing) -> Transfer | None:
    """What is said of it; an upload that nothing was said of yet waits."""
    status = standing.status(item.key)
    if status is None and (upload := item.upload) is not None:
        return Transfer(item.key, "upload", GroupId(0), upload.path, upload.name, upload.size, 0, "waiting")
    return status


def _words(item: Item, status: Transfer | None, standing: Standing) -> str:
    if status is None:
        problem = standing.picture_problem(item.key)
        size = size_text(item.file.size)
        return f"{size} · {problem}" if problem else size
    return status_text(status)


def _main_icon(item: Item, status: Transfer | None) -> str:
    match status.state if status is not None else "":
        case "waiting" | "running":
            return "pause"
        case "paused":
            return "play"
        case "failed":
            return "retry"
        case _:
            return kinds.icon(item.file.name, item.file.mime)


def _side_icon(item: Item, status: Transfer | None) -> str:
    match status.state if status is not None else "":
        case "":
            return "download"
        case "done":
            return "folder"
        case _:
            return "close"
