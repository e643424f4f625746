"""A person's own data over HTTP: everything that the relay holds about who asks, as one ZIP that is made while it goes out.

Nothing of it is written to the relay's disk. An archive that was cut off has no end, so nobody takes it for whole.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from aiohttp import web

from common.errors import FileDamaged, NotSignedIn, ShuttingDown, StorageUnavailable, TooManyConnections, UnknownFile
from common.ids import UserId
from relay.asking import caller_for, still_signed_in
from relay.carrying import Carried, Carrying
from relay.files.uploads import Uploads
from relay.handlers import own_data
from relay.handlers.own_data import Log, Upload, as_json
from relay.handlers.parts import Parts, SignedIn
from relay.packing import Time, ZipStream
from relay.replies import SERVER
from relay.storage.files import StoredFile

PATH: Final = "/api/me/data"
EXPECTED: Final = "X-Expected-Length"
"""About how many bytes will come: so far as that can be known before they are packed."""
STALLED_S: Final = 60.0
"""A client that takes nothing for so long has gone."""
_PIECE_BYTES: Final = 256 * 1024
"""Less than that waits for more."""
_READ_ME: Final = """\
Everything that this relay holds about you, as it stood when you asked.

profile.json        your account
sessions.json       where you are signed in, and your access tokens (never the secrets: the relay has only hashes of them)
groups.json         the conversations that you are in, how far you have read them, and how you want them
left_groups.json    groups that you are not in any more, and where you have said something
entries/ID.jsonl    what you have said and done in the conversation with that id: messages, edits, reactions, one a line
files.json          the files that you have uploaded, and where each is in here
files/              their contents
invitations.json    invitations that you have made
webhooks.json       webhooks that post in your name
restrictions.json   where you may not write or come back, and limits that were set for you alone

Ids and times (Unix milliseconds) are those of the relay's protocol. What others wrote is theirs, and not in here.
"""

_log = logging.getLogger(__name__)


class OwnData:
    """The door. One archive of a person at a time."""

    def __init__(self, parts: Parts, uploads: Uploads) -> None:
        """To be mounted before the door of the commands."""
        self._parts = parts
        self._uploads = uploads
        self._carrying = Carrying()
        self._under_way: set[UserId] = set()
        self._closing = False
        parts.fanout.watchers.append(self._carrying)

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [web.get(PATH, self._get, allow_head=False)]

    def close(self) -> None:
        """End what is under way: whoever fetched it asks again when the relay is back."""
        self._closing = True
        self._carrying.end_all()

    async def _get(self, request: web.Request) -> web.StreamResponse:
        parts = self._parts
        caller = await caller_for(parts, request, "manage")
        if self._closing:
            raise ShuttingDown
        if caller.id in self._under_way:
            raise TooManyConnections("Your data is on its way already. Wait until that has ended.")
        self._under_way.add(caller.id)
        try:
            carried = Carried(caller.id, caller.session, caller.expires, "", lambda: _abort(request))
            with self._carrying.on_its_way(carried):
                await still_signed_in(parts, request)
                response = web.StreamResponse(
                    headers={
                        "Server": SERVER,
                        "Content-Type": "application/zip",
                        "Content-Disposition": 'attachment; filename="my-data.zip"',
                        "X-Content-Type-Options": "nosniff",
                        "Cache-Control": "no-store",
                        EXPECTED: str(await own_data.expected_bytes(parts, caller.id)),
                    }
                )
                await response.prepare(request)
                try:
                    await self._pour(response, caller, carried)
                    await response.write_eof()
                except (NotSignedIn, StorageUnavailable, TimeoutError, OSError) as error:
                    # Too late to answer: a connection that ends in the middle says that it is not all.
                    _log.info("Somebody's own data was cut off: %s", type(error).__name__)
                    _abort(request)
                except RuntimeError:  # the threads have ended before it
                    if not self._closing:
                        raise
                return response
        finally:
            self._under_way.discard(caller.id)

    async def _pour(self, response: web.StreamResponse, caller: SignedIn, carried: Carried) -> None:
        waiting = bytearray()
        async with aclosing(self._archive(caller)) as pieces:
            async for piece in pieces:
                carried.check(self._parts.now())
                waiting += piece
                if len(waiting) >= _PIECE_BYTES:
                    async with asyncio.timeout(STALLED_S):
                        await response.write(bytes(waiting))
                    waiting.clear()
        async with asyncio.timeout(STALLED_S):
            await response.write(bytes(waiting))

    # -- the archive ---------------------------------------------------------------------------------------------------

    async def _archive(self, caller: SignedIn) -> AsyncGenerator[bytes]:
        parts = self._parts
        archive = ZipStream(_time_of(parts.now()))
        yield self._whole(archive, "README.txt", _READ_ME.encode())
        for name, content in (await own_data.documents(parts, caller)).items():
            yield self._whole(archive, name, content)
        said_in = []
        for log in await own_data.logs(parts, caller):
            is_begun = False
            async for piece in self._entries(archive, caller, log):
                is_begun = True
                yield piece
            if is_begun:
                said_in.append(log.group)
        yield self._whole(archive, "left_groups.json", as_json(await own_data.left_groups(parts, caller, said_in)))
        uploads: list[Upload] = []
        async for file in own_data.files_of(parts, caller):
            async with aclosing(self._file(archive, file, uploads)) as pieces:
                async for piece in pieces:
                    yield piece
        yield self._whole(archive, "files.json", as_json(uploads))
        yield archive.end()

    def _whole(self, archive: ZipStream, name: str, content: bytes) -> bytes:
        return archive.begin(name, packed=True) + archive.add(content) + archive.finish()

    async def _entries(self, archive: ZipStream, caller: SignedIn, log: Log) -> AsyncIterator[bytes]:
        is_begun = False
        async for lines in own_data.entries_of(self._parts, caller, log):
            if lines:
                if not is_begun:
                    yield archive.begin(f"entries/{log.group}.jsonl", packed=True)
                    is_begun = True
                yield await self._uploads.run(archive.add, lines)
            else:
                yield b""  # a long log in which they have said nothing: their session is looked at all the same
        if is_begun:
            yield archive.finish()

    async def _file(self, archive: ZipStream, file: StoredFile, uploads: list[Upload]) -> AsyncGenerator[bytes]:
        """Its contents; what came of it is added to *uploads*. One that does not open keeps nobody from the others."""
        if not file.is_whole:
            uploads.append(Upload(file.info, problem="It has not arrived whole."))
            return
        path = own_data.path_of(file)
        try:
            reader = await self._uploads.reader(file)
        except (FileDamaged, UnknownFile):
            uploads.append(Upload(file.info, problem="It cannot be opened (damaged)."))
            return
        problem, start = "", 0
        try:
            yield archive.begin(path, packed=False)
            while start < file.size:
                pieces = await self._uploads.run(reader.read, start, file.size)
                start += sum(map(len, pieces))
                yield await self._uploads.run(archive.add, *pieces)
        except (FileDamaged, UnknownFile):
            problem = "It cannot be opened to its end (damaged)."
        finally:
            await self._uploads.let_go(reader)
        yield archive.finish()
        uploads.append(Upload(file.info, path, problem))


def _time_of(now: int) -> Time:
    at = time.gmtime(now / 1000)
    return (at.tm_year, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
