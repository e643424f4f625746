"""Uploads: what may begin, how bytes arrive, and what becomes of those that nobody needs.

One request at a time goes on with an upload. A later one asks the earlier to end, which keeps what it has: after a lost connection the
relay may not know for a long while that nobody is there any more, and who comes back shall not wait for that. Sealing, hashing and the
disk are on threads of their own; while they work on one piece the next arrives, and the two are all that is in memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, TypeVar

from msgspec import Struct

from common.errors import (
    ChecksumMismatch,
    FileDamaged,
    FileTooLarge,
    NoSpace,
    NotAllowed,
    OffsetConflict,
    QuotaExceeded,
    RelayMoving,
    ShuttingDown,
    StorageUnavailable,
    UnknownFile,
)
from common.ids import Millis, UserId
from common.protocol.messages import FileId, FileInfo
from relay.files.blobs import BlobReader, Blobs, BlobWriter, Hasher
from relay.journal import Journal
from relay.personal_limits import PersonalLimits
from relay.storage.files import StoredFile
from relay.storage.storage import Storage
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

T = TypeVar("T")

_log = logging.getLogger(__name__)

THREADS: Final = 4
FLUSH_BYTES: Final = 16 * 1024**2
"""After so much that arrived it is brought to the disk, while more arrives; after a crash the client repeats at most that."""
AHEAD_BYTES: Final = 4 * FLUSH_BYTES
"""So much may have arrived beyond what is on the disk; then the client waits."""
RESERVE_BYTES: Final = 256 * 1024**2
"""Of the disk, for the database: no file may take that."""
COLLECTED_AFTER_MS: Final = 24 * 3600 * 1000
"""What no message names and nobody has added to for so long goes."""
COLLECT_EVERY_S: Final = 3600.0
HASHERS_KEPT: Final = 1000
UNNAMED_MAX: Final = 500
"""Files of one person that no message names yet."""

Read = Callable[[], Awaitable[bytes]]


class FileLimits(Struct, frozen=True):
    """What this relay takes. *one*: bytes of a file, 0 takes none; *of_people*: what each person may have; *in_all*: bytes of all, 0 is
    no limit."""

    one: int
    of_people: PersonalLimits
    in_all: int


class Checksum(Struct, frozen=True):
    """What one part of an upload must come to."""

    algorithm: str
    digest: bytes


class _Turn:
    """Who goes on with an upload now, and how to ask them to end."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.give_way: Callable[[], None] | None = None


