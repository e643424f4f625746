"""The window comes before all others when the person asked for it elsewhere: on a screen with a window manager."""

from __future__ import annotations

import subprocess
import time
import tkinter as tk
from collections.abc import Callable, Iterator

import pytest

from desktop.view.raising import come_to_front
from tests.managed import WITHIN_S, active_window, property_of_root

pytestmark = pytest.mark.window


class Windows:
    """The client's, with a field that has the keyboard, and another program's in front of it."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.own = tk.Tk(screenName=display, className="Ours")
        self.own.title("Ours")
        self.field = tk.Entry(self.own)
        self.field.pack()
        self.field.focus_set()
        self.until(lambda: active_window(display) == "Ours")
        self.other = tk.Tk(screenName=display, className="Other")
        self.other.title("Other")
        self.until(lambda: active_window(display) == "Other")

    def until(self, fact: Callable[[], bool]) -> None:
        until = time.monotonic() + WITHIN_S
        while not fact():
            assert time.monotonic() < until, f"in front: {active_window(self.display)!r}"
            self.own.update()
            if hasattr(self, "other"):
                self.other.update()

    def close(self) -> None:
        self.own.destroy()
        if hasattr(self, "other"):
            self.other.destroy()


@pytest.fixture
def windows(managed_display: str) -> Iterator[Windows]:
    windows = Windows(managed_display)
    yield windows
    windows.close()


def desktop(windows: Windows) -> str:
    return property_of_root(windows.display, "_NET_CURRENT_DESKTOP").split()[-1]


@pytest.mark.parametrize("place", ["behind", "minimised", "put away"])
def test_it_comes_from(place, windows):
    if place == "minimised":
        windows.own.iconify()
    elif place == "put away":
        windows.own.withdraw()
    windows.until(lambda: active_window(windows.display) == "Other")
    come_to_front(windows.own)
    windows.until(lambda: active_window(windows.display) == "Ours" and bool(windows.own.winfo_viewable()))
    windows.until(lambda: windows.own.focus_displayof() == windows.field)


def test_it_comes_from_another_desktop(windows):
    subprocess.run(["xdotool", "set_desktop", "1"], env={"DISPLAY": windows.display}, check=True)
    windows.until(lambda: desktop(windows) == "1")
    come_to_front(windows.own, "token_TIME0")
    windows.until(lambda: active_window(windows.display) == "Ours" and desktop(windows) == "0")
