"""What the rest of the relay needs of a storage. SQLite in one file is the default; another one passes the same contract suite."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from common.ids import Epoch, GroupId
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

T = TypeVar("T")


class Storage(Protocol):
    """Append a batch, read ranges."""

    @property
    def epoch(self) -> Epoch:
        """The name of this life of the log."""
        ...

    @property
    def general(self) -> GroupId:
        """The group that everybody is in."""
        ...

    @property
    def problem(self) -> str | None:
        """Why nothing can be stored right now, in words; None while all is well."""
        ...

    @property
    def reading_problem(self) -> str | None:
        """Why not all that is stored can be read, in words; None while all is well."""
        ...

    @property
    def damaged(self) -> int:
        """How many records were found that do not open."""
        ...

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether enough was written since the last `checkpoint` that one is worth its time, or something destroyed has stood in
        the log for long enough."""
        ...

    @property
    def holds_destroyed(self) -> bool:
        """Whether what was destroyed may still be on the disk, until the next `checkpoint` that nobody is in the way of."""
        ...

    async def read(self, work: Callable[[Tables], T]) -> T:
        """What *work* returns, which sees one state of the tables.

        Raises:
            StorageUnavailable: the disk fails.
        """
        ...

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """What *work* returns, once all that it wrote is durable. An exception from *work* undoes all of it.

        Raises:
            StorageUnavailable: the disk is full or fails; nothing was stored.
        """
        ...

    def reserve(self) -> AbstractAsyncContextManager[bool]:
        """While the block runs, room that was kept for this is free, if the disk is full: then True. False: there is none, or the
        disk is not what hinders."""
        ...

    async def checkpoint(self, *, truncate: bool = False) -> None:
        """Tidy up after writing; *truncate*: leave no log behind."""
        ...

    async def close(self) -> None:
        """End it, tidied up."""
        ...
