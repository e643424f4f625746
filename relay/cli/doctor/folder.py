"""Who may read and write the data folder."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from relay.cli.doctor.finding import Finding, Live, Patient, warning
from relay.storage.folder import DATABASE


def check(patient: Patient) -> list[Finding]:
    """The folder, and the database in it."""
    folder = patient.config.data_dir
    if not folder.exists():
        return [Finding(True, f"There is no data folder {folder} yet: the first start makes it.")]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [
            Finding(
                False,
                f"This user may not write to the data folder {folder}.",
                "Run the doctor as the user who runs the relay; or give that user the folder (chown).",
            )
        ]
    found = [_written_by_others(folder / DATABASE)]
    if not isinstance(patient.inside, Live):
        found.append(_cannot_be_written(folder / DATABASE))
    open_to_all = _open_to_others([folder, folder / DATABASE, folder / f"{DATABASE}-wal"])
    found.append(open_to_all)
    return [finding for finding in found if finding is not None] or [
        Finding(True, f"The data folder {folder.resolve()} belongs to this user alone.")
    ]


def _cannot_be_written(path: Path) -> Finding | None:
    if not path.exists() or os.access(path, os.R_OK | os.W_OK):
        return None
    return Finding(
        False,
        f"This user may not read and write {path}.",
        "Run the doctor as the user who runs the relay; or give that user the files (chown).",
    )


def _written_by_others(path: Path) -> Finding | None:
    if sys.platform == "win32" or not path.exists() or path.stat().st_uid in (os.getuid(), path.parent.stat().st_uid):
        return None
    return Finding(
        False,
        f"{path} belongs to another user than its folder.",
        f"A relay was started as somebody else once, as with sudo. Give it back: chown -R --reference='{path.parent}' '{path.parent}'",
    )


def _open_to_others(paths: list[Path]) -> Finding | None:
    """Nothing in it is in clear but ids, times and sizes; those are nobody else's business either."""
    if sys.platform == "win32":  # permissions there come from the folder above
        return None
    readable = [path for path in paths if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if not readable or paths[0] not in readable:  # nobody gets into a folder that is closed
        return None
    names = " and ".join(str(path) for path in readable)
    return warning(
        f"{names} can be opened by other users of this computer: they see ids, times and sizes, and no words.",
        f"chmod -R go= '{paths[0]}'",
    )
