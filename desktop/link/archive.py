"""The sealed archive: what this client knows without asking a relay. The file, its one connection, and the relays it knows.

What a person typed or read stands in no clear byte of the file: every record is sealed under the archive's key and bound to its place
(table, relay, account, group, seq). Visible are ids, seqs, sizes and how much there is.

Writing is gathered: changes are queued as small functions and run in one transaction on the connection's thread, soon after. Whoever
needs the disk to have it (the outbox) awaits `Archive.flush`. One program at a time has the file; the lock is SQLite's own.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import aiosqlite
import msgspec

from common.crypto.sealing import Field, SealKey, associated_data, lookup_hash, open_sealed, seal
from common.errors import DatabaseTooNew, MessengerError, SealError
from common.ids import Millis, RelayId, UserId
from common.protocol.messages import User
from desktop.link.salvage import SUSPECT, carry_over, is_damage, look_at_all, move_aside
from desktop.locale import _

FLUSH_S: Final = 0.1
"""How long changes gather before they are written, when nobody waits for them."""
PENDING_MAX: Final = 20_000
"""Changes kept in memory while the disk refuses them; beyond, the oldest are given up: the relay still has them."""
_VERSION: Final = 1
_KEY_ID: Final = 1
_BUSY_MS: Final = 2000

_SCHEMA: Final = (
    """CREATE TABLE relay (
        relay_id TEXT PRIMARY KEY,
        sealed BLOB NOT NULL  -- KnownRelay: name, addresses, since when
    ) STRICT""",
    """CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        relay_id TEXT NOT NULL,
        user INTEGER NOT NULL,          -- id on that relay
        epoch TEXT,                     -- of the log that the entries and cursors belong to
        complete_up_to INTEGER,         -- Unix ms: every group was complete up to what the relay had then
        sealed BLOB NOT NULL,           -- User
        UNIQUE (relay_id, user)
    ) STRICT""",
    """CREATE TABLE person (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        user INTEGER NOT NULL,
        sealed BLOB NOT NULL,           -- User
        PRIMARY KEY (account, user)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE room (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,          -- group id
        sealed BLOB NOT NULL,           -- GroupInfo
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE entry (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,           -- place in the group's log
        sealed BLOB NOT NULL,           -- Entry
        PRIMARY KEY (account, room, seq)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE run (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        first INTEGER NOT NULL,         -- every seq from first to last is in entry;
        last INTEGER NOT NULL,          -- between two runs lies what was not fetched yet
        PRIMARY KEY (account, room, first)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE draft (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        room INTEGER NOT NULL,
        sealed BLOB NOT NULL,           -- text
        PRIMARY KEY (account, room)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE outbox (
        account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
        nonce TEXT NOT NULL,            -- the author's name for the message
        place INTEGER NOT NULL,         -- order in which they were written
        sealed BLOB NOT NULL,           -- OutboxItem
        PRIMARY KEY (account, nonce)
    ) STRICT, WITHOUT ROWID""",
)
_READ_AT_START: Final = ("relay", "account", "person", "room", "draft", "outbox", "run")

_log = logging.getLogger(__name__)

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], object]


class ArchiveUnavailable(MessengerError):
    """The archive cannot be opened; the text says why and what to do."""


class KnownRelay(msgspec.Struct, frozen=True):
    """A relay where this client signed in once. *addresses*: ``host:port``, the one that worked last first."""

    relay_id: RelayId
    name: str
    addresses: tuple[str, ...]
    known_since: Millis


class Account(msgspec.Struct, frozen=True):
    """One person at one relay, as a row of the archive."""

    row: int
    relay_id: RelayId
    user: User
    epoch: str | None
    complete_up_to: Millis | None


class Seals:
    """Seals structs as records of the archive, each bound to its place, and opens them there."""

    def __init__(self, key: SealKey) -> None:
        """All records are sealed under *key*."""
        self._key = key
        self._encode = msgspec.msgpack.Encoder().encode

    def seal(self, what: object, table: str, *place: Field) -> bytes:
        """*what* as the sealed record of *table* at *place*."""
        return seal(self._key, self._encode(what), associated_data(f"archive.{table}", *place))

    def open(self, kind: type[T], sealed: bytes, table: str, *place: Field) -> T:
        """The value that was sealed at that place.

        Raises:
            SealError: damaged or moved, or of a shape that this version does not know.
        """
        plain = open_sealed(self._key, sealed, associated_data(f"archive.{table}", *place))
        try:
            return msgspec.msgpack.decode(plain, type=kind)
        except ValueError as error:
            raise SealError(f"This record of the archive has another shape: {error}") from error


class _Database(aiosqlite.Connection):
    """aiosqlite's thread with one more door: a whole unit of work in one hop, so that no cancellation can cut it in two."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* returns, done on the connection's thread."""
        done: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return done


class Archive:
    """The open file."""

    def __init__(self, database: _Database, seals: Seals) -> None:
        """Made by `open`."""
        self._database = database
        self.seals = seals
        self._pending: list[Change] = []
        self._writing = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._flusher = asyncio.create_task(self._flush_now_and_then(), name="archive")
        self.relays: dict[RelayId, KnownRelay] = {}
        self.problem = ""
        """What keeps the disk from taking changes; empty when all is well."""
        self.damage = ""
        """In words, when this archive had to be begun afresh because the one before was damaged."""
        self._path = Path()

    @classmethod
    async def open(cls, home: Path, key: bytes, now: Callable[[], Millis] = lambda: Millis(0)) -> Archive:
        """The archive of the client folder *home* that belongs to *key*; made when there is none.

        Another key means another file: an archive whose key is out of reach (a keyring that does not answer) stays whole. A
        damaged one is moved aside, under a name with the time that *now* gives, and `damage` says so.

        Raises:
            ArchiveUnavailable: another program has it open, or it cannot be read.
            DatabaseTooNew: a later version wrote it.
        """
        seal_key = SealKey(_KEY_ID, key)
        path = home / f"archive-{lookup_hash(seal_key, 'file name').hex()[:8]}.db"
        damage = ""
        try:
            try:
                database = await _open_database(path, _prepare)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                _log.warning("%s is damaged and begun afresh: %s", path, error)
                aside = move_aside(path, now())
                carried: list[bool] = []
                database = await _open_database(path, lambda conn: carried.append(_begin_afresh(aside, conn)))
                damage = _what_is_lost(aside, carried[0])
            _suspect(path).unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            raise ArchiveUnavailable(_why(path, error)) from error
        archive = cls(database, Seals(seal_key))
        archive.damage, archive._path = damage, path
        try:
            rows = await archive.read(lambda conn: conn.execute("SELECT relay_id, sealed FROM relay").fetchall())
            for relay_id, sealed in rows:
                archive._recall_relay(relay_id, sealed)
        except BaseException:
            await archive.close()
            raise
        return archive

    async def close(self) -> None:
        """Write what is pending and let go of the file."""
        self._flusher.cancel()
        await asyncio.gather(self._flusher, return_exceptions=True)
        try:
            await self.flush()
            await self._database.run(lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())
        except sqlite3.Error as error:
            _log.error("the archive could not be written at the end: %s", error)
        finally:
            await self._database.close()

    # -- writing and reading -------------------------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Queue *change*; it is in the next transaction, after those queued before it."""
        self._pending.append(change)
        self._wanted.set()

    async def flush(self) -> None:
        """Everything queued so far is on disk when this returns.

        Raises:
            sqlite3.Error: the disk refused; the changes stay queued.
        """
        async with self._writing:
            changes, self._pending = self._pending, []
            if not changes:
                return
            try:
                await self._database.run(partial(_in_one_transaction, changes))
                self.problem = ""
            except sqlite3.Error as error:
                self._pending[:0] = changes
                self.problem = str(error)
                self._note_damage(error)
                raise

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What *work* finds, with everything queued so far already in the file when the disk takes it."""
        if self._pending or self._writing.locked():
            try:
                await self.flush()
            except sqlite3.Error as error:
                _log.warning("reading an archive that cannot be written: %s", error)
        try:
            return await self._database.run(work)
        except sqlite3.DatabaseError as error:
            self._note_damage(error)
            raise

    def _note_damage(self, error: sqlite3.Error) -> None:
        if is_damage(error):
            _suspect(self._path).touch(mode=0o600)

    async def _flush_now_and_then(self) -> None:
        while True:
            await self._wanted.wait()
            await asyncio.sleep(FLUSH_S)
            self._wanted.clear()
            try:
                await self.flush()
            except sqlite3.Error as error:
                _log.error("the archive cannot be written: %s", error)
                del self._pending[:-PENDING_MAX]
                await asyncio.sleep(FLUSH_S * 50)
                self._wanted.set()

    # -- relays and accounts -------------------------------------------------------------------------------------------

    def _recall_relay(self, relay_id: RelayId, sealed: bytes) -> None:
        try:
            self.relays[relay_id] = self.seals.open(KnownRelay, sealed, "relay", relay_id)
        except SealError as error:
            _log.warning("a known relay cannot be recalled: %s", error)

    def remember_relay(self, relay: KnownRelay) -> None:
        """Keep what is known of a relay; its id is its pin."""
        if self.relays.get(relay.relay_id) == relay:
            return
        self.relays[relay.relay_id] = relay
        sealed = self.seals.seal(relay, "relay", relay.relay_id)
        self.change(
            lambda conn: conn.execute("INSERT OR REPLACE INTO relay VALUES (?, ?)", (relay.relay_id, sealed)),
        )

    async def forget_relay(self, relay_id: RelayId) -> None:
        """Drop a relay with everything archived of it: entries, drafts and unsent messages too."""
        self.relays.pop(relay_id, None)
        self.change(lambda conn: conn.execute("DELETE FROM account WHERE relay_id = ?", (relay_id,)))
        self.change(lambda conn: conn.execute("DELETE FROM relay WHERE relay_id = ?", (relay_id,)))
        await self.flush()

    async def account_of(self, relay_id: RelayId, user: UserId) -> Account | None:
        """What is archived of that person at that relay."""
        rows = await self.read(
            lambda conn: conn.execute(
                "SELECT id, epoch, complete_up_to, sealed FROM account WHERE relay_id = ? AND user = ?",
                (relay_id, user),
            ).fetchall()
        )
        for row, epoch, complete_up_to, sealed in rows:
            try:
                who = self.seals.open(User, sealed, "account", relay_id, user)
            except SealError as error:
                _log.warning("an account cannot be recalled: %s", error)
            else:
                return Account(row, relay_id, who, epoch, complete_up_to)
        return None

    async def make_account(self, relay_id: RelayId, user: User) -> Account:
        """The account of *user*; what was archived of it before stays.

        Raises:
            sqlite3.Error: the disk refused.
        """
        sealed = self.seals.seal(user, "account", relay_id, user.id)
        self.change(
            lambda conn: conn.execute(
                "INSERT INTO account (relay_id, user, sealed) VALUES (?, ?, ?)"
                " ON CONFLICT (relay_id, user) DO UPDATE SET sealed = excluded.sealed",
                (relay_id, user.id, sealed),
            )
        )
        await self.flush()
        account = await self.account_of(relay_id, user.id)
        assert account is not None, "it was written just now"
        return account


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    conn = sqlite3.connect(path, isolation_level=None, cached_statements=64)
    path.chmod(0o600)
    return conn


def _suspect(path: Path) -> Path:
    return path.with_name(path.name + SUSPECT)


async def _open_database(path: Path, prepare: Change) -> _Database:
    database = _Database(partial(_connect, path), iter_chunk_size=64)
    await database
    try:
        if await asyncio.to_thread(_suspect(path).exists):
            await database.run(look_at_all)
        await database.run(prepare)
    except BaseException:
        await database.close()
        raise
    return database


def _begin_afresh(aside: Path, conn: sqlite3.Connection) -> bool:
    _prepare(conn)
    return carry_over(aside, conn)


def _prepare(conn: sqlite3.Connection) -> None:
    """The lock, the settings and the tables, which are all there, and all but the entries can be read."""
    conn.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    conn.execute("PRAGMA locking_mode = EXCLUSIVE")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA fullfsync = ON")
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA journal_size_limit = 16777216")
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise DatabaseTooNew(
            "The archive of this client was written by a later version of this program. Start that version again, or take "
            "another folder."
        )
    _in_one_transaction([_make_tables] if version == 0 else [], conn)
    for table in _READ_AT_START:
        conn.execute(f"SELECT sum(length({'last' if table == 'run' else 'sealed'})) FROM {table}").fetchone()


def _make_tables(conn: sqlite3.Connection) -> None:
    for statement in _SCHEMA:
        conn.execute(statement)
    conn.execute(f"PRAGMA user_version = {_VERSION}")


def _in_one_transaction(changes: Sequence[Change], conn: sqlite3.Connection) -> None:
    conn.execute("BEGIN IMMEDIATE")
    try:
        for change in changes:
            change(conn)
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def _what_is_lost(aside: Path, is_whole: bool) -> str:
    if is_whole:
        return _(
            "What this computer had stored of your conversations was damaged and is fetched again. Unsent messages were kept. "
            "The damaged file is {path}."
        ).format(path=aside)
    return _(
        "What this computer had stored of your conversations was damaged and is fetched again. Unsent messages may be missing. "
        "The damaged file is {path}."
    ).format(path=aside)


def _why(path: Path, error: Exception) -> str:
    if "locked" in str(error):
        return f"Another window of this program already uses {path.parent}. Close it first, or take another folder."
    return f"{path} cannot be opened ({error}). Move it away to begin afresh; the relay still has what was sent."
