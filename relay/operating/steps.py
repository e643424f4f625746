"""Deleting much without anybody noticing: one small transaction after the other, with rests between them.

Whoever kills the relay leaves whole steps, and the next start goes on. What a step has deleted is told to everybody who is there; who comes
later is told by their hello where each log begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from common.ids import GroupId, Seq
from common.protocol.messages import LogPurged
from relay.handlers.parts import Parts
from relay.storage.retention import Purged
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

T = TypeVar("T")

STEP: Final = 200
"""Entries that one transaction deletes at most."""
DONE: Final = -1
"""What a step says when nothing is left to do."""


class Steps:
    """Does them. *rest*: after each step, as many times as long as the step took."""

    def __init__(self, parts: Parts, rest: float) -> None:
        self._parts = parts
        self._rest = rest

    async def once(self, step: Callable[[Transaction], int]) -> int:
        """Do *step*, and rest; what it says."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        did = await self._parts.journal.change(step)
        if did != DONE:
            await asyncio.sleep((loop.time() - began) * self._rest)
        return did

    async def look(self, work: Callable[[Tables], T]) -> T:
        """What *work* reads; rested after it like after a step."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        found = await self._parts.store.read(work)
        await asyncio.sleep((loop.time() - began) * self._rest)
        return found

    async def until_done(self, step: Callable[[Transaction], int]) -> int:
        """Do *step* until it says that it is done; how much it did."""
        done = 0
        while (did := await self.once(step)) != DONE:
            done += did
        return done


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
