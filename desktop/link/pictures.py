"""Pictures to look at: fetched into memory, never onto the disk, and decoded in the limited child process.

What was asked for last is done first: who scrolls past many pictures waits for those in view only. Decoded ones are kept up to a bound,
so that scrolling back costs nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from common.errors import LinkLost
from common.protocol.messages import FileId
from desktop.events import LinkEvent
from desktop.events.transfers import PictureKnown, Raster
from desktop.link.denied import Denied
from desktop.link.thumbnails import INPUT_BYTES, RAW_EDGE_MAX, Thumbnails
from desktop.link.transfers.moving import Hopeless, Mover
from desktop.link.transfers.sources import Sources
from desktop.link.transfers.transfers import PASSING
from desktop.locale import _

AT_ONCE: Final = 2
WAITING_MAX: Final = 64
"""Older wishes than these are given up; who still wants one asks again."""
KEPT_BYTES: Final = 64 * 1024**2

_log = logging.getLogger(__name__)


class _Wish(NamedTuple):
    key: str
    edge: int


class _Source(NamedTuple):
    file: FileId
    path: Path | None


class Pictures:
    """Those of one account. `fetch_picture` as often as you like, `close` once."""

    def __init__(self, mover: Mover, tell: Callable[[LinkEvent], None], thumbnails: Thumbnails | None = None) -> None:
        """*thumbnails*: for tests."""
        self._mover = mover
        self._tell = tell
        self._thumbnails = thumbnails or Thumbnails()
        self._waiting: OrderedDict[_Wish, _Source] = OrderedDict()
        self._running: dict[_Wish, asyncio.Task[None]] = {}
        self._kept: OrderedDict[_Wish, Raster] = OrderedDict()
        self._kept_bytes = 0

    def fetch_picture(self, key: str, file: FileId, path: Path | None, edge: int) -> None:
        """Tell `PictureKnown` for *key*: of the picture at *path* on this computer, else of the relay's *file*."""
        wish = _Wish(key, edge)
        if (raster := self._kept.get(wish)) is not None:
            self._kept.move_to_end(wish)
            self._tell(PictureKnown(key, edge, raster))
            return
        if wish in self._running:
            return
        self._waiting.pop(wish, None)
        self._waiting[wish] = _Source(file, path)
        while len(self._waiting) > WAITING_MAX:
            old, _source = self._waiting.popitem(last=False)
            self._tell(PictureKnown(old.key, old.edge, None, may_retry=True))
        self._next()

    async def close(self) -> None:
        """Stop."""
        self._waiting.clear()
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        while self._waiting and len(self._running) < AT_ONCE:
            wish, source = self._waiting.popitem()
            task = asyncio.create_task(self._fetch(wish, source), name=f"picture {wish.key}")
            self._running[wish] = task
            task.add_done_callback(lambda _ended, wish=wish: self._ended(wish))  # type: ignore[misc]

    def _ended(self, wish: _Wish) -> None:
        self._running.pop(wish, None)
        self._next()

    async def _fetch(self, wish: _Wish, source: _Source) -> None:
        try:
            data = await self._content(source)
            # What is wanted as large as may be is looked at by itself, and may move; in a conversation nothing does.
            raster = await self._thumbnails.pixels(data, wish.edge, moving=wish.edge >= RAW_EDGE_MAX)
        except LinkLost as lost:
            self._tell(PictureKnown(wish.key, wish.edge, None, str(lost), may_retry=True))
        except Denied as denied:
            self._tell(PictureKnown(wish.key, wish.edge, None, denied.message, denied.code in PASSING))
        except (Hopeless, OSError) as error:
            self._tell(PictureKnown(wish.key, wish.edge, None, str(error)))
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("a picture could not be shown")
            self._tell(PictureKnown(wish.key, wish.edge, None, _("Something went wrong. Try again.")))
        else:
            if raster is None:
                problem = _("It cannot be shown: it is damaged, too large, or no picture.")
                self._tell(PictureKnown(wish.key, wish.edge, None, problem))
                return
            self._keep(wish, raster)
            self._tell(PictureKnown(wish.key, wish.edge, raster))

    async def _content(self, source: _Source) -> bytes:
        if source.path is not None:
            return await asyncio.to_thread(_read, self._mover.sources, source.path)
        return await self._mover.read(source.file, INPUT_BYTES)

    def _keep(self, wish: _Wish, raster: Raster) -> None:
        if _bytes(raster) > KEPT_BYTES // 4:
            return  # a large one must not drive out all the small ones
        self._kept[wish] = raster
        self._kept_bytes += _bytes(raster)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _wish, old = self._kept.popitem(last=False)
            self._kept_bytes -= _bytes(old)


def _bytes(raster: Raster) -> int:
    return sum(map(len, raster.frames)) or len(raster.pixels)


def _read(sources: Sources, path: Path) -> bytes:
    with sources.open(path) as file:
        return file.read(INPUT_BYTES + 1)
