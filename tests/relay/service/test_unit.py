"""The text of the units: understood by systemd, whatever the folders are called, and shut in well."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relay.config import Config
from relay.exits import MOVED_AWAY, NOT_DONE, WRONG
from relay.service.systemd import Service, this_program
from relay.service.unit import NAME, STEPS_SINCE, Program, system_unit, user_unit

ROOT = Path(__file__).parents[3]
OPT = Path("/opt/py-messenger")
PLAIN = Program(OPT, OPT / ".venv" / "bin" / "python", (OPT, Path("/usr")))
PRESENT = 252
"""The version of systemd that the plain file is for: that and later ones know all its words."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")


def verified(unit: Path) -> str:
    """What systemd has to say against it."""
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_the_plain_file_is_what_the_program_prints() -> None:
    assert (ROOT / "deploy" / NAME).read_text(encoding="utf-8").split("[Unit]", 1)[1] == system_unit(
        PLAIN, PRESENT
    ).split("[Unit]", 1)[1]


@needs_systemd
@pytest.mark.parametrize("name", ["relay", "мой узел 100% $HOME", 'a "quoted" \\ one', "it's; here", "two:colons"])
def test_systemd_reads_the_folders_as_they_are(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    python = root / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(Path(sys.executable).resolve())
    program = Program(root, python, (root,))
    for text in (system_unit(program, PRESENT), user_unit(program, PRESENT, root / "data", root / "relay.key")):
        unit = tmp_path / NAME
        unit.write_text(text, encoding="utf-8")
        assert verified(unit) == ""


@needs_systemd
def test_a_wrong_word_would_be_noticed(tmp_path: Path) -> None:
    unit = tmp_path / NAME
    unit.write_text(system_unit(this_program(), PRESENT).replace("PrivateTmp", "PrivateTemp"), encoding="utf-8")
    assert "PrivateTemp" in verified(unit)


@needs_systemd
def test_little_is_left_that_a_broken_relay_could_reach(tmp_path: Path) -> None:
    unit = tmp_path / NAME
    unit.write_text(system_unit(PLAIN, PRESENT), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    (documented,) = re.findall(r"gives ([0-9.]+) of 10", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
    assert float(found[1]) <= float(documented) + 0.1  # each version of systemd counts a little differently


def test_a_program_in_a_home_is_all_that_is_seen_of_it() -> None:
    home = Path("/home/анна/Py messenger")
    text = system_unit(Program(home, home / ".venv/bin/python", (home,)), PRESENT)
    assert "ProtectHome=tmpfs\n" in text
    assert 'BindReadOnlyPaths="/home/анна/Py messenger"\n' in text
    assert "ProtectHome=yes\n" in system_unit(PLAIN, PRESENT)
    assert "BindReadOnlyPaths" not in system_unit(PLAIN, PRESENT)


def test_it_waits_longer_after_each_failure_where_systemd_can() -> None:
    assert "RestartSteps" not in system_unit(PLAIN, STEPS_SINCE - 1)
    assert "RestartSteps=6\nRestartMaxDelaySec=5min\n" in system_unit(PLAIN, STEPS_SINCE)


def test_it_is_not_started_again_where_that_would_change_nothing() -> None:
    for text in (system_unit(PLAIN, PRESENT), user_unit(PLAIN, PRESENT, OPT / "data", OPT / "relay.key")):
        words = next(line for line in text.splitlines() if line.startswith("RestartPreventExitStatus="))
        codes = {int(code) for code in words.partition("=")[2].split()}
        assert {WRONG, MOVED_AWAY} <= codes
        assert NOT_DONE not in codes  # a full disk, a port that another has: over by the next time


def test_the_key_is_never_within_the_data() -> None:
    words = next(line for line in system_unit(PLAIN, PRESENT).splitlines() if line.startswith("ExecStart=")).split()
    data, key = words[words.index("--data-dir") + 1], words[words.index("--key-file") + 1]
    assert not Path(key).is_relative_to(data)


def test_somebody_s_own_service_uses_what_they_have(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "мои данные", key_file=tmp_path / "relay.key", name="Relay")
    service = Service(of_system=False, config=config, folder=tmp_path)
    assert f'--data-dir "{tmp_path}/мои данные" --key-file {tmp_path}/relay.key' in service.text()
    assert (service.data_dir, service.key_file) == (config.data_dir, config.key_file)


def test_where_systemd_does_not_run_that_is_said(tmp_path: Path) -> None:
    if Path("/run/systemd/system").is_dir():
        pytest.skip("it runs here")
    command = [sys.executable, "-m", "relay", "service", "install", "--user"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (NOT_DONE, "")
    assert "not run by systemd" in done.stderr
