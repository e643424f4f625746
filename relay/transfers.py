"""Files over HTTP: uploads speak tus 1.0.0 (core, creation, termination, checksum), downloads answer ranges."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from aiohttp import web

from common.errors import (
    BadRange,
    BadRequest,
    FileDamaged,
    FileTooLarge,
    NotSignedIn,
    OffsetConflict,
    UnknownFile,
    UnsupportedUpload,
    WireError,
    WrongMediaType,
)
from common.ids import MAX_INTEGER
from common.protocol import limits
from common.protocol.messages import FileInfo
from relay.asking import caller_for, still_signed_in
from relay.carrying import Carried, Carrying
from relay.files.blobs import BlobReader
from relay.files.uploads import Checksum, Uploads
from relay.handlers.muting import check_may_speak
from relay.handlers.parts import Parts, SignedIn
from relay.replies import SERVER, problem_reply
from relay.storage.files import StoredFile

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum"
ALGORITHMS: Final = ("sha1", "sha256")
PART: Final = "application/offset+octet-stream"
STALLED_S: Final = 60.0
"""A client that neither sends nor takes anything for so long has gone."""
_FILES: Final = "/api/files"
_ONE: Final = "/api/files/{id:[0-9a-f]{32}}"
_RANGE: Final = re.compile(r"bytes=(\d{0,16})-(\d{0,16})")
_METADATA_MAX: Final = 4096
_PIXELS_MAX: Final = 1_000_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Body:
    """What arrives with a request, until somebody asks it to end."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._patience: asyncio.Timeout | None = None
        self._over: WireError | None = None

    async def read(self) -> bytes:
        """What has arrived since; nothing at the end of the body.

        Raises:
            OffsetConflict, NotSignedIn: it was asked to end.
            BadRequest: nothing came for a long while, or the client has gone.
        """
        if self._over is None:
            try:
                async with asyncio.timeout(STALLED_S) as self._patience:
                    # As it came: to put several together would cost new memory, and so time, for each.
                    piece, is_border = await self._content.readchunk()
                    while is_border and not (piece or self._content.at_eof()):  # between chunks: not its end
                        piece, is_border = await self._content.readchunk()
                    return piece
            except TimeoutError:
                if self._over is None:
                    raise BadRequest("Nothing came for a long while.") from None
            except (web.RequestPayloadError, ConnectionError) as error:
                raise BadRequest("The connection ended in the middle.") from error
            finally:
                self._patience = None
        raise self._over

    def give_way(self) -> None:
        """End it for another request."""
        self._end(OffsetConflict("Another request goes on with this upload, or the relay is going down."))

    def sign_out(self) -> None:
        """End it: its session is over."""
        self._end(NotSignedIn())

    def _end(self, why: WireError) -> None:
        """What comes from now on is not waited for."""
        self._over = self._over or why
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())


