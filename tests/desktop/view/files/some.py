"""Made-up files, transfers and pictures for the window's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from common.ids import GroupId
from common.protocol.messages import FileInfo
from desktop.events.transfers import PictureKnown, Raster, Transfer
from desktop.model.rows import Bubble
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import said

MB = 1024**2


def file(number: int, name: str = "plan.pdf", size: int = 8 * MB, mime: str = "application/pdf") -> FileInfo:
    return FileInfo(f"{number:032x}", name, size, mime)


def photo(number: int, width: int = 1200, height: int = 800, size: int = 100_000) -> FileInfo:
    return FileInfo(f"{number:032x}", f"photo {number}.jpg", size, "image/jpeg", width, height)


def carrying(number: int, *files: FileInfo, own: bool = False) -> Bubble:
    return replace(said(number, own=own), files=files)


def transfer(of: FileInfo, state: Any, done: int = 0, **more: Any) -> Transfer:
    path = more.pop("path", Path("/nowhere") / of.name)
    kind = more.pop("kind", "download")
    return Transfer(f"t-{of.id}", kind, GroupId(4), path, of.name, of.size, done, state, of.id, **more)


def tell(stage: Stage, *transfers: Transfer) -> None:
    stage.window.show_transfers({one.file or one.key: one for one in transfers} | {one.key: one for one in transfers})
    stage.pump()


def raster(width: int, height: int, full: tuple[int, int] | None = None, colour: bytes = b"\x10\x80\x40") -> Raster:
    return Raster(width, height, "RGB", colour * (width * height), *(full or (width, height)))


def arrives(stage: Stage, of: FileInfo, edge: int = 480, shape: tuple[int, int] | None = None) -> None:
    """The picture of that file has come."""
    width, height = shape or (of.width, of.height)
    share = min(1.0, edge / max(width, height))
    small = (max(1, round(width * share)), max(1, round(height * share)))
    stage.window.show_picture(PictureKnown(of.id, edge, raster(*small, full=(width, height))))
    stage.pump()
