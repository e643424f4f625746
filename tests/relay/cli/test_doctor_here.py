"""The doctor examines the relay of this computer, running or not, and each thing that is wrong is named with its remedy."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from common.ids import Millis, RelayId
from relay.__main__ import main
from relay.app import running
from relay.cli.asking import _ahead_s
from relay.cli.doctor import CHECKS, clock, database, disk, examine_here, filesystem, keys, look_inside, ports, sqlite
from relay.cli.doctor.finding import Finding, Live, Patient
from relay.config import Config
from relay.moving.marks import Moved, write_mark
from tests.people import Stage, quiet_config, staged
from tests.scenes.conftest import stage

__all__ = ["stage"]

NOW = Millis(1_900_000_000_000)
BEFORE = Millis(1_800_000_000_000)


@pytest.fixture
async def closed(tmp_path: Path) -> Config:
    """The settings of a relay that has run, and does not run any more."""
    config = quiet_config(tmp_path, port=_free_port(), is_port_asked_for=True)
    async with staged(config, now=lambda: BEFORE) as stage:
        (anna,) = await stage.enter("anna")
        await anna.says("привет")
    return config


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def patient_of(config: Config, now: Millis = NOW, **clocks: float) -> Patient:
    return Patient(config, now, look_inside(config), clocks)


def states(found: list[Finding]) -> dict[str, set[str]]:
    """The states of each check."""
    by_check: dict[str, set[str]] = {}
    for finding in found:
        by_check.setdefault(finding.check, set()).add(finding.state)
    return by_check


def wrong(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.state, finding.what, finding.remedy) for finding in found if finding.state != "ok"]


async def test_a_closed_relay_that_is_well_is_said_to_be(closed: Config):
    found = examine_here(await asyncio.to_thread(patient_of, closed))
    assert states(found).keys() == CHECKS.keys()
    problems = wrong(found)
    assert [(state, "recovery code" in what) for state, what, _ in problems if "file system" not in what] == [
        ("warning", True)
    ], problems
    assert all(remedy for _, _, remedy in problems)


async def test_a_running_relay_is_examined_by_its_own_words(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        await stage.enter("anna")
        patient = await asyncio.to_thread(patient_of, stage.relay.config)
        assert isinstance(patient.inside, Live)
        assert patient.inside.examined.is_whole
        assert patient.inside.examined.newest_at > 0
        found = await asyncio.to_thread(
            examine_here, msgspec.structs.replace(patient, now=Millis(patient.inside.examined.newest_at))
        )
    assert {state for state, what, _ in wrong(found)} <= {"warning"}, wrong(found)
    assert states(found).keys() == CHECKS.keys()


async def test_a_relay_that_never_ran_has_nothing_to_complain_about(tmp_path: Path):
    patient = await asyncio.to_thread(patient_of, quiet_config(tmp_path, port=_free_port()))
    assert patient.inside is None
    assert {state for state, _, _ in wrong(examine_here(patient))} <= {"warning"}
    assert not (tmp_path / "data").exists(), "nothing was made"


async def test_the_doctor_leaves_the_data_as_it_was(closed: Config):
    before = {path.name: path.read_bytes() for path in closed.data_dir.iterdir() if path.suffix == ".db"}
    await asyncio.to_thread(look_inside, closed)
    assert {path.name: path.read_bytes() for path in closed.data_dir.iterdir() if path.suffix == ".db"} == before


# -- the database ------------------------------------------------------------------------------------------------------


async def test_a_damaged_database_is_said_to_be(closed: Config):
    path = closed.data_dir / "relay.db"
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 8 * 4096] = b"\xff" * (5 * 4096)
    path.write_bytes(content)
    found = database.check(await asyncio.to_thread(patient_of, closed))
    assert [finding.state for finding in found] == ["failed"]
    assert "restore FILE --replace" in found[0].remedy


async def test_what_is_no_database_is_said_to_be_none(closed: Config):
    (closed.data_dir / "relay.db").write_bytes(b"poem" * 4096)
    found = database.check(await asyncio.to_thread(patient_of, closed))
    assert [finding.state for finding in found] == ["failed"]


async def test_where_the_database_of_a_relay_is_gone_no_first_start_is_promised(closed: Config):
    (closed.data_dir / "relay.db").unlink()
    (closed.data_dir / "search.snapshot").write_bytes(b"what is left")
    (found,) = database.check(await asyncio.to_thread(patient_of, closed))
    assert found.state == "failed"
    assert "search.snapshot" in found.remedy
    assert "restore FILE" in found.remedy


async def test_a_relay_that_has_moved_is_not_sent_back_to_be_started(closed: Config):
    write_mark(closed.data_dir, Moved(RelayId("A" * 52), b"claim", "move", BEFORE, ["10.0.0.2:5000"], is_there=True))
    refused, *_ = database.check(await asyncio.to_thread(patient_of, closed))
    assert refused.state == "failed"
    assert "10.0.0.2:5000" in refused.remedy
    assert "move take-back" in refused.remedy


def test_in_no_line_is_a_relay_that_has_moved_to_be_started(
    closed: Config, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    write_mark(closed.data_dir, Moved(RelayId("A" * 52), b"claim", "move", BEFORE, ["10.0.0.2:5000"], is_there=True))
    assert (
        main(["doctor", "--data-dir", str(closed.data_dir), "--key-file", str(closed.key_file), "--port", "47113"]) == 1
    )
    said = capsys.readouterr().out
    assert "No relay is running on this computer, port 47113, and none is to be started here." in said
    assert "relay run" not in said
    assert "10.0.0.2:5000" in said


async def test_a_database_of_a_later_version_is_not_this_programs(closed: Config):
    with closing(sqlite3.connect(closed.data_dir / "relay.db")) as conn:
        conn.execute("PRAGMA user_version = 9999")
    found = database.check(await asyncio.to_thread(patient_of, closed))
    assert "later version" in found[-1].what
    assert found[-1].state == "failed"


@pytest.mark.allows_errors
async def test_damage_in_a_running_relay_is_found_over_the_control_channel(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        (anna,) = await stage.enter("anna")
        for number in range(40):
            await anna.says(f"{number} " + "полно " * 2000)
        await stage.relay.parts.store.checkpoint(truncate=True)
        path = tmp_path / "data" / "relay.db"
        content = bytearray(path.read_bytes())
        content[-20 * 4096 :] = b"\xff" * (20 * 4096)
        path.write_bytes(content)
        found = await asyncio.to_thread(lambda: database.check(patient_of(stage.relay.config)))
    assert "The database is damaged" in found[0].what


# -- keys --------------------------------------------------------------------------------------------------------------


async def test_a_lost_key_file_is_said_before_anybody_starts_the_relay(closed: Config):
    for path in closed.key_file.parent.iterdir():
        path.unlink()
    found = keys.check(await asyncio.to_thread(patient_of, closed))
    assert found[0].state == "failed"
    assert "--recovery-code" in found[0].remedy


async def test_one_lost_copy_and_a_file_that_others_may_read_are_warnings(closed: Config):
    closed.key_file.with_name(closed.key_file.name + ".copy").unlink()
    closed.key_file.chmod(0o644)
    found = keys.check(await asyncio.to_thread(patient_of, closed))
    assert found[0].state == "warning"
    assert "is missing" in found[0].what
    assert (sys.platform == "win32") != ("can be read by other users" in found[0].what)


async def test_a_key_file_that_is_lost_while_the_relay_runs_is_said(tmp_path: Path):
    async with running(quiet_config(tmp_path)) as relay:
        for path in relay.config.key_file.parent.iterdir():
            path.unlink()
        found = await asyncio.to_thread(lambda: keys.check(patient_of(relay.config)))
    assert found[0].state == "failed"
    assert "nothing is lost" in found[0].remedy


async def test_the_key_file_that_the_running_relay_uses_is_looked_at_and_no_other(tmp_path: Path):
    async with running(quiet_config(tmp_path)) as relay:
        elsewhere = replace(relay.config, key_file=tmp_path / "no keys" / "relay.key")
        found = await asyncio.to_thread(lambda: keys.check(patient_of(elsewhere)))
    assert not [finding.what for finding in found if "is missing" in finding.what]


# -- the clock ---------------------------------------------------------------------------------------------------------


async def test_a_clock_that_is_behind_the_newest_message_is_said(closed: Config):
    found = clock.check(await asyncio.to_thread(patient_of, closed, Millis(BEFORE - 3600_000)))
    assert [finding.state for finding in found] == ["failed"]
    assert "in the future" in found[0].what
    assert "network time" in found[0].remedy


@pytest.mark.parametrize("ahead_s, words", [(7200.0, "7,200 seconds ahead of"), (-90.0, "90 seconds behind")])
def test_a_clock_that_differs_from_another_relays_is_said(ahead_s: float, words: str):
    (finding,) = clock.apart({"“Склад”": ahead_s, "“Касса”": 20.0})
    assert words in finding.what
    assert "Склад" in finding.what


def test_the_time_of_another_computer_is_read_from_its_answer():
    assert _ahead_s("Fri, 27 Nov 2026 09:00:00 GMT", 1795770000.0 + 7) == 7
    assert _ahead_s("yesterday", 1.0) is None
    assert _ahead_s(None, 1.0) is None


# -- disk, file system, SQLite, ports, rights --------------------------------------------------------------------------


@pytest.mark.parametrize("free, state", [(10**8, "failed"), (300 * 1024**2, "warning"), (10**12, "ok")])
def test_little_room_is_said(free: int, state: str):
    assert disk.judge(free, "data").state == state


@pytest.mark.parametrize(
    "kind, words",
    [
        ("nfs4", "network"),
        ("cifs", "network"),
        ("virtiofs", "network"),
        ("9p", "network"),
        ("fuse.sshfs", "network"),
        ("network", "network"),
        ("vfat", "FAT"),
        ("exfat", "FAT"),
        ("msdos", "FAT"),
        ("removable", "FAT"),
        ("tmpfs", "memory"),
    ],
)
def test_a_file_system_that_may_do_harm_is_a_warning(kind: str, words: str):
    finding = filesystem.judge(kind)
    assert (finding.state, words in finding.what) == ("warning", True)
    assert "RELAY_DATA_DIR" in finding.remedy


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "apfs", "ntfs", "overlay", None])
def test_any_other_file_system_is_well(kind: str | None):
    assert filesystem.judge(kind).state == "ok"


def test_where_the_system_has_no_list_of_mounts_the_command_is_asked(tmp_path: Path):
    mounts = (
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        f"//anna@nas/share on {tmp_path} (smbfs, nodev, nosuid)\n"
    )
    assert filesystem.in_mounts(tmp_path / "data", mounts) == "smbfs"
    assert filesystem.in_mounts(Path("/elsewhere"), mounts) == "apfs"


@pytest.mark.parametrize(
    "version, has_remedy", [("3.40.1", True), ("3.51.2", True), ("3.51.3", False), ("3.52.0", False)]
)
def test_an_older_sqlite_is_well_with_care(version: str, has_remedy: bool):
    finding = sqlite.judge(version)
    assert (finding.state, bool(finding.remedy)) == ("ok", has_remedy)


def test_a_port_that_somebody_else_has_is_said(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = quiet_config(tmp_path, port=port, is_port_asked_for=True)
        (finding,) = ports.check(Patient(config, NOW, None, {}))
        assert (finding.state, str(port) in finding.what) == ("failed", True)
        (finding,) = ports.check(Patient(replace(config, is_port_asked_for=False), NOW, None, {}))
        assert finding.state == "warning"


def test_a_program_that_keeps_port_5353_is_said(tmp_path: Path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", ports.MDNS_PORT))
        config = quiet_config(tmp_path, port=_free_port(), announce=True)
        _, finding = ports.check(Patient(config, NOW, None, {}))
    assert finding.state == "failed"
    assert "5353" in finding.what
    _, finding = ports.check(Patient(config, NOW, None, {}))
    assert finding.state == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions there come from the folder above")
async def test_a_data_folder_that_others_may_enter_is_a_warning(closed: Config):
    closed.data_dir.chmod(0o755)
    patient = await asyncio.to_thread(patient_of, closed)
    found = [finding for finding in examine_here(patient) if finding.check == "folder"]
    assert [finding.state for finding in found] == ["warning"]
    assert "chmod" in found[0].remedy


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.mark.xdist_group("mdns")
async def test_with_json_each_finding_is_told_for_programs(
    stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RELAY_DATA_DIR", str(stage.relay.config.data_dir))
    monkeypatch.setenv("RELAY_KEY_FILE", str(stage.relay.config.key_file))
    capsys.readouterr()
    code = await asyncio.to_thread(main, ["doctor", "--host", "127.0.0.1", "--json"])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert said["type"] == "Diagnosis"
    assert code == (0 if said["is_well"] else 1)
    assert all(each["check"] and each["state"] in ("ok", "warning", "failed") for each in said["findings"])
    assert CHECKS.keys() <= {each["check"] for each in said["findings"]}
    (port,) = [each for each in said["findings"] if each["check"] == "relay"]
    assert f"port {stage.relay.port}" in port["what"], "the running relay's own port is looked at"


def test_the_doctor_runs_as_a_program_of_its_own_where_nothing_is(tmp_path: Path):
    command = [sys.executable, "-m", "relay", "doctor", "--host", "127.0.0.1", "--port", str(_free_port()), "--json"]
    command += ["--data-dir", str(tmp_path / "data")]
    asked = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3], timeout=60
    )
    said = json.loads(asked.stdout)
    assert (asked.returncode, said["is_well"]) == (1, False)
    assert [each["check"] for each in said["findings"] if each["state"] == "failed"]
