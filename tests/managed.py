"""A virtual screen of its own with a window manager: windows have titles there, lie on each other, and go to other desktops."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.screens import virtual_screen

TOOLS = ("Xvfb", "openbox", "xprop", "xdotool")
WITHIN_S = 10.0


@contextmanager
def managed_screen() -> Iterator[str]:
    """The name of the display; skips the test where it cannot be.

    Who has had a Tk window on it is killed by Xlib when it goes: the fixture that keeps it has to last as long as the run.
    """
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        pytest.skip(
            f"{', '.join(missing)} missing: apt-get install -y --no-install-recommends xvfb openbox x11-utils xdotool"
        )
    with virtual_screen() as display:
        environment = {**os.environ, "DISPLAY": display}
        with subprocess.Popen(["openbox", "--sm-disable"], env=environment, stderr=subprocess.DEVNULL) as manager:
            try:
                _until_managed(display)
                yield display
            finally:
                manager.terminate()
                manager.wait()


def property_of_root(display: str, name: str) -> str:
    """What the window manager says of the screen."""
    done = subprocess.run(["xprop", "-display", display, "-root", name], capture_output=True, text=True, check=True)
    return done.stdout


def active_window(display: str) -> str:
    """The title of the window in front; empty: none."""
    number = property_of_root(display, "_NET_ACTIVE_WINDOW").rpartition("# ")[2].strip()
    if number in ("", "0x0"):
        return ""
    done = subprocess.run(["xprop", "-display", display, "-id", number, "WM_NAME"], capture_output=True, text=True)
    return done.stdout.partition('"')[2].rpartition('"')[0]


def _until_managed(display: str) -> None:
    until = time.monotonic() + WITHIN_S
    while "window id" not in property_of_root(display, "_NET_SUPPORTING_WM_CHECK"):
        assert time.monotonic() < until, "the window manager does not come"
