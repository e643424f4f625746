"""Measures what a running relay's health depends on outside of its own memory. Everything here blocks and belongs on a thread."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from common.crypto.keyfile import peek_key_file
from common.crypto.keyslots import Slot, unlock
from common.errors import KeyUnavailable
from relay.config import Config
from relay.health.troubles import Measured
from relay.storage.folder import DATABASE


def measure(config: Config, slots: Sequence[Slot]) -> Measured:
    """How it stands with the disk, and with the key file of *config*, where one of the *slots* is for it."""
    database = config.data_dir / DATABASE
    return Measured(
        free=_free(config.data_dir),
        backup_free=None if config.backup_dir is None else _free(config.backup_dir),
        database=_size(database),
        wal=_size(database.with_name(f"{DATABASE}-wal")) or 0,
        key_problem=_key_problem(config, slots),
    )


def _key_problem(config: Config, slots: Sequence[Slot]) -> str:
    for_file = [slot for slot in slots if slot.kind == "file"]
    if not for_file or config.passphrase is not None:
        return ""
    try:
        unlock(for_file, key_file=peek_key_file(config.key_file))
    except KeyUnavailable as reason:
        return str(reason)
    return ""


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:  # it is not there, or the disk fails; whoever needs it says so
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
