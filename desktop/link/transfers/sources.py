"""Where what is sent is read from: the file itself, or, of what was pasted, the sealed copy that this client keeps until it is sent.

A pasted picture has no file of its own, and must outlive the program that showed it. So its bytes are kept, sealed as everything that
this client stores, in a folder beside the archive, and read from there as if they were a file.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterable
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from typing import Final

from msgspec import Struct

from common.crypto.sealing import OVERHEAD_BYTES
from common.errors import SealError
from desktop.link.seals import Seals
from desktop.locale import _

PASTED_BYTES: Final = 64 * 1024**2
"""More is not kept of what was pasted: it is in memory as a whole."""
_TABLE: Final = "pasted"
_BINARY: Final = getattr(os, "O_BINARY", 0)
Source = io.FileIO | io.BytesIO


class Measure(Struct, frozen=True):
    """*size* in bytes. *stamp*: another one means another content."""

    size: int
    stamp: int


class Sources:
    """Reads files; everything here takes the disk's time, so it belongs on a thread."""

    def __init__(self, folder: Path, seals: Seals) -> None:
        """*folder*: of this account, for what was pasted; made when it is needed."""
        self._folder = folder
        self._seals = seals

    def is_pasted(self, path: Path) -> bool:
        """Whether it is a sealed copy that this client made."""
        return path.parent == self._folder

    def keep(self, content: bytes) -> Path:
        """A sealed copy of *content*, on the disk when this returns.

        Raises:
            OSError: the disk does not take it.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / secrets.token_hex(16)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            file.write(self._seals.seal_bytes(content, _TABLE, path.name))
            file.flush()
            os.fsync(file.fileno())
        return path

    def measure(self, path: Path) -> Measure:
        """What there is to read.

        Raises:
            OSError: it is not there, no file, or nobody may read it.
        """
        found = path.stat()
        if self.is_pasted(path):
            return Measure(found.st_size - OVERHEAD_BYTES, found.st_mtime_ns)
        if not S_ISREG(found.st_mode):  # to open a pipe would wait for ever
            raise OSError(EINVAL, _("it is not a file"))
        with path.open("rb"):  # what may not be read shows itself here
            return Measure(found.st_size, found.st_mtime_ns)

    def open(self, path: Path) -> Source:
        """Its content, to be read from the beginning.

        Raises:
            OSError: as `measure`.
        """
        if not self.is_pasted(path):
            return path.open("rb", buffering=0)
        try:
            return io.BytesIO(self._seals.open_bytes(path.read_bytes(), _TABLE, path.name))
        except SealError as error:
            raise OSError(_("The pasted picture was damaged on this computer.")) from error

    def drop(self, path: Path) -> None:
        """It is not needed any more: a sealed copy goes, a file of the person's own stays."""
        if self.is_pasted(path):
            path.unlink(missing_ok=True)

    def sweep(self, needed: Iterable[Path]) -> None:
        """Drop the sealed copies that nothing needs, as a crash may leave them."""
        if self._folder.is_dir():
            for path in set(self._folder.iterdir()) - set(needed):
                path.unlink(missing_ok=True)
