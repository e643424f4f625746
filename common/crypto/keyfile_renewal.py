"""Exchanges the secret of a key file, in step with the database that it opens.

    relay.key.new written  ─>  the database takes its secret, and the old one no more  ─>  relay.key.new put in the place of relay.key

Whenever it is broken off, `settle` finds at the next start which of the two secrets opens the database, and ends the exchange or undoes
it. The old key file stays beside the new one, for it alone opens older backups: ``relay.key.before-20261127-093000``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from common.crypto.keyfile import (
    SECRET_BYTES,
    copy_of,
    durable_temporary,
    is_key_file_of,
    may_be_exchanged,
    read_key_file,
    sync_folder,
    write_key_file,
)
from common.errors import ConfigError
from common.ids import Millis

_log = logging.getLogger(__name__)

_STAMP: Final = "%Y%m%d-%H%M%S"


def new_of(path: Path) -> Path:
    """Where the new key file is, until it takes the place of *path*."""
    return path.with_name(path.name + ".new")


def begin(path: Path, relay: str) -> bytes:
    """The secret of a new key file, which waits beside *path* until `settle` puts it in its place.

    Raises:
        ConfigError: the key file is not this *relay*'s own, is none that this program writes, or the folder cannot be written to.
    """
    if not may_be_exchanged(path, relay):
        raise ConfigError(
            f"The key file {path} was not made by this relay for itself alone: it is a container's secret, or opens another relay too. So it "
            "is not exchanged. Name another place with RELAY_KEY_FILE, or let the same key file open the data afterwards too: --keep-key-file."
        )
    secret = secrets.token_bytes(SECRET_BYTES)
    write_key_file(new_of(path), secret, relay)
    return secret


def settle(path: Path, relay: str, opens: Callable[[bytes], bool], now: Millis) -> None:
    """End what `begin` has begun for *relay*, where it was begun: with the new key file in its place when its secret *opens* the
    database, with none when that of the old one does. When neither does, both stay.

    Raises:
        ConfigError: the folder cannot be written to.
    """
    new = new_of(path)
    if not is_key_file_of(new, relay):
        return
    try:
        if opens(read_key_file(new)):
            _put_in_place(path, now)
            _remove(new)
        elif is_key_file_of(path, relay) and opens(read_key_file(path)):
            _remove(new)
    except OSError as error:
        raise ConfigError(
            f"The key file {path} cannot be exchanged for {new.name} ({error.strerror or error}). Make its folder writable for this user."
        ) from error


def _put_in_place(path: Path, now: Millis) -> None:
    content = new_of(path).read_bytes()
    _keep_old(path, content, now)
    for place in (copy_of(path), path):
        with durable_temporary(place, content) as temporary:
            temporary.replace(place)
    sync_folder(path.parent)
    _log.info("The key file %s was exchanged.", path)


def _keep_old(path: Path, new: bytes, now: Millis) -> None:
    """Keep what stands in the two places beside them, once, however often this is begun."""
    kept = {each.read_bytes() for each in path.parent.glob(f"{path.name}.before-*")} | {new}
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime(_STAMP)
    for number, place in enumerate((path, copy_of(path))):
        if not place.exists() or (content := place.read_bytes()) in kept:
            continue
        kept.add(content)
        aside = path.with_name(f"{path.name}.before-{stamp}" + ("-copy" if number else ""))
        with durable_temporary(aside, content) as temporary:
            temporary.replace(aside)
    sync_folder(path.parent)


def _remove(new: Path) -> None:
    for place in (new, copy_of(new)):
        place.unlink(missing_ok=True)
    sync_folder(new.parent)
