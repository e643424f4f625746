"""One file over HTTP: to the relay by tus, from it by ranges, each going on where it stopped. Raises what the caller tries again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp

from common.errors import LinkLost, MessengerError, OffsetConflict, UnknownFile
from common.protocol.codec import UnreadableFrame, decode_answer
from common.protocol.messages import Answer, FileId, Problem
from desktop.link.address import Address
from desktop.link.denied import Denied
from desktop.link.pinning import CONNECT_S, PinnedSession
from desktop.link.transfers.filenames import part_of
from desktop.link.transfers.sources import Source, Sources
from desktop.locale import _

PIECE_BYTES: Final = 512 * 1024
STALLED_S: Final = 45.0
RESERVE_BYTES: Final = 64 * 1024**2
"""Of this computer's disk: no download may take that."""
_TUS: Final = {"Tus-Resumable": "1.0.0"}
_ERROR_BYTES: Final = 64 * 1024
_DIGITS: Final = 15
"""Of a number that a relay says; longer ones are nonsense."""

Moved = Callable[[int], None]


class Hopeless(MessengerError):
    """Trying again by itself does not help; the text says why, for people."""


class Mover:
    """The requests of one account. *address*: where the relay is now, None while it is nowhere."""

    def __init__(
        self, session: PinnedSession, token: str, address: Callable[[], Address | None], sources: Sources
    ) -> None:
        """*sources*: what is sent is read from there."""
        self.sources = sources
        self._session = session
        self._token = token
        self._address = address

    # -- to the relay --------------------------------------------------------------------------------------------------

    async def begin(self, size: int, said: dict[str, str]) -> FileId:
        """Make an upload; its id.

        Raises:
            Denied, LinkLost: as for every request here.
        """
        pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items() if value)
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
        async with self._asked("POST", "/api/files", headers=headers) as response:
            return response.headers.get("Location", "").rpartition("/")[2]

    async def upload(self, path: Path, file: FileId, size: int, moved: Moved) -> None:
        """Send what the relay has not got yet, and make sure that it has got the right thing.

        Raises:
            Hopeless: the file changed meanwhile, or came out wrong.
        """
        offset, digest = await self._progress(file)
        while offset < size or digest is None:
            moved(offset)
            try:
                await self._send_from(path, file, offset, size, moved)
            except Denied as denied:
                if denied.code != OffsetConflict.code:
                    raise
            before, (offset, digest) = offset, await self._progress(file)
            if digest is None and offset <= before:
                raise LinkLost(_("The relay takes nothing."))
        moved(size)
        if digest != await asyncio.to_thread(self._digest_of_source, path):
            raise Hopeless(_("The file was changed while it was sent. Send it again."))

    def _digest_of_source(self, path: Path) -> str:
        with self.sources.open(path) as file:
            return _digest(file)

    async def take_back(self, file: FileId) -> None:
        """Drop an upload; that it is gone already is as well."""
        try:
            async with self._asked("DELETE", f"/api/files/{file}", headers=_TUS):
                pass
        except Denied as denied:
            if denied.code != UnknownFile.code:
                raise

    async def _progress(self, file: FileId) -> tuple[int, str | None]:
        async with self._asked("HEAD", f"/api/files/{file}", headers=_TUS) as response:
            return int(response.headers.get("Upload-Offset", "0")), _digest_in(response)

    async def _send_from(self, path: Path, file: FileId, offset: int, size: int, moved: Moved) -> None:
        headers = {
            **_TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(size - offset),
        }
        with await asyncio.to_thread(self.sources.open, path) as source:
            pieces = _pieces(source, offset, size, moved)
            async with self._asked("PATCH", f"/api/files/{file}", headers=headers, data=pieces):
                pass

    # -- from the relay ------------------------------------------------------------------------------------------------

    async def download(self, file: FileId, path: Path, size: int, moved: Moved, *, replace: bool = False) -> None:
        """Fetch into the ``.part`` beside *path* what is not there yet; once its hash is right it becomes *path*.

        *replace*: the person said that it may take the place of what is there.

        Raises:
            Hopeless: there is no room, or what came is wrong.
        """
        part = part_of(path)
        have = await asyncio.to_thread(_prepare, part, size)
        moved(have)
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{file}"'} if have else {}
        if have < size or not size:
            async with self._asked("GET", f"/api/files/{file}", headers=headers) as response:
                wanted = _digest_in(response)
                start = have if response.status == 206 else 0
                await _receive(response, part, start, size, moved)
        else:
            async with self._asked("HEAD", f"/api/files/{file}") as response:
                wanted = _digest_in(response)
        if wanted is None or wanted != await asyncio.to_thread(_digest_of, part):
            await asyncio.to_thread(part.unlink, missing_ok=True)
            raise Hopeless(_("What came is not what was sent. Fetch it again."))
        await asyncio.to_thread(_finish, part, path, replace)

    async def read(self, file: FileId, most: int) -> bytes:
        """All of *file*, into memory and nowhere else, to be shown.

        Raises:
            Hopeless: it is larger than *most* bytes, or what came is wrong.
        """
        data = bytearray()
        async with self._asked("GET", f"/api/files/{file}") as response:
            wanted = _digest_in(response)
            while piece := await response.content.readany():
                data += piece
                if len(data) > most:
                    raise Hopeless(_("It is too large to be shown."))
        if wanted is None or wanted != await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()):
            raise Hopeless(_("What came is not what was sent. Fetch it again."))
        return bytes(data)

    async def fetch_own_data(self, path: Path, moved: Callable[[int, int], None]) -> None:
        """All that the relay holds about the person, into the new file *path*. *moved*: so much is there, of about so much.

        Raises:
            Hopeless: there is no room.
        """
        async with self._asked("GET", "/api/me/data") as response:
            said, done = response.headers.get("X-Expected-Length", ""), 0
            expected = int(said) if said.isascii() and said.isdigit() and len(said) <= _DIGITS else 0
            with await asyncio.to_thread(_made_for, path, expected) as file:
                while piece := await response.content.readany():
                    await asyncio.to_thread(file.write, piece)
                    done += len(piece)
                    moved(done, expected)

    # -- requests ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _asked(self, method: str, path: str, **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """The relay's answer, if it is a good one.

        Raises:
            Denied: the relay said no.
            WrongIdentity, LinkLost: it is not there, or went away in the middle.
        """
        address = self._address()
        if address is None:
            raise LinkLost(_("Not connected to the relay."))
        headers = {"Authorization": f"Bearer {self._token}", **more.pop("headers", {})}
        try:
            async with self._session.http.request(
                method,
                self._session.url(address, path),
                headers=headers,
                ssl=self._session.context,
                allow_redirects=False,
                read_bufsize=PIECE_BYTES,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=STALLED_S),
                **more,
            ) as response:
                if response.status >= 300:
                    raise await _refusal(response)
                yield response
        except aiohttp.ServerFingerprintMismatch as error:
            raise self._session.wrong_identity(address, error) from error
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise LinkLost(_("The connection broke.")) from error


async def _refusal(response: aiohttp.ClientResponse) -> Denied:
    body = await response.content.read(_ERROR_BYTES) if response.method != "HEAD" else b""
    try:
        answer = decode_answer(Answer, body)
    except UnreadableFrame:
        answer = None
    if isinstance(answer, Problem):
        return Denied.of(answer)
    code = UnknownFile.code if response.status == 404 else "internal_error"
    return Denied(code, _("The relay refused: {reason}").format(reason=response.reason or response.status))


def _digest_in(response: aiohttp.ClientResponse) -> str | None:
    name, _equals, value = response.headers.get("Repr-Digest", "").partition("=:")
    if name != "sha-256":
        return None
    return base64.b64decode(value.rstrip(":")).hex()


# -- this computer's disk, on threads ----------------------------------------------------------------------------------


async def _pieces(source: Source, offset: int, size: int, moved: Moved) -> AsyncIterator[bytes]:
    await asyncio.to_thread(source.seek, offset)
    while offset < size:
        piece = await asyncio.to_thread(source.read, min(PIECE_BYTES, size - offset))
        if not piece:
            raise Hopeless(_("The file was changed while it was sent. Send it again."))
        yield piece
        offset += len(piece)
        moved(offset)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: Source | BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _prepare(part: Path, size: int) -> int:
    """Make sure that there is room; how much is there already."""
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if shutil.disk_usage(part.parent).free - RESERVE_BYTES < size - have:
        raise Hopeless(no_room_in(part.parent))
    return have


def _made_for(path: Path, size: int) -> BinaryIO:
    """An empty file that only its owner may read, where there is room for *size*."""
    if shutil.disk_usage(path.parent).free - RESERVE_BYTES < size:
        raise Hopeless(no_room_in(path.parent.parent))
    binary = getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | binary, 0o600), "wb", buffering=0)


def no_room_in(folder: Path) -> str:
    """Why a download cannot go on."""
    return _("There is no room for this file in {folder}.").format(folder=folder)


async def _receive(response: aiohttp.ClientResponse, part: Path, start: int, size: int, moved: Moved) -> None:
    """What comes, into *part* from *start* on: one piece is written while the next arrives."""
    file = await asyncio.to_thread(_part_to_write, part)
    writing: asyncio.Future[int] | None = None
    try:
        await asyncio.to_thread(_cut_at, file, start)
        while piece := await response.content.readany():
            if writing is not None:
                await writing
            start += len(piece)
            if start > size:
                raise Hopeless(_("More came than was announced."))
            writing = asyncio.ensure_future(asyncio.to_thread(file.write, piece))
            moved(start)
    finally:
        if writing is not None:
            await asyncio.wait([writing])
        await asyncio.to_thread(file.close)
    if writing is not None:
        writing.result()
    if start < size:
        raise LinkLost(_("The connection broke."))


def _part_to_write(part: Path) -> BinaryIO:
    return part.open("r+b" if part.exists() else "w+b", buffering=0)


def _cut_at(file: BinaryIO, start: int) -> None:
    file.truncate(start)
    file.seek(start)


def _finish(part: Path, path: Path, replace: bool) -> None:
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    if replace:
        part.replace(path)
        return
    if path.exists():
        raise Hopeless(_("{path} is there already.").format(path=path))
    part.rename(path)
