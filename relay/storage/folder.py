"""The data folder: that only one relay uses it, and on what kind of file system it lies."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from common.errors import StartupError

DATABASE: Final = "relay.db"
LOCK: Final = "relay.lock"
REMAINS: Final = ("files", "search.snapshot", f"{DATABASE}-wal")
"""What stands beside a database that was in use, and never without one."""
LITTER: Final = frozenset(
    {LOCK, ".gitkeep", ".gitignore", ".DS_Store", ".directory", "Thumbs.db", "desktop.ini", "lost+found"}
)
"""What git, file managers, file systems and this program itself put into a folder in which there is nothing."""
_RESTORING: Final = "restoring"
_ASIDE: Final = ("before-restore-", "before-move-")
_MOUNTS: Final = Path("/proc/self/mountinfo")

# Here openers cannot share memory reliably, which the write-ahead log needs: it was seen to corrupt databases within minutes.
UNSHARED: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "prl_fs", "afs", "ceph", "glusterfs"}
)


class FolderLock(Struct):
    """Holds the data folder until `release`, or until the process ends in whatever way."""

    _file: IO[bytes]

    def __enter__(self) -> None:
        """It is held already."""

    def __exit__(self, *_how: object) -> None:
        self.release()

    def release(self) -> None:
        """Let another relay have the folder."""
        self._file.close()


def is_fixed(folder: Path) -> bool:
    """Whether *folder* cannot be renamed: it is a mount point, or nothing may be written beside it."""
    return folder.is_dir() and (is_mount(folder) or not os.access(folder.absolute().parent, os.W_OK | os.X_OK))


def staging(folder: Path, purpose: str) -> Path:
    """Where something is laid out on the same disk before it takes the place of *folder*: within it where it cannot be renamed, else beside it."""
    return folder / f".{purpose}" if is_fixed(folder) else folder.with_name(f"{folder.name}.{purpose}")


def restoring(folder: Path) -> Path:
    """Where a backup is laid out before it takes the place of *folder*."""
    return staging(folder, _RESTORING)


def is_kept_aside(entry: Path) -> bool:
    """Whether *entry* of a data folder is what was there before a restore or a move, and stays whatever comes."""
    return entry.name.startswith(_ASIDE)


def is_empty(folder: Path) -> bool:
    """Whether there is nothing in *folder* that anybody would miss; also where there is no such folder.

    Raises:
        OSError: it cannot be looked into.
    """
    return not folder.is_dir() or all(
        entry.name in LITTER or entry.name == f".{_RESTORING}" or is_kept_aside(entry) for entry in folder.iterdir()
    )


def carry_over(folder: Path, beside: Path) -> None:
    """Move what is in *folder* into *beside*, where nothing of that name is there yet, and remove *folder* with the rest. Both are on
    one disk, so whatever ends it in the middle, each thing is in one of the two.

    Raises:
        OSError: it cannot be done; it may be tried again.
    """
    for left in folder.iterdir():
        if not (beside / left.name).exists():
            left.rename(beside / left.name)
    shutil.rmtree(folder)


def prepare_folder(folder: Path) -> None:
    """Make the data folder, for this user only.

    Raises:
        StartupError: it cannot be made or written to; or a restore was broken off in the moment when it was to come.
    """
    if not folder.exists() and restoring(folder).exists():
        raise StartupError(
            f"A restore was broken off: there is no data folder {folder}, but {restoring(folder)}. Run `relay restore` again; what was "
            f"there before is in {folder.name}.before-restore-… beside it. Nothing was changed."
        )
    if (folder / f".{_RESTORING}").exists() and not (folder / DATABASE).exists():
        raise StartupError(
            f"A restore was broken off: there is no database in {folder}, but the folder .{_RESTORING}. Run `relay restore` again; to begin a "
            "new relay instead, delete that folder. Nothing was changed."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        raise StartupError(
            f"The data folder {folder} cannot be made ({error.strerror or error}). Choose another with RELAY_DATA_DIR."
        ) from error
    if not writable:
        raise StartupError(
            f"This user may not write to the data folder {folder}. Change its owner, or choose another with RELAY_DATA_DIR."
        )


def refuse_remains(folder: Path) -> None:
    """A relay that has been here, and whose database is gone or empty, is not begun anew: everybody would find a stranger in its place.

    Raises:
        StartupError: there are remains; the text says which, and what to do.
    """
    path = folder / DATABASE
    if path.exists() and path.stat().st_size:
        return
    remains = [name for name in REMAINS if _has_something(folder / name)]
    if remains:
        raise StartupError(
            f"There is no database in {folder}, but {', '.join(remains)} of a relay that was there. Bring {DATABASE} back, or a backup with "
            "`relay restore FILE --replace`. To begin a new relay, choose another folder with RELAY_DATA_DIR, or move these away. "
            "Nothing was changed."
        )


def keep_names(folder: Path) -> None:
    """Bring to the disk what the files in *folder* are called."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _has_something(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists() and path.stat().st_size > 0


def lock_folder(folder: Path) -> FolderLock:
    """Take *folder* for this process alone. Two programs on one live database could lose commits.

    Raises:
        StartupError: another relay has it.
    """
    path = folder / LOCK
    try:
        file = path.open("a+b")
    except OSError as error:
        raise StartupError(f"The file {path} cannot be opened ({error.strerror or error}).") from error
    try:
        _lock(file)
    except OSError:
        file.close()
        raise StartupError(
            f"Another relay is running with the data folder {folder}. Stop it first, or choose another folder with RELAY_DATA_DIR."
        ) from None
    return FolderLock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


# -- file systems ------------------------------------------------------------------------------------------------------


def can_share_memory(folder: Path, mounts: str | None = None) -> bool:
    """Whether a write-ahead log is safe in *folder*. Where nothing is known of the file system, it is taken to be local."""
    kind = file_system(folder, mounts)
    return kind is None or not (kind in UNSHARED or kind.startswith("fuse."))


def file_system(folder: Path, mounts: str | None = None) -> str | None:
    """What kind of file system *folder* lies on ("ext4"); None where the system does not say. *mounts*: as /proc/self/mountinfo."""
    kinds = _mounted(mounts)
    real = folder.resolve()
    return next((kinds[place] for place in (real, *real.parents) if place in kinds), None)


def is_mount(path: Path, mounts: str | None = None) -> bool:
    """Whether a file system, or a part of one, is mounted at *path*. *mounts*: as /proc/self/mountinfo."""
    return os.path.ismount(path) or path.resolve() in _mounted(mounts)  # the first knows of no part of the same one


def _mounted(mounts: str | None) -> dict[Path, str]:
    """The kind of file system at each mount point."""
    if mounts is None:
        if not _MOUNTS.is_file():
            return {}
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    kinds: dict[Path, str] = {}
    for line in mounts.splitlines():
        place, separator, rest = line.partition(" - ")
        if separator:
            kinds[Path(_unescaped(place.split(" ")[4]))] = rest.split(" ")[0]
    return kinds


def _unescaped(place: str) -> str:
    """Blanks in mount points stand there as ``\\040``."""
    head, *parts = place.split("\\")
    return head + "".join(chr(int(part[:3], 8)) + part[3:] for part in parts)
