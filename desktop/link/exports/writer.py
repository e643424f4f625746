"""Runs the program that makes the pages: a process of its own, so that neither the window nor the link waits for its work."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from common.environment import child_environment
from common.errors import MessengerError
from desktop.export.records import Written
from desktop.locale import _

_ROOT: Final = Path(__file__).parents[3]
_NO_WINDOW: Final = 0x08000000
"""CREATE_NO_WINDOW."""
_SAID_BYTES: Final = 2000


class WriterFailed(MessengerError):
    """It has not made them; the text says why, for people."""


async def write(work: Path, on_written: Callable[[Written], None]) -> Written:
    """Let it make what the job in *work* (absolute) says; what it said at the end. Whoever is cancelled here has ended it.

    Raises:
        WriterFailed: it could not.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "desktop.export",
        str(work),
        cwd=_ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=child_environment({}),
        creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
    )
    assert child.stdout is not None, "it was asked for"
    assert child.stderr is not None, "it was asked for"
    complaints = asyncio.create_task(_last_of(child.stderr))
    last = Written(0)
    try:
        async for line in child.stdout:
            last = msgspec.json.decode(line, type=Written)
            on_written(last)
        code = await child.wait()
        said = await complaints
    finally:
        complaints.cancel()
        if child.returncode is None:
            child.kill()
            await child.wait()
    if code != 0 or not last.finished:
        reason = said.strip().rpartition("\n")[2] or str(code)
        raise WriterFailed(_("The pages could not be written: {reason}").format(reason=reason))
    return last


async def _last_of(stream: asyncio.StreamReader) -> str:
    """The end of all that comes."""
    kept = b""
    while piece := await stream.read(4096):
        kept = (kept + piece)[-_SAID_BYTES:]
    return kept.decode(errors="replace")
