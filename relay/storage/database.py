"""The connections of one database: one that writes and checkpoints, and some that only read.

SQLite up to 3.51.2 can lose acknowledged commits when two connections write or checkpoint at the same time. So all writing and
all checkpointing goes through the writer; readers are opened after it and closed before it; no other process opens the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from relay.storage.connection import Connection, open_reader, open_writer
from relay.storage.copying import copy_database
from relay.storage.lanes import is_ahead

T = TypeVar("T")

READERS: Final = 2
"""Connections for everybody; one more is kept for who is `ahead`."""


class Database:
    """An open database file; made by `open_database`, ended by `close`."""

    def __init__(self, path: Path, writer: Connection, wal: bool) -> None:
        self.path = path
        self._wal = wal
        self._writer: Connection | None = writer
        self._readers: list[Connection] = []
        self._readable = asyncio.Event()

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns on the writer's thread."""
        if self._writer is None:
            raise _not_open()
        return await self._writer.run(work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns on the thread of the reader that has the least to do. Raises as SQLite does."""
        await self._readable.wait()
        if not self._readers:
            raise _not_open()
        kept, *others = self._readers
        return await (kept if is_ahead() else min(others, key=_waiting)).run(work)

    async def open_readers(self) -> None:
        """Let reading begin; the writer has made or migrated the tables."""
        while len(self._readers) < READERS + 1:
            self._readers.append(await open_reader(self.path))
        self._readable.set()

    async def copy_to(self, path: Path, look: Callable[[], None]) -> int:
        """Copy the database as it is now to *path*; others read and write meanwhile. *look* may raise, to end it. The generation of
        the master key that opens the copy."""
        return await self.look(lambda conn: copy_database(conn, path, look))

    async def look(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns on a connection of its own that only reads: for what takes long, so that nobody waits for it."""
        reader = await open_reader(self.path)
        try:
            return await reader.run(work)
        finally:
            await reader.close()

    async def reopen(self) -> None:
        """Close everything and open it again, so that nothing is believed which is only in memory. Reads wait meanwhile.

        When it cannot be opened, reading and writing raise until it can.
        """
        await self.close()
        try:
            self._writer = await open_writer(self.path, wal=self._wal)
            await self.open_readers()
        finally:
            self._readable.set()

    async def close(self) -> None:
        """End all connections, the writer last: it leaves no log behind."""
        self._readable.clear()
        readers, self._readers = self._readers, []
        writer, self._writer = self._writer, None
        for connection in [*readers, writer]:
            if connection is not None:
                await connection.close()


async def open_database(path: Path, *, wal: bool = True) -> Database:
    """The database at *path*, made when there is none; nothing can be read before `Database.open_readers`."""
    return Database(path, await open_writer(path, wal=wal), wal)


def _not_open() -> sqlite3.Error:
    error = sqlite3.OperationalError("the database is not open")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    error.sqlite_errorname = "SQLITE_CANTOPEN"
    return error


def _waiting(connection: Connection) -> int:
    return connection.waiting
