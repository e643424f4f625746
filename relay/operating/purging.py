"""Deletes what has had its time, in small steps beside everything else, and gives the room back to the disk.

Each step is a transaction of its own: whoever kills the relay leaves whole steps, and the next start goes on. Between two steps it
rests, so that those who write hardly notice. What a step has deleted is told to everybody who is there; who comes later is told by
their hello where each log begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from common.errors import RelayMoving, ShuttingDown, StorageUnavailable
from common.ids import GroupId, Seq
from common.protocol.messages import LogPurged
from relay.handlers.parts import Parts
from relay.storage.retention import Purged
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)

STEP: Final = 200
"""Entries that one transaction deletes at most."""
PAGES: Final = 256
"""Pages of the database that one transaction gives back at most: a megabyte."""
LOOKED_AT: Final = 100
"""Conversations that are looked at in one go."""


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds, but *rest*: after each step, as many times as long as the step took.

    *first*: after the start, when the machine's clock should be right; *every*: between two looks.
    """

    first: float = 600.0
    every: float = 600.0
    rest: float = 4.0


class Purger:
    """Works from `start` to `close`."""

    def __init__(self, parts: Parts, pace: Pace | None = None) -> None:
        self._parts = parts
        self._pace = pace or Pace()
        self._task: asyncio.Task[None] | None = None
        self.rounds = 0
        """How often everything was looked at."""

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_again_and_again(), name="purger")

    async def close(self) -> None:
        """End it; the step that is being done is done or was not."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _look_again_and_again(self) -> None:
        patience = self._pace.first
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._parts.kept_otherwise.wait()
            self._parts.kept_otherwise.clear()
            patience = self._pace.every
            try:
                await self.look()
            except (RelayMoving, StorageUnavailable, ShuttingDown) as error:  # it says so itself; the next look goes on
                _log.info("What has had its time stays for now: %s", error)
            except Exception:  # people go on talking meanwhile
                _log.exception("What has had its time could not be deleted")
            self.rounds += 1

    async def look(self) -> None:
        """Delete all that has had its time."""
        groups = [group.id for group in self._parts.roster.groups() if _may_expire(self._parts, group.id)]
        deleted = 0
        for start in range(0, len(groups), LOOKED_AT):
            some = groups[start : start + LOOKED_AT]
            for group in await self._parts.store.read(lambda tables, few=some: self._due(tables, few)):  # type: ignore[misc]
                deleted += await self._until_done(lambda transaction, one=group: self._step(transaction, one))  # type: ignore[misc]
        if deleted:
            _log.info("%d messages had their time and were deleted.", deleted)
        if await self._parts.store.read(lambda tables: tables.retention.free_pages()):
            await self._until_done(_reclaim)

    def _due(self, tables: Tables, groups: list[GroupId]) -> list[GroupId]:
        return [group for group in groups if self._expired(tables, group) > tables.retention.floor(group)]

    def _expired(self, tables: Tables, group: GroupId) -> Seq:
        return tables.retention.expired(group, tables.retention.keeps(group), self._parts.now(), STEP)

    def _step(self, transaction: Transaction, group: GroupId) -> int:
        """Delete some of *group*; how many messages. -1: nothing is left to do."""
        last = self._expired(transaction, group)
        if last <= transaction.retention.floor(group):
            return _DONE
        return purge(self._parts, transaction, group, last)

    async def _until_done(self, step: Callable[[Transaction], int]) -> int:
        """Do *step* until it says that it is done, with rests; how much it did."""
        loop, done = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            did = await self._parts.journal.change(step)
            if did == _DONE:
                return done
            done += did
            await asyncio.sleep((loop.time() - began) * self._pace.rest)


def purge(parts: Parts, transaction: Transaction, group: GroupId, last: Seq) -> int:
    """Delete the log of *group* up to *last*, and tell of it after the commit; how many messages."""
    purged = transaction.purge(group, last)
    transaction.afterwards(lambda: _tell(parts, purged))
    return len(purged.numbers)


def _tell(parts: Parts, purged: Purged) -> None:
    found = parts.roster.group(purged.group)
    if found is not None:
        found.floor = purged.floor
    parts.search.forget(purged.numbers, purged.purges)
    parts.fanout.tell_group(purged.group, LogPurged(group=purged.group, floor=purged.floor))


def _reclaim(transaction: Transaction) -> int:
    transaction.has_destroyed = True
    return 0 if transaction.retention.reclaim(PAGES) else _DONE


def _may_expire(parts: Parts, group: GroupId) -> bool:
    found = parts.roster.group(group)
    keeps = None if found is None else found.keeps
    return keeps is not None and not keeps.held and bool(keeps.days or keeps.entries)


_DONE: Final = -1
