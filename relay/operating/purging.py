"""Deletes what has had its time and what is left of deleted accounts, in small steps, and gives the room back to the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct

from common.errors import RelayMoving, ShuttingDown, StorageUnavailable
from common.ids import GroupId, Seq
from relay.handlers.parts import Parts
from relay.operating.erasing import Eraser
from relay.operating.steps import DONE, STEP, Steps, purge
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)

PAGES: Final = 256
"""Pages of the database that one transaction gives back at most: a megabyte."""
LOOKED_AT: Final = 100
"""Conversations that are looked at in one go."""


class Pace(Struct, frozen=True):
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
        self._steps = Steps(parts, self._pace.rest)
        self._eraser = Eraser(parts, self._steps)
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
        await self._does(self._eraser.look)  # which needs no clock
        patience = self._pace.first
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._parts.kept_otherwise.wait()
            self._parts.kept_otherwise.clear()
            patience = self._pace.every
            await self._does(self.look)
            self.rounds += 1

    async def _does(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (RelayMoving, StorageUnavailable, ShuttingDown) as error:  # it says so itself; the next look goes on
            _log.info("What is to be deleted stays for now: %s", error)
        except Exception:  # people go on talking meanwhile
            _log.exception("What is to be deleted could not be")

    async def look(self) -> None:
        """Delete all that is left of deleted accounts, and all that has had its time."""
        await self._eraser.look()
        groups = [group.id for group in self._parts.roster.groups() if _may_expire(self._parts, group.id)]
        deleted = 0
        for start in range(0, len(groups), LOOKED_AT):
            some = groups[start : start + LOOKED_AT]
            for group in await self._parts.store.read(lambda tables, few=some: self._due(tables, few)):  # type: ignore[misc]
                deleted += await self._steps.until_done(lambda transaction, one=group: self._step(transaction, one))  # type: ignore[misc]
        if deleted:
            _log.info("%d messages had their time and were deleted.", deleted)
        if await self._parts.store.read(lambda tables: tables.retention.free_pages()):
            await self._steps.until_done(_reclaim)

    def _due(self, tables: Tables, groups: list[GroupId]) -> list[GroupId]:
        return [group for group in groups if self._expired(tables, group) > tables.retention.floor(group)]

    def _expired(self, tables: Tables, group: GroupId) -> Seq:
        return tables.retention.expired(group, tables.retention.keeps(group), self._parts.now(), STEP)

    def _step(self, transaction: Transaction, group: GroupId) -> int:
        """Delete some of *group*; how many messages. -1: nothing is left to do."""
        last = self._expired(transaction, group)
        if last <= transaction.retention.floor(group):
            return DONE
        return purge(self._parts, transaction, group, last)


def _reclaim(transaction: Transaction) -> int:
    transaction.has_destroyed = True
    return 0 if transaction.retention.reclaim(PAGES) else DONE


def _may_expire(parts: Parts, group: GroupId) -> bool:
    found = parts.roster.group(group)
    keeps = None if found is None else found.keeps
    return keeps is not None and not keeps.held and bool(keeps.days or keeps.entries)
