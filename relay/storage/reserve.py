"""Room on the disk that is kept for whoever runs the relay: when the disk is full, they can still delete, shut out and stop.

It is a file with nothing in it that means anything, which gives its place away for the moment of such a change. Everybody else is refused
meanwhile, as without it.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import Final

NAME: Final = "relay.reserve"
BYTES: Final = 4 * 1024**2
"""A change takes some dozen KiB, and writes them once."""
_PIECE: Final = 32 * 1024
ROOM_BYTES: Final = 64 * 1024**2
"""It is made only where so much is free: it shall not be what fills the disk."""


class Reserve:
    """That file in one data folder. Everything here blocks."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def keep(self) -> None:
        """Make it, unless it is there, or the disk has no room to spare."""
        if not self._path.exists() and shutil.disk_usage(self._path.parent).free >= ROOM_BYTES:
            self.take()

    def take(self) -> None:
        """Make it as large as the disk allows: what was left over of it, others would fill."""
        # Noise: a file system that packs or leaves out zeros would keep no room for them.
        with contextlib.suppress(OSError), self._new() as file:
            for _ in range(BYTES // _PIECE):
                file.write(os.urandom(_PIECE))
            os.fsync(file.fileno())

    def give(self) -> bool:
        """Let go of it; whether there was any."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            return True
        return False

    def _new(self) -> io.FileIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        return io.FileIO(descriptor, "w")
