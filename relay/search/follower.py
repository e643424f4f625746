"""The task that lets the index follow the log, makes parts of it anew, and keeps its snapshot.

The journal only says that there is something new. The task then reads the log itself, a slice at a time and with rests, so that
neither a burst of messages nor a first filling takes much from those who write; whoever searches meanwhile is told that it is not
complete.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from msgspec import Struct

from common.errors import StorageUnavailable
from common.ids import GroupId, Seq
from relay.search.index import Index
from relay.search.reading import slice_after, stretch_now
from relay.search.shard import Shard
from relay.search.snapshot import Reached, SnapshotFile, SnapshotUnusable
from relay.storage.storage import Storage

T = TypeVar("T")

_log = logging.getLogger(__name__)

SLICE: Final = 16
"""Entries that are read in one go: larger ones hold up who waits for an acknowledgement meanwhile."""
RETRY_S: Final = 2.0
TOLD_EVERY: Final = 100_000


class Pace(Struct, frozen=True):
    """How fast the index follows, in seconds but for the rests.

    *gathering*: news waits so long for more of it, unless somebody searches. *rest*: after each slice, as many times as long as the
    slice took; *busy_rest*: while people write. *renewing*: words of what was taken back are out of the index after that.
    *saving*: between two snapshots at least, and *entries* new ones.
    """

    gathering: float = 0.1
    rest: float = 1.0
    busy_rest: float = 9.0
    renewing: float = 30.0
    saving: float = 600.0
    entries: int = 5_000


class Follower:
    """Owns the index and its thread; lives from `start` to `close`."""

    def __init__(self, store: Storage, snapshots: SnapshotFile | None, pace: Pace) -> None:
        self.index = Index()
        self._store = store
        self._snapshots = snapshots
        self._pace = pace
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._told = 1
        """Counts what there was to follow, the log that is there at the start first."""
        self._taken = 0
        """Up to which of these it was followed."""
        self._caught_up = asyncio.Condition()
        self._renew_at: float | None = None
        self._saved_at = 0.0
        self._saved_reach = 0
        self._is_saved = True
        """Whether a start from the snapshot would need nothing but what came after its reach."""
        self._gone: list[int] = []
        """Numbers of messages that were deleted for good and that the index may still know."""
        self._purges = 0
        """How often that was done, as far as it was heard of."""

    def start(self) -> None:
        """Begin to follow."""
        self._news.set()
        self._task = asyncio.create_task(self._follow_until_closed(), name="search")

    async def close(self) -> None:
        """End it, with a snapshot of where it stands."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._forget_gone()
            if self.index.reach != self._saved_reach or not self._is_saved:
                with suppress(StorageUnavailable):  # then the next start looks through the log
                    await self._save()
        await self.run(self.index.close)
        self._thread.shutdown()

    def tell(self) -> None:
        """Entries were committed. Costs the caller nothing."""
        self._told += 1
        self._news.set()

    @property
    def lag(self) -> int:
        """How often it was told of something that it has not taken in yet."""
        return self._told - self._taken

    def forget(self, numbers: Sequence[int], purges: int) -> None:
        """These messages were deleted for good, which was done *purges* times by now. Costs the caller nothing."""
        self._gone += numbers
        self._purges = purges
        self._is_saved = False
        self._news.set()

    async def catch_up(self, patience_s: float) -> bool:
        """Whether everything is in the index that was committed until now; what came just before is waited for."""
        told = self._told
        if self._taken < told:
            self._hurry.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s), self._caught_up:
                    await self._caught_up.wait_for(lambda: self._taken >= told)
        return self._taken >= told and not self.index.has_given_up

    async def renew_snapshot(self) -> None:
        """What is on the disk is not to be used any more: another one is written when it is time.

        Raises:
            OSError: it cannot be removed.
        """
        if self._snapshots is not None:
            self._is_saved = False
            await self.run(self._snapshots.remove)

    async def run(self, work: Callable[[], T]) -> T:
        """What *work* returns on the index's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # -- the task ------------------------------------------------------------------------------------------------------

    async def _follow_until_closed(self) -> None:
        await self._keep_trying(self._resume)
        while True:
            await self._something_to_do()
            await self._keep_trying(self._follow)

    async def _keep_trying(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                return await work()
            except StorageUnavailable:  # the storage says so itself
                await asyncio.sleep(RETRY_S)
            except Exception:  # until it works nobody is told that a search was complete
                _log.exception("The search cannot follow the log")
                await asyncio.sleep(RETRY_S)

    async def _something_to_do(self) -> None:
        """Return when there is news, which was gathered for a moment, or something else is due."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._due_at()):
                await self._news.wait()
        if self._news.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.gathering):
                    await self._hurry.wait()
            self._hurry.clear()

    def _due_at(self) -> float | None:
        save_at = self._saved_at + self._pace.saving if self._is_worth_saving() else None
        return min((at for at in (self._renew_at, save_at) if at is not None), default=None)

    async def _follow(self) -> None:
        """Up to the end of the log; then what else is due."""
        goal = 0
        while (told := await self._step()) is None:
            goal = goal or await self._announce(self.index.reach)
            if self.index.reach % TOLD_EVERY < SLICE:
                _log.info("Search: %d of %d entries are looked through.", self.index.reach, goal)
        if goal > TOLD_EVERY:
            _log.info("Search: all %d entries are looked through.", self.index.reach)
        while self.index.missing:
            await self._renew(min(self.index.missing))
        await self._forget_gone()
        async with self._caught_up:
            self._taken = told
            self._caught_up.notify_all()
        await self._forget_in_time()
        if self._is_worth_saving() and self._now() >= self._saved_at + self._pace.saving:
            await self._save()

    async def _announce(self, reach: int) -> int:
        goal = await self._store.read(lambda tables: tables.log.last_number())
        if goal - reach > TOLD_EVERY:
            _log.info("Search: looking through %d entries; until that is done, not all is found.", goal - reach)
        return goal

    async def _step(self) -> int | None:
        """Follow one slice and rest; at the end of the log, what was told of it before."""
        began, told = self._now(), self._told
        self._news.clear()
        part = await self._store.read(partial(slice_after, number=self.index.reach, limit=SLICE))
        if part.reach > self.index.reach:
            await self.run(partial(self.index.take_in, part.changes, part.reach))
        if part.is_last:
            return told
        await self._rest(began, told)
        return None

    async def _rest(self, began: float, told: int) -> None:
        pace = self._pace
        await asyncio.sleep((self._now() - began) * (pace.rest if self._told == told else pace.busy_rest))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- making anew ---------------------------------------------------------------------------------------------------

    async def _forget_gone(self) -> None:
        gone, self._gone = self._gone, []
        if gone:
            await self.run(partial(self.index.forget, gone))

    async def _forget_in_time(self) -> None:
        """Take the words of what was taken back out of the index, and at once off the disk."""
        if not self.index.stale:
            return
        if self._renew_at is None:
            self._renew_at = self._now() + self._pace.renewing
            await self._remove()
        if self._now() < self._renew_at:
            return
        while self.index.stale:
            await self._renew(min(self.index.stale))
        self._renew_at = None

    async def _renew(self, first: int) -> None:
        """Make the shard anew from what the log says now."""
        end, shard = self.index.end_of(first), Shard(first)
        while shard.end < end:
            began, told = self._now(), self._told
            until = min(shard.end + SLICE, end)
            entries = await self._store.read(partial(stretch_now, first=shard.end, end=until))
            await self.run(partial(shard.add, entries))
            shard.pass_over(until)
            await self._rest(began, told)
        self._is_saved = False
        if shard.is_empty and await self.run(partial(self.index.drop, first)):
            shard.close()
            return
        await self.run(shard.settle)
        await self.run(partial(self.index.renew, shard))

    # -- the snapshot --------------------------------------------------------------------------------------------------

    async def _resume(self) -> None:
        """Go on where the snapshot stands; when it cannot be used, begin anew."""
        self._purges = await self._store.read(lambda tables: tables.retention.purges())
        if self._snapshots is None:
            return
        try:
            index, reached = await self.run(partial(_restored, self._snapshots))
            if reached is None:
                return
            if await self._store.read(lambda tables: tables.log.place_of(reached.number)) != (
                reached.group,
                reached.seq,
            ):
                raise SnapshotUnusable("it tells of another log")
            if reached.purges != self._purges:
                raise SnapshotUnusable("messages were deleted since")
        except SnapshotUnusable as reason:
            _log.warning("The snapshot of the search cannot be used (%s); the log is looked through anew.", reason)
            await self._remove()
            return
        self.index = index
        self._saved_reach, self._saved_at = reached.number, self._now()

    def _is_worth_saving(self) -> bool:
        if self._snapshots is None or self.index.stale:
            return False
        return not self._is_saved or self.index.reach - self._saved_reach >= self._pace.entries

    async def _save(self) -> None:
        if self._snapshots is None or not self.index.reach:
            return
        number = self.index.reach
        place = await self._store.read(lambda tables: tables.log.place_of(number))
        if place is None:
            return
        try:
            await self.run(partial(_write, self._snapshots, self.index, self._purges, *place))
        except OSError as error:
            _log.warning("The snapshot of the search could not be written (%s).", error.strerror or error)
        else:
            self._saved_reach, self._is_saved = number, True
        self._saved_at = self._now()

    async def _remove(self) -> None:
        try:
            await self.renew_snapshot()
        except OSError as error:
            _log.warning("The snapshot of the search could not be removed (%s).", error.strerror or error)


# -- on the index's thread ---------------------------------------------------------------------------------------------


def _restored(snapshots: SnapshotFile) -> tuple[Index, Reached | None]:
    """The index of the snapshot and how far it had come; None where there is none."""
    index, reached = Index(), None
    try:
        for part in snapshots.read():
            if isinstance(part, Reached):
                reached = part
                index.resume(part.number, part.missing, part.counted, part.has_given_up)
            else:
                index.put(Shard.of(part))
    except ValueError as error:
        raise SnapshotUnusable(str(error)) from error
    return index, reached


def _write(snapshots: SnapshotFile, index: Index, purges: int, group: GroupId, seq: Seq) -> None:
    missing = sorted(index.missing | index.stale)
    reached = Reached(index.reach, group, seq, missing, index.counted, index.has_given_up, purges)
    snapshots.write(reached, index.images(), index.count)
