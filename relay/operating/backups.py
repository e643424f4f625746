"""Backups of the relay that runs: one at a time, to a place that it can write to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from common.errors import BadRequest, NotAllowed
from relay.backup.container import NoBackup
from relay.backup.making import Made, Source, Stopped, make
from relay.control.words import BackupMade, MakeBackup, Progress
from relay.files.blobs import FOLDER
from relay.handlers.audit import note
from relay.operating.operator import Operator
from relay.sizes import size_text
from relay.storage.folder import DATABASE
from relay.storage.transaction import Transaction

_log = logging.getLogger(__name__)

COPY: Final = "backup.db.part"
"""In the data folder, while a backup is made: a copy of the database, sealed as that is."""
BESIDE: Final = ".copy.part"
"""The ending of the same copy beside the backup, where the data folder's disk has no room for it."""
_ROOM: Final = 16 * 1024 * 1024
"""Bytes that a copy leaves free: people go on talking meanwhile."""

_running: set[Path] = set()


async def make_backup(operator: Operator, order: MakeBackup) -> BackupMade:
    """As it was asked for."""
    path = Path(order.path)
    if not path.is_absolute():
        raise BadRequest("Name the backup by its whole path.")
    made = await back_up(operator, path)
    await note_made(operator, made)
    return BackupMade(str(made.path), made.bytes, made.entries, made.files, made.missing)


async def note_made(operator: Operator, made: Made, *, own: bool = False) -> None:
    """Write down that there is a backup: that somebody asked for it, or (*own*) that the relay made it by itself."""

    def write(transaction: Transaction) -> None:
        transaction.meta.set_backup_at(transaction.now)
        note(transaction, operator.by, "backup_made", detail=str(made.path), own=own)

    await operator.parts.journal.change(write)


async def back_up(operator: Operator, path: Path) -> Made:
    """Make a backup at *path*, and read it back.

    Raises:
        NotAllowed: it cannot be made, or another one is being made; the text says why.
    """
    folder, loop, stop = operator.config.data_dir, asyncio.get_running_loop(), threading.Event()

    def told(done: int, total: int) -> None:
        loop.call_soon_threadsafe(operator.tell, Progress(done, total))

    def look() -> None:
        if stop.is_set():
            raise Stopped

    with _alone(folder):
        copy = await asyncio.to_thread(_place_of_copy, folder / DATABASE, path)
        try:
            await asyncio.to_thread(copy.unlink, missing_ok=True)
            vault = await operator.store.copy_to(copy, look)
            source = vault.with_master(lambda master: Source(operator.parts.relay_id, master, copy, folder / FOLDER))
            return await asyncio.to_thread(make, source, path, operator.parts.now(), told, stop)
        except NoBackup as error:
            raise NotAllowed(str(error)) from error
        except sqlite3.Error as error:
            raise NotAllowed(
                f"The database cannot be copied to {copy.parent} ({error}). Look at the disk; a damaged database is no backup."
            ) from error
        finally:
            stop.set()  # for the thread, when nobody waits for it any more
            await asyncio.to_thread(copy.unlink, missing_ok=True)


def _place_of_copy(database: Path, path: Path) -> Path:
    """Where a copy of *database* may lie while the backup *path* is made: in the data folder, or else beside the backup.

    Raises:
        NotAllowed: there is no room for it at either place.
    """
    needed = sum(_size(database.with_name(f"{database.name}{more}")) for more in ("", "-wal"))
    own, beside = database.with_name(COPY), path.with_name(path.name + BESIDE)
    if _free(own.parent) >= needed + _ROOM:
        return own
    if _free(beside.parent) >= 2 * needed + _ROOM:
        return beside
    raise NotAllowed(
        f"While a backup is made, a copy of the database lies beside it: {size_text(needed)}, for which there is no room in {own.parent}, nor, "
        f"with the backup itself, in {beside.parent}. Make room, or write the backup to a larger disk."
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # there is no such folder, which is said when the backup is to be written there
        return 0


def forget_broken_off(folder: Path) -> None:
    """Remove from the data *folder* what a relay that was killed in the middle of a backup has left; nobody else has the folder now."""
    for name in (COPY, f"{COPY}-journal", f"{COPY}-wal", f"{COPY}-shm"):
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:  # it is in nobody's way but the disk's
            _log.warning("What is left of a backup that was broken off could not be removed (%s).", error)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    if folder in _running:
        raise NotAllowed("A backup is being made already. Wait until it is done.")
    _running.add(folder)
    try:
        yield
    finally:
        _running.discard(folder)
