"""The export of a conversation, one at a time: reads, fetches, has the pages made, and moves it all to its place at the very end.

So an export is there whole or not at all: one that was cancelled, or that failed, leaves nothing. While the relay is away it waits.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from common.errors import LinkLost
from common.ids import Millis
from common.protocol.messages import Command
from desktop import locale
from desktop.events import LinkEvent
from desktop.events.asked import ExportChanged
from desktop.export.order import Order, Phase, Progress
from desktop.export.records import JOB, LATE, Job, Written
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.exports import place
from desktop.link.exports.fetching import PASSING, FileFetcher
from desktop.link.exports.reading import Found, LogReader
from desktop.link.exports.writer import WriterFailed, write
from desktop.link.shelf import Shelf
from desktop.link.transfers.moving import RESERVE_BYTES, Mover
from desktop.link.transfers.pace import Pace
from desktop.locale import _
from desktop.sizes import size_text

TELL_EVERY_S: Final = 0.1
AGAIN_S: Final = 0.3
"""Before asking again over a link that has just broken, or a relay that has no time."""

_log = logging.getLogger(__name__)


class _Failed(Exception):
    """It cannot be done; the text is for people."""


class Exports:
    """A part of the account: hears of the link, does what the person asks, ends with the account."""

    def __init__(
        self,
        shelf: Shelf,
        asking: Asking,
        mover: Mover,
        relay_name: str,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
    ) -> None:
        self._shelf = shelf
        self._asking = asking
        self._mover = mover
        self._relay_name = relay_name
        self._tell = tell
        self._now = now
        self._is_up = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._shown: Progress | None = None
        self._told_at = 0.0
        self._pace = Pace()
        self._swept = asyncio.create_task(self._sweep(), name="sweep exports")
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "export": self.export,
            "cancel_export": self.cancel,
        }

    # -- life ----------------------------------------------------------------------------------------------------------

    def link_up(self) -> None:
        """The relay is there."""
        self._is_up.set()
        self._show_waiting()

    def link_down(self) -> None:
        """The relay is not there."""
        self._is_up.clear()
        self._show_waiting()

    async def close(self) -> None:
        """End what is under way; nothing of it is left."""
        await self._swept
        await self._stop()

    # -- what the person asks ------------------------------------------------------------------------------------------

    def export(self, order: Order) -> None:
        """Begin, unless one is under way: that is told again then."""
        if self._running is not None and not self._running.done():
            if self._shown is not None:
                self._tell(ExportChanged(self._shown))
            return
        self._running = asyncio.create_task(self._run(order), name="export")

    async def cancel(self) -> None:
        """Give up what is under way."""
        await self._stop()

    async def _stop(self) -> None:
        running = self._running
        if running is not None and not running.done():
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    # -- one of them ---------------------------------------------------------------------------------------------------

    async def _run(self, order: Order) -> None:
        folder = place.own_folder(order.folder, order.name, _today(self._now()))
        await self._swept
        try:
            if await asyncio.to_thread(folder.exists):
                if order.if_there == "ask":
                    may_replace = await asyncio.to_thread(place.is_export, folder)
                    self._show(Progress(order, folder, "there", may_replace=may_replace))
                    return
                if order.if_there == "beside":
                    folder = await asyncio.to_thread(place.beside, folder)
            work = await self._begun(folder)
            self._show(Progress(order, folder, "reading", total=1, waiting=False))
        except (OSError, sqlite3.Error) as error:
            self._show(Progress(order, folder, "failed", problem=_refused(folder, error)))
            return
        end: dict[str, Any] = {"phase": "cancelled"}
        try:
            await self._make(order, work)
            where = await asyncio.to_thread(place.finish, work, folder, order.if_there == "replace")
            end = {"phase": "done", "folder": where}
        except (_Failed, WriterFailed) as failed:
            end = {"phase": "failed", "problem": str(failed)}
        except Denied as denied:
            end = {"phase": "failed", "problem": denied.message}
        except (OSError, sqlite3.Error) as error:
            end = {"phase": "failed", "problem": _refused(folder, error)}
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("an export failed")
            end = {"phase": "failed", "problem": _("Something went wrong. Try again.")}
        finally:
            if await place.dropped(work):
                self._shelf.keep_exporting({where: mark for where, mark in self._exporting() if where != str(work)})
            self._change(**end)

    async def _begun(self, folder: Path) -> Path:
        """The folder that it grows in; where that is, is written down before, for it stands in clear until it is finished or dropped."""
        mark = secrets.token_hex(16)
        work = await asyncio.to_thread(place.work_of, folder)
        self._shelf.keep_exporting({**dict(self._exporting()), str(work): mark})
        await self._shelf.flush()
        await asyncio.to_thread(place.begin, work, mark)
        return work

    def _exporting(self) -> Sequence[tuple[str, str]]:
        return tuple(self._shelf.exporting.items())

    async def _sweep(self) -> None:
        """Remove what an export left that a crash has ended, and nothing else."""
        for work, mark in self._exporting():
            if await asyncio.to_thread(place.sweep, Path(work), mark):
                self._shelf.keep_exporting({where: mark for where, mark in self._exporting() if where != work})

    async def _make(self, order: Order, work: Path) -> None:
        """Everything that belongs to it, into *work*."""
        is_online = self._is_up.is_set()
        found = await self._read(order, work, is_online)
        await self._fetch(order, work, found, is_online)
        await self._make_pages(order, work, found)

    async def _read(self, order: Order, work: Path, is_online: bool) -> Found:
        self._reader = LogReader(self._shelf, order.group, self._ask if is_online else None, work)
        complete_up_to = None if is_online else self._shelf.complete_up_to or Millis(0)
        self._change(complete_up_to=complete_up_to)
        found = await self._reader.read(lambda done, total: self._went_on(done=done, total=total))
        if not is_online and not found.entries:
            raise _Failed(_("Nothing of this conversation is on this computer, and the relay is not there."))
        self._change(messages=found.messages, files=found.files)
        return found

    async def _fetch(self, order: Order, work: Path, found: Found, is_online: bool) -> None:
        fetcher = FileFetcher(
            self._mover if order.files and is_online else None,
            work,
            self._until_up,
            lambda done, files: self._went_on(done=done, files_done=files),
        )
        if not order.files:
            why_not = _("not fetched")
        else:
            why_not = _("not fetched: the relay was not there")
            if is_online:
                self._enter("files", found.bytes)
                await self._check_room(found.bytes, work)
        await fetcher.fetch(why_not)
        if order.files:
            self._change(missing=tuple(fetcher.missing), missing_count=fetcher.missing_count)
        (work / LATE).touch()
        if is_online:
            try:
                await self._reader.read_late()
            except Denied as denied:  # removed meanwhile: what was read until then is theirs
                _log.info("what was said during the export is not known: %s", denied)

    async def _check_room(self, needed: int, work: Path) -> None:
        free = await asyncio.to_thread(place.room, work)
        if free - RESERVE_BYTES < needed:
            raise _Failed(
                _(
                    "There is no room: the files are {needed}, and {free} are free. Choose another place, or leave the files out."
                ).format(needed=size_text(needed), free=size_text(max(0, free - RESERVE_BYTES)))
            )

    async def _make_pages(self, order: Order, work: Path, found: Found) -> None:
        info = self._shelf.groups.get(order.group)
        shown = self._shown
        job = Job(
            relay_id=self._shelf.relay_id,
            relay_name=self._relay_name,
            group=order.group,
            kind="group" if info is None else info.kind,
            name=order.name,
            topic="" if info is None else info.topic,
            me=self._shelf.user.id,
            people=tuple(found.people[user] for user in sorted(found.people)),
            last=found.last,
            exported_at=self._now(),
            complete_up_to=None if shown is None else shown.complete_up_to,
            language=locale.current(),
            html=order.html,
            json=order.json,
            with_files=order.files,
        )
        await asyncio.to_thread((work / JOB).write_bytes, msgspec.json.encode(job))
        self._enter("writing", found.entries + found.gaps)
        await write(work, self._written)

    def _written(self, written: Written) -> None:
        self._went_on(done=written.done)

    async def _until_up(self) -> None:
        await self._is_up.wait()

    async def _ask(self, command: Command, kind: Any) -> Any:
        """The relay's answer, however long it is away meanwhile."""
        while True:
            await self._is_up.wait()
            try:
                return await self._asking.patiently(command, kind)
            except LinkLost as lost:
                _log.info("the export waits: %s", lost)
            except Denied as denied:
                if denied.code not in PASSING:
                    raise
            await asyncio.sleep(AGAIN_S)

    # -- telling -------------------------------------------------------------------------------------------------------

    def _enter(self, phase: Phase, total: int) -> None:
        self._pace = Pace()
        self._change(phase=phase, done=0, total=total, left_s=None)

    def _went_on(self, **changes: Any) -> None:
        """As `_change`, but told only now and then."""
        if self._shown is None:
            return
        now = asyncio.get_running_loop().time()
        self._shown = replace(self._shown, **changes)
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._pace.note(now, self._shown.done)
            self._show(replace(self._shown, left_s=self._pace.left_s(self._shown.total)))

    def _change(self, **changes: Any) -> None:
        if self._shown is not None:
            self._show(replace(self._shown, **changes))

    def _show_waiting(self) -> None:
        shown = self._shown
        if shown is not None and shown.phase in ("reading", "files") and shown.complete_up_to is None:
            self._show(replace(shown, waiting=not self._is_up.is_set(), left_s=None))

    def _show(self, progress: Progress) -> None:
        self._shown = progress
        self._tell(ExportChanged(progress))


def _today(now: Millis) -> date:
    return locale.local_day(now)


def _refused(folder: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _("{path} cannot be written ({reason}).").format(path=folder, reason=reason)
