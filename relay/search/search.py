"""The search of one relay: what the index believes, compared with what the log says now."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Final

from msgspec import Struct

from common.errors import RateLimited, SearchUnavailable
from common.ids import Millis
from common.protocol.messages import Hit
from relay.search.follower import Follower, Pace
from relay.search.index import why_not
from relay.search.reading import Question, hits_among
from relay.search.shard import Place, Wanted
from relay.search.snapshot import SnapshotFile
from relay.storage.storage import Storage

_log = logging.getLogger(__name__)

PATIENCE_S: Final = 0.5
"""A search waits so long for what was said just before it."""
AT_ONCE: Final = 2
"""Further searches stand in line, so that many of them do not keep others from reading history."""
STANDING_MAX: Final = 64
"""In that line, with those whose turn it is."""
STANDING_RETRY_S: Final = 2.0
TRIED_AT_ONCE: Final = 32
TRIED: Final = 4_000
"""So many messages are opened for one search at most."""


class Found(Struct, frozen=True):
    """Hits, newest first. *more*: there are older ones."""

    hits: list[Hit]
    complete: bool
    more: bool


class Search:
    """Finds messages. Lives from `start` to `close`."""

    def __init__(self, store: Storage, snapshots: SnapshotFile, pace: Pace | None = None) -> None:
        self.problem = why_not()
        """Why nothing can be found, in words; None while all is well."""
        self._store = store
        # Without these two, which SQLite can be built without, each start looks through the whole log.
        can_save = hasattr(sqlite3.Connection, "serialize")
        self._line = asyncio.Semaphore(AT_ONCE)
        self._standing = 0
        self._follower = Follower(store, snapshots if can_save else None, pace or Pace())

    def start(self) -> None:
        """Begin to follow the log."""
        if self.problem is not None:
            _log.warning("%s", self.problem)
            return
        self._follower.start()

    async def close(self) -> None:
        """End it."""
        await self._follower.close()

    def tell(self) -> None:
        """Entries were committed. Costs the caller nothing."""
        self._follower.tell()

    @property
    def lag(self) -> int:
        """How many commits the index has not followed yet."""
        return 0 if self.problem is not None else self._follower.lag

    async def renew_snapshot(self) -> None:
        """Take the index on the disk away, whose key is not to be used any more; another one is written when it is time.

        Raises:
            OSError: it cannot be removed.
        """
        await self._follower.renew_snapshot()

    def forget(self, numbers: Sequence[int], purges: int) -> None:
        """Messages were deleted for good; *purges*: how often that was done by now. Costs the caller nothing."""
        self._follower.forget(numbers, purges)

    async def is_complete(self) -> bool:
        """Whether all that was said until now can be found; what was said just before is waited for."""
        return await self._follower.catch_up(PATIENCE_S)

    async def find(self, question: Question, *, after: Millis | None, before: Millis | None, limit: int) -> Found:
        """The newest *limit* messages that are what was asked for, from *after* to before *before*; all of the last one's moment, so
        that the next page can begin before it.

        Raises:
            SearchUnavailable: there is no index.
            RateLimited: too many stand in line already.
            StorageUnavailable: the disk fails.
        """
        if self.problem is not None:
            raise SearchUnavailable(self.problem)
        is_complete = await self.is_complete()
        grams = tuple(dict.fromkeys(chain.from_iterable(term.grams for term in question.terms)))
        wanted = Wanted(grams, question.groups, question.senders, question.has_file, after or Millis(0))
        if self._standing >= STANDING_MAX:
            raise RateLimited("Too many people are searching at this moment. Try again.", retry_after=STANDING_RETRY_S)
        self._standing += 1
        try:
            async with self._line:
                hits, is_whole = await self._hits(question, wanted, None if before is None else Place(before, 0), limit)
        finally:
            self._standing -= 1
        page = [hit for hit in hits if len(hits) <= limit or hit.at >= hits[limit - 1].at]
        return Found(page, is_complete and is_whole, len(page) < len(hits) or (bool(hits) and not is_whole))

    async def _hits(
        self, question: Question, wanted: Wanted, before: Place | None, limit: int
    ) -> tuple[list[Hit], bool]:
        """More than *limit* hits if there are so many, with all of the last one's moment; and whether nothing was left untried."""
        hits: list[Hit] = []
        for _ in range(TRIED // TRIED_AT_ONCE):
            places = await self._follower.run(partial(self._follower.index.find, wanted, before, TRIED_AT_ONCE))
            hits += await self._store.read(partial(hits_among, places=places, question=question))
            if len(places) < TRIED_AT_ONCE or (len(hits) > limit and hits[-1].at < hits[limit - 1].at):
                return hits, True
            before = places[-1]
        return hits, False
