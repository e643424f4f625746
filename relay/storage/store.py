"""The relay's storage in one SQLite file: transactions on the writer, reads on the readers, and what becomes of a failing disk."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from common.crypto.certificate import Identity
from common.errors import StorageUnavailable
from common.ids import Epoch, GroupId, Millis, RelayId
from relay.storage.database import Database
from relay.storage.folder import FolderLock
from relay.storage.tables import Tables
from relay.storage.transaction import Heads, Transaction
from relay.storage.vault import Vault

T = TypeVar("T")

_log = logging.getLogger(__name__)

CHECKPOINT_CHANGES: Final = 10_000
"""After so many changed rows the log is carried over into the database."""
REOPEN_AFTER_MS: Final = 2_000
"""Between two attempts to open a database again that has failed."""

_FULL: Final = "The disk is full: nothing can be stored until there is room again."
_FAILING: Final = "The disk fails ({reason}): nothing can be stored. Look at the system's log, and at the disk."
_CORRUPT: Final = "The database is damaged ({reason}): nothing can be stored. Restore the data folder from a backup."
_UNREADABLE: Final = (
    "The disk fails ({reason}): the database cannot be read. Look at the system's log, and at the disk."
)
_LOST_PAGES: Final = (
    "The database is damaged ({reason}): a part of it cannot be read. Restore the data folder from a backup."
)

_TROUBLE: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
    }
)
_PASSING: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""After these the connection is as good as before."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What is shown once, when the relay has just been made."""

    recovery_code: str = field(repr=False)
    owner_code: str = field(repr=False)


