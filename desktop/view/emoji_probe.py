"""Whether this system's Tk survives a colour emoji. Asked of a child process, because the answer may be its death.

Older versions of the X font library end the whole process with an X error (BadLength) when they draw a glyph of a colour font; no
exception can be caught. ``python -m desktop.view.emoji_probe`` draws one and ends with 0 where that is harmless.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from typing import Final

_POLL_MS: Final = 150
_POLLS: Final = 80
"""A child that has not answered after twelve seconds is as good as dead."""
_SOURCES: Final = Path(__file__).parents[2]
_SIGNS: Final = "😀👍🏽🇷🇺❤️"


def is_needed() -> bool:
    """Only X11 has the trouble."""
    return sys.platform not in ("win32", "darwin")


def system_name(root: tk.Misc) -> str:
    """What an answer holds for: this version of Tk on this system."""
    return f"Tk {root.tk.call('info', 'patchlevel')} on {platform.release()}"


class EmojiProbe:
    """One question to a child process, answered through Tk's own timer."""

    def __init__(self, root: tk.Misc, on_answer: Callable[[bool], None]) -> None:
        self._root = root
        self._on_answer = on_answer
        self._child: subprocess.Popen[bytes] | None = None
        self._polls = 0
        self._job = ""

    def start_after(self, pause_ms: int) -> None:
        """Ask, but not while the first window is being painted."""
        self._job = self._root.after(pause_ms, self._start)

    def stop(self) -> None:
        """Ask no more; nothing is answered then."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _start(self) -> None:
        command = [sys.executable, "-m", "desktop.view.emoji_probe"]
        quiet = subprocess.DEVNULL
        try:
            self._child = subprocess.Popen(command, cwd=_SOURCES, stdin=quiet, stdout=quiet, stderr=quiet)
        except OSError:  # no child can be started here: stay on the safe side
            self._job = ""
            self._on_answer(False)
            return
        self._job = self._root.after(_POLL_MS, self._poll)

    def _poll(self) -> None:
        self._job = ""
        assert self._child is not None
        code = self._child.poll()
        self._polls += 1
        if code is None and self._polls < _POLLS:
            self._job = self._root.after(_POLL_MS, self._poll)
            return
        self.stop()
        self._on_answer(code == 0)


def main() -> int:
    """Draw the signs in a window of one pixel; whoever is still alive then answers 0."""
    root = tk.Tk()
    root.overrideredirect(True)
    root.geometry("1x1+0+0")
    canvas = tk.Canvas(root, width=1, height=1, highlightthickness=0)
    canvas.pack()
    canvas.create_text(0, 0, text=_SIGNS, anchor="nw", font=("TkDefaultFont", 14))
    root.update()
    # The X server answers errors late: a round trip brings them in.
    root.winfo_pointerxy()
    root.update()
    root.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
