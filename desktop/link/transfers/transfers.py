"""All transfers of one account: some at once, the others in line; they go on after a lost connection and after a restart.

A transfer ends by itself only when it is done or when trying again would not help. What is worth another try waits for the link or for
a moment; what the person paused waits for the person.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from common.errors import (
    FileTooLarge,
    LinkLost,
    RateLimited,
    RelayMoved,
    RelayMoving,
    ShuttingDown,
    StorageUnavailable,
    TooManyConnections,
    UnknownFile,
)
from common.ids import GroupId
from common.protocol.messages import FileInfo
from desktop.events import LinkEvent
from desktop.events.outbox import PendingUpload
from desktop.events.transfers import Transfer, TransferChanged, TransferEnded
from desktop.link.denied import Denied
from desktop.link.transfers.filenames import free_path, part_of, safe_name
from desktop.link.transfers.ledger import Ledger, Record
from desktop.link.transfers.moving import Hopeless, Mover, no_room_in
from desktop.link.transfers.pace import Pace
from desktop.link.transfers.sources import Measure
from desktop.locale import _
from desktop.refusals import in_words

AT_ONCE: Final = 3
TELL_EVERY_S: Final = 0.1
KEEP_EVERY_S: Final = 2.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
PASSING: Final = frozenset(
    kind.code for kind in (RateLimited, RelayMoved, RelayMoving, ShuttingDown, StorageUnavailable, TooManyConnections)
)
"""Refusals that pass by themselves."""

_FULL: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))

_log = logging.getLogger(__name__)


class Transfers:
    """`recall` what was under way, `link_up` and `link_down` as it happens, `close`."""

    def __init__(self, ledger: Ledger, mover: Mover, tell: Callable[[LinkEvent], None]) -> None:
        self.file_bytes: int | None = None
        """The largest file that the relay takes; None while that is not known."""
        self._ledger = ledger
        self._mover = mover
        self._tell = tell
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._is_up = asyncio.Event()
        self._paces: dict[str, Pace] = {}
        self._resting: set[str] = set()
        """Running ones that something has interrupted, until they are tried again."""
        self._told_at: dict[str, float] = {}
        self._kept_at: dict[str, float] = {}

    # -- life ----------------------------------------------------------------------------------------------------------

    async def recall(self) -> None:
        """Tell what was kept, and go on with it."""
        await self._ledger.recall()
        for record in list(self._ledger.records.values()):
            if record.state == "running":
                self._ledger.keep(msgspec.structs.replace(record, state="waiting"))
            self._show(record.key)
        self._next()
        # A share that does not answer may take its time, and holds nothing up.
        self._own(self._forget_gone())

    async def _forget_gone(self) -> None:
        for record in await asyncio.to_thread(_gone, list(self._ledger.records.values())):
            await self.cancel_transfer(record.key)

    def link_up(self, file_bytes: int) -> None:
        """The relay is there, and takes files up to that size."""
        self.file_bytes = file_bytes
        self._is_up.set()
        self._show_running()

    def link_down(self) -> None:
        """The relay is not there."""
        self._is_up.clear()
        self._show_running()

    def _show_running(self) -> None:
        """They go on, or wait, from now on: how fast they were says nothing about that."""
        for key in self._running:
            self._paces[key] = Pace()
            self._show(key)

    async def close(self) -> None:
        """Stop; the archive has the rest."""
        tasks = [*self._running.values(), *self._ending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- what the person asks ------------------------------------------------------------------------------------------

    async def send_file(
        self, key: str, group: GroupId, path: Path, mime: str = "", width: int = 0, height: int = 0
    ) -> None:
        """Upload *path*; told as *key*, with the relay's id for it once it is done."""
        try:
            there = await asyncio.to_thread(self._mover.sources.measure, path)
        except OSError as error:
            problem = unreadable(path, error)
            self._add(Record(key, 0, "upload", group, path, path.name, 0, "failed", problem=problem))
            return
        self.upload(group, PendingUpload(key, path.name, there.size, mime, width, height, path, there.stamp))

    def upload(self, group: GroupId, file: PendingUpload, *, of_message: bool = False) -> None:
        """Upload *file* as it was when it was measured. *of_message*: it is not forgotten before its message is said."""
        problem = ""
        if self.file_bytes is not None and file.size > self.file_bytes:
            problem = in_words(FileTooLarge.code, FileTooLarge.default)
        self._add(
            Record(
                file.key,
                0,
                "upload",
                group,
                file.path,
                file.name,
                file.size,
                "failed" if problem else "waiting",
                mime=file.mime,
                width=file.width,
                height=file.height,
                stamp=file.stamp,
                problem=problem,
                of_message=of_message,
            )
        )

    async def fetch_file(self, key: str, group: GroupId, file: FileInfo, folder: Path) -> None:
        """Download *file* into *folder*, under a name that is safe and free; told as *key*."""
        taken = {record.path for record in self._ledger.records.values() if record.kind == "download"}
        name = safe_name(file.name)
        path = await asyncio.to_thread(free_path, folder, name, lambda path: path in taken or path.exists())
        self._add(
            Record(key, 0, "download", group, path, path.name, file.size, "waiting", file=file.id, mime=file.mime)
        )

    async def save_file(self, key: str, group: GroupId, file: FileInfo, path: Path) -> None:
        """Download *file* to *path*, in the place of what may be there; told as *key*."""
        for record in list(self._ledger.records.values()):
            if record.kind == "download" and record.path == path:
                await self.cancel_transfer(record.key)
        self._add(
            Record(
                key,
                0,
                "download",
                group,
                path,
                path.name,
                file.size,
                "waiting",
                file=file.id,
                mime=file.mime,
                replace=True,
            )
        )

    async def pause_transfer(self, key: str) -> None:
        """Stop it until it is resumed; what has arrived stays."""
        await self._stop(key)
        if (record := self._ledger.records.get(key)) is not None and record.state in ("waiting", "running"):
            self._change(record, state="paused")
        self._next()

    async def resume_transfer(self, key: str) -> None:
        """Go on with one that is paused or has failed."""
        record = self._ledger.records.get(key)
        if record is not None and record.state == "paused" and not record.ask:
            self._change(record, state="waiting")
            self._next()
        elif record is not None and record.state == "paused":
            self._own(self._take_as_it_is(record))
        else:
            self.resume_failed(key)

    async def retry_transfers(self) -> None:
        """Go on with all that have failed, and with no others."""
        for record in list(self._ledger.records.values()):
            self.resume_failed(record.key)

    async def cancel_transfer(self, key: str) -> None:
        """Give it up, with what has arrived of it; or forget one that is done."""
        await self._stop(key)
        record = self._ledger.records.get(key)
        if record is None:
            return
        self._ledger.drop(key)
        self._tell(TransferEnded(key))
        self._next()
        if record.state == "done":
            return
        if record.kind == "download":
            await asyncio.to_thread(part_of(record.path).unlink, missing_ok=True)
        elif record.file:
            self._own(self._take_back(record))

    # -- the files of messages -----------------------------------------------------------------------------------------

    @property
    def records(self) -> Mapping[str, Record]:
        """All transfers by their keys."""
        return MappingProxyType(self._ledger.records)

    def resume_failed(self, key: str) -> None:
        """Go on with it if it has failed: the person said so, after reading why."""
        record = self._ledger.records.get(key)
        if record is None or record.state != "failed":
            return
        if record.ask:
            self._own(self._take_as_it_is(self._change(record, state="paused", problem="")))
        else:
            self._change(record, state="waiting", problem="")
            self._next()

    def again(self, key: str) -> None:
        """The relay has lost what was uploaded: begin afresh."""
        self._change(self._ledger.records[key], state="waiting", file="", done=0, problem="")
        self._next()

    async def take_back(self, key: str) -> None:
        """Give an upload up, also one that is done: no message is going to name it."""
        record = self._ledger.records.get(key)
        await self.cancel_transfer(key)
        if record is not None and record.state == "done":
            self._own(self._take_back(record))

    async def _take_as_it_is(self, record: Record) -> None:
        """The person lets another content be sent: the one that is there now, not the one that may be there when its turn comes."""
        try:
            there = await asyncio.to_thread(self._mover.sources.measure, record.path)
        except OSError as error:
            if self._ledger.records.get(record.key) == record:
                self._fail(record.key, unreadable(record.path, error))
            return
        if self._ledger.records.get(record.key) != record:
            return  # somebody was quicker: it was given up
        if record.file:
            self._own(self._take_back(record))
        changed = {"size": there.size, "stamp": there.stamp, "width": 0, "height": 0, "done": 0}
        self._change(record, state="waiting", file="", ask=False, **changed)
        self._next()

    # -- the line ------------------------------------------------------------------------------------------------------

    def _add(self, record: Record) -> None:
        self._ledger.keep(msgspec.structs.replace(record, place=self._ledger.next_place()))
        self._show(record.key)
        self._next()

    def _next(self) -> None:
        """Begin what waits, as long as there is room."""
        for record in list(self._ledger.records.values()):
            if len(self._running) >= AT_ONCE:
                return
            if record.state == "waiting" and record.key not in self._running:
                self._change(record, state="running")
                task = asyncio.create_task(self._run(record.key), name=f"transfer {record.key}")
                self._running[record.key] = task
                task.add_done_callback(partial(self._ended, record.key))

    def _ended(self, key: str, _task: asyncio.Task[None]) -> None:
        self._running.pop(key, None)
        self._paces.pop(key, None)
        self._resting.discard(key)
        self._told_at.pop(key, None)
        self._kept_at.pop(key, None)
        self._next()

    async def _stop(self, key: str) -> None:
        if (task := self._running.get(key)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # -- one of them ---------------------------------------------------------------------------------------------------

    async def _run(self, key: str) -> None:
        pause_s = FIRST_PAUSE_S
        self._paces[key] = Pace()
        while True:
            await self._is_up.wait()
            if key in self._resting:
                self._resting.discard(key)
                self._show(key)
            before = self._ledger.records[key].done
            try:
                await self._once(self._ledger.records[key])
                return
            except Hopeless as error:
                self._fail(key, str(error))
                return
            except OSError as error:
                self._fail(key, _disk_problem(self._ledger.records[key], error))
                return
            except Denied as denied:
                if denied.code not in PASSING:
                    self._fail(key, denied.message)
                    return
                pause_s = max(pause_s, denied.retry_after or 0.0)
            except LinkLost as lost:
                _log.info("a transfer was interrupted: %s", lost)
            except asyncio.CancelledError:
                raise
            except Exception:
                _log.exception("a transfer failed")
                self._fail(key, _("Something went wrong. Try again."))
                return
            if self._ledger.records[key].done > before:
                pause_s = FIRST_PAUSE_S
            self._resting.add(key)
            self._paces[key] = Pace()
            self._show(key)
            await asyncio.sleep(pause_s)
            pause_s = min(LONGEST_PAUSE_S, pause_s * 2)

    async def _once(self, record: Record) -> None:
        if record.kind == "upload":
            await self._upload(record)
        else:
            await self._mover.download(
                record.file,
                record.path,
                record.size,
                lambda done: self._moved(record.key, done),
                replace=record.replace,
            )
        self._change(self._ledger.records[record.key], state="done", done=self._ledger.records[record.key].size)

    async def _upload(self, record: Record) -> None:
        path = record.path
        try:
            there = await asyncio.to_thread(self._mover.sources.measure, path)
        except OSError as error:
            self._change(record, ask=True)
            raise Hopeless(unreadable(path, error)) from error
        if there != Measure(record.size, record.stamp):
            self._change(record, ask=True)
            raise Hopeless(_("The file was changed after it was chosen. Try again to send it as it is now."))
        if not record.file:
            said = {"filename": record.name, "filetype": record.mime}
            if record.width and record.height:
                said |= {"width": str(record.width), "height": str(record.height)}
            record = self._change(record, file=await self._mover.begin(record.size, said))
        try:
            await self._mover.upload(path, record.file, record.size, lambda done: self._moved(record.key, done))
            if await asyncio.to_thread(self._mover.sources.measure, path) != there:
                raise Hopeless(_("The file was changed while it was sent. Send it again."))
        except Hopeless:
            self._change(self._ledger.records[record.key], file="", done=0, ask=True)
            raise
        except Denied as denied:
            if denied.code != UnknownFile.code:
                raise
            # The relay has forgotten it: it lay there unfinished for too long.
            self._change(self._ledger.records[record.key], file="", done=0)
            raise LinkLost(denied.message) from denied

    async def _take_back(self, record: Record) -> None:
        try:
            await self._mover.take_back(record.file)
        except (Denied, LinkLost) as error:
            _log.info("an upload was left to the relay, which forgets it in a day: %s", error)

    # -- telling -------------------------------------------------------------------------------------------------------

    def _moved(self, key: str, done: int) -> None:
        now = asyncio.get_running_loop().time()
        record = msgspec.structs.replace(self._ledger.records[key], done=done)
        if now - self._kept_at.get(key, 0.0) >= KEEP_EVERY_S:
            self._kept_at[key] = now
            self._ledger.keep(record)
        self._ledger.records[key] = record
        if now - self._told_at.get(key, 0.0) >= TELL_EVERY_S:
            self._told_at[key] = now
            self._paces.setdefault(key, Pace()).note(now, done)
            self._show(key)

    def _change(self, record: Record, **changes: object) -> Record:
        changed = msgspec.structs.replace(record, **changes)
        self._ledger.keep(changed)
        self._show(changed.key)
        return changed

    def _fail(self, key: str, problem: str) -> None:
        self._change(self._ledger.records[key], state="failed", problem=problem)

    def _show(self, key: str) -> None:
        record = self._ledger.records[key]
        waits = record.state == "running" and (key in self._resting or not self._is_up.is_set())
        pace = None if waits or record.state != "running" else self._paces.get(key)
        self._tell(
            TransferChanged(
                Transfer(
                    key=key,
                    kind=record.kind,
                    group=record.group,
                    path=record.path,
                    name=record.name,
                    size=record.size,
                    done=record.done,
                    state="waiting" if waits else record.state,
                    file=record.file,
                    rate=pace.rate if pace is not None else 0.0,
                    left_s=pace.left_s(record.size) if pace is not None else None,
                    problem=record.problem,
                )
            )
        )

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _gone(records: list[Record]) -> list[Record]:
    """Finished downloads that somebody has moved or deleted since: they can be fetched again."""
    return [
        record for record in records if record.kind == "download" and record.state == "done" and _is_gone(record.path)
    ]


def _is_gone(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:  # somebody may not look there now; the file may well be there
        return False


def _disk_problem(record: Record, error: OSError) -> str:
    path = record.path
    if error.errno in _FULL:
        return no_room_in(path.parent)
    if record.kind == "upload":
        return unreadable(path, error)
    return _("{path} cannot be written ({reason}).").format(path=path, reason=error.strerror or error)


def unreadable(path: Path, error: OSError) -> str:
    """Why there is nothing to send, for people."""
    return _("{path} cannot be read ({reason}).").format(path=path, reason=error.strerror or error)
