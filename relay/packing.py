"""A ZIP archive that comes out piece by piece while it is made: nothing of it stands on the disk or as a whole in memory."""

from __future__ import annotations

import zipfile
from typing import IO, Final, cast

_FIRST_YEAR: Final = 1980
"""Of times in a ZIP."""

Time = tuple[int, int, int, int, int, int]


class _Sink:
    """Takes what the archive writes until it is fetched. It cannot seek, so the archive puts sizes after the contents."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is on its way anywhere."""

    def taken(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data


class ZipStream:
    """Each call gives what of the archive is finished by it. `end` comes after the last one."""

    def __init__(self, at: Time) -> None:
        """*at*: the time of all that is in it."""
        self._at = (max(at[0], _FIRST_YEAR), *at[1:])
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast(IO[bytes], self._sink), "w", zipfile.ZIP_DEFLATED)
        self._open: IO[bytes] | None = None

    def begin(self, name: str, *, packed: bool) -> bytes:
        """The next file. *packed*: its contents become smaller by that."""
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        self._open = self._zip.open(info, "w", force_zip64=True)
        return self._sink.taken()

    def add(self, *pieces: bytes | bytearray | memoryview) -> bytes:
        """More of the file that was begun."""
        assert self._open is not None, "a file was begun"
        for piece in pieces:
            self._open.write(piece)
        return self._sink.taken()

    def finish(self) -> bytes:
        """The file that was begun is whole."""
        assert self._open is not None, "a file was begun"
        self._open.close()
        self._open = None
        return self._sink.taken()

    def end(self) -> bytes:
        """Everything is in it."""
        self._zip.close()
        return self._sink.taken()
