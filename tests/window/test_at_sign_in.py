"""The desktop starts the client by its entry: out of the way, and there as soon as somebody wants it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.autostart.entry import client_entry
from desktop.autostart.xdg import XdgAutostart
from tests.managed import active_window
from tests.window.hands import Hands, window

pytestmark = pytest.mark.window

ALONE = {"SERVER_HOST": "127.0.0.1", "SERVER_PORT": "9"}
TITLE = "Py_messenger"
WITHIN_S = 30.0


@pytest.fixture
def hands(managed_display: str, artifacts: Path) -> Hands:
    return Hands(managed_display, artifacts)


def until(fact: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not fact():
        assert time.monotonic() < deadline, f"not seen within {WITHIN_S} s: {what}"


def windows(display: str) -> list[str]:
    """The numbers of the client's windows, seen or not."""
    command = ["xdotool", "search", "--class", TITLE]
    done = subprocess.run(command, env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, check=False)
    return done.stdout.split()


def states(display: str) -> str:
    """What the window manager says of them."""
    said = [
        subprocess.run(["xprop", "-display", display, "-id", number, "WM_STATE"], capture_output=True, text=True).stdout
        for number in windows(display)
    ]
    return " ".join(said)


@contextlib.contextmanager
def signed_in(display: str, folder: Path, home: Path) -> Iterator[None]:
    """As a desktop does it with what stands in ``autostart``."""
    entries = XdgAutostart(folder)
    entry = client_entry(home)
    entries.write(entry)
    environment = {**os.environ, "DISPLAY": display, "LANG": "en_GB.UTF-8", "LC_ALL": "", "LANGUAGE": "", **ALONE}
    subprocess.run(["gio", "launch", str(entries.place(entry.name))], env=environment, cwd="/", check=True)
    pids: set[int] = set()
    try:
        until(lambda: bool(windows(display)), "a window, however small")
        for number in windows(display):
            done = subprocess.run(
                ["xdotool", "getwindowpid", number], env=environment, capture_output=True, text=True, check=False
            )
            pids |= {int(word) for word in done.stdout.split()}
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


@pytest.mark.skipif(shutil.which("gio") is None, reason="gio is missing (apt: libglib2.0-bin)")
@pytest.mark.timeout(120)
def test_it_starts_minimised_and_comes_to_the_front_when_it_is_started_once_more(hands: Hands, tmp_path: Path) -> None:
    home = tmp_path / "anna’s files"
    with signed_in(hands.display, tmp_path / "autostart", home):
        until(lambda: "window state: Iconic" in states(hands.display), "a minimised window")
        assert active_window(hands.display) == ""
        until(
            (home / "secrets.json").exists, "that the folder is its own: before, whoever comes second may be the first"
        )
        with window(home, hands.display, **ALONE) as second:
            assert second.ends() == ""
        until(lambda: active_window(hands.display) == TITLE, "the window in front")
        hands.close()
        until(lambda: not windows(hands.display), "no window any more")
