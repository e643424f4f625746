"""One window at a time has a client's folder, from before its secrets are read: two that began at once would make two keys.

The system's own lock on a file: it is gone with the program that holds it, however that ends. Whoever comes second leaves a file that
calls the first one, which takes it away and comes to the front.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from common.errors import MessengerError
from desktop.locale import _

FILE_NAME: Final = "client.lock"
WAIT_S: Final = 2.0
"""A window that is just closing is waited for."""
CALL_NAME: Final = "client.call"
_AGAIN_S: Final = 0.05


class FolderTaken(MessengerError):
    """Another window has the folder; the text says what to do. *is_called*: it was called, and comes to the front."""

    def __init__(self, message: str, is_called: bool) -> None:
        """*message* for people."""
        super().__init__(message)
        self.is_called = is_called


class Claim:
    """The folder is this program's until `release`."""

    def __init__(self, home: Path, descriptor: int) -> None:
        """Made by `take`."""
        self._call = home / CALL_NAME
        self._descriptor = descriptor
        self.was_called()  # by this very program, while another one was about to end

    @classmethod
    async def take(cls, home: Path, wait_s: float = WAIT_S) -> Claim:
        """Claim the client folder *home*, made when there is none.

        Raises:
            FolderTaken: another window has it, and keeps it for *wait_s* seconds, or has heard that it is called.
            OSError: the folder cannot be written.
        """
        descriptor = await asyncio.to_thread(_open, home)
        call = home / CALL_NAME
        is_called = False
        try:
            if not _lock(descriptor):
                call.touch(mode=0o600)
                async with asyncio.timeout(wait_s):
                    while not _lock(descriptor):
                        if not call.exists():
                            is_called = True
                            raise TimeoutError
                        await asyncio.sleep(_AGAIN_S)  # nobody tells when a lock is free
        except TimeoutError:
            os.close(descriptor)
            call.unlink(missing_ok=True)
            raise FolderTaken(
                _(
                    "Another window of this program already uses {folder}. Close it first, or take another folder."
                ).format(folder=home),
                is_called,
            ) from None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(home, descriptor)

    def was_called(self) -> bool:
        """Whether another window has called since this was asked last; it is answered by asking."""
        with contextlib.suppress(OSError):
            self._call.unlink()
            return True
        return False

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
