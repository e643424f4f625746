"""Brings a backup back: the same relay, on this machine or another, in a new life of its log.

    read through ─> laid out beside the folder ─> opened, epoch renewed ─> old folder moved aside ─> new folder in its place

Up to the last two steps nothing that was there is touched, and those two are renames. A restore that is broken off leaves what was there,
and a folder ``<data>.restoring`` that the next one clears away. A folder that cannot be renamed, as a mounted volume, is filled within:
`relay.storage.in_place`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.crypto.keyfile import read_key_file
from common.crypto.keyslots import MasterKey, Slot, unlock, unlock_by_code
from common.errors import KeyUnavailable, SealError
from common.ids import Millis
from relay.backup.container import NoBackup, damaged, read_header
from relay.backup.reading import Reading, read_out, read_through
from relay.config import Config
from relay.opening import open_store
from relay.sizes import size_text
from relay.storage import folder as folders
from relay.storage import in_place
from relay.storage.audit import Note
from relay.storage.migrate import migrations
from relay.storage.transaction import Transaction
from relay.ways_in import said_of_backup

Told = Callable[[int, int], None]
_WHAT: Final = "The backup"
_ROOM: Final = 16 * 1024 * 1024


class Restored(Struct, frozen=True):
    """A relay that can be started. *moved*: where the data that was there before is now, if there was any."""

    reading: Reading
    folder: Path
    moved: Path | None
    protection: str


def verify(path: Path, config: Config, told: Told) -> Reading:
    """Open all of the backup *path* with the keys of *config*, and change nothing. Blocks.

    Raises:
        NoBackup: it cannot be used.
        KeyUnavailable: no key slot of it opens.
    """
    with _opened(path) as file:
        header, _encoded = read_header(file)
        master = _master(header.slots, config)
        file.seek(0)
        try:
            reading = read_through(file, master, told)
        except SealError as error:
            raise damaged(error) from error
    newest = max(migrations())
    if reading.header.schema > newest:
        raise NoBackup(
            f"A later version of this program made this backup (its database has version {reading.header.schema}, this program "
            f"knows versions up to {newest}). Use that version."
        )
    return reading


async def restore(path: Path, config: Config, now: Millis, told: Told, *, replace_data: bool) -> Restored:
    """Put the relay in *path* into the data folder of *config*. *replace_data*: what is there is moved aside, not deleted.

    Raises:
        NoBackup: it cannot be used, or there is data already; nothing was changed.
        KeyUnavailable: no key slot of it opens; nothing was changed.
        StartupError: the folder cannot be used, or a relay runs in it.
    """
    reading = await asyncio.to_thread(verify, path, config, lambda done, total: told(done, 2 * total))
    folder = config.data_dir
    await asyncio.to_thread(in_place.settle, folder)
    occupied = not await asyncio.to_thread(folders.is_empty, folder)
    if occupied and not replace_data:
        raise NoBackup(
            f"There is data in {folder} already. Give --replace to put the backup in its place (what is there is moved aside), or name "
            "another folder with --data-dir."
        )
    if occupied:
        await asyncio.to_thread(_refuse_a_running_relay, folder)
    laid_out = folders.restoring(folder)
    is_within = laid_out.parent == folder
    with folders.lock_folder(folder) if is_within else contextlib.nullcontext():
        try:
            await asyncio.to_thread(_lay_out, path, config, laid_out, reading, told)
            protection = await _begin_anew(replace(config, data_dir=laid_out), now, path)
            put = _put_within if is_within else _put_in_place
            moved = await asyncio.to_thread(put, laid_out, folder, now)
        except OSError as error:
            raise NoBackup(
                f"The backup cannot be laid out in {laid_out} ({error.strerror or error}). Nothing was changed."
            ) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, laid_out, ignore_errors=True)
    return Restored(reading, folder, moved, protection)


# -- the steps ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise NoBackup(f"The backup {path} cannot be read ({error.strerror or error}).") from error
    with file:
        yield file


def _master(slots: list[Slot], config: Config) -> MasterKey:
    if config.recovery_code is not None:
        return unlock_by_code(slots, config.recovery_code, _WHAT)
    key_file: bytes | KeyUnavailable | None = None
    if any(slot.kind == "file" for slot in slots):
        try:
            key_file = read_key_file(config.key_file)
        except KeyUnavailable as reason:
            key_file = reason
    try:
        return unlock(slots, key_file=key_file, passphrase=config.passphrase, what=_WHAT)
    except KeyUnavailable as why:
        raise KeyUnavailable(said_of_backup(why, slots, config.key_file)) from why


def _lay_out(path: Path, config: Config, laid_out: Path, reading: Reading, told: Told) -> None:
    shutil.rmtree(laid_out, ignore_errors=True)
    laid_out.parent.mkdir(parents=True, exist_ok=True)
    needed, free = path.stat().st_size, shutil.disk_usage(laid_out.parent).free
    if free < needed + _ROOM:
        raise NoBackup(
            f"The backup takes {size_text(needed)}, and {laid_out.parent} has {size_text(free)} free. Make room. Nothing was changed."
        )
    laid_out.mkdir(mode=0o700)
    with _opened(path) as file:
        try:
            read_out(
                file, _master(reading.header.slots, config), laid_out, lambda done, total: told(total + done, 2 * total)
            )
        except SealError as error:  # it was whole a moment ago
            raise damaged(error) from error


async def _begin_anew(config: Config, now: Millis, path: Path) -> str:
    """Another epoch, so that clients do not take what was said after the backup for what is in it; how the master key is protected."""
    store = await open_store(config, lambda: now)
    try:

        def begin(transaction: Transaction) -> None:
            transaction.meta.renew_epoch()
            transaction.audit.add(Note("backup_restored", "command_line", detail=str(path)), now)

        await store.write(begin)
        return store.key_protection
    finally:
        await store.close()


def _put_in_place(laid_out: Path, folder: Path, now: Millis) -> Path | None:
    moved = None
    if folder.exists():
        _refuse_a_running_relay(folder)
        if folders.is_empty(folder):
            folders.carry_over(folder, laid_out)
        else:
            moved = _aside(folder, now)
            folder.rename(moved)
    try:
        laid_out.rename(folder)
    except OSError:
        if moved is not None:
            moved.rename(folder)
        raise
    folders.keep_names(folder.parent)
    return moved


def _put_within(laid_out: Path, folder: Path, now: Millis) -> Path | None:
    return in_place.arrive(laid_out, folder, _free(folder / "before-restore", now).name)


def _aside(folder: Path, now: Millis) -> Path:
    return _free(folder.with_name(f"{folder.name}.before-restore"), now)


def _free(path: Path, now: Millis) -> Path:
    """*path* with the time, and a number where that is taken."""
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}-{stamp}{more}" for more in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(free for name in names if not (free := path.with_name(name)).exists())


def _refuse_a_running_relay(folder: Path) -> None:
    """It would go on in what is moved away."""
    folders.lock_folder(folder).release()
