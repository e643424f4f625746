"""All that the relay holds about the person, fetched into one ZIP: there whole or not at all, one at a time.

It grows in a folder of its own, as an export does, so that what a crash leaves is removed with the next start. The relay makes the
archive while it goes out, so nothing can go on where it broke off: it begins afresh.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sqlite3
import zipfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from common.errors import LinkLost
from common.ids import Millis
from desktop import locale
from desktop.events import LinkEvent
from desktop.link.denied import Denied
from desktop.link.exports import place
from desktop.link.exports.fetching import PASSING
from desktop.link.shelf import Shelf
from desktop.link.transfers.filenames import free_path
from desktop.link.transfers.moving import Hopeless, Mover
from desktop.locale import _
from desktop.own_data import OwnDataChanged, OwnDataProgress

TELL_EVERY_S: Final = 0.1
AGAIN_S: Final = 1.0
"""Before asking a relay again that has no time for it, or whose link has just broken."""
TRIES: Final = 5
_GROWING: Final = "data.zip"

_log = logging.getLogger(__name__)


class OwnDataFetcher:
    """A part of the account: does what the person asks, ends with the account."""

    def __init__(
        self,
        shelf: Shelf,
        mover: Mover,
        relay_name: str,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
    ) -> None:
        self._shelf = shelf
        self._mover = mover
        self._relay_name = relay_name
        self._tell = tell
        self._now = now
        self._is_up = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._shown: OwnDataProgress | None = None
        self._told_at = 0.0
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "fetch_own_data": self.fetch,
            "cancel_own_data": self.cancel,
        }

    # -- life ----------------------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """The relay is there."""
        self._is_up.set()

    def link_down(self) -> None:
        """The relay is not there."""
        self._is_up.clear()

    async def close(self) -> None:
        """End what is under way; nothing of it is left."""
        await self.cancel()

    # -- what the person asks ------------------------------------------------------------------------------------------

    def fetch(self, folder: Path) -> None:
        """Begin, unless one is under way: that is told again then."""
        if self._running is not None and not self._running.done():
            if self._shown is not None:
                self._show(self._shown)
            return
        self._running = asyncio.create_task(self._run(folder), name="own data")

    async def cancel(self) -> None:
        """Give up what is under way."""
        running = self._running
        if running is not None and not running.done():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    # -- one of them ---------------------------------------------------------------------------------------------------

    async def _run(self, folder: Path) -> None:
        name = f"{self._relay_name} {self._shelf.user.username}"
        path = place.own_archive(folder, name, locale.local_day(self._now()))
        self._show(OwnDataProgress(path, "fetching"))
        try:
            work = await self._begun(path)
        except (OSError, sqlite3.Error) as error:
            self._change(phase="failed", problem=_refused(path, error))
            return
        end: dict[str, Any] = {"phase": "cancelled"}
        try:
            await self._fetch(work / _GROWING)
            self._change(phase="checking")
            await asyncio.to_thread(check, work / _GROWING)
            end = {"phase": "done", "path": await asyncio.to_thread(_finish, work / _GROWING, path)}
        except (Hopeless, LinkLost) as failed:
            end = {"phase": "failed", "problem": str(failed)}
        except Denied as denied:
            end = {"phase": "failed", "problem": denied.message}
        except OSError as error:
            end = {"phase": "failed", "problem": _refused(path, error)}
        finally:
            if await place.dropped(work):
                kept = {where: mark for where, mark in self._shelf.exporting.items() if where != str(work)}
                self._shelf.keep_exporting(kept)
            self._change(**end)

    async def _begun(self, path: Path) -> Path:
        """The folder that it grows in; where that is, is written down before, for it stands in clear until it is finished or dropped."""
        mark = secrets.token_hex(16)
        work = await asyncio.to_thread(place.work_of, path)
        self._shelf.keep_exporting({**self._shelf.exporting, str(work): mark})
        await self._shelf.flush()
        await asyncio.to_thread(place.begin, work, mark)
        return work

    async def _fetch(self, path: Path) -> None:
        """As often as the link breaks, within reason, from the beginning."""
        tries = 0
        while True:
            self._change(done=0, waiting=not self._is_up.is_set())
            await self._is_up.wait()
            self._change(waiting=False)
            try:
                await self._mover.fetch_own_data(path, self._moved)
                return
            except LinkLost as lost:
                tries += 1
                if tries >= TRIES:
                    raise
                _log.info("what the relay holds is asked for again: %s", lost)
            except Denied as denied:
                if denied.code not in PASSING:
                    raise
            self._change(waiting=True)
            await asyncio.sleep(AGAIN_S)

    def _moved(self, done: int, expected: int) -> None:
        now = asyncio.get_running_loop().time()
        if self._shown is not None and now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._change(done=done, expected=expected)

    # -- telling -------------------------------------------------------------------------------------------------------

    def _change(self, **changes: Any) -> None:
        if self._shown is not None:
            self._show(replace(self._shown, **changes))

    def _show(self, progress: OwnDataProgress) -> None:
        self._shown = progress
        self._tell(OwnDataChanged(progress))


def check(path: Path) -> None:
    """Raises `Hopeless` when it is not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        raise Hopeless(_("What came is not whole. Try again.")) from error
    if damaged is not None:
        raise Hopeless(_("What came is not whole. Try again."))


def _finish(grown: Path, path: Path) -> Path:
    """Move it to its place, or beside what is there; where that is."""
    with grown.open("r+b") as file:
        os.fsync(file.fileno())
    free = free_path(path.parent, path.name, lambda one: one != grown.parent and one.exists())
    grown.rename(free)
    return free


def _refused(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _("{path} cannot be written ({reason}).").format(path=path, reason=reason)
