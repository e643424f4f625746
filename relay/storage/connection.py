"""One SQLite connection on a thread of its own. Whole units of work cross over in one hop.

This is the only place that reaches into aiosqlite: it has no public way to run a function on the connection's thread, and a hop
for each statement would be both slow and, when a caller is cancelled between two of them, half a transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import aiosqlite

T = TypeVar("T")

PAGES_IN_MEMORY_KIB: Final = 64 * 1024
JOURNAL_SIZE_LIMIT: Final = 64 * 1024 * 1024
BUSY_MS: Final = 5000
_STATEMENTS: Final = 256

# Before the first table: it cannot be changed later without rewriting the file. Where there are tables it would write all
# the same, and a database that is then refused is to stay as it was.
_NEW_DATABASE: Final = "PRAGMA auto_vacuum = INCREMENTAL"
_EVERY: Final = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA temp_store = MEMORY",
    # SQLite up to 3.51.2 can lose commits when two connections checkpoint: nobody does it on the way of something else.
    "PRAGMA wal_autocheckpoint = 0",
)
_WRITER: Final = (
    # Acknowledged means durable: NORMAL may forget the last commits when the power fails.
    "PRAGMA synchronous = FULL",
    # On macOS fsync alone leaves the data in the drive's cache. Elsewhere these two change nothing.
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA secure_delete = ON",
    f"PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}",
    f"PRAGMA cache_size = -{PAGES_IN_MEMORY_KIB}",
)
_READER: Final = ("PRAGMA query_only = ON", f"PRAGMA cache_size = -{PAGES_IN_MEMORY_KIB // 4}")


class Connection:
    """A connection and its thread; made by `open_writer` or `open_reader`, ended by `close`."""

    def __init__(self, door: aiosqlite.Connection) -> None:
        self._door = door
        self.waiting = 0
        """How many callers wait for it now."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns, called with the raw connection on its thread. Cancelling does not stop *work*."""
        hop: Callable[..., Awaitable[T]] = self._door._execute
        self.waiting += 1
        try:
            return await hop(work, self._door._conn)
        finally:
            self.waiting -= 1

    async def close(self) -> None:
        """End the connection after what it has been given to do, and its thread."""
        await self._door.close()


async def open_writer(path: Path, *, wal: bool = True) -> Connection:
    """The one connection that writes and checkpoints; makes the database when there is none.

    *wal*: False where the file system cannot share memory between openers.
    """
    journal = "PRAGMA journal_mode = WAL" if wal else "PRAGMA journal_mode = DELETE"
    return await _open(path, "rwc", (*_EVERY, journal, *_WRITER))


async def open_reader(path: Path) -> Connection:
    """A connection that can only read; opened after the writer, closed before it."""
    return await _open(path, "ro", (*_EVERY, *_READER))


async def _open(path: Path, mode: str, pragmas: tuple[str, ...]) -> Connection:
    opening = aiosqlite.connect(_uri(path, mode), uri=True, isolation_level=None, cached_statements=_STATEMENTS)
    opening._thread.daemon = True  # else a program that fails before it can close would never end
    connecting = asyncio.ensure_future(_connected(opening))
    try:
        connection = Connection(await asyncio.shield(connecting))
    except asyncio.CancelledError:  # aiosqlite would leave its thread behind, and the interpreter would never end
        connecting.add_done_callback(_stop)
        raise
    try:
        await connection.run(lambda conn: _prepare(conn, pragmas))
    except BaseException:
        await connection.close()
        raise
    return connection


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


async def _connected(opening: aiosqlite.Connection) -> aiosqlite.Connection:
    return await opening


def _stop(connecting: asyncio.Future[aiosqlite.Connection]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().stop()


def _prepare(conn: sqlite3.Connection, pragmas: tuple[str, ...]) -> None:
    # Only a damaged row has text that is no text: it is shown as damaged, and stops nothing.
    conn.text_factory = _text
    if conn.execute("PRAGMA page_count").fetchone() == (0,):
        conn.execute(_NEW_DATABASE)
    for pragma in pragmas:
        conn.execute(pragma).fetchall()


def _text(stored: bytes) -> str:
    return stored.decode(errors="replace")
