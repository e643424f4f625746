"""Killed before any of its changes to the disk, an arrival leaves what was there or goes on to the whole of what comes."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import StartupError
from relay.storage.folder import is_mount, lock_folder, staging
from relay.storage.in_place import arrive, settle
from tests.smalldisk import mounted

ROOT = Path(__file__).parent.parent.parent.parent
KEPT = "before-restore-20260921-141320"
KILLED = """
import os, signal, sys
from pathlib import Path
from relay.storage.in_place import arrive, settle
from relay.storage.folder import lock_folder
folder, kept, left = Path(sys.argv[1]), sys.argv[2] or None, int(sys.argv[3])
def look(event, _):
    global left
    if event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove"):
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
if (folder / ".restoring").exists():
    with lock_folder(folder):
        sys.addaudithook(look)
        arrive(folder / ".restoring", folder, kept)
else:
    sys.addaudithook(look)
    settle(folder)
"""


def relay_of(folder: Path, age: str) -> None:
    """What a relay has in *folder*, each file with the word *age* in it."""
    for name in ("relay.db", "relay.db-wal", "search.snapshot", "files/ab/ab00"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(age)
    (folder / "relay.lock").touch()


def ages(folder: Path) -> dict[str, str]:
    """What is in the files of the relay in *folder*."""
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.stat().st_size]
    return {str(name): (folder / name).read_text() for name in names if name.parts[0] in ("files", *SINGLE)}


SINGLE = ("relay.db", "relay.db-wal", "search.snapshot", "relay.moved")
OLD = {"relay.db": "old", "relay.db-wal": "old", "search.snapshot": "old", "files/ab/ab00": "old", "relay.moved": "old"}
NEW = {"relay.db": "new", "relay.db-wal": "new", "search.snapshot": "new", "files/ab/ab00": "new"}


def made(folder: Path, *, occupied: bool) -> None:
    folder.mkdir()
    (folder / "relay.lock").touch()
    (folder / "lost+found").mkdir()
    if occupied:
        relay_of(folder, "old")
        (folder / "relay.moved").write_text("old")
    relay_of(folder / ".restoring", "new")


def killed(folder: Path, kept: str, after: int) -> bool:
    """Let it be killed after so many changes; whether it was."""
    command = [sys.executable, "-c", KILLED, str(folder), kept, str(after)]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


@pytest.mark.parametrize("occupied", [True, False])
def test_killed_at_any_moment_it_is_the_old_one_or_the_whole_new_one(tmp_path: Path, occupied: bool) -> None:
    kept, after, is_killed = KEPT if occupied else "", 0, True
    while is_killed:
        folder = tmp_path / str(after)
        made(folder, occupied=occupied)
        is_killed = killed(folder, kept, after)
        was_begun = not (folder / ".restoring").exists()
        assert was_begun or ages(folder) == (OLD if occupied else {})
        if (folder / "relay.db").exists() and was_begun:
            assert ages(folder) in (OLD, NEW), "a database stands among files that are not its own"
        while was_begun and killed(folder, kept, 2):  # a look at what is kept, and one change at each attempt
            pass
        assert was_begun == (ages(folder) == NEW)
        if was_begun and occupied:
            assert ages(folder / KEPT) == OLD
        if was_begun:
            assert {path.name for path in folder.iterdir()} == {
                "lost+found",
                "relay.lock",
                *NEW.keys() - {"files/ab/ab00"},
                "files",
                *([KEPT] if occupied else []),
            }
        after += 1
    assert after > 5


def test_nothing_is_settled_while_another_program_is_at_it(tmp_path: Path) -> None:
    made(tmp_path / "data", occupied=True)
    (tmp_path / "data" / ".restoring").rename(tmp_path / "data" / f".arriving.{KEPT}")
    with lock_folder(tmp_path / "data"), pytest.raises(StartupError, match="running"):
        settle(tmp_path / "data")
    assert settle(tmp_path / "data") == tmp_path / "data" / KEPT
    assert settle(tmp_path / "data") is None


def test_a_disk_within_the_folder_is_said_before_anything_is_moved(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    made(folder, occupied=True)
    with (
        mounted(folder / "backups" / "disk"),
        pytest.raises(StartupError, match="Unmount it"),
    ):  # and `backups` is one too
        arrive(folder / ".restoring", folder, KEPT)
    assert ages(folder) == OLD


def test_where_a_folder_can_be_renamed_it_is_laid_out_beside_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert staging(tmp_path / "data", "restoring") == tmp_path / "data.restoring"
    with mounted(tmp_path / "container" / "data"):
        assert staging(tmp_path / "container" / "data", "restoring") == tmp_path / "container" / "data" / ".restoring"


def test_a_part_of_the_same_file_system_is_mounted_too() -> None:
    mounts = "40 1 8:1 /srv/volume /data rw - ext4 /dev/root rw\n"
    assert is_mount(Path("/data"), mounts)
    assert not is_mount(Path("/data/files"), mounts)
