"""Lets a relay take its place in a data folder that cannot be renamed: a volume or disk is mounted there, or nothing may be written beside it.

    .restoring ─> .arriving.NAME ─> what was there before lies in NAME ─> .moving-in ─> the new relay lies in the folder

The first arrow is one rename, and it decides: before it the folder holds what it held, after it whoever uses the folder next goes on to the
end (`settle`). On the way the database goes out first and comes in last: where there is one, it stands among its own files.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from common.errors import StartupError
from relay.storage.folder import DATABASE, LITTER, LOCK, is_kept_aside, is_mount, keep_names, lock_folder

_ARRIVING: Final = ".arriving."
_MOVING_IN: Final = ".moving-in"


def arrive(whole: Path, folder: Path, aside: str | None) -> Path | None:
    """Put what is in *whole*, a folder within *folder*, in place of what is there. The caller holds the lock of *folder*, and of *whole* none.

    *aside*: the name in *folder* under which what was there is kept; without one it stays where it is, and what comes is put over it. Where
    that is now; None when there was nothing that anybody would miss.

    Raises:
        StartupError: something in *folder* cannot be moved, and nothing was changed; or the disk fails on the way, and `settle` goes on.
        OSError: the disk fails; nothing was changed.
    """
    for inner, _, _ in os.walk(whole):
        keep_names(Path(inner))
    if aside is not None:
        leaving = [entry for entry in _leaving(folder) if entry != whole]
        for entry in leaving:
            if is_mount(entry):
                raise StartupError(
                    f"{entry} is mounted in the data folder, so it cannot be moved aside. Unmount it first. Nothing was changed."
                )
        aside = aside if leaving else None
    whole.rename(folder / (_MOVING_IN if aside is None else f"{_ARRIVING}{aside}"))
    return _go_on(folder)


def settle(folder: Path) -> Path | None:
    """Go on with an arrival that was broken off, if there was one. Where what was there before is now, if there was anything.

    Raises:
        StartupError: it cannot be done: the disk fails, or another program is at it.
    """
    if not _is_unfinished(folder):
        return None
    with lock_folder(folder):
        return _go_on(folder)


def _is_unfinished(folder: Path) -> bool:
    try:
        return any(_is_arriving(entry) or entry.name == _MOVING_IN for entry in folder.iterdir())
    except OSError:  # there is none, or whoever opens it says what is the matter
        return False


def _go_on(folder: Path) -> Path | None:
    try:
        keep_names(folder)
        moved = None
        for arriving in [entry for entry in folder.iterdir() if _is_arriving(entry)]:
            moved = folder / arriving.name.removeprefix(_ARRIVING)
            _move_out(folder, moved)
            arriving.rename(folder / _MOVING_IN)
            keep_names(folder)
        if (folder / _MOVING_IN).exists():
            _move_in(folder / _MOVING_IN, folder)
    except OSError as error:
        raise StartupError(
            f"A relay was to take its place in {folder}, and that was broken off ({error.strerror or error}). Nothing is lost: look at the disk and at "
            "the rights of this user. The next start, or the same command again, goes on."
        ) from error
    return moved


def _move_out(folder: Path, aside: Path) -> None:
    aside.mkdir(mode=0o700, exist_ok=True)
    for entry in sorted(_leaving(folder), key=lambda entry: entry.name != DATABASE):
        if entry != aside:
            entry.rename(aside / entry.name)
    keep_names(aside)
    keep_names(folder)


def _move_in(coming: Path, folder: Path) -> None:
    for entry in sorted(coming.iterdir(), key=lambda entry: entry.name == DATABASE):
        if entry.name != LOCK:  # the one of the folder is held
            entry.replace(folder / entry.name)
    keep_names(folder)
    shutil.rmtree(coming)


def _leaving(folder: Path) -> list[Path]:
    """What is moved aside: not what nobody would miss, nor what was moved aside before."""
    return [
        entry
        for entry in folder.iterdir()
        if not (entry.name in LITTER or is_kept_aside(entry) or _is_arriving(entry) or entry.name == _MOVING_IN)
    ]


def _is_arriving(entry: Path) -> bool:
    return entry.name.startswith(_ARRIVING)
