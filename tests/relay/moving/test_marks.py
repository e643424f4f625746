"""What stands in a folder decides whether a relay may be run in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import StartupError
from common.ids import Millis, RelayId
from relay.moving.marks import (
    MOVED,
    RECEIVING,
    Moved,
    MovedAway,
    Receiving,
    moved_to_serve,
    read_moved,
    read_receiving,
    receiving_folder,
    remove_mark,
    write_mark,
)

RELAY = RelayId("A" * 52)
HANDED_OVER = Moved(RELAY, b"claim", "move", Millis(1))
THERE = Moved(RELAY, b"claim", "move", Millis(1), ["10.0.0.2:5000"], is_there=True)
BROKEN_OFF = Receiving(RELAY, "10.0.0.1", 5000, "claim", "move", Millis(1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "data"
    place.mkdir()
    (place / "relay.db").touch()
    return place


def test_without_a_mark_it_is_run(folder: Path):
    assert moved_to_serve(folder) is None


def test_one_that_was_handed_over_stays_up_to_say_so_until_it_serves_there(folder: Path):
    write_mark(folder, HANDED_OVER)
    assert moved_to_serve(folder) == HANDED_OVER
    write_mark(folder, THERE)
    with pytest.raises(MovedAway, match=r"10\.0\.0\.2:5000"):
        moved_to_serve(folder)
    remove_mark(folder, MOVED)
    assert moved_to_serve(folder) is None


def test_where_a_relay_was_to_come_none_is_begun_anew(tmp_path: Path):
    folder = tmp_path / "data"
    receiving_folder(folder).mkdir()
    write_mark(receiving_folder(folder), BROKEN_OFF)
    with pytest.raises(StartupError, match="move finish"):
        moved_to_serve(folder)


def test_one_that_left_and_was_to_come_back_waits_for_that(folder: Path):
    write_mark(folder, THERE)
    receiving_folder(folder).mkdir()
    write_mark(receiving_folder(folder), BROKEN_OFF)
    with pytest.raises(StartupError, match="move give-up"):
        moved_to_serve(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"nonsense"])
def test_a_mark_that_cannot_be_read_is_none_that_is_not_there(folder: Path, content: bytes):
    (folder / MOVED).write_bytes(content)
    with pytest.raises(StartupError, match="cannot be read"):
        moved_to_serve(folder)


def test_a_mark_is_for_its_user_alone_and_hides_the_claim(folder: Path):
    write_mark(folder, BROKEN_OFF)
    assert read_receiving(folder) == BROKEN_OFF
    assert (folder / RECEIVING).stat().st_mode & 0o077 == 0
    assert "claim" not in repr(BROKEN_OFF)
    assert sorted(path.name for path in folder.iterdir()) == ["relay.db", RECEIVING]


@pytest.mark.skipif(sys.platform != "linux", reason="strace is of Linux")
def test_a_mark_is_on_the_disk_before_anybody_is_told(folder: Path, tmp_path: Path):
    trace = tmp_path / "trace"
    program = (
        "import sys; from pathlib import Path; from tests.relay.moving.test_marks import HANDED_OVER, write_mark; "
        "write_mark(Path(sys.argv[1]), HANDED_OVER)"
    )
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,rename,renameat,renameat2"]
    try:
        done = subprocess.run(
            [*command, sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("strace is missing")
    if "ptrace" in done.stderr:
        pytest.skip("nothing may be traced here")
    assert read_moved(folder) == HANDED_OVER
    calls = [
        line.split("(")[0].split()[-1] for line in trace.read_text().splitlines() if "sync(" in line or MOVED in line
    ]
    assert [call.replace("renameat2", "rename") for call in calls] == ["fsync", "rename", "fsync"]
