"""What `python -m relay run` says to people, and when."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.crypto.identity import parse_invitation
from tests.scenes.test_shutdown import ROOT

RUNNING = "The relay is running. Ctrl+C stops it.\n"


@contextmanager
def started(folder: Path, *options: str) -> Iterator[str]:
    """What the relay says up to the line that it is running."""
    command = [sys.executable, "-m", "relay", "run", "--port", "0", "--announce", "no", "--name", "Склад"]
    command += ["--data-dir", str(folder / "data"), "--key-file", str(folder / "keys" / "relay.key"), *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as relay:
        assert relay.stdout is not None
        said = ""
        while RUNNING not in said:
            line = relay.stdout.readline()
            assert line, "it has ended"
            said += line
        yield said
        relay.terminate()
        assert relay.wait(5) == 0


def test_it_tells_where_it_is_and_its_codes_at_the_first_start_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    with started(tmp_path) as first:
        for label in ("Relay:", "Addresses:", "Relay id:", "Data folder:", "Master key:", "Invitation:"):
            assert re.search(rf"^{label} +\S", first, re.MULTILINE), label
        assert "Склад" in first
        assert str(tmp_path / "data") in first
        assert str(tmp_path / "keys" / "relay.key") in first
        assert "Recovery code:" in first
        assert "Owner code:" in first
    with started(tmp_path) as second:
        assert "Recovery code:" not in second
        assert "Owner code:" not in second
        assert re.findall("^Relay id:.*", first, re.MULTILINE) == re.findall("^Relay id:.*", second, re.MULTILINE)


def test_where_an_invitation_is_needed_the_link_carries_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    with started(tmp_path, "--registration", "invite") as said:
        found = re.search(r"pymessenger://\S+", said)
        assert found is not None
        assert parse_invitation(found[0]).code


def test_a_setting_that_cannot_be_used_ends_it_with_one_sentence(tmp_path: Path):
    command = [sys.executable, "-m", "relay", "run", "--port", "many", "--data-dir", str(tmp_path / "data")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("SERVER_PORT is “many” (on the command line)")
    assert not (tmp_path / "data").exists()
