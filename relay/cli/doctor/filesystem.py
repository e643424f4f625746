"""On what kind of file system the data lies: on some of them databases were seen to be damaged."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from relay.cli.doctor.finding import Finding, Patient, warning
from relay.storage.folder import UNSHARED, file_system

_FAT: Final = frozenset({"vfat", "msdos", "exfat", "fat", "fat32", "fuseblk.exfat"})
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_MOUNT_S: Final = 5.0
_MOUNT_LINE: Final = re.compile(r"^.* on (?P<place>/.*) \((?P<kind>[^,)]+)")
_DRIVE_REMOVABLE: Final = 2
_DRIVE_REMOTE: Final = 4


def check(patient: Patient) -> list[Finding]:
    """Of the data folder, or of where it is to be."""
    folder = patient.config.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return [judge(kind_of(folder))]


def judge(kind: str | None) -> Finding:
    """What a file system of that *kind* means for a relay; None: it is not known."""
    if kind is None:
        return Finding(True, "What kind of file system the data lies on is not known here.")
    name = kind.lower()
    if name in UNSHARED or name.startswith("fuse.") or name == "network":
        return warning(
            f"The data lies on a shared or network file system ({kind}). Storing is slower there and less safe, and two computers could "
            "start the same relay.",
            "Move the data folder to a local disk (RELAY_DATA_DIR); in containers, to a named volume.",
        )
    if name in _FAT or name == "removable":
        return warning(
            f"The data lies on a removable or FAT disk ({kind}): it knows no rights of users, takes no file above 4 GB, and suffers from "
            "being unplugged.",
            "Move the data folder to this computer's own disk (RELAY_DATA_DIR), and keep that disk for backups.",
        )
    if name in _IN_MEMORY:
        return warning(
            f"The data lies in memory ({kind}): all of it is gone when this computer or container is restarted.",
            "Choose a folder on a disk with RELAY_DATA_DIR; in containers, a named volume.",
        )
    return Finding(True, f"The data lies on a local file system ({kind}).")


def in_mounts(folder: Path, mounts: str) -> str | None:
    """The kind of the file system that *folder* lies on, by lines like ``/dev/disk3s1 on /Volumes/USB (msdos, local, nodev)``."""
    kinds = {Path(found["place"]): found["kind"] for line in mounts.splitlines() if (found := _MOUNT_LINE.match(line))}
    real = folder.resolve()
    return next((kinds[place] for place in (real, *real.parents) if place in kinds), None)


if sys.platform == "win32":
    import ctypes

    def kind_of(folder: Path) -> str | None:
        """As the system calls it ("ntfs"); None where it does not say. Blocks."""
        root = folder.resolve().anchor
        drive = ctypes.windll.kernel32.GetDriveTypeW(root)
        if drive in (_DRIVE_REMOTE, _DRIVE_REMOVABLE):
            return "network" if drive == _DRIVE_REMOTE else "removable"
        name = ctypes.create_unicode_buffer(64)
        told = ctypes.windll.kernel32.GetVolumeInformationW(root, None, 0, None, None, None, name, len(name))
        return name.value.lower() if told else None

else:

    def kind_of(folder: Path) -> str | None:
        """As the system calls it ("ext4"); None where it does not say. Blocks."""
        return file_system(folder) or in_mounts(folder, _mounts())

    def _mounts() -> str:
        """What `mount` prints on macOS and BSD."""
        try:
            asked = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=_MOUNT_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return asked.stdout