class Uploads:
    """All files of one relay, as its doors see them."""

    def __init__(self, store: Storage, journal: Journal, blobs: Blobs, may: FileLimits) -> None:
        """`start` it, `close` it."""
        self.may = may
        self.on_gone: Callable[[Sequence[FileId]], None] = lambda _gone: None
        """Told which files are not there any more."""
        self._store = store
        self._journal = journal
        self._blobs = blobs
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        self._turns: dict[FileId, _Turn] = {}
        self._hashers: OrderedDict[FileId, Hasher] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._collector: asyncio.Task[None] | None = None
        self._closing = False

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to tidy up."""
        self._collector = asyncio.create_task(self._collect_now_and_then(), name="files")

    async def close(self) -> None:
        """End what is under way, keeping what has arrived."""
        self._closing = True
        if self._collector is not None:
            self._collector.cancel()
            await asyncio.gather(self._collector, return_exceptions=True)
        turns = list(self._turns.values())
        for turn in turns:
            if turn.give_way is not None:
                turn.give_way()
        for turn in turns:
            async with turn.lock:  # whoever had it has settled
                pass
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False)

    def drop(self, gone: Sequence[FileId]) -> None:
        """Delete the contents of files whose rows are gone."""
        self.on_gone(gone)
        for file_id in gone:
            self._hashers.pop(file_id, None)
            if (turn := self._turns.get(file_id)) is not None and turn.give_way is not None:
                turn.give_way()
        self._own(self._remove(list(gone)))

    # -- looking -------------------------------------------------------------------------------------------------------

    async def to_fetch(self, file_id: FileId, user: UserId) -> StoredFile:
        """A whole file that *user* may fetch.

        Raises:
            UnknownFile: there is none like that.
        """

        def look(tables: Tables) -> StoredFile | None:
            file = tables.files.get(file_id)
            may = file is not None and (file.owner == user or tables.files.may_fetch(file_id, user))
            return file if may else None

        file = await self._store.read(look)
        if file is None or not file.is_whole:
            raise UnknownFile
        return file

    async def own(self, file_id: FileId, user: UserId) -> StoredFile:
        """A file that *user* uploads or has uploaded.

        Raises:
            UnknownFile: there is none like that.
        """
        file = await self._store.read(lambda tables: tables.files.get(file_id))
        if file is None or file.owner != user:
            raise UnknownFile
        return file

    async def reader(self, file: StoredFile) -> BlobReader:
        """Opens *file* for reading; to be used through `run`."""
        return await self.run(self._blobs.open_reader, file)

    async def let_go(self, reader: BlobReader) -> None:
        """Close it after whatever still reads; also when whoever waits here is cancelled."""
        try:
            closing = asyncio.get_running_loop().run_in_executor(self._threads, reader.close)
        except RuntimeError:  # the relay is going down, and the threads have gone before: nobody reads any more
            reader.close()
        else:
            await asyncio.shield(closing)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """What *work* returns on one of the threads."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except OSError as error:
            _log.warning("The disk with the files fails: %s", error)
            raise StorageUnavailable from error

    # -- beginning and ending an upload --------------------------------------------------------------------------------

    async def create(self, user: UserId, named: FileInfo) -> StoredFile:
        """Make room for a file.

        Raises:
            FileTooLarge, QuotaExceeded, LimitReached, NoSpace: there is none.
        """
        if self._closing:
            raise ShuttingDown
        if named.size > self.may.one or not self.may.one:
            raise FileTooLarge(_none_at_all() if not self.may.one else "")
        free = await self.run(self._blobs.free_bytes)

        def add(transaction: Transaction) -> StoredFile:
            files = transaction.files
            if files.unnamed_of(user) >= UNNAMED_MAX:
                raise QuotaExceeded("You have very many uploads that no message names. Send them, or take them away.")
            self.may.of_people.check("uploads", user, files.awaited_of(user))
            self.may.of_people.check_bytes(user, files.size_of(user) + named.size)
            if self.may.in_all and files.size_in_all() + named.size > self.may.in_all:
                raise QuotaExceeded("There are as many files on this relay as it may keep. Ask whoever runs it.")
            if free - RESERVE_BYTES - files.awaited() < named.size:
                raise NoSpace
            file = files.add(user, named, transaction.now)
            if not named.size:
                files.set_whole(file.id, Hasher().hexdigest(), transaction.now)
            return file

        return await self._journal.change(add)

    async def terminate(self, file_id: FileId, user: UserId) -> None:
        """Take an upload back that no message names.

        Raises:
            UnknownFile, NotAllowed: there is none like that.
        """

        def remove(transaction: Transaction) -> None:
            file = transaction.files.get(file_id)
            if file is None or file.owner != user:
                raise UnknownFile
            if transaction.files.is_named(file_id):
                raise NotAllowed("A message names this file. Delete the message.")
            transaction.files.remove(file_id)

        await self._journal.change(remove)

    # -- receiving -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, file_id: FileId, user: UserId, give_way: Callable[[], None]) -> AsyncIterator[StoredFile]:
        """The upload for this request alone, as it stands: whoever has it is asked to end. *give_way*: how this one is.

        Raises:
            UnknownFile: there is none like that.
        """
        await self.own(file_id, user)
        turn = self._turns.setdefault(file_id, _Turn())
        turn.waiting += 1
        if turn.give_way is not None:
            turn.give_way()
        try:
            async with turn.lock:
                if self._closing:
                    raise ShuttingDown
                turn.give_way = give_way
                try:
                    yield await self._as_it_stands(await self.own(file_id, user))
                finally:
                    turn.give_way = None
        finally:
            turn.waiting -= 1
            if not turn.waiting:
                self._turns.pop(file_id, None)

    async def _as_it_stands(self, file: StoredFile) -> StoredFile:
        if file.is_whole or not file.received:
            return file
        there = await self.run(self._blobs.settled, file)
        if there < file.received:
            _log.warning("Of upload %s only %d of %d bytes are there", file.id, there, file.received)
            await self._keep(file.id, there)
        return replace(file, received=there)

    async def receive(self, file: StoredFile, read: Read, checksum: Checksum | None = None) -> int:
        """Add what *read* gives until it gives nothing; how much there is then, all of it durable. Within `turn`.

        When *read* raises, what had come is kept, unless its *checksum* could not be compared.

        Raises:
            FileTooLarge: more comes than was announced; nothing of that piece is kept.
            ChecksumMismatch: nothing of it is kept.
        """
        try:
            writer = await self.run(self._blobs.open_writer, file, self._hashers.pop(file.id, None))
        except FileDamaged:
            await self._keep(file.id, 0)
            raise OffsetConflict("What had arrived of this upload was damaged. Begin it again at 0.") from None
        work = asyncio.ensure_future(self._receive(file, writer, read, checksum))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if (turn := self._turns.get(file.id)) is not None and turn.give_way is not None:
                turn.give_way()
            await asyncio.gather(work, return_exceptions=True)
            raise

    async def _receive(self, file: StoredFile, writer: BlobWriter, read: Read, checksum: Checksum | None) -> int:
        mark = writer.mark() if checksum is not None else None
        is_good = checksum is None
        try:
            try:
                is_good = await self._pour(file, writer, read, checksum) or is_good
            finally:
                if mark is not None and not is_good:
                    writer.rewind(mark)
                offset = await self._settle(file, writer)
            if not is_good:
                raise ChecksumMismatch
            return offset
        finally:
            await self.run(writer.close)

    async def _pour(self, file: StoredFile, writer: BlobWriter, read: Read, checksum: Checksum | None) -> bool:
        """Piece after piece; whether the checksum was right."""
        loop = asyncio.get_running_loop()
        check = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum is not None else None
        flushing = _Flushing(self, file, writer, is_kept=check is None)
        writing: asyncio.Future[None] | None = None
        offset = file.received

        def write(piece: bytes) -> None:
            if check is not None:
                check.update(piece)
            writer.write(piece)

        try:
            while piece := await read():
                offset += len(piece)
                if offset > file.size:
                    raise FileTooLarge("More came than was announced. Nothing of the last piece was kept.")
                if writing is not None:
                    await writing
                writing = loop.run_in_executor(self._threads, write, piece)
                await flushing.after(len(piece), writing)
            if writing is not None:
                await writing
            return check is None or checksum is None or check.digest() == checksum.digest
        except OSError as error:
            raise _disk_trouble(error) from error
        finally:
            await asyncio.gather(*filter(None, (writing, flushing.task)), return_exceptions=True)

    async def _settle(self, file: StoredFile, writer: BlobWriter) -> int:
        try:
            offset = await asyncio.get_running_loop().run_in_executor(self._threads, writer.settle)
        except OSError as error:
            raise _disk_trouble(error) from error
        hasher = writer.hasher
        if offset == file.size:
            await self._journal.change(
                lambda transaction: transaction.files.set_whole(file.id, hasher.hexdigest(), transaction.now)
            )
            return offset
        await self._keep(file.id, offset)
        self._hashers[file.id] = hasher
        while len(self._hashers) > HASHERS_KEPT:
            self._hashers.popitem(last=False)
        return offset

    async def _keep(self, file_id: FileId, offset: int) -> None:
        await self._journal.change(lambda transaction: transaction.files.set_received(file_id, offset, transaction.now))

    # -- tidying up ----------------------------------------------------------------------------------------------------

    async def collect(self) -> None:
        """Take away what no message names, and contents that no row speaks of."""

        def remove(transaction: Transaction) -> None:
            before = Millis(transaction.now - COLLECTED_AFTER_MS)
            for file_id in transaction.files.unnamed_since(before):
                if file_id not in self._turns:
                    transaction.files.remove(file_id)

        await self._journal.change(remove)
        listed = await self.run(lambda: set(self._blobs.listed()))
        known = await self._store.read(lambda tables: tables.files.ids())
        await self._remove(sorted(listed - known))

    async def _collect_now_and_then(self) -> None:
        while True:
            try:
                await self.collect()
            except (RelayMoving, StorageUnavailable) as error:
                _log.info("Files are tidied up later: %s", error)
            except Exception:
                _log.exception("Files could not be tidied up")
            await asyncio.sleep(COLLECT_EVERY_S)

    async def _remove(self, gone: Sequence[FileId]) -> None:
        for file_id in gone:
            try:
                await self.run(self._blobs.remove, file_id)
            except StorageUnavailable:
                _log.warning(
                    "The contents of a deleted file could not be removed yet; they are sealed with a lost key."
                )

    def _own(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Flushing:
    """Brings what has arrived to the disk now and then, while more arrives."""

    def __init__(self, uploads: Uploads, file: StoredFile, writer: BlobWriter, *, is_kept: bool) -> None:
        """*is_kept*: what is on the disk counts as received; not so while a checksum is still to be compared."""
        self.task: asyncio.Task[None] | None = None
        self._uploads = uploads
        self._file = file
        self._writer = writer
        self._is_kept = is_kept
        self._since = 0

    async def after(self, count: int, writing: asyncio.Future[None]) -> None:
        """So many bytes more have arrived, and are with the file once *writing* is done."""
        self._since += count
        if self._since < FLUSH_BYTES:
            return
        if self.task is not None and (self.task.done() or self._since >= AHEAD_BYTES):
            task, self.task = self.task, None
            await task
        if self.task is None:
            self._since = 0
            self.task = asyncio.create_task(self._flush(writing), name="flush of an upload")

    async def _flush(self, writing: asyncio.Future[None]) -> None:
        await asyncio.wait([writing])  # else what has just arrived would count only with the next piece
        reached = await self._uploads.run(self._writer.flush)
        if self._is_kept and reached > self._file.received:
            await self._uploads._keep(self._file.id, reached)


def _none_at_all() -> str:
    return "This relay takes no files."


def _disk_trouble(error: OSError) -> StorageUnavailable:
    _log.warning("The disk with the files fails: %s", error)
    return StorageUnavailable()