class Store:
    """Everything that the relay keeps. Made by `relay.opening.open_store`."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        identity: Identity,
        now: Callable[[], Millis],
        *,
        epoch: Epoch,
        general: GroupId,
        key_protection: str,
        first_start: FirstStart | None,
        lock: FolderLock,
    ) -> None:
        self.identity = identity
        self.epoch = epoch
        self.general = general
        self.key_protection = key_protection
        """How the master key is protected, in words."""
        self.first_start = first_start
        self.problem: str | None = None
        """Why nothing can be stored right now, in words; None while all is well."""
        self.reading_problem: str | None = None
        """Why not all that is stored can be read, in words; None while all is well."""
        self._database = database
        self._vault = vault
        self._now = now
        self._lock = lock
        self._heads: Heads = {}
        self._writing = asyncio.Lock()
        self._changes = 0
        self._checkpointed_changes = 0
        self._reopen_at: Millis | None = None
        self._closed = False
        self._has_lost_pages = False

    @property
    def relay_id(self) -> RelayId:
        """The id by which clients know and pin this relay."""
        return self._vault.relay_id

    @property
    def damaged(self) -> int:
        """How many records were found that do not open."""
        return self._vault.damaged

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether enough was written since the last checkpoint that one is worth its time."""
        return self._changes - self._checkpointed_changes >= CHECKPOINT_CHANGES

    # -- reading and writing -------------------------------------------------------------------------------------------

    async def read(self, work: Callable[[Tables], T]) -> T:
        """What *work* returns on a reader's thread, where it sees one state of the tables.

        Raises:
            StorageUnavailable: the disk fails.
        """
        try:
            result = await self._database.read(lambda conn: self._look(work, conn))
        except sqlite3.Error as error:
            if (
                not _is_trouble(error) or _primary(error) == sqlite3.SQLITE_READONLY
            ):  # a reader that writes is a mistake
                raise
            self._note_reading(error)
            raise StorageUnavailable("The relay's disk fails. Try again later.") from error
        if self.reading_problem is not None and not self._has_lost_pages:
            _log.warning("Reading works again.")
            self.reading_problem = None
        return result

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """What *work* returns on the writer's thread, once all that it wrote is durable. Its exceptions undo all of it.

        Raises:
            StorageUnavailable: the disk is full or fails; nothing was acknowledged.
        """
        async with self._writing:
            try:
                await self._reopen_when_due()
                result = await self._database.write(lambda conn: self._transact(work, conn))
            except sqlite3.Error as error:
                if not _is_trouble(error):
                    raise
                self._note(error)
                raise StorageUnavailable from error
            if self.problem is not None:
                _log.warning("Storing works again.")
                self.problem = None
            return result

    def _look(self, work: Callable[[Tables], T], conn: sqlite3.Connection) -> T:
        conn.execute("BEGIN")
        try:
            return work(Tables(conn, self._vault))
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")

    def _transact(self, work: Callable[[Transaction], T], conn: sqlite3.Connection) -> T:
        """One function on the writer's thread, so that no cancelled caller can leave half a transaction behind."""
        conn.execute("BEGIN IMMEDIATE")
        try:
            transaction = Transaction(conn, self._vault, self._heads, self._now())
            result = work(transaction)
            conn.execute("COMMIT")
        except BaseException as error:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                # A failed commit may be found in the log after all, once the file is opened again.
                self._heads.clear()
            raise
        self._heads.update(transaction.heads)
        for head in transaction.heads.values():
            self._vault.keys[head.key.key_id] = head.key
        self._changes = conn.total_changes
        return result

    # -- a failing disk ------------------------------------------------------------------------------------------------

    def _note(self, error: sqlite3.Error) -> None:
        code = _primary(error)
        reason = _reason(error)
        if code == sqlite3.SQLITE_FULL:
            problem = _FULL
        elif code in _DAMAGE:
            problem = _CORRUPT.format(reason=reason)
        else:
            problem = _FAILING.format(reason=reason)
        if self.problem != problem:
            _log.error("%s", problem)
        self.problem = problem
        if code not in _PASSING:
            self._reopen_at = Millis(self._now() + REOPEN_AFTER_MS)

    def _note_reading(self, error: sqlite3.Error) -> None:
        """A passing trouble is over with the next good read; a page that was damaged stays so, whatever else can be read."""
        if _primary(error) in _DAMAGE:
            self._has_lost_pages = True
            problem = _LOST_PAGES.format(reason=_reason(error))
        else:
            problem = _UNREADABLE.format(reason=_reason(error))
        if self.reading_problem != problem:
            _log.error("%s", problem)
        self.reading_problem = problem

    async def _reopen_when_due(self) -> None:
        """After an I/O error the system may have dropped what it could not write: believe only what the file says."""
        if self._reopen_at is None:
            return
        if self._now() < self._reopen_at:
            raise StorageUnavailable
        await self._database.reopen()
        await self._database.write(_quick_check)
        self._changes = self._checkpointed_changes = 0
        self._reopen_at = None

    # -- tidying up ----------------------------------------------------------------------------------------------------

    async def checkpoint(self, *, truncate: bool = False) -> None:
        """Carry the log over into the database; *truncate*: and empty it. A failure shows at the next write."""
        async with self._writing:
            await self._checkpoint(truncate)

    async def close(self) -> None:
        """Empty the log, end all connections, give the folder back."""
        async with self._writing:
            if self._closed:
                return
            self._closed = True
            try:
                await self._checkpoint(truncate=True)
            finally:
                try:
                    await self._database.close()
                finally:
                    self._lock.release()

    async def _checkpoint(self, truncate: bool) -> None:
        if self._reopen_at is not None:
            return
        pragma = f"PRAGMA wal_checkpoint({'TRUNCATE' if truncate else 'PASSIVE'})"
        try:
            await self._database.write(lambda conn: conn.execute(pragma).fetchall())
        except sqlite3.Error as error:
            if not _is_trouble(error):
                raise
            self._note(error)
        self._checkpointed_changes = self._changes


def _quick_check(conn: sqlite3.Connection) -> None:
    (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _primary(error: sqlite3.Error) -> int:
    """The first byte of SQLite's code; the rest says which of the calls failed."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _is_trouble(error: sqlite3.Error) -> bool:
    return _primary(error) in _TROUBLE


def _reason(error: sqlite3.Error) -> str:
    return f"{error}, {getattr(error, 'sqlite_errorname', 'unknown')}"
