"""Where an export is put: made beside its place under a name that says so, and moved there in one step when it is whole."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Final

from desktop.export.records import FILES, INDEX, JOB, JSON_LINES, LATE, LOG, OUTCOMES
from desktop.link.transfers.filenames import PART, free_path, safe_name

_log = logging.getLogger(__name__)
WANTED: Final = "wanted.part"
"""A `FileInfo` a line, of each file of each message."""
_OURS: Final = b'content="Py_messenger"'
_HEAD_BYTES: Final = 2048
MARK: Final = "mark.part"
"""Says whose folder it is: what a crash leaves behind is removed only where this says what was written down."""
_WORKING: Final = (LOG, OUTCOMES, LATE, JOB, WANTED, MARK)


def own_folder(parent: Path, name: str, today: date) -> Path:
    """The folder of an export that is made today of the conversation called *name*."""
    return parent.absolute() / safe_name(f"{name} {today.isoformat()}")


def own_archive(parent: Path, name: str, today: date) -> Path:
    """The archive of one's own data that is made today."""
    return parent.absolute() / safe_name(f"{name} {today.isoformat()}.zip")


def beside(folder: Path) -> Path:
    """*folder*, or a free name like it."""
    return free_path(folder.parent, folder.name)


def is_export(folder: Path) -> bool:
    """Whether that is a folder that was made here, so that another one may take its place."""
    try:
        if (folder / JSON_LINES).is_file():
            with (folder / JSON_LINES).open("rb") as file:
                return file.read(_HEAD_BYTES).startswith(b'{"type":"conversation"')
        with (folder / INDEX).open("rb") as page:
            return _OURS in page.read(_HEAD_BYTES)
    except OSError:
        return False


def work_of(folder: Path) -> Path:
    """The folder that the export of *folder* is going to grow in."""
    return free_path(folder.parent, folder.name + PART)


def begin(work: Path, mark: str) -> None:
    """Make the folder *work*, with its *mark*.

    Raises:
        OSError: it cannot be made.
    """
    (work / FILES).mkdir(parents=True)
    (work / MARK).write_text(mark, encoding="ascii")


def sweep(work: Path, mark: str) -> bool:
    """Remove what a crash has left of *work*, if it is that with this *mark*; False while nobody can say, as its disk is away."""
    try:
        if not work.parent.is_dir():
            return False
        if not work.is_symlink() and (work / MARK).read_text(encoding="ascii") == mark:
            shutil.rmtree(work)
    except FileNotFoundError:
        return True  # another one has that name now, or it was never made
    except (OSError, ValueError) as error:
        _log.warning("what a crash may have left of an export is not removed: %s", error)
        return False
    return True


def room(folder: Path) -> int:
    """How many bytes are free there."""
    return shutil.disk_usage(folder).free


def finish(work: Path, folder: Path, replace: bool) -> Path:
    """Move what has grown to its place; where that really is. Everything is on the disk before.

    Raises:
        OSError: the disk refuses; *work* is still there.
    """
    for name in _WORKING:
        (work / name).unlink(missing_ok=True)
    if not any((work / FILES).iterdir()):
        (work / FILES).rmdir()
    for path in sorted(work.iterdir()):
        if path.is_file():
            with path.open("r+b") as file:
                os.fsync(file.fileno())
    old: Path | None = None
    if folder.exists():
        if replace and is_export(folder):
            old = free_path(folder.parent, f"{folder.name}.old")
            folder.rename(old)
        else:
            folder = beside(folder)
    work.rename(folder)
    if old is not None:
        shutil.rmtree(old)
    return folder


def drop(work: Path) -> None:
    """Leave nothing behind; what was finished is not there any more.

    Raises:
        OSError: the disk refuses.
    """
    if work.exists():
        shutil.rmtree(work)


async def dropped(work: Path) -> bool:
    """Leave nothing behind, even when this is being cancelled; what was finished is not there any more. Whether nothing is."""
    try:
        await asyncio.shield(asyncio.to_thread(drop, work))
    except OSError as error:
        _log.error("what was left of an export is still in %s: %s", work, error)
        return False
    return True
