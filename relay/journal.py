"""The write path: changes wait, one committer takes all that waits, and they reach the disk together.

While one batch is on its way to disk the next one gathers: idle means one fsync of latency, load means large batches. Between the
commit, the hand-over to everybody who is online and the answers there is no await: whoever is told something can read it, and
nobody is told anything that could still be lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from common.errors import InternalError, RateLimited, RelayMoving, ShuttingDown, StorageUnavailable, WireError
from common.protocol import limits
from common.protocol.messages import Entry
from relay.storage.entries import Draft
from relay.storage.storage import Storage
from relay.storage.transaction import Failed, Step, Transaction
from relay.tally import Tally

T = TypeVar("T")

_log = logging.getLogger(__name__)

IDLE_S: Final = 2.0
"""After so long without a change the write-ahead log is carried over. Its file stays: commits into blocks that a file has already
are two to three times as fast as commits that make it grow."""
URGENT_WAITING: Final = 1024
"""Most urgent changes that may wait."""
_BUSY_RETRY_S: Final = 1.0


class CommittedEntry(msgspec.Struct, frozen=True):
    """An entry that is on disk, and the bytes of its event (`EntryAdded`) for all who are online."""

    entry: Entry
    encoded: bytes


Publish = Callable[[Sequence[CommittedEntry]], None]
Change = Callable[[Transaction], Any]


_Waiting = tuple[Draft | Change, asyncio.Future[Any], bool]
"""What waits, who waits for it, and whether it is `urgent`."""

_is_urgent: ContextVar[bool] = ContextVar("_is_urgent", default=False)


@contextmanager
def urgent() -> Iterator[None]:
    """What is written within the block, by the one who enters it, goes before what others write, and may use the room that is kept for
    a disk that is full."""
    token = _is_urgent.set(True)
    try:
        yield
    finally:
        _is_urgent.reset(token)


class _Outcome(Struct, frozen=True):
    """What one transaction came to: for each change its result or the reason why not; and what was appended."""

    results: list[Any]
    committed: list[CommittedEntry]
    steps: list[tuple[int, Step]]


class Journal:
    """Everything that is ever written goes through here. One task owns the committing, from `start` to `close`."""

    def __init__(self, store: Storage, publish: Publish, tally: Tally | None = None) -> None:
        """*tally*: where it counts."""
        self._store = store
        self._tally = tally or Tally()
        self._publish = publish
        self._waiting: deque[_Waiting] = deque()
        self._urgent: deque[_Waiting] = deque()
        """What goes before all of that: few can write it."""
        self._filled = asyncio.Event()
        """Set while something waits, and for good once it is closing."""
        self._committer: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to commit."""
        assert self._committer is None, "started once"
        self._committer = asyncio.create_task(self._commit_until_closed(), name="journal")

    async def close(self) -> None:
        """Refuse what comes from now on, commit what waits, end."""
        self._closing = True
        self._filled.set()
        if self._committer is not None:
            await self._committer

    def append(self, draft: Draft) -> asyncio.Future[Entry]:
        """The stored entry, once it is durable: for a repeated nonce the first one. Cancelling the future changes nothing.

        The future fails with `NonceReused`, `UnknownGroup`, `StorageUnavailable`, `RelayMoving`, `RateLimited` or `ShuttingDown`.
        """
        return self._enqueue(draft)

    def change(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """What *work* returns, once what it wrote is durable; it runs on the writer's thread, beside others in one transaction.

        An exception from *work* undoes what it wrote, nothing else, and is the future's. Cancelling the future changes nothing.
        """
        return self._enqueue(work)

    def _enqueue(self, work: Draft | Change) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        is_urgent = _is_urgent.get()
        line, most = (self._urgent, URGENT_WAITING) if is_urgent else (self._waiting, limits.JOURNAL_WAITING)
        if self._closing:
            answer.set_exception(ShuttingDown())
        elif len(line) >= most:
            answer.set_exception(
                RateLimited("The relay has more to store than its disk can take.", retry_after=_BUSY_RETRY_S)
            )
        else:
            line.append((work, answer, is_urgent))
            self._filled.set()
        return answer

    @property
    def waiting(self) -> int:
        """How many changes wait for the disk."""
        return len(self._waiting) + len(self._urgent)

    # -- the committer -------------------------------------------------------------------------------------------------

    async def _commit_until_closed(self) -> None:
        while await self._something_waits():
            batch = self._take()
            await self._commit(batch)
            if self._store.is_checkpoint_due:
                await self._tidy_up()

    async def _something_waits(self) -> bool:
        """True when there is something to commit, False at the end."""
        is_tidy = False
        while True:
            try:
                async with asyncio.timeout(None if is_tidy and not self._store.holds_destroyed else IDLE_S):
                    await self._filled.wait()
                    return bool(self._waiting or self._urgent)
            except TimeoutError:
                await self._tidy_up()
                is_tidy = True

    async def _tidy_up(self) -> None:
        try:
            await self._store.checkpoint()
        except Exception:  # committing goes on: a log that grows is better than a relay that has fallen silent
            _log.exception("The log could not be carried over into the database")

    def _take(self) -> list[_Waiting]:
        urgent, waiting = self._urgent, self._waiting
        batch = [urgent.popleft() for _ in range(min(len(urgent), limits.COMMIT_ENTRIES))]
        batch += [waiting.popleft() for _ in range(min(len(waiting), limits.COMMIT_ENTRIES - len(batch)))]
        if not waiting and not urgent and not self._closing:
            self._filled.clear()
        return batch

    async def _commit(self, batch: list[_Waiting]) -> None:
        works = [work for work, _, _ in batch]
        began = time.perf_counter()
        try:
            outcome = await self._store.write(lambda transaction: _apply(works, transaction))
        except StorageUnavailable:
            self._tally.failed_commits += 1
            _refuse([each for each in batch if not each[2]], StorageUnavailable)
            await self._commit_on_reserve([each for each in batch if each[2]])
        except RelayMoving as moving:
            retry_after = moving.retry_after
            _refuse(batch, lambda: RelayMoving(retry_after=retry_after))
        except Exception:
            self._tally.failed_commits += 1
            _log.exception("A batch of %d changes failed", len(batch))
            _refuse(batch, InternalError)
        else:
            self._tally.commits.add(time.perf_counter() - began)
            self._tally.batches.add(len(batch))
            self._tally.entries += len(outcome.committed)
            self._hand_over(outcome)
            _answer(batch, outcome.results)

    async def _commit_on_reserve(self, batch: list[_Waiting]) -> None:
        """What is urgent, once more, with the room that was kept for it."""
        if not batch:
            return
        works = [work for work, _, _ in batch]
        async with self._store.reserve() as has_room:
            try:
                if not has_room:
                    raise StorageUnavailable
                outcome = await self._store.write(lambda transaction: _apply(works, transaction))
            except StorageUnavailable:
                _refuse(batch, StorageUnavailable)
            except Exception:
                _log.exception("A batch of %d urgent changes failed", len(batch))
                _refuse(batch, InternalError)
            else:
                self._tally.entries += len(outcome.committed)
                self._hand_over(outcome)
                _answer(batch, outcome.results)

    def _hand_over(self, outcome: _Outcome) -> None:
        """Publish what was stored; what is to be done in between, in its place."""
        published = 0
        for appended, step in outcome.steps:
            self._publish_all(outcome.committed[published:appended])
            published = appended
            try:
                step()
            except Exception:  # the change is stored; the others go on
                _log.exception("What follows from a change could not be done")
        self._publish_all(outcome.committed[published:])

    def _publish_all(self, committed: list[CommittedEntry]) -> None:
        if not committed:
            return
        try:
            self._publish(committed)
        except Exception:
            # What is stored is stored: its authors get their answers, and readers find the gap by its seq.
            _log.exception("%d entries were stored but could not be handed over", len(committed))


def _answer(batch: list[_Waiting], results: list[Any]) -> None:
    for (_, answer, _), result in zip(batch, results, strict=True):
        if answer.done():  # its caller has gone; the change stays
            continue
        if type(result) is Failed:
            answer.set_exception(result.reason)
        else:
            answer.set_result(result)


def _refuse(batch: list[_Waiting], kind: Callable[[], WireError]) -> None:
    for _, answer, _ in batch:
        if not answer.done():
            answer.set_exception(kind())  # one for each: who answers may write into it which command it belongs to


# -- on the writer's thread --------------------------------------------------------------------------------------------

_ENCODER: Final = msgspec.json.Encoder()
_EVENT_HEAD: Final = b'{"type":"entry",'


def _encoded(entry: Entry) -> bytes:
    """The same bytes as of the event `EntryAdded`, without making one: it has the fields of the entry after its tag."""
    return _EVENT_HEAD + _ENCODER.encode(entry)[1:]


def _apply(works: list[Draft | Change], transaction: Transaction) -> _Outcome:
    """Every change in its order; neighbouring drafts go together."""
    results: list[Any] = []
    drafts: list[Draft] = []
    for work in works:
        if type(work) is Draft:
            drafts.append(work)
            continue
        if drafts:
            results += transaction.append_all(drafts)
            drafts = []
        results.append(transaction.attempt(cast(Change, work)))
    if drafts:
        results += transaction.append_all(drafts)
    committed = [CommittedEntry(entry, _encoded(entry)) for entry in transaction.appended]
    return _Outcome(results, committed, transaction.steps)