class Transfers:
    """The HTTP requests that carry files."""

    def __init__(self, parts: Parts, uploads: Uploads) -> None:
        """To be mounted before the door of the commands."""
        self._parts = parts
        self._uploads = uploads
        self._carrying = Carrying()
        parts.fanout.watchers.append(self._carrying)
        uploads.on_gone = self._carrying.files_gone

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.options(_FILES, self._options),
            web.options(_ONE, self._options),
            web.post(_FILES, _tus(self._create)),
            web.post(_ONE, self._overridden),
            web.head(_ONE, self._head),
            web.patch(_ONE, _tus(self._patch)),
            web.delete(_ONE, _tus(self._delete)),
            web.get(_ONE, self._get, allow_head=False),
        ]

    # -- uploads -------------------------------------------------------------------------------------------------------

    async def _options(self, request: web.Request) -> web.Response:
        return _empty(204, self._abilities())

    def _abilities(self) -> dict[str, str]:
        return {
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(self._uploads.may.one),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        }

    async def _create(self, request: web.Request) -> web.Response:
        caller = await caller_for(self._parts, request, "write")
        check_may_speak(self._parts, caller)
        if request.headers.get("Upload-Defer-Length") is not None:
            raise BadRequest("The length of an upload must be known when it begins: give Upload-Length.")
        size = _number(request, "Upload-Length")
        file = await self._uploads.create(caller.id, _described(request.headers.get("Upload-Metadata", ""), size))
        return _empty(201, {"Location": f"{_FILES}/{file.id}", "Upload-Offset": "0"})

    async def _overridden(self, request: web.Request) -> web.StreamResponse:
        """For those behind something that lets only POST through."""
        ways: dict[str, Handler] = {"PATCH": _tus(self._patch), "DELETE": _tus(self._delete), "HEAD": self._head}
        way = ways.get(request.headers.get("X-HTTP-Method-Override", ""))
        if way is None:
            raise web.HTTPMethodNotAllowed("POST", sorted(ways))
        return await way(request)

    async def _head(self, request: web.Request) -> web.StreamResponse:
        """How far an upload is, for who speaks tus; else what a GET would answer."""
        if "Tus-Resumable" in request.headers:
            return await _tus(self._progress)(request)
        return await self._get(request)

    async def _progress(self, request: web.Request) -> web.Response:
        caller = await caller_for(self._parts, request, "write")
        async with self._uploads.turn(request.match_info["id"], caller.id, _nothing) as file:
            headers = {
                "Upload-Offset": str(file.received),
                "Upload-Length": str(file.size),
                "Upload-Metadata": _metadata(file.info),
                "Cache-Control": "no-store",
            }
            if file.digest is not None:
                headers["Repr-Digest"] = _digest_field(file.digest)
            return _empty(200, headers)

    async def _patch(self, request: web.Request) -> web.Response:
        if request.content_type != PART:
            raise WrongMediaType
        claimed = _number(request, "Upload-Offset")
        checksum = _checksum(request)
        caller = await caller_for(self._parts, request, "write")
        body = _Body(request)
        carried = _carried(request, caller, body.sign_out)

        async def read() -> bytes:
            carried.check(self._parts.now())
            return await body.read()

        with self._carrying.on_its_way(carried):
            await still_signed_in(self._parts, request)
            async with self._uploads.turn(request.match_info["id"], caller.id, body.give_way) as file:
                if claimed != file.received:
                    raise OffsetConflict
                if claimed + (request.content_length or 0) > file.size or (file.is_whole and await read()):
                    raise FileTooLarge("That is more than was announced for this upload.")
                if file.is_whole:
                    return _empty(204, {"Upload-Offset": str(file.size)})
                offset = await self._uploads.receive(file, read, checksum)
                return _empty(204, {"Upload-Offset": str(offset)})

    async def _delete(self, request: web.Request) -> web.Response:
        caller = await caller_for(self._parts, request, "write")
        await self._uploads.terminate(request.match_info["id"], caller.id)
        return _empty(204, {})

    # -- downloads -----------------------------------------------------------------------------------------------------

    async def _get(self, request: web.Request) -> web.StreamResponse:
        caller = await caller_for(self._parts, request, "read")
        carried = _carried(request, caller, lambda: _abort(request))
        with self._carrying.on_its_way(carried):
            await still_signed_in(self._parts, request)
            file = await self._uploads.to_fetch(carried.file, caller.id)
            response = web.StreamResponse(headers=_headers_of(file))
            if _has_it(request.headers.get("If-None-Match", ""), file):
                response.set_status(304)
                await response.prepare(request)
                return response
            wanted = _wanted(request, file)
            if wanted is None:
                refused = problem_reply(BadRange())
                refused.headers["Content-Range"] = f"bytes */{file.size}"
                return refused
            start, stop = wanted
            if (stop - start) < file.size:
                response.set_status(206)
                response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
            response.content_length = stop - start
            await self._send(request, response, file, start, stop, carried)
            return response

    async def _send(
        self,
        request: web.Request,
        response: web.StreamResponse,
        file: StoredFile,
        start: int,
        stop: int,
        carried: Carried,
    ) -> None:
        if request.method == "HEAD" or start == stop:
            await response.prepare(request)
            return
        uploads, reader = self._uploads, await self._uploads.reader(file)
        try:
            # The first piece before the first header: a file that does not open is then still answered as one.
            pieces = await uploads.run(reader.read, start, stop)
            await response.prepare(request)
            try:
                await self._pour(response, reader, pieces, start, stop, carried)
            except (FileDamaged, UnknownFile, NotSignedIn, TimeoutError, OSError):
                # Too late to answer: a connection that ends before the announced length says that it is not all.
                _abort(request)
        finally:
            await uploads.let_go(reader)

    async def _pour(
        self,
        response: web.StreamResponse,
        reader: BlobReader,
        pieces: list[bytes | memoryview],
        start: int,
        stop: int,
        carried: Carried,
    ) -> None:
        """While one part is on its way the next is read and opened."""
        while True:
            start += sum(map(len, pieces))
            reading = None
            if start < stop:
                reading = asyncio.ensure_future(self._uploads.run(reader.read, start, stop))
            try:
                for piece in pieces:
                    await self._check(carried)
                    async with asyncio.timeout(STALLED_S):
                        await response.write(piece)
            finally:
                if reading is not None:
                    await asyncio.wait([reading])
            if reading is None:
                return
            pieces = reading.result()

    async def _check(self, carried: Carried) -> None:
        """Whether it may go on."""
        carried.check(self._parts.now())
        if carried.is_doubted:
            carried.is_doubted = False
            await self._uploads.to_fetch(carried.file, carried.user)


