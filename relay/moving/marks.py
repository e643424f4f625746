"""The two marks of a move, each a small file that is brought to the disk before anything relies on it.

    relay.moved       in the data folder that was left. From the moment it is there that relay never serves writes again.
    relay.receiving   in the folder that was fetched, once all of it is there. It may be served only when the other mark is known to stand.

The first decides. Whoever has the second and does not know asks the relay that was left, which answers from the first, also after a crash.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from common.errors import StartupError
from common.ids import Millis, RelayId
from relay.storage.folder import DATABASE, keep_names, staging

MOVED: Final = "relay.moved"
RECEIVING: Final = "relay.receiving"
_BYTES: Final = 16 * 1024

M = TypeVar("M", bound=msgspec.Struct)


class MovedAway(StartupError):
    """The relay that was here serves on another computer; the text says where, and how it is taken back."""


class Moved(msgspec.Struct, frozen=True):
    """This relay was handed over *at* that time. *claim*: the hash of what the other computer calls itself by; *to*: its addresses.

    *is_there*: it has said that it serves. Until then this one stays up to tell it that it may.
    """

    relay_id: RelayId
    claim: bytes
    move: str
    at: Millis
    to: list[str] = msgspec.field(default_factory=list)
    is_there: bool = False


class Receiving(msgspec.Struct, frozen=True):
    """All of the relay is here. *host*, *port*: where it was fetched from; *claim*, *move*: by what that one knows this move."""

    relay_id: RelayId
    host: str
    port: int
    claim: str
    move: str
    at: Millis

    def __repr__(self) -> str:
        """Without the claim."""
        return f"Receiving({self.host}:{self.port})"


def receiving_folder(folder: Path) -> Path:
    """Where a relay is fetched to before it takes the place of *folder*; where one waits already, that."""
    places = folder / ".receiving", folder.with_name(f"{folder.name}.receiving")
    return next((place for place in places if (place / RECEIVING).exists()), staging(folder, "receiving"))


def read_moved(folder: Path) -> Moved | None:
    """Whether the relay in *folder* was handed over.

    Raises:
        StartupError: there is a mark and it cannot be read: nobody knows, so nobody may serve.
    """
    return _read(folder / MOVED, Moved)


def read_receiving(folder: Path) -> Receiving | None:
    """The mark in *folder*, which is a data folder or what was fetched beside one.

    Raises:
        StartupError: there is one and it cannot be read.
    """
    return _read(folder / RECEIVING, Receiving)


def write_mark(folder: Path, mark: Moved | Receiving) -> None:
    """Bring *mark* to the disk: when this returns, it stands; when it raises, it may stand.

    Raises:
        OSError: the disk is full or fails.
    """
    path = folder / (MOVED if isinstance(mark, Moved) else RECEIVING)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{path.name}.")  # made with 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(mark))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    keep_names(folder)


def remove_mark(folder: Path, name: str) -> None:
    """Take the mark *name* away, for good."""
    (folder / name).unlink(missing_ok=True)
    keep_names(folder)


def moved_to_serve(folder: Path) -> Moved | None:
    """Before a relay is run in *folder*: None, or a hand-over that the other computer may not know of yet, so that this one must tell it.

    Raises:
        MovedAway: it is served elsewhere.
        StartupError: no relay may be run there; the text says why, and what to do.
    """
    moved = read_moved(folder)
    waiting = read_receiving(receiving_folder(folder))
    if waiting is not None and (moved is not None or not (folder / DATABASE).exists()):
        raise StartupError(
            f"A relay was to move here from {waiting.host}, and that was broken off at the last step. Start the relay there, then run "
            "`python -m relay move finish`; or `python -m relay move give-up`."
        )
    if moved is not None and moved.is_there:
        raise MovedAway(
            f"This relay has moved to another computer{_at(moved)}. What is in {folder} is how it was then. To take it back on purpose, stop the "
            "one over there for good, then run `python -m relay move take-back`: what was said over there is not here."
        )
    return moved


def _at(moved: Moved) -> str:
    return f" ({', '.join(moved.to)})" if moved.to else ""


def _read(path: Path, kind: type[M]) -> M | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_BYTES), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise StartupError(
            f"The file {path} says whether this relay has moved, and cannot be read ({error}). Find out where the relay runs; when it is nowhere "
            "else, delete that file."
        ) from error
