"""Virtual screens for windows. Each has a display number that nobody else on this machine uses at the same time.

Xvfb itself would look for a free number, but only within its own network: two of them in two namespaces take the same one, and the second
takes the first one's socket away, whose windows then come up on the wrong screen.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_FIRST, _LAST = 200, 999


@contextmanager
def virtual_screen() -> Iterator[str]:
    """The name of a display of 1280x900. Fails with what Xvfb says when it does not start."""
    number, claim = _free_number()
    reading, writing = os.pipe()
    command = ["Xvfb", f":{number}", "-displayfd", str(writing), "-screen", "0", "1280x900x24"]
    command += ["-nolisten", "tcp", "-noreset"]
    with (
        claim,
        subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as xvfb,
    ):
        os.close(writing)
        with os.fdopen(reading) as answer:
            is_ready = bool(answer.readline().strip())
        try:
            if not is_ready:  # it has ended instead
                said = xvfb.stderr.read().decode(errors="replace") if xvfb.stderr else ""
                raise RuntimeError(f"Xvfb did not start: {said[-500:]}")
            yield f":{number}"
        finally:
            xvfb.terminate()


def _free_number() -> tuple[int, IO[bytes]]:
    """A number, and what keeps it: the system lets go of it with this process, however that ends."""
    import fcntl  # not on Windows, which needs no virtual screen

    for number in range(_FIRST, _LAST):
        claim = (Path(tempfile.gettempdir()) / f".pymessenger-screen-{number}").open("wb")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        return number, claim
    raise RuntimeError("no display number is free")
