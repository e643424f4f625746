"""Opens the relay's storage: folder, lock, schema, key slots, identity. At the very first start it makes them.

    folder ─> lock ─> database ─> migrations ─> key slots ─> master key ─> identity ─> Store

A database that is there is opened with its own keys or not at all: never is a new key made beside it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from common.crypto.certificate import Identity, new_identity
from common.crypto.keyfile import SECRET_BYTES, key_file_exists, read_key_file, renew_key_file, write_key_file
from common.crypto.keyfile_leftovers import remove_leftovers
from common.crypto.keyfile_renewal import settle
from common.crypto.keyslots import (
    MasterKey,
    Slot,
    SlotKind,
    slot_for_key_file,
    slot_for_passphrase,
    slot_for_recovery_code,
    unlock,
    unlock_by_code,
)
from common.crypto.recovery import new_recovery_code
from common.errors import KeyUnavailable, SealError, StartupError
from common.ids import Epoch, GroupId, Millis, RelayId
from relay.config import Config
from relay.storage import folder as folders
from relay.storage import meta
from relay.storage.database import Database, open_database
from relay.storage.keyring import open_vault
from relay.storage.migrate import Told, forget_copies, migrate
from relay.storage.slots import Slots, replace_slots
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.storage.vault import Vault
from relay.ways_in import said_of_data

_log = logging.getLogger(__name__)

GENERAL_NAME: Final = "General"
_ROOM: Final = 1024 * 1024
_FIXED_SQLITE: Final = (3, 51, 3)


class _Keys(Struct, frozen=True):
    """What was given to open the key slots with."""

    key_file: Path
    passphrase: str | None
    recovery_code: str | None


async def open_store(config: Config, now: Callable[[], Millis], upgrading: Told | None = None) -> Store:
    """The storage of the relay with that *config*. *upgrading* hears, in another thread, when an older database is about to be brought
    to this version, which may take long.

    With a recovery code, that alone opens it; and where the key file or the passphrase of *config* does not, it does from now on.

    Raises:
        KeyUnavailable: no key slot opens; the text says for each why, and what to do.
        DatabaseTooNew: a later version of this program wrote the database.
        StartupError: the folder or the database cannot be used; the text says why.
    """
    await asyncio.to_thread(folders.prepare_folder, config.data_dir)
    lock = await asyncio.to_thread(folders.lock_folder, config.data_dir)
    try:
        await asyncio.to_thread(folders.refuse_remains, config.data_dir)
        keys = _Keys(config.key_file, config.passphrase, config.recovery_code)
        return await _open(config, now, keys, lock, upgrading)
    except BaseException:
        lock.release()
        raise


async def _open(
    config: Config, now: Callable[[], Millis], keys: _Keys, lock: folders.FolderLock, upgrading: Told | None
) -> Store:
    path = config.data_dir / folders.DATABASE
    shares_memory = await asyncio.to_thread(folders.can_share_memory, config.data_dir)
    _warn(path, shares_memory)
    try:
        database = await open_database(path, wal=shares_memory)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        await database.write(lambda conn: migrate(conn, path, told=upgrading))
        await asyncio.to_thread(forget_copies, path, now())
        return await _open_within(database, config, now, keys, lock)
    except sqlite3.Error as error:
        await database.close()
        raise _unusable(path, error) from error
    except BaseException:
        await database.close()
        raise


async def _open_within(
    database: Database, config: Config, now: Callable[[], Millis], keys: _Keys, lock: folders.FolderLock
) -> Store:
    relay_id = await database.write(_relay_id)
    recovery_code = None
    if relay_id is None:
        opened, recovery_code = await _make(database, config.name, keys, now())
    else:
        opened = await _unlock(database, relay_id, keys, now())
        if keys.recovery_code is not None:
            opened = await _recovered(database, opened, keys, now())
    vault = await database.write(lambda conn: open_vault(conn, opened.identity.relay_id, opened.master))
    facts = await database.write(lambda conn: _facts(Tables(conn, vault), config.name))
    await database.open_readers()
    return Store(
        database,
        vault,
        opened.identity,
        now,
        epoch=facts.epoch,
        general=facts.general,
        key_protection=_protection(opened.slots, keys.key_file),
        recovery_code=recovery_code,
        owner_code=facts.owner_code,
        lock=lock,
    )


class _Opened(Struct, frozen=True):
    master: MasterKey
    identity: Identity
    slots: list[Slot]


def _relay_id(conn: sqlite3.Connection) -> RelayId | None:
    """Whose database this is; None for one that was never begun. One that has lost its name only is not made anew."""
    relay_id = meta.read_relay_id(conn)
    if relay_id is None and Slots(conn).all():
        raise StartupError(
            "The database has key slots but no relay id, so it was damaged. Restore the data folder from a backup."
        )
    return relay_id


class _Facts(Struct, frozen=True):
    epoch: Epoch
    general: GroupId
    owner_code: str | None


def _facts(tables: Tables, name: str) -> _Facts:
    if tables.meta.relay_name() != name:
        tables.meta.set_relay_name(name)
    return _Facts(tables.meta.epoch(), tables.groups.general(), tables.meta.waiting_owner_code())


# -- the first start ---------------------------------------------------------------------------------------------------


async def _make(database: Database, name: str, keys: _Keys, now: Millis) -> tuple[_Opened, str]:
    """Fill an empty database, in one transaction. The key file comes first: without it the database would be worth nothing."""
    master, recovery_code = MasterKey.random(), new_recovery_code()
    identity = new_identity(now, name)
    first_slot = await asyncio.to_thread(_first_slot, master, identity.relay_id, keys, now)
    slots = [first_slot, slot_for_recovery_code(master, recovery_code, now)]
    opened = _Opened(master, identity, slots)
    await database.write(lambda conn: _fill(conn, opened, now))
    return opened, recovery_code


def _first_slot(master: MasterKey, relay_id: RelayId, keys: _Keys, now: Millis) -> Slot:
    """For the passphrase where there is one: a key file beside it would open what the passphrase is to protect."""
    if keys.passphrase is not None:
        return slot_for_passphrase(master, keys.passphrase, now)
    if not key_file_exists(keys.key_file):
        write_key_file(keys.key_file, secrets.token_bytes(SECRET_BYTES), relay_id)
    return slot_for_key_file(master, read_key_file(keys.key_file), now)


def _fill(conn: sqlite3.Connection, opened: _Opened, now: Millis) -> None:
    tables = Tables(conn, Vault(opened.identity.relay_id, opened.master))
    conn.execute("BEGIN IMMEDIATE")
    for slot in opened.slots:
        tables.slots.add(slot)
    meta.write_identity(conn, opened.master, opened.identity)
    tables.meta.renew_epoch()
    tables.meta.renew_invitation_code()
    tables.groups.create("general", GENERAL_NAME, "", False, now)
    tables.meta.new_owner_code()
    conn.execute("COMMIT")


# -- every later one ---------------------------------------------------------------------------------------------------


async def _unlock(database: Database, relay_id: RelayId, keys: _Keys, now: Millis) -> _Opened:
    slots = await database.write(lambda conn: Slots(conn).all())
    await asyncio.to_thread(settle_key_file, keys.key_file, relay_id, slots, now)
    try:
        master = await asyncio.to_thread(_master, slots, keys)
    except KeyUnavailable as why:
        confirmed = await database.write(lambda conn: meta.read_setting(conn, "confirmed_slot"))
        raise KeyUnavailable(said_of_data(why, slots, keys.key_file, relay_id, confirmed)) from why
    try:
        identity = await database.write(lambda conn: meta.read_identity(conn, master, relay_id))
    except SealError as error:
        raise StartupError(
            f"The identity in {database.path} cannot be opened: it was damaged, or comes from another relay's database. "
            "Restore the data folder from a backup."
        ) from error
    return _Opened(master, identity, slots)


def settle_key_file(path: Path, relay_id: RelayId, slots: list[Slot], now: Millis) -> None:
    """End an exchange of the key file *path* that was broken off, by what opens *slots*; and take away what else a kill left of it. Blocks.

    Raises:
        ConfigError: its folder cannot be written to.
    """
    wanted = [slot for slot in slots if slot.kind == "file"]
    if wanted:
        settle(path, relay_id, lambda secret: _opens(wanted, secret), now)
        remove_leftovers(path, relay_id, lambda secret: _opens(wanted, secret), now)


def _opens(slots: list[Slot], secret: bytes) -> bool:
    try:
        unlock(slots, key_file=secret)
    except KeyUnavailable:
        return False
    return True


def _master(slots: list[Slot], keys: _Keys) -> MasterKey:
    if keys.recovery_code is not None:
        return unlock_by_code(slots, keys.recovery_code)
    key_file: bytes | KeyUnavailable | None = None
    if any(slot.kind == "file" for slot in slots):
        try:
            key_file = read_key_file(keys.key_file)
        except KeyUnavailable as reason:
            key_file = reason
    master = unlock(slots, key_file=key_file, passphrase=keys.passphrase)
    if keys.passphrase is not None and not any(slot.kind == "passphrase" for slot in slots):
        _log.warning(
            "A passphrase was given, but it protects nothing: this data was begun with a key file, which opens it. "
            "To put the passphrase in its place, start once with it and --recovery-code."
        )
    return master


# -- after the recovery code -------------------------------------------------------------------------------------------


async def _recovered(database: Database, opened: _Opened, keys: _Keys, now: Millis) -> _Opened:
    """*opened* with a slot that opens without the recovery code at the next start, if there was none; and say so."""
    if keys.passphrase is None and not any(slot.kind == "file" for slot in opened.slots):
        _log.warning(
            "The recovery code has opened the data, for this start only. To set a new passphrase, give it with "
            "RELAY_PASSPHRASE_FILE and start once more with --recovery-code."
        )
        return opened
    what = f"the key file {keys.key_file}" if keys.passphrase is None else "the passphrase"
    if await asyncio.to_thread(_opens_without_code, opened.slots, keys):
        _log.warning("The recovery code is right. Nothing was changed, because %s opens the data too.", what)
        return opened
    slot = await asyncio.to_thread(_new_slot, opened, keys, now)
    await database.write(lambda conn: replace_slots(conn, slot))
    _log.warning(
        "The recovery code has opened the data. From now on %s opens it again; a lost key file or an older passphrase does not "
        "any more.",
        what,
    )
    return replace(opened, slots=[*(each for each in opened.slots if each.kind == "recovery"), slot])


def _opens_without_code(slots: list[Slot], keys: _Keys) -> bool:
    kind: SlotKind = "file" if keys.passphrase is None else "passphrase"
    wanted = [slot for slot in slots if slot.kind == kind]
    try:
        _master(wanted, replace(keys, recovery_code=None))
    except KeyUnavailable:
        return False
    return True


def _new_slot(opened: _Opened, keys: _Keys, now: Millis) -> Slot:
    if keys.passphrase is not None:
        return slot_for_passphrase(opened.master, keys.passphrase, now)
    return slot_for_key_file(opened.master, renew_key_file(keys.key_file, opened.identity.relay_id), now)


# -- in words ----------------------------------------------------------------------------------------------------------


def _protection(slots: list[Slot], key_file: Path) -> str:
    """How the master key is protected."""
    words: dict[SlotKind, str] = {
        "file": f"key file {key_file}",
        "passphrase": "passphrase",
        "recovery": "recovery code",
    }
    return " or ".join(dict.fromkeys(words[slot.kind] for slot in slots))


def _warn(path: Path, shares_memory: bool) -> None:
    if not shares_memory:
        _log.warning(
            "The data folder %s lies on a shared or network file system. Storing is slower there and less safe; "
            "choose a folder on a local disk (in containers: a named volume) with RELAY_DATA_DIR.",
            path.parent,
        )
    if sqlite3.sqlite_version_info < _FIXED_SQLITE:
        _log.info(
            "SQLite %s: one connection writes and checkpoints, as versions before 3.51.3 need it.",
            sqlite3.sqlite_version,
        )


def _unusable(path: Path, error: sqlite3.Error) -> StartupError:
    if shutil.disk_usage(path.parent).free < _ROOM:  # SQLite says many things then, and seldom this
        return StartupError(
            f"There is no room on the disk for the database {path} ({error}). Make room and start again. Nothing was changed."
        )
    return StartupError(
        f"The database {path} cannot be used ({error}). Look at the disk and at the rights of this user; "
        "if the file was damaged, restore the data folder from a backup. Nothing was changed."
    )
