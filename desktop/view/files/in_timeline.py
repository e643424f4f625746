"""The files of the message that the keyboard is at: which one is meant, and the line around it."""

from __future__ import annotations

from desktop.model.rows import Bubble
from desktop.view import actions
from desktop.view.block import Block, Hit
from desktop.view.files.cards import Item, items_of


class FileFocus:
    """Left and right go through the files of the marked message; the first one is meant until then."""

    def __init__(self) -> None:
        self._at = 0
        self._is_stepped = False

    def reset(self) -> None:
        """Another message is marked."""
        self._at = 0
        self._is_stepped = False

    def step(self, row: Bubble, by: int) -> bool:
        """To the next or previous file; whether there are any."""
        count = len(items_of(row))
        if not count:
            return False
        if self._is_stepped or count == 1:
            self._at = (self._at + by) % count
        else:
            self._at = 0 if by > 0 else count - 1
        self._is_stepped = True
        return True

    def item(self, row: Bubble) -> Item | None:
        """The file that is meant."""
        items = items_of(row)
        return items[min(self._at, len(items) - 1)] if items else None

    def box(self, row: Bubble, block: Block) -> Hit | None:
        """Where it stands, once somebody has gone to it."""
        item = self.item(row) if self._is_stepped else None
        return None if item is None else box_of(block, item.key)


def box_of(block: Block, key: str) -> Hit | None:
    """Where the file of that key stands in its message."""
    return next((hit for hit in block.hits if hit.action == actions.FILE and hit.value == key), None)


def item_of(row: Bubble, hit: Hit | None) -> Item | None:
    """The file that was clicked."""
    if hit is None or hit.action not in (actions.FILE, actions.FILE_SIDE):
        return None
    return next((item for item in items_of(row) if item.key == hit.value), None)
