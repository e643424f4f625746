"""The door of a move: `POST /move/…`, by which another computer fetches this relay; and what everybody else is told meanwhile."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from common.errors import BadRequest, CopyUnderWay, StorageUnavailable, WireError
from common.ids import Millis
from common.protocol.messages import FileId
from relay.backup.making import Stopped
from relay.doorkeeper import Doorkeeper
from relay.entrance import at_work
from relay.files.blobs import FOLDER
from relay.moving.handover import Handover, Held
from relay.moving.sending import COPY, Parcel, pack, send
from relay.moving.ticket import seal_master
from relay.moving.words import BYTES, CLAIM, HAVE_MAX, Arrived, Begin, Begun, Commit, Fine, Frozen
from relay.replies import SERVER, body_of, json_reply
from relay.storage.migrate import migrations
from relay.storage.store import Store
from relay.storage.vault import Vault

_log = logging.getLogger(__name__)

LOOK_S: Final = 0.5
WAIT_S: Final = 20.0
"""For so long the other computer may take nothing of what it is sent."""
_ID_BYTES: Final = 16
_OPEN: Final = frozenset({"/api/relay", "/health"})
_ROOT: Final = "/move/"

B = TypeVar("B", bound=msgspec.Struct)


class HandingOver:
    """The requests of the computer that takes this relay over."""

    def __init__(
        self,
        handover: Handover,
        store: Store,
        folder: Path,
        doorkeeper: Doorkeeper,
        now: Callable[[], Millis],
        name: str,
        settings: dict[str, str],
    ) -> None:
        """*folder*: the data folder. *settings*: what shall be so over there too. `start` it, `close` it."""
        self.handover = handover
        self._store = store
        self._folder = folder
        self._doorkeeper = doorkeeper
        self._now = now
        self._name = name
        self._settings = settings
        self._watch: asyncio.Task[None] | None = None
        self._sending: set[threading.Event] = set()
        self._is_copying = False

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.post(f"{_ROOT}{name}", partial(self._guarded, handler))
            for name, handler in {
                "begin": self._begin,
                "copy": self._copy,
                "hold": self._hold,
                "alive": self._alive,
                "commit": self._commit,
                "arrived": self._arrived,
                "give-up": self._give_up,
            }.items()
        ]

    def start(self) -> None:
        """Begin to look after who has fallen silent."""
        self._watch = asyncio.create_task(self._look_after(), name="move watch")

    def close(self) -> None:
        """Send nothing more."""
        for stop in self._sending:
            stop.set()
        if self._watch is not None:
            self._watch.cancel()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.handover.look()

    # -- requests ------------------------------------------------------------------------------------------------------

    async def _guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], request: web.Request
    ) -> web.StreamResponse:
        with self._doorkeeper.stranger_from(request.remote or ""), at_work(request):
            return await handler(request)

    async def _begin(self, request: web.Request) -> web.Response:
        asked = await _said(request, Begin)
        ticket = self.handover.begin(asked.proof, _claim(request))
        relay_id = self._store.relay_id
        sizes = await asyncio.to_thread(self._sizes)
        begun = Begun(
            relay_id=relay_id,
            name=self._name,
            master=self._store.with_master(lambda master: seal_master(ticket, master, relay_id)),
            schema=max(migrations()),
            size=sizes,
            settings=self._settings,
        )
        _log.warning("Another computer (%s) fetches this relay, as an owner has allowed it to.", request.remote)
        return json_reply(msgspec.json.encode(begun))

    def _sizes(self) -> int:
        return sum(path.stat().st_size for path in (self._folder / FOLDER).rglob("*") if path.is_file()) + sum(
            path.stat().st_size for path in self._folder.glob("relay.db*")
        )

    async def _hold(self, request: web.Request) -> web.Response:
        return json_reply(msgspec.json.encode(Frozen(await self.handover.hold(_claim(request)))))

    async def _alive(self, request: web.Request) -> web.Response:
        self.handover.heard(_claim(request))
        return _fine()

    async def _commit(self, request: web.Request) -> web.Response:
        asked = await _said(request, Commit)
        await self.handover.commit(_claim(request), asked.move)
        return _fine()

    async def _arrived(self, request: web.Request) -> web.Response:
        asked = await _said(request, Arrived)
        await self.handover.arrived(_claim(request), asked.to)
        return _fine()

    async def _give_up(self, request: web.Request) -> web.Response:
        self.handover.give_up(_claim(request))
        return _fine()

    # -- copies --------------------------------------------------------------------------------------------------------

    async def _copy(self, request: web.Request) -> web.StreamResponse:
        """All that the body does not name as being there already; with the database when the relay is held."""
        claim, have = _claim(request), await _have(request)
        if not isinstance(self.handover.heard(claim), Held):
            return await self._copied(request, claim, have, None)
        if self._is_copying:  # the file that the database is copied to is the other one's
            raise CopyUnderWay
        self._is_copying = True
        try:
            return await self._copied(request, claim, have, self._folder / COPY)
        finally:
            self._is_copying = False

    async def _copied(
        self, request: web.Request, claim: str, have: list[FileId], database: Path | None
    ) -> web.StreamResponse:
        vault = self._store.vault
        ids = [] if database is not None else await self._store.read(lambda tables: tables.files.whole())
        try:
            if database is not None:
                await asyncio.to_thread(database.unlink, missing_ok=True)
                vault = await self._store.copy_to(database, lambda: None)
            parcel = await asyncio.to_thread(
                pack, self._store.relay_id, database, self._folder / FOLDER, ids, frozenset(have)
            )
            return await self._send(request, claim, parcel, vault)
        except sqlite3.Error as error:
            raise StorageUnavailable(
                f"The relay's database cannot be copied there ({error}). Look at its disk, which needs room for a copy."
            ) from error
        finally:
            if database is not None:
                await asyncio.to_thread(database.unlink, missing_ok=True)

    async def _send(self, request: web.Request, claim: str, parcel: Parcel, vault: Vault) -> web.StreamResponse:
        response = web.StreamResponse(headers={BYTES: str(parcel.bytes), "Server": SERVER})
        await response.prepare(request)
        loop, stop = asyncio.get_running_loop(), threading.Event()

        async def write(piece: bytes) -> None:
            async with asyncio.timeout(WAIT_S):
                await response.write(piece)
            self.handover.heard(claim)  # who takes something is there

        def put(piece: bytes) -> None:
            asyncio.run_coroutine_threadsafe(write(piece), loop).result()

        self._sending.add(stop)
        try:
            await self._in_thread(parcel, vault, put, stop)
            await response.write_eof()
        except (WireError, Stopped, ConnectionError, TimeoutError) as error:
            _log.warning("The copy for another computer was broken off (%s %s).", type(error).__name__, error)
            if request.transport is not None:  # an end that looks like one would be taken for it
                request.transport.abort()
        finally:
            stop.set()
            self._sending.discard(stop)
        return response

    async def _in_thread(
        self, parcel: Parcel, vault: Vault, put: Callable[[bytes], None], stop: threading.Event
    ) -> None:
        now = self._now()
        work = vault.with_master(lambda master: partial(send, parcel, master, now, put, stop))
        await asyncio.to_thread(work)


def turning_away(handover: Handover) -> Middleware:
    """Whoever wants something of a relay that was handed over is told so, and where it is; who asks who it is gets an answer."""

    @web.middleware
    async def turned(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in _OPEN and not request.path.startswith(_ROOT):
            handover.check_here()
        return await handler(request)

    return turned


def _claim(request: web.Request) -> str:
    claim = request.headers.get(CLAIM, "")
    if not 16 <= len(claim) <= 128:
        raise BadRequest(f"The header {CLAIM} is missing.")
    return claim


async def _said(request: web.Request, kind: type[B]) -> B:
    try:
        return msgspec.json.decode(await body_of(request), type=kind)
    except msgspec.DecodeError as error:
        raise BadRequest from error


async def _have(request: web.Request) -> list[FileId]:
    """The ids in the body, sixteen bytes each."""
    body = bytearray()
    try:
        async with asyncio.timeout(WAIT_S):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > HAVE_MAX:
                    raise BadRequest("These are more files than a relay keeps.")
    except (TimeoutError, web.RequestPayloadError) as error:
        raise BadRequest("The list did not arrive in time, or not whole.") from error
    if len(body) % _ID_BYTES:
        raise BadRequest
    return [FileId(body[at : at + _ID_BYTES].hex()) for at in range(0, len(body), _ID_BYTES)]


def _fine() -> web.Response:
    return json_reply(msgspec.json.encode(Fine()))
