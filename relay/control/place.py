"""Where a running relay takes orders from its own machine, and what opens that door: a small file in the data folder.

A Unix socket in the data folder, which only the relay's own user reaches; where there are none, or the folder's path is too long for
one, a port of the loopback. Whoever may read the file may give orders, and that is whoever runs the relay.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from common.errors import MessengerError

FILE: Final = "relay.control"
SOCKET: Final = "relay.sock"
_SOCKET_PATH_MAX: Final = 100
"""Bytes. Linux takes 107, macOS 103 (``sun_path`` in their headers)."""
_FILE_BYTES: Final = 4096


class NotRunning(MessengerError):
    """No relay runs with that data folder; the text says so, and what to do."""


class Place(msgspec.Struct, frozen=True):
    """Where to ask: *path* of a Unix socket, or (empty) a *port* of the loopback. *key*: what a call must show."""

    path: str
    port: int
    key: str

    def __repr__(self) -> str:
        """Without the key."""
        return f"Place({self.path or self.port!r})"


def socket_path(folder: Path) -> Path | None:
    """Where the Unix socket is to be; None where there can be none."""
    path = folder.resolve() / SOCKET
    can = hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) <= _SOCKET_PATH_MAX
    return path if can else None


def write_place(folder: Path, place: Place) -> None:
    """Say in *folder* where to ask; readable by this user only, and whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{FILE}.")  # made with 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(place))
        Path(name).replace(folder / FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_place(folder: Path) -> Place:
    """Where the relay with the data in *folder* takes orders.

    Raises:
        NotRunning: no relay has left such a file there, or this user may not read it.
    """
    try:
        with (folder / FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_FILE_BYTES), type=Place)
    except PermissionError as error:
        raise NotRunning(
            f"This user may not give orders to the relay with the data folder {folder}. Do it as the user who runs the relay."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise not_running(folder) from error


def not_running(folder: Path) -> NotRunning:
    """In words."""
    return NotRunning(
        f"No relay runs with the data folder {folder}. Start it with `python -m relay run`, or name the right folder with "
        "--data-dir or RELAY_DATA_DIR."
    )


def remove_place(folder: Path) -> None:
    """Nobody takes orders any more."""
    for name in (FILE, SOCKET):
        with contextlib.suppress(
            OSError
        ):  # what is left over is overwritten at the next start, and found dead until then
            (folder / name).unlink(missing_ok=True)
