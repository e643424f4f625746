"""An owner moves the relay to the computer that they sit at, in the real window: another one follows and talks on with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.settings import SettingsFile
from tests.desktop.link.clients import PASSWORD, clients_in
from tests.desktop.link.relays import ROOT, RelayProcess, relay_in

pytestmark = [pytest.mark.window, pytest.mark.timeout(240)]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@contextmanager
def mover(home: Path, pictures: Path, relay: RelayProcess, password: str = PASSWORD) -> Iterator[subprocess.Popen[str]]:
    """The window, on a computer with a data folder of its own."""
    there = {
        "SERVER_HOST": "127.0.0.1",
        "SERVER_PORT": str(relay.port),
        "RELAY_DATA_DIR": str(home.parent / "there" / "data"),
        "RELAY_KEY_FILE": str(home.parent / "there" / "relay.key"),
        "RELAY_ANNOUNCE": "no",
    }
    command = [sys.executable, "-m", "tests.window.mover", str(home), password, str(pictures)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **there}, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def phases(process: subprocess.Popen[str], last: str) -> list[str]:
    """What the window shows, up to *last*."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line.split()[0])
        if seen[-1] == last:
            return seen
    raise AssertionError(f"it ended after {seen}")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_relay_comes_to_this_computer_and_everybody_with_it(
    display: str, relay: RelayProcess, tmp_path: Path, artifacts: Path, language: str
):
    with clients_in(tmp_path) as enter:
        anna = enter("anna")
        anna.register(relay.address, "anna", code=relay.said["owner_code"])
        anna.says("здесь")
        boris = enter("boris")
        boris.register(relay.address, "boris")
        boris.until(lambda: boris.messages() == ["здесь"])
        anna.until(lambda: anna.waiting() == [] and anna.messages() == ["здесь"])
        anna.ends()
        SettingsFile(anna.home).change(language=language, theme="light" if language == "en" else "dark")
        with mover(anna.home, artifacts / f"moving-{language}", relay) as window:
            seen = phases(window, "serving")
            assert [phase for phase in seen if phase in ("holding", "moved", "serving")][-2:] == ["moved", "serving"]
            assert (tmp_path / "there" / "data" / "relay.db").exists()
            boris.says("и там")
            boris.until(lambda: boris.waiting() == [] and "и там" in boris.messages())
            relay.stop()
            boris.says("и без прежнего")
            boris.until(lambda: boris.waiting() == [] and "и без прежнего" in boris.messages())


def test_a_wrong_password_is_said_where_it_was_typed(
    display: str, relay: RelayProcess, tmp_path: Path, artifacts: Path
):
    with clients_in(tmp_path) as enter:
        anna = enter("anna")
        anna.register(relay.address, "anna", code=relay.said["owner_code"])
        anna.ends()
        with mover(anna.home, artifacts / "moving-wrong", relay, "another one") as window:
            assert phases(window, "refused") == ["refused"]
            assert not (relay.folder / "data" / "relay.moved").exists()
            assert not (tmp_path / "there" / "data").exists()
