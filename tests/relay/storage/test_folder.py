"""One relay a folder, and no write-ahead log where it is not safe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import StartupError
from relay.storage.folder import can_share_memory, file_system, lock_folder, prepare_folder

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 21 0:40 / /mnt/share rw,relatime - cifs //server/share rw
31 21 0:41 / /mnt/my\\040disk rw,relatime shared:5 master:2 - nfs4 server:/x rw
32 21 0:42 / /data rw - virtiofs data rw
33 21 0:43 / /data/local rw - xfs /dev/vdb rw
34 21 0:44 / /mnt/phone rw - fuse.sshfs me@phone rw
35 21 0:45 / /sys rw - sysfs sysfs rw
"""

HOLDER = """\
import sys
from pathlib import Path
from relay.storage.folder import lock_folder
lock = lock_folder(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "folder, kind, shares",
    [
        ("/srv/data", "ext4", True),
        ("/mnt/share/data", "cifs", False),
        ("/mnt/my disk", "nfs4", False),
        ("/data", "virtiofs", False),
        ("/data/local/relay", "xfs", True),
        ("/mnt/phone/x", "fuse.sshfs", False),
        ("/mnt/shared", "ext4", True),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_its_nearest_mount(folder: str, kind: str, shares: bool) -> None:
    assert file_system(Path(folder), MOUNTS) == kind
    assert can_share_memory(Path(folder), MOUNTS) == shares


def test_a_file_system_of_which_nothing_is_known_is_taken_for_local() -> None:
    assert file_system(Path("/srv"), "") is None
    assert can_share_memory(Path("/srv"), "")


def test_a_folder_is_made_for_this_user_only(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "data")

    assert (tmp_path / "a" / "data").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="RELAY_DATA_DIR"):
        prepare_folder(tmp_path / "file" / "data")


def test_a_folder_is_locked_once_until_it_is_released(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path)
    with pytest.raises(StartupError, match="Another relay is running"):
        lock_folder(tmp_path)
    lock.release()
    lock_folder(tmp_path).release()


def test_a_process_that_is_killed_gives_the_folder_back(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StartupError, match="Another relay is running"):
            lock_folder(tmp_path)
    finally:
        holder.kill()
        holder.communicate(timeout=10)
    lock_folder(tmp_path).release()