def _carried(request: web.Request, caller: SignedIn, end: Callable[[], None]) -> Carried:
    return Carried(caller.id, caller.session, caller.expires, request.match_info["id"], end)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


# -- tus ---------------------------------------------------------------------------------------------------------------


def _tus(handler: Handler) -> Handler:
    """*handler* for those who speak our version of tus; every answer says which that is, a refusal too."""

    async def answered(request: web.Request) -> web.StreamResponse:
        try:
            if request.headers.get("Tus-Resumable") != VERSION:
                raise UnsupportedUpload
            response = await handler(request)
        except WireError as error:
            response = problem_reply(error)
            if isinstance(error, UnsupportedUpload):
                response.headers["Tus-Version"] = VERSION
            if not request.content.is_eof():  # what still comes of the body would be read as the next request
                response.force_close()
        response.headers["Tus-Resumable"] = VERSION
        return response

    return answered


def _empty(status: int, headers: dict[str, str]) -> web.Response:
    return web.Response(status=status, headers={"Server": SERVER, **headers})


def _nothing() -> None:
    """Who asks only how far it is has nothing to end."""


def _number(request: web.Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 16) or int(text) > MAX_INTEGER:
        raise BadRequest(f"The header {name} must be a whole number.")
    return int(text)


def _checksum(request: web.Request) -> Checksum | None:
    field = request.headers.get("Upload-Checksum")
    if field is None:
        return None
    algorithm, _, encoded = field.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Checksums are by one of {', '.join(ALGORITHMS)}.")
    digest = _decoded(encoded)
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadRequest("The header Upload-Checksum must be an algorithm and the digest in base64.")
    return Checksum(algorithm, digest)


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("What should be base64 is not.") from None


def _described(metadata: str, size: int) -> FileInfo:
    """What the sender says of a file. The name is a label and never a path."""
    if len(metadata) > _METADATA_MAX:
        raise BadRequest("The header Upload-Metadata is too long.")
    said: dict[str, str] = {}
    for pair in filter(None, (pair.strip() for pair in metadata.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            said[key] = _decoded(encoded.strip()).decode()
        except UnicodeDecodeError:
            raise BadRequest(f"“{key}” of Upload-Metadata is no UTF-8.") from None
    name = re.split(r"[/\\]", said.get("filename", ""))[-1]
    name = "".join(letter for letter in name if letter.isprintable()).strip()
    mime = said.get("filetype", "")
    return FileInfo(
        id="",
        name=name[: limits.FILE_NAME_CHARACTERS] or "file",
        size=size,
        mime=mime if re.fullmatch(r"[\w.+-]{1,64}/[\w.+-]{1,64}", mime, re.ASCII) else "",
        width=_pixels(said.get("width", "")),
        height=_pixels(said.get("height", "")),
    )


def _pixels(text: str) -> int:
    return min(int(text), _PIXELS_MAX) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _metadata(info: FileInfo) -> str:
    said = {"filename": info.name, "filetype": info.mime}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items() if value)


# -- what a download says of itself ------------------------------------------------------------------------------------


def _headers_of(file: StoredFile) -> dict[str, str]:
    """The contents never change, so the id is a strong tag. No browser is to show them as anything but a download."""
    assert file.digest is not None, "only whole files are fetched"
    return {
        "Server": SERVER,
        "ETag": _tag(file),
        "Repr-Digest": _digest_field(file.digest),
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.info.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }


def _has_it(tags: str, file: StoredFile) -> bool:
    """Whether *tags*, as If-None-Match has them, say that the client has this file already. Contents never change: a weak tag says it too."""
    return tags == "*" or _tag(file) in (tag.strip().removeprefix("W/") for tag in tags.split(","))


def _tag(file: StoredFile) -> str:
    return f'"{file.id}"'


def _digest_field(digest: str) -> str:
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def _wanted(request: web.Request, file: StoredFile) -> tuple[int, int] | None:
    """From where to where; None: the file ends before that. What is no single range of bytes asks for all, as RFC 9110 has it."""
    everything = (0, file.size)
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or request.headers.get("If-Range", _tag(file)) != _tag(file):
        return everything
    first, last = match.groups()
    if not first and not last:
        return everything
    if not first:
        return (max(0, file.size - int(last)), file.size) if int(last) and file.size else None
    if last and int(last) < int(first):
        return everything
    if int(first) >= file.size:
        return None
    return int(first), min(file.size, int(last) + 1) if last else file.size
