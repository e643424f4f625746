"""How much room there is for data and backups."""

from __future__ import annotations

import shutil
from pathlib import Path

from relay.cli.doctor.finding import Finding, Patient, warning
from relay.files.uploads import RESERVE_BYTES
from relay.health.troubles import DISK_LOW_BYTES
from relay.sizes import size_text


def check(patient: Patient) -> list[Finding]:
    """Free bytes where the data lies, and where the backups go."""
    found = [_of(patient.config.data_dir, "data")]
    if patient.config.backup_dir is not None:
        found.append(_of(patient.config.backup_dir, "backups"))
    return found


def _of(folder: Path, what: str) -> Finding:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(
            False,
            f"How much room there is for the {what} in {folder} cannot be told ({error.strerror or error}).",
            "Look at the disk, and whether it is connected.",
        )
    return judge(free, what)


def judge(free: int, what: str) -> Finding:
    """What so many *free* bytes mean."""
    words = f"{size_text(free)} are free for the {what}."
    if free < RESERVE_BYTES:
        return Finding(
            False,
            words,
            "Make room: no files are taken any more, and soon no messages. Nothing that is stored is lost.",
        )
    if free < DISK_LOW_BYTES:
        return warning(words, "Make room: with 256 MB no files are taken any more.")
    return Finding(True, words)
