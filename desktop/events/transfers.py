"""What the link tells of files on their way, and of pictures to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import Struct

from common.ids import GroupId
from common.protocol.messages import FileId

TransferKind = Literal["upload", "download"]
TransferState = Literal["waiting", "running", "paused", "failed", "done"]


class Transfer(Struct, frozen=True):
    """A file on its way. *key*: who asked for it gave that. *path*: of an upload what is sent, of a download where it will be, or is.

    *file*: the relay's id, empty until it has given one. *rate* in bytes a second, *left_s* None while nobody can know. *problem* for
    people, only when failed.
    """

    key: str
    kind: TransferKind
    group: GroupId
    path: Path
    name: str
    size: int
    done: int
    state: TransferState
    file: FileId = ""
    rate: float = 0.0
    left_s: float | None = None
    problem: str = ""


class TransferChanged(Struct, frozen=True):
    """A transfer is new, goes on, or has ended well or badly."""

    transfer: Transfer


class TransferEnded(Struct, frozen=True):
    """A transfer is forgotten: given up, or done with."""

    key: str


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded picture: bare pixels, row by row. *full_width*, *full_height*: of the original, which may be larger.

    *frames*: of a picture that moves, the pixels of each, the first one too, and *shown_ms* for how long each is seen; else empty.
    """

    width: int
    height: int
    mode: Literal["RGB", "RGBA"]
    pixels: bytes = field(repr=False)
    full_width: int
    full_height: int
    frames: tuple[bytes, ...] = field(default=(), repr=False)
    shown_ms: tuple[int, ...] = ()


class PictureKnown(Struct, frozen=True):
    """What came of `fetch_picture`. *raster* is None when there is nothing to show: *problem* says why, for people.

    *may_retry*: asking again later may help (the relay is away, or too much was asked for at once).
    """

    key: str
    edge: int
    raster: Raster | None
    problem: str = ""
    may_retry: bool = False
