"""What `python -m relay run` says to people, and when."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.crypto.identity import parse_invitation, show_relay_id
from common.crypto.tls import client_context
from common.environment import child_environment
from common.ids import Millis, RelayId
from relay.api import leave_out_strangers_faults
from relay.app import running
from relay.cli import container, run
from relay.exits import MOVED_AWAY, NOT_DONE
from relay.moving.marks import Moved, write_mark
from tests.people import quiet_config
from tests.scenes.test_shutdown import ROOT

RUNNING = "The relay is running. Ctrl+C stops it.\n"


@contextmanager
def started(folder: Path, *options: str, typed: str = "") -> Iterator[str]:
    """What the relay says up to the line that it is running. *typed*: what stands on its standard input."""
    command = [sys.executable, "-m", "relay", "run", "--port", "0", "--announce", "no", "--name", "Склад"]
    command += ["--data-dir", str(folder / "data"), "--key-file", str(folder / "keys" / "relay.key"), *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as relay:
        assert relay.stdin is not None
        assert relay.stdout is not None
        try:
            relay.stdin.write(typed)
            relay.stdin.close()
            said = ""
            while RUNNING not in said:
                line = relay.stdout.readline()
                assert line, "it has ended"
                said += line
            yield said
        finally:
            relay.terminate()
        assert relay.wait(5) == 0


def code_in(said: str, label: str) -> str:
    found = re.search(rf"{label} code: +(\S+)", said)
    assert found is not None
    return found[1]


def lose(folder: Path) -> None:
    for path in (folder / "keys").iterdir():
        path.unlink()


def test_it_tells_where_it_is_and_the_recovery_code_at_the_first_start_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
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
        assert "keys confirm" in second
        assert code_in(second, "Owner") == code_in(first, "Owner")
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


def test_a_relay_that_has_moved_away_ends_with_a_code_of_its_own(tmp_path: Path):
    with started(tmp_path):
        pass
    write_mark(tmp_path / "data", Moved(RelayId("x"), b"claim", "move", Millis(1), ["10.0.0.2:5000"], is_there=True))
    command = [sys.executable, "-m", "relay", "run", "--json", "--port", "0", "--announce", "no"]
    command += ["--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "keys" / "relay.key")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == MOVED_AWAY == 3
    assert json.loads(ended.stdout)["code"] == "moved_away"
    assert "10.0.0.2:5000" in ended.stderr
    assert "take-back" in ended.stderr


def test_a_data_folder_that_is_a_file_is_said_to_be_none(tmp_path: Path):
    (tmp_path / "data").write_text("a list of what to buy")
    command = [
        sys.executable,
        "-m",
        "relay",
        "run",
        "--port",
        "0",
        "--announce",
        "no",
        "--data-dir",
        str(tmp_path / "data"),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == NOT_DONE
    assert "cannot be made" in ended.stderr
    assert "moved" not in ended.stderr


# -- the recovery code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["typed", "in a file"])
def test_the_recovery_code_opens_the_data_and_makes_a_key_file_for_the_next_start(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    with started(tmp_path) as first:
        code = code_in(first, "Recovery")
    lose(tmp_path)
    if way == "typed":
        start = started(tmp_path, "--recovery-code", typed=f"{code.lower()}\n")
    else:
        (tmp_path / "code").write_text(f"{code}\n")
        start = started(tmp_path, "--recovery-code", str(tmp_path / "code"))
    with start as second:
        assert re.findall("^Relay id:.*", first, re.MULTILINE) == re.findall("^Relay id:.*", second, re.MULTILINE)
        assert code not in second
    with started(tmp_path) as third:
        assert str(tmp_path / "keys" / "relay.key") in third


@pytest.mark.parametrize(
    "option, typed, why",
    [
        (["--recovery-code"], "", "No recovery code was given"),
        (["--recovery-code"], "ABCD-EFGH\n", "8 characters instead of 32"),
        (["--recovery-code", "ABCD-EFGH-JKLM"], "", "cannot be read"),
    ],
)
def test_without_the_recovery_code_it_says_what_is_wrong_and_does_not_repeat_it(
    tmp_path: Path, option: list[str], typed: str, why: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    with started(tmp_path):
        pass
    lose(tmp_path)
    command = [sys.executable, "-m", "relay", "run", "--port", "0", "--announce", "no", *option]
    command += ["--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "keys" / "relay.key")]
    ended = subprocess.run(
        command, cwd=ROOT, input=typed, capture_output=True, text=True, encoding="utf-8", check=False, timeout=20
    )
    assert ended.returncode == 1
    assert why in ended.stderr
    assert "ABCD" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list((tmp_path / "keys").iterdir()) == []


# -- where it says it --------------------------------------------------------------------------------------------------


def test_it_outlives_the_pipe_that_it_speaks_into(tmp_path: Path):
    options = [
        "--port",
        "0",
        "--announce",
        "no",
        "--data-dir",
        str(tmp_path / "data"),
        "--key-file",
        str(tmp_path / "key"),
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "relay", "run", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=child_environment({"PYTHONIOENCODING": "utf-8"}),
    ) as relay:
        assert relay.stdout is not None
        assert relay.stderr is not None
        while relay.stdout.readline() != RUNNING:
            pass
        relay.stdout.close()
        relay.terminate()
        errors = relay.stderr.read()
        assert relay.wait(5) == 0
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    assert "Nothing more can be said on standard output" in errors


def test_a_terminal_without_the_letters_of_its_name_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    with started(tmp_path) as said:
        assert re.search(r"^Relay: +\?{5}$", said, re.MULTILINE)


@pytest.mark.skipif(os.name == "nt", reason="rights come from the folder there")
def test_what_it_writes_is_for_its_user_alone(tmp_path: Path):
    (tmp_path / "data").mkdir(mode=0o755)
    with started(tmp_path):
        files = list((tmp_path / "data").iterdir())
        assert len(files) >= 6, "and the room that is kept for a full disk, once it was made"
        assert [path.name for path in files if path.stat().st_mode & 0o077] == []


async def test_in_a_bridged_container_it_says_how_to_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with running(quiet_config(tmp_path, registration="invite")) as relay:
        assert f"127.0.0.1:{relay.port}" in run._in_words(relay)
        monkeypatch.setattr(container, "IMAGE_MARK", tmp_path)
        said = run._in_words(relay)
    assert "127.0.0.1" not in said
    assert f"publishes for {relay.port}" in said
    assert f"pymessenger://ADDRESS:PORT/{show_relay_id(relay.relay_id)}?code=" in said
    assert "relay announce --host ADDRESS --port PORT" in said


async def test_a_stranger_who_speaks_no_http_fills_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    leave_out_strangers_faults()
    async with running(quiet_config(tmp_path)) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port, ssl=client_context())
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        assert b"400" in await asyncio.wait_for(reader.readline(), 10)
        writer.close()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_programs_are_told_by_a_code_that_nothing_opens_the_data(tmp_path: Path):
    with started(tmp_path):
        pass
    (tmp_path / "keys").rename(tmp_path / "lost")
    command = [sys.executable, "-m", "relay", "run", "--json", "--port", "0", "--announce", "no"]
    command += ["--data-dir", str(tmp_path / "data"), "--key-file", str(tmp_path / "keys" / "relay.key")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["code"]) == (NOT_DONE, "key_unavailable")
    assert "Its ways in: " in told["message"]
