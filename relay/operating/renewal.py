"""The task that seals older entries anew after an exchange of the master key, slice by slice and with rests, so that people go on talking.

It goes on by itself after a restart, and at the end destroys the data keys of before and empties the log of the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from common.errors import WireError
from relay.control.words import Progress
from relay.journal import Journal
from relay.storage.resealing import Reached, Slice
from relay.storage.store import Store
from relay.storage.transaction import Transaction
from relay.storage.vault import Vault

_log = logging.getLogger(__name__)

SLICE_ROWS: Final = 64
SLICE_BYTES: Final = 256 * 1024
"""So much is put in place at once: an acknowledgement that comes behind it waits a few milliseconds longer."""
REST: Final = 2.0
"""After each slice it rests as many times as long as the slice took."""
RETRY_S: Final = 2.0
TOLD_S: Final = 1.0
"""Whoever follows it hears at least so often how far it is."""


class Renewal:
    """Lives from `start` to `close`."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self.alone = asyncio.Lock()
        """Held by who exchanges the master key."""
        self.problem = ""
        """Why it does not go on, in words; empty while all is well."""
        self._store = store
        self._journal = journal
        self._task: asyncio.Task[None] | None = None
        self._is_wanted = asyncio.Event()
        self._is_working = False
        self._moved = asyncio.Event()
        self._reached: Reached | None = None

    def start(self) -> None:
        """Look whether there is something to do."""
        self.begin()
        self._task = asyncio.create_task(self._renew_when_wanted(), name="key renewal")

    def begin(self) -> None:
        """The master key was exchanged, or may have been."""
        self._is_wanted.set()

    async def close(self) -> None:
        """End it where it is; the next start goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def follow(self, tell: Callable[[Progress], None]) -> None:
        """Return when nothing is to be done any more; *tell* hears meanwhile how far it is, in entries."""
        while self._is_working or self._is_wanted.is_set():
            if (reached := self._reached) is not None:
                tell(Progress(reached.reached, reached.last))
            with suppress(TimeoutError):
                async with asyncio.timeout(TOLD_S):
                    await self._moved.wait()

    # -- the task ------------------------------------------------------------------------------------------------------

    async def _renew_when_wanted(self) -> None:
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            self._is_working = True
            await self._renew_until_done()
            self._is_working = False
            self._move(None)

    async def _renew_until_done(self) -> None:
        while True:
            try:
                await self._renew()
            except (
                WireError
            ) as error:  # the disk fails, which the storage says itself, or there is too much to store just now
                _log.info("Older entries are sealed anew later: %s", error)
            except Exception:  # the next try may go well; people go on talking meanwhile
                _log.exception("Older entries cannot be sealed anew")
                self.problem = (
                    "After the exchange of the keys older entries cannot be sealed anew; the relay's log says why."
                )
            else:
                self.problem = ""
                return
            await asyncio.sleep(RETRY_S)

    async def _renew(self) -> None:
        """Seal everything anew, then destroy the keys of before."""
        while (state := await self._store.read(lambda tables: tables.resealing.state())) is not None:
            self._move(state)
            await self._go_through()
            left = await self._store.read(lambda tables: tables.resealing.first_left_over())
            if left is None:
                await self._journal.change(partial(_finish, vault=self._store.vault))
                _log.info("All %d entries are sealed with new keys; the keys of before are destroyed.", state.last)
                break
            _log.warning("Entry %d was passed over; going on from there.", left)
            await self._journal.change(partial(_go_back, number=left))
        while self._store.holds_destroyed:
            await self._store.checkpoint()
            if self._store.holds_destroyed:  # somebody still reads in the log, or the disk fails
                await asyncio.sleep(RETRY_S)
        self._store.forget_older_vaults()

    async def _go_through(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            made = await self._store.read(lambda tables: tables.resealing.next_slice(SLICE_ROWS, SLICE_BYTES))
            if made is None:
                return
            self._move(await self._journal.change(partial(_put, made=made)))
            await asyncio.sleep((loop.time() - began) * REST)

    def _move(self, reached: Reached | None) -> None:
        self._reached = reached
        self._moved.set()
        self._moved = asyncio.Event()


# -- on the writer's thread --------------------------------------------------------------------------------------------


def _put(transaction: Transaction, made: Slice) -> Reached:
    return transaction.resealing.put(made)


def _go_back(transaction: Transaction, number: int) -> None:
    transaction.resealing.go_back(number)


def _finish(transaction: Transaction, vault: Vault) -> None:
    gone = transaction.resealing.finish()
    transaction.has_destroyed = True
    transaction.afterwards(lambda: vault.forget_older(gone))
