"""One window at a time has a client's folder, from before its secrets are read: two that began at once would make two keys.

The system's own lock on a file: it is gone with the program that holds it, however that ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from common.errors import MessengerError
from desktop.locale import _

FILE_NAME: Final = "client.lock"
WAIT_S: Final = 2.0
"""A window that is just closing is waited for."""
_AGAIN_S: Final = 0.05


class FolderTaken(MessengerError):
    """Another window has the folder; the text says what to do."""


class Claim:
    """The folder is this program's until `release`."""

    def __init__(self, descriptor: int) -> None:
        """Made by `take`."""
        self._descriptor = descriptor

    @classmethod
    async def take(cls, home: Path, wait_s: float = WAIT_S) -> Claim:
        """Claim the client folder *home*, made when there is none.

        Raises:
            FolderTaken: another window has it, and keeps it for *wait_s* seconds.
            OSError: the folder cannot be written.
        """
        descriptor = await asyncio.to_thread(_open, home)
        try:
            async with asyncio.timeout(wait_s):
                while not _lock(descriptor):  # noqa: ASYNC110  # nobody tells when a lock is free
                    await asyncio.sleep(_AGAIN_S)
        except TimeoutError:
            os.close(descriptor)
            raise FolderTaken(
                _(
                    "Another window of this program already uses {folder}. Close it first, or take another folder."
                ).format(folder=home)
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Others may have it."""
        os.close(self._descriptor)


def _open(home: Path) -> int:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(home / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
