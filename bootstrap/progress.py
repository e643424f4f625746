"""Progress that can be seen, and child processes whose output becomes progress."""

import queue
import shutil
import subprocess
import sys
import threading
import time
from typing import Callable, Optional, Sequence

from bootstrap.words import say
from bootstrap.words import translated as _


class Progress:
    """One line that moves in a terminal; plain lines elsewhere."""

    def __init__(self, title: str, total: int) -> None:
        self._title, self._total, self._count = _(title), total, 0
        self._detail = ""
        self._moving = sys.stderr.isatty()
        self._since = time.monotonic()

    def step(self, detail: str) -> None:
        self._count = min(self._count + 1, self._total)
        self._detail = detail
        if self._moving:
            self.tick()
        else:
            say("{} {:>2}/{} {}".format(self._title, self._count, self._total, detail))

    def note(self, detail: str) -> None:
        self._detail = detail
        if self._moving:
            self.tick()
        else:
            say("{}: {}".format(self._title, detail))

    def tick(self) -> None:
        if not self._moving:
            return
        passed = time.monotonic() - self._since
        line = "{} {}/{} {} ({:.0f} s)".format(self._title, self._count, self._total, self._detail, passed)
        width = max(20, shutil.get_terminal_size().columns - 1)
        print("\r" + line[:width].ljust(width), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._moving:
            width = max(20, shutil.get_terminal_size().columns - 1)
            print("\r" + " " * width + "\r", end="", file=sys.stderr, flush=True)


def run_lines(
    command: Sequence[str], on_line: Callable[[str], None], idle: Callable[[], None], keep: Sequence[int] = ()
) -> int:
    """Give each output line of *command* to *on_line* as it comes, call *idle* between them; return the exit code.

    The child holds the files *keep* open too: a lock on them lasts until it has ended, even if we are killed.
    """
    child = subprocess.Popen(
        command, pass_fds=keep, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines: "queue.Queue[Optional[bytes]]" = queue.Queue()

    def read() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        while True:
            try:
                line = lines.get(timeout=0.2)
            except queue.Empty:
                idle()
                continue
            if line is None:
                return child.wait()
            on_line(line.decode("utf-8", "replace").rstrip())
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
