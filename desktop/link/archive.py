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
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import aiosqlite
import msgspec

from common.crypto.sealing import SealKey, lookup_hash
from common.errors import MessengerError, SealError
from common.ids import Millis, RelayId, UserId
from common.protocol.messages import User
from desktop.link.salvage import SUSPECT, carry_over, is_damage, look_at_all, move_aside
from desktop.link.seals import Seals
from desktop.link.tables import Change, in_one_transaction, prepare
from desktop.locale import _

FLUSH_S: Final = 0.1
"""How long changes gather before they are written, when nobody waits for them."""
PENDING_MAX: Final = 20_000
"""Changes kept in memory while the disk refuses them; beyond, the oldest are given up: the relay still has them."""
_KEY_ID: Final = 1

_log = logging.getLogger(__name__)

T = TypeVar("T")


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
        self._destroys = False
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
        seals = Seals(seal_key)
        path = home / f"archive-{lookup_hash(seal_key, 'file name').hex()[:8]}.db"
        damage = ""
        try:
            try:
                database = await _open_database(path, lambda conn: prepare(conn, seals))
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                _log.warning("%s is damaged and begun afresh: %s", path, error)
                aside = move_aside(path, now())
                carried: list[bool] = []
                database = await _open_database(path, lambda conn: carried.append(_begin_afresh(aside, conn, seals)))
                damage = _what_is_lost(aside, carried[0])
            _suspect(path).unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            raise ArchiveUnavailable(_why(path, error)) from error
        archive = cls(database, seals)
        archive.damage, archive._path = damage, path
        try:
            rows = await archive.read(lambda conn: conn.execute("SELECT relay_id, sealed FROM relay").fetchall())
            for relay_id, sealed in rows:
                archive._recall_relay(relay_id, sealed)
        except BaseException:
            await archive.close()
            raise
        return archive

    def has_older(self) -> bool:
        """Whether another archive, of another key, lies beside this one."""
        return any(path != self._path for path in self._path.parent.glob("archive-*.db"))

    async def close(self) -> None:
        """Write what is pending and let go of the file."""
        self._flusher.cancel()
        await asyncio.gather(self._flusher, return_exceptions=True)
        try:
            await self.flush()
            await self._database.run(_empty_log)
        except sqlite3.Error as error:
            _log.error("the archive could not be written at the end: %s", error)
        finally:
            await self._database.close()

    # -- writing and reading -------------------------------------------------------------------------------------------

    def change(self, change: Change, *, destroys: bool = False) -> None:
        """Queue *change*; it is in the next transaction, after those queued before it.

        *destroys*: what it overwrites is not to be found in the file's log afterwards either.
        """
        self._pending.append(change)
        self._destroys |= destroys
        self._wanted.set()

    async def flush(self) -> None:
        """Everything queued so far is on disk when this returns.

        Raises:
            sqlite3.Error: the disk refused; the changes stay queued.
        """
        async with self._writing:
            changes, self._pending = self._pending, []
            destroys, self._destroys = self._destroys, False
            if not (changes or destroys):
                return
            try:
                await self._database.run(partial(in_one_transaction, changes))
                if destroys:
                    await self._database.run(_empty_log)
                self.problem = ""
            except sqlite3.Error as error:
                self._pending[:0] = changes
                self._destroys |= destroys
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
        self.change(lambda conn: conn.execute("DELETE FROM transfer WHERE relay_id = ?", (relay_id,)))
        await self.flush()

    async def forget_account(self, relay_id: RelayId, user: UserId) -> None:
        """Drop everything archived of that person at that relay: entries, drafts and unsent messages too."""
        whose = (relay_id, user)
        self.change(lambda conn: conn.execute("DELETE FROM account WHERE relay_id = ? AND user = ?", whose))
        self.change(lambda conn: conn.execute("DELETE FROM transfer WHERE relay_id = ? AND user = ?", whose))
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


def _empty_log(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


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


def _begin_afresh(aside: Path, conn: sqlite3.Connection, seals: Seals) -> bool:
    prepare(conn, seals)
    return carry_over(aside, conn)


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
        text = _("Another window of this program already uses {folder}. Close it first, or take another folder.")
        return text.format(folder=path.parent)
    text = _("{path} cannot be opened ({reason}). Move it away to begin afresh; the relay still has what was sent.")
    return text.format(path=path, reason=error)
