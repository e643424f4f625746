"""Somebody's hands and eyes at a virtual screen: xdotool types and clicks, Pillow looks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageGrab

ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
CLOSING_S = 20.0
"""Three seconds are promised; a machine that is busy with other tests gets many more."""

Colour = tuple[int, int, int]
Box = tuple[int, int, int, int]

ACCENT: Colour = (0x25, 0x63, 0xDC)
"""The main button of a screen, in the light theme."""
OWN_BUBBLE: Colour = (0xD7, 0xE6, 0xFE)
OTHER_BUBBLE: Colour = (0xFF, 0xFF, 0xFF)


_NOWHERE = ("0", "0")
"""In the window's corner, where it has nothing: what the pointer lies on has another colour, and without a window manager the keyboard is
where the pointer is."""


class Hands:
    """Types, clicks and looks at one screen that has one client's window on it."""

    def __init__(self, display: str, album: Path) -> None:
        """*display*: the name of the X screen. It gets a keyboard with Latin and Russian letters.

        *album*: the folder for the picture of a screen that does not come to show what it should.
        """
        self.display = display
        self._album = album
        # Otherwise xdotool borrows a key for each Russian letter, faster than the window hears of it.
        subprocess.run(["setxkbmap", "-display", display, "us,ru"], check=True, timeout=WITHIN_S)
        self._do("mousemove", *_NOWHERE)

    def _do(self, *words: str) -> str:
        done = self._tried(*words)
        assert done.returncode == 0, f"xdotool {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def _tried(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["xdotool", *words],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
        )

    # -- the window ----------------------------------------------------------------------------------------------------

    def find_window(self) -> str:
        """Wait for the window to be there, give it the keyboard; its number."""
        until = time.monotonic() + WITHIN_S
        # The search walks over all windows, and gives up where one of them goes while it looks.
        while (found := self._tried("search", "--sync", "--onlyvisible", "--name", "Py_messenger")).returncode != 0:
            assert time.monotonic() < until, f"no window within {WITHIN_S} s: {found.stderr}"
        window = found.stdout.split()[-1]
        self._do("windowfocus", "--sync", window)
        return window

    def find_dialog(self, title: str) -> None:
        """Wait for a dialog of that title, and give it the keyboard."""
        window = self._do("search", "--sync", "--onlyvisible", "--name", title).split()[-1]
        self._do("windowfocus", "--sync", window)

    def title(self, window: str) -> str:
        return self._do("getwindowname", window)

    def close(self) -> None:
        """By its key; a screen without a window manager has no cross to press."""
        self.press("ctrl+q")

    # -- hands ---------------------------------------------------------------------------------------------------------

    def type(self, text: str) -> None:
        self._do("type", "--delay", "15", text)

    def press(self, *keys: str) -> None:
        self._do("key", *keys)

    def click(self, box: Box) -> None:
        """Click in the middle of *box*."""
        left, top, right, bottom = box
        self._do("mousemove", "--sync", str((left + right) // 2), str((top + bottom) // 2), "click", "1")

    # -- eyes ----------------------------------------------------------------------------------------------------------

    def look(self) -> Image.Image:
        """The whole screen."""
        return ImageGrab.grab(xdisplay=self.display).convert("RGB")

    def find(self, colour: Colour, *, wide: int = 1, below: int = 0) -> Box | None:
        """The smallest box around everything of exactly that colour below a line; None when it is narrower than *wide*."""
        box = only(colour, self.look(), below).getbbox()
        return box if box is not None and box[2] - box[0] >= wide else None

    def find_button(self, *, wide: int, below: int = 0) -> Box | None:
        """The first *wide* pixels of the topmost main button that is as wide as that, below a line.

        The button is in one piece: two narrow things of its colour beside each other are none.
        """
        same = only(ACCENT, self.look(), below)
        start = same.tobytes().find(b"\xff" * wide)
        if start < 0:
            return None
        top, left = divmod(start, same.width)
        column = same.crop((left, top, left + wide, same.height)).getbbox()
        assert column is not None
        return left, top, left + wide, top + column[3]

    def until(self, fact: Callable[[], Box | None], what: str) -> Box:
        """Look again and again until *fact* gives something."""
        until = time.monotonic() + WITHIN_S
        while time.monotonic() < until:
            found = fact()
            if found is not None:
                return found
            time.sleep(0.05)
        self.look().save(self._album / "window-not-as-expected.png")
        raise AssertionError(
            f"not seen within {WITHIN_S} s: {what}; artifacts/window-not-as-expected.png shows what was"
        )

    def until_button(self, *, wide: int, below: int = 0) -> Box:
        """Wait for the screen's main button."""
        return self.until(lambda: self.find_button(wide=wide, below=below), f"a main button {wide} pixels wide")

    def until_colour(self, colour: Colour, *, wide: int = 60, below: int = 0) -> Box:
        """Wait for something in *colour*."""
        return self.until(lambda: self.find(colour, wide=wide, below=below), f"something in {colour}")


def only(colour: Colour, picture: Image.Image, below: int) -> Image.Image:
    """White where *picture* has exactly *colour* below a line, black elsewhere."""
    black = Image.new("L", picture.size)
    same = Image.new("L", picture.size)
    same.paste(255, (0, below, *picture.size))
    for band, wanted in zip(picture.split(), colour, strict=True):
        same = Image.composite(same, black, band.point([255 * (value == wanted) for value in range(256)]))
    return same


class WindowProcess:
    """``python -m desktop`` on a virtual screen."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ends(self) -> str:
        """Wait until it has ended by itself; what it complained of."""
        _out, complaints = self._process.communicate(timeout=CLOSING_S)
        assert self._process.returncode == 0, complaints
        return complaints

    def is_asked_to_end(self) -> None:
        """As by a system that shuts down."""
        self._process.send_signal(signal.SIGTERM)


@contextmanager
def window(
    home: Path, display: str, *options: str, prefix: Sequence[str] = (), **environment: str
) -> Iterator[WindowProcess]:
    """A client's window, its files in *home*, for as long as the block. *prefix*: what starts the command, as ``ip netns exec``."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "desktop", "--home", str(home), *options],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": display, "LANG": "en_GB.UTF-8", "LC_ALL": "", "LANGUAGE": "", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield WindowProcess(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def registers(hands: Hands) -> None:
    """Fill in the form and send it off."""
    hands.until_button(wide=300)
    hands.find_window()
    hands.type("anna")
    hands.press("Tab")
    hands.type("Анна Петрова")
    hands.press("Tab")
    hands.type("correct horse battery")
    hands.press("Return")
