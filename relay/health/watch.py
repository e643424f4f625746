"""Watches whether the relay is well: measures now and then, says in the log what begins and what ends, and answers who asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from common.crypto.certificate import validity
from common.crypto.keyslots import Slot
from common.errors import StorageUnavailable
from common.ids import Millis
from relay.config import Config
from relay.health.measuring import measure
from relay.health.troubles import Clock, Measured, Trouble, of_clock, of_disk
from relay.search.search import Search
from relay.storage.lanes import ahead
from relay.storage.store import Store
from relay.tally import Tally

_log = logging.getLogger(__name__)

TICK_S: Final = 1.0
"""So often the event loop's lateness is measured."""
LOOK_TICKS: Final = 30
"""After so many ticks the disk is looked at, whether anybody asks or not: what is wrong stands in the log then."""
FRESH_S: Final = 1.0
"""What was measured is told for so long without looking again, however many ask."""
_DAMAGED: Final = (
    "{count} stored records cannot be opened (damaged). They show as damaged, and all else goes on. Look at `relay doctor`; when they are more "
    "than a few, restore a backup."
)
_SAID_ELSEWHERE: Final = frozenset({"storage", "reading", "backup", "search", "announcement"})
"""Whoever finds these says so in the log."""


class Watch:
    """Lives from `start` to `close`. Who asks `troubles` needs no start."""

    def __init__(
        self,
        config: Config,
        store: Store,
        search: Search,
        tally: Tally,
        now: Callable[[], Millis],
        others: Callable[[], Iterable[Trouble]] = tuple,
    ) -> None:
        """*others*: what goes wrong beside storage, search, disk and clock."""
        self._config = config
        self._store = store
        self._search = search
        self._tally = tally
        self._now = now
        self._others = others
        self._begins, self._ends = validity(store.identity.certificate_der)
        self._newest = now()
        self._slots: list[Slot] = []
        self._measured = Measured()
        self._measured_at: float | None = None
        self._measuring = asyncio.Lock()
        self._said: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once, and begin to watch."""
        await self._look_at_log()
        self._task = asyncio.create_task(self._watch(), name="health")

    async def close(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def troubles(self) -> list[Trouble]:
        """All that is not well, the worst first."""
        measured = await self.measured()
        now = self._now()
        store, search = self._store, self._search
        found = []
        if store.problem:
            found.append(Trouble("storage", store.problem))
        if store.reading_problem:
            found.append(Trouble("reading", store.reading_problem))
        if search.problem:
            found.append(Trouble("search", search.problem))
        if store.damaged:
            found.append(Trouble("damaged", _DAMAGED.format(count=store.damaged)))
        found += of_disk(measured)
        found += of_clock(Clock(now, self._newest, self._begins, self._ends))
        found += self._others()
        self._newest = max(self._newest, now)
        return found

    async def measured(self) -> Measured:
        """How it stands on the disk, as it was a second ago at most."""
        async with self._measuring:
            loop = asyncio.get_running_loop()
            if self._measured_at is None or loop.time() - self._measured_at >= FRESH_S:
                await self._learn_slots()
                self._measured = await asyncio.to_thread(measure, self._config, self._slots)
                self._measured_at = loop.time()
            return self._measured

    async def _learn_slots(self) -> None:
        try:
            with ahead():
                self._slots = await self._store.read(lambda tables: tables.slots.all())
        except StorageUnavailable:  # which is a trouble of its own; those of before still count
            return

    async def _look_at_log(self) -> None:
        try:
            newest = await self._store.read(lambda tables: tables.entries.newest_at())
        except StorageUnavailable:
            return
        self._newest = max(self._newest, newest)

    async def _watch(self) -> None:
        loop, ticks = asyncio.get_running_loop(), 0
        while True:
            if ticks % LOOK_TICKS == 0:
                try:
                    self.say(await self.troubles())
                    await self._store.keep_reserve()
                except Exception:  # watching goes on: the next look may go well
                    _log.exception("The relay's health could not be looked at")
            ticks += 1
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._tally.late.add(max(0.0, loop.time() - due))

    def say(self, troubles: Iterable[Trouble]) -> None:
        """Put into the log what has begun and what has ended since the last time."""
        new = {trouble.code: trouble.words for trouble in troubles if trouble.code not in _SAID_ELSEWHERE}
        for code in new.keys() - self._said:
            _log.warning("%s", new[code])
        for ended in sorted(self._said - new.keys()):
            _log.warning("This is well again: %s", ended.replace("_", " "))
        self._said = set(new)
