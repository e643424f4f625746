"""Decoded pictures as Tk images, each in the sizes in which it stands somewhere; bounded, and asked for when one comes into view."""

from __future__ import annotations

import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageTk

from desktop.events.transfers import PictureKnown, Raster
from desktop.locale import _
from desktop.view import paint
from desktop.view.files import kinds
from desktop.view.files.cards import Item

KEPT_PIXELS: Final = 12_000_000
"""Of all Tk images together: 48 MB, some hundreds of pictures as they stand in messages."""
EDGES: Final = (480, 960)
"""How large a small picture is asked for: the first one that fills its place."""
_ENLARGED: Final = 2.0
"""At most so much: more would show pixels instead of a picture."""
_SHAPE: Final = 0.06
"""So far the shape may be from the one that was said: who scales a picture rounds its sides."""


class _Place(NamedTuple):
    key: str
    width: int
    height: int
    radius: int
    fills: bool


Want = Callable[[Item, int], None]
"""Ask for a picture at most so many pixels wide and high."""


class Photos:
    """The small pictures of one window. `put` what came, `get` what is drawn."""

    def __init__(self, root: tk.Misc, want: Want, on_changed: Callable[[str], None]) -> None:
        """*on_changed*: what stands in the place of that picture looks different now."""
        self._root = root
        self._want = want
        self._on_changed = on_changed
        self._images: OrderedDict[_Place, ImageTk.PhotoImage] = OrderedDict()
        self._pixels = 0
        self._wanted: dict[str, tuple[Item, set[_Place]]] = {}
        self._asked: dict[str, int] = {}
        self._later: set[str] = set()
        self._problems: dict[str, str] = {}
        self._clicked: set[str] = set()
        self._same: dict[str, str] = {}
        self._job = ""

    def forget(self) -> None:
        """Other people's pictures: nothing of these is shown any more."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        self._images.clear()
        self._pixels = 0
        for kept in (self._wanted, self._asked, self._later, self._problems, self._clicked, self._same):
            kept.clear()

    def get(self, item: Item, width: int, height: int, radius: int, fills: bool) -> str:
        """The Tk image of that size; empty while there is none, and then it is asked for. *fills*: what sticks out is cut off."""
        place = _Place(item.key, width, height, radius, fills)
        for name in (item.key, self._same.get(item.key, "")):
            photo = self._images.get(place._replace(key=name))
            if photo is not None:
                self._images.move_to_end(place._replace(key=name))
                return str(photo)
        if item.key not in self._problems and not self.waits_for_click(item):
            self._wanted.setdefault(item.key, (item, set()))[1].add(place)
            if not self._job:
                self._job = self._root.after_idle(self._ask)
        return ""

    def problem(self, key: str) -> str:
        """Why there is no picture."""
        return self._problems.get(key, "")

    def waits_for_click(self, item: Item) -> bool:
        """It is large, and nobody has asked for it yet."""
        return item.file.size > kinds.AUTO_BYTES and item.upload is None and item.key not in self._clicked

    def click(self, item: Item) -> bool:
        """Ask for one that waits for it; whether it did."""
        if not self.waits_for_click(item):
            return False
        self._clicked.add(item.key)
        self._on_changed(item.key)
        return True

    def same(self, key: str, upload: str) -> None:
        """The file with the relay is what was the upload: its picture is here already."""
        self._same[key] = upload

    def put(self, told: PictureKnown) -> None:
        """What came of asking."""
        asked = self._asked.pop(told.key, 0)
        item, places = self._wanted.pop(told.key, (None, set[_Place]()))
        if item is None:
            return
        if told.raster is None and told.may_retry:
            self._later.add(told.key)
            self._wanted[told.key] = (item, places)
            return
        problem = told.problem if told.raster is None else _lie(item, told.raster)
        if problem or told.raster is None:
            self._problems[told.key] = problem or _("This picture cannot be shown.")
        else:
            source = _image(told.raster)
            for place in places:
                self._keep(place, _tile(source, place))
        if asked:
            self._on_changed(told.key)

    def retry(self) -> None:
        """What could not be had may come now."""
        later, self._later = self._later, set()
        for key in later:
            self._wanted.pop(key, None)
            self._on_changed(key)  # it is drawn again if it is in view, and then asked for

    # -- inside --------------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        """Not from within drawing, and all that came into view at once."""
        self._job = ""
        for key, (item, places) in self._wanted.items():
            if key in self._later:
                continue
            needed = max(_edge(item, place) for place in places)
            edge = next((edge for edge in EDGES if edge >= needed), EDGES[-1])
            if self._asked.get(key, 0) < edge:
                self._asked[key] = edge
                self._want(item, edge)

    def _keep(self, place: _Place, image: Image.Image) -> None:
        self._images[place] = ImageTk.PhotoImage(image, master=self._root)
        self._pixels += place.width * place.height
        while self._pixels > KEPT_PIXELS and len(self._images) > 1:
            old, _photo = self._images.popitem(last=False)
            self._pixels -= old.width * old.height


def _edge(item: Item, place: _Place) -> int:
    """How many pixels the longer side needs to fill the place."""
    pick = max if place.fills else min
    share = pick(place.width / item.file.width, place.height / item.file.height)
    return round(min(1.0, share) * max(item.file.width, item.file.height))


def _lie(item: Item, raster: Raster) -> str:
    """What is wrong with a picture that is not what its message says; empty if nothing is."""
    said = item.file.width / item.file.height
    real = raster.full_width / raster.full_height
    if any(abs(said / shape - 1) <= _SHAPE for shape in (real, 1 / real)):
        return ""
    return _("This is another picture than the one that was announced.")


def _image(raster: Raster) -> Image.Image:
    return Image.frombytes(raster.mode, (raster.width, raster.height), raster.pixels)


def _tile(source: Image.Image, place: _Place) -> Image.Image:
    """The picture in its place, with round corners: its middle fills a tile, elsewhere all of it stands in the middle."""
    wide, high = place.width, place.height
    if place.fills:
        share = max(wide / source.width, high / source.height)
        across, down = wide / share, high / share
        left, top = (source.width - across) / 2, (source.height - down) / 2
        tile = source.resize((wide, high), Image.Resampling.BILINEAR, (left, top, left + across, top + down), 2.0)
    else:
        share = min(wide / source.width, high / source.height, _ENLARGED)
        size = (max(1, round(source.width * share)), max(1, round(source.height * share)))
        small = source.resize(size, Image.Resampling.BILINEAR, None, 2.0)
        if size == (wide, high):
            tile = small
        else:
            tile = Image.new("RGBA", (wide, high), (0, 0, 0, 0))
            tile.paste(small, ((wide - size[0]) // 2, (high - size[1]) // 2))
    shape = _shape(wide, high, place.radius)
    if tile.mode == "RGBA":
        return Image.composite(tile, Image.new("RGBA", tile.size, (0, 0, 0, 0)), shape)
    tile.putalpha(shape)
    return tile


def _shape(width: int, height: int, radius: int) -> Image.Image:
    shape = Image.new("L", (width, height), 255)
    corners = _corners(radius)
    for left, top in ((0, 0), (radius, 0), (0, radius), (radius, radius)):
        corner = corners.crop((left, top, left + radius, top + radius))
        shape.paste(corner, (width - radius if left else 0, height - radius if top else 0))
    return shape


@lru_cache(maxsize=8)
def _corners(radius: int) -> Image.Image:
    """A disc: its quarters are the four corners."""
    return paint.mask(2 * radius, 2 * radius, (radius,) * 4)
