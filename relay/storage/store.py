"""The relay's storage in one SQLite file: transactions on the writer, reads on the readers, and what becomes of a failing disk."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

from common.crypto.certificate import Identity
from common.crypto.keyslots import MasterKey
from common.crypto.sealing import SealKey
from common.errors import RelayMoving, StorageUnavailable
from common.ids import Epoch, GroupId, Millis, RelayId
from common.protocol.messages import FileId
from relay.storage.checkup import search_damage
from relay.storage.connection import BUSY_MS
from relay.storage.database import Database
from relay.storage.folder import FolderLock
from relay.storage.keyring import generation_of
from relay.storage.reserve import Reserve
from relay.storage.tables import Tables
from relay.storage.transaction import Doubted, Heads, Transaction
from relay.storage.vault import Vault

T = TypeVar("T")

_log = logging.getLogger(__name__)

CHECKPOINT_CHANGES: Final = 10_000
"""After so many changed rows the log is carried over into the database."""
DESTROYED_WITHIN_MS: Final = 5_000
"""After so long, what was destroyed is taken out of the log too, however busy the relay is."""
DESTROYING_MS: Final = 100
"""Writing waits so long for those who still read in the log; if they do not end, it is tried again later."""
HELD_RETRY_S: Final = 1.0
"""When clients are to try again while nothing is stored because the relay moves."""
REOPEN_AFTER_MS: Final = 2_000
"""Between two attempts to open a database again that has failed."""

ROOM_BYTES: Final = 512 * 1024
"""After the disk was full, storing counts as working again from so much free space on: some small change always fits in somewhere."""

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
        recovery_code: str | None,
        owner_code: str | None,
        lock: FolderLock,
    ) -> None:
        self.identity = identity
        self.epoch = epoch
        self.general = general
        self.key_protection = key_protection
        """How the master key is protected, in words."""
        self.recovery_code = recovery_code
        """Shown once, when the relay has just been made; else None."""
        self.owner_code = owner_code
        """Shown at each start until somebody has used it; then None."""
        self.problem: str | None = None
        """Why nothing can be stored right now, in words; None while all is well."""
        self.reading_problem: str | None = None
        """Why not all that is stored can be read, in words; None while all is well."""
        self.on_files_gone: Callable[[Sequence[str]], None] = _nobody_cares
        """Told of files whose rows are gone for good, so that their contents can go too."""
        self._database = database
        self._vault = vault
        self._vaults = {vault.generation: vault}
        self._now = now
        self._lock = lock
        self._heads: Heads = {}
        self._doubted = Doubted()
        self._writing = asyncio.Lock()
        self._changes = 0
        self._checkpointed_changes = 0
        self._destroyed_at: Millis | None = now()  # the log may come from a relay that was killed
        self._reopen_at: Millis | None = None
        self._closed = False
        self._is_held = False
        self._has_lost_pages = False
        self._reserve = Reserve(database.path.parent)
        self._is_lending = False

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
        """Whether enough was written since the last checkpoint that one is worth its time, or something destroyed has stood in
        the log for long enough."""
        if self._destroyed_at is not None and self._now() - self._destroyed_at >= DESTROYED_WITHIN_MS:
            return True
        return self._changes - self._checkpointed_changes >= CHECKPOINT_CHANGES

    @property
    def holds_destroyed(self) -> bool:
        """Whether what was destroyed in the database may still stand in the log."""
        return self._destroyed_at is not None

    def forget_older_vaults(self) -> None:
        """Keep the vault in use only. Nobody reads what an older one has sealed: the log was emptied since the exchange."""
        self._vaults = {self._vault.generation: self._vault}

    @property
    def vault(self) -> Vault:
        """The vault in use."""
        return self._vault

    def with_master(self, use: Callable[[MasterKey], T]) -> T:
        """What *use* makes of the master key, which it must not keep."""
        return self._vault.with_master(use)

    def derived_key(self, purpose: str) -> SealKey:
        """A key for what is kept beside the database; *purpose* names it, and it only."""
        return self._vault.derived(purpose)

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
            RelayMoving: it is held.
        """
        async with self._writing:
            if self._is_held:
                raise RelayMoving(retry_after=HELD_RETRY_S)
            try:
                await self._reopen_when_due()
                result, gone = await self._database.write(lambda conn: self._transact(work, conn))
            except sqlite3.Error as error:
                if not _is_trouble(error):
                    raise
                self._note(error)
                raise StorageUnavailable from error
            if self.problem is not None and (self.problem != _FULL or await asyncio.to_thread(self._has_room)):
                _log.warning("Storing works again.")
                self.problem = None
            if gone:
                self.on_files_gone(gone)
            return result

    def _look(self, work: Callable[[Tables], T], conn: sqlite3.Connection) -> T:
        conn.execute("BEGIN")
        try:
            return work(Tables(conn, self._vaults[generation_of(conn)]))
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")

    def _transact(self, work: Callable[[Transaction], T], conn: sqlite3.Connection) -> tuple[T, list[FileId]]:
        """One function on the writer's thread, so that no cancelled caller can leave half a transaction behind."""
        conn.execute("BEGIN IMMEDIATE")
        try:
            self._follow(conn)
            transaction = Transaction(conn, self._vault, self._heads, self._now(), self._doubted)
            result = work(transaction)
            if (successor := transaction.successor) is not None:  # who reads right after the commit needs it
                self._vaults[successor.generation] = successor
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
        if successor is not None:
            self._use(successor)
        self._changes = conn.total_changes
        if transaction.has_destroyed and self._destroyed_at is None:
            self._destroyed_at = transaction.now
        return result, transaction.files.gone

    async def hold(self) -> None:
        """Store nothing any more: when this returns, all that was ever acknowledged is in the database, and it stays as it is."""
        async with self._writing:
            self._is_held = True

    def go_on(self) -> None:
        """Store again."""
        self._is_held = False

    def _follow(self, conn: sqlite3.Connection) -> None:
        """Use the vault of the database as it is: an exchange of the master key may have been found in the log after a failing
        commit."""
        generation = generation_of(conn)
        if generation != self._vault.generation:
            self._use(self._vaults[generation])

    def _use(self, vault: Vault) -> None:
        self._vault = vault
        self._heads.clear()  # what is said from now on gets the new data keys

    async def copy_to(self, path: Path, look: Callable[[], None]) -> Vault:
        """Copy the database as it is now to *path*, a file that is not there yet. *look* may raise, to end it. The vault that opens it.

        Raises:
            sqlite3.Error: it cannot be read, or *path* not be written.
        """
        vaults = self._vaults.copy()
        generation = await self._database.copy_to(path, look)
        return (vaults | self._vaults)[generation]

    async def search_damage(self, within_s: float) -> tuple[str | None, bool]:
        """As `relay.storage.checkup.search_damage`; others read and write meanwhile.

        Raises:
            sqlite3.Error: it cannot be read at all.
        """
        return await self._database.look(lambda conn: search_damage(conn, within_s))

    # -- a failing disk ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def reserve(self) -> AsyncIterator[bool]:
        """While the block runs, room that was kept for this is free, if the disk is full: then True. False: there is none, or the
        disk is not what hinders."""
        if self.problem != _FULL or not await asyncio.to_thread(self._reserve.give):
            yield False
            return
        self._is_lending = True
        try:
            yield True
        finally:
            self._is_lending = False
            await asyncio.to_thread(self._reserve.take)

    async def keep_reserve(self) -> None:
        """Keep room for `reserve`, now that there is some.

        Raises:
            OSError: the system does not say how much is free.
        """
        if self.problem is None and not self._closed:
            await asyncio.to_thread(self._reserve.keep)

    def _has_room(self) -> bool:
        if self._is_lending:
            return False
        try:
            return shutil.disk_usage(self._database.path.parent).free >= ROOM_BYTES
        except OSError:  # a system that does not tell; what was stored just now is all that is known
            return True

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
        mode = "TRUNCATE" if truncate or self.holds_destroyed else "PASSIVE"
        patience_ms = BUSY_MS if truncate else DESTROYING_MS
        try:
            is_whole = await self._database.write(lambda conn: _carry_over(conn, mode, patience_ms))
            if self.holds_destroyed:
                self._destroyed_at = None if is_whole else self._now()
        except sqlite3.Error as error:
            if not _is_trouble(error):
                raise
            self._note(error)
        self._checkpointed_changes = self._changes


def _nobody_cares(gone: Sequence[str]) -> None:
    """What is left over is found when files are tidied up."""


def _carry_over(conn: sqlite3.Connection, mode: str, patience_ms: int) -> bool:
    """Carry the log over into the database; whether nobody was in the way."""
    conn.execute(f"PRAGMA busy_timeout = {patience_ms}")
    try:
        is_busy, _, _ = conn.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    finally:
        conn.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return not is_busy


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
