"""The plain HTTP door: every command as `POST /api/<command>`, the relay's card, its health, and what describes the protocol."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from common.errors import (
    BadRequest,
    FrameTooLarge,
    InternalError,
    NotSignedIn,
    ShuttingDown,
    UnexpectedMessage,
    UnknownCommand,
    WireError,
)
from common.protocol import limits
from common.protocol.codec import decode_command, encode, problem_of
from common.protocol.messages import COMMANDS, Answer, Command, Health, RelayCard
from common.protocol.schema import ONLY_ON_A_LINK, WITHOUT_TOKEN, message_schema, openapi
from relay import VERSION
from relay.doorkeeper import Doorkeeper
from relay.handlers.accounts import caller_of
from relay.handlers.parts import Parts, Stranger
from relay.handlers.rules import perform

_log = logging.getLogger(__name__)

BODY_S: Final = 20.0
"""A body that takes longer to arrive is not waited for."""
_JSON: Final = "application/json"
_SERVER: Final = f"Py_messenger/{VERSION}"


class Api:
    """The HTTP requests of one relay."""

    def __init__(self, parts: Parts, doorkeeper: Doorkeeper, beacon_troubles: Callable[[], tuple[str, ...]]) -> None:
        """*beacon_troubles*: why the relay may not be found, in words."""
        self._parts = parts
        self._doorkeeper = doorkeeper
        self._beacon_troubles = beacon_troubles
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/api/relay", self._card),
            web.get("/health", self._health),
            web.get("/api/openapi.json", self._openapi),
            web.get("/api/schema.json", self._schema),
            web.post("/api/{command}", self._command),
        ]

    def close(self) -> None:
        """Refuse commands from now on."""
        self._closing = True

    # -- commands ------------------------------------------------------------------------------------------------------

    async def _command(self, request: web.Request) -> web.Response:
        if self._closing:
            raise ShuttingDown
        name = request.match_info["command"]
        kind = COMMANDS.get(name)
        if kind is None:
            raise UnknownCommand
        if name in ONLY_ON_A_LINK:
            raise UnexpectedMessage("This command is for WebSockets only.")
        return _json(encode(await self._perform(request, kind)))

    async def _perform(self, request: web.Request, kind: type[Command]) -> Answer:
        address = request.remote or ""
        if kind in WITHOUT_TOKEN:
            with self._doorkeeper.stranger_from(address):
                return await perform(self._parts, Stranger(address), decode_command(kind, await _body(request)))
        caller = await caller_of(self._parts, request.headers.get("Authorization"), address)
        return await perform(self._parts, caller, decode_command(kind, await _body(request)))

    # -- without a token -----------------------------------------------------------------------------------------------

    async def _card(self, request: web.Request) -> web.Response:
        parts = self._parts
        card = RelayCard(
            relay_id=parts.relay_id,
            name=parts.name,
            version=VERSION,
            protocol=limits.SUBPROTOCOL,
            online=parts.fanout.online,
            registration=parts.registration,
        )
        return _json(encode(card))

    async def _health(self, request: web.Request) -> web.Response:
        store = self._parts.store
        reasons = [problem for problem in (store.problem, store.reading_problem) if problem]
        if store.damaged:
            reasons.append(f"{store.damaged} stored records cannot be opened (damaged).")
        reasons += self._beacon_troubles()
        health = Health(status="degraded" if reasons else "ok", reasons=reasons)
        return _json(encode(health), status=503 if store.problem else 200)

    async def _openapi(self, request: web.Request) -> web.Response:
        return _json(_openapi_document())

    async def _schema(self, request: web.Request) -> web.Response:
        return _json(_schema_document())


@functools.cache
def _openapi_document() -> bytes:
    return msgspec.json.encode(openapi(VERSION))


@functools.cache
def _schema_document() -> bytes:
    return msgspec.json.encode(message_schema())


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise FrameTooLarge from error
    except TimeoutError as error:
        raise BadRequest("The body did not arrive in time.") from error


def leave_out_strangers_faults() -> None:
    """Log nothing when somebody sends what is no HTTP: anybody on the network can, as often as they like, and it says nothing."""
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)


def _is_our_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


# -- around every request ----------------------------------------------------------------------------------------------


def guard(doorkeeper: Doorkeeper) -> Middleware:
    """The middleware before all routes, the WebSocket's too: who may ask at all; and every error in the form of the wire."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            doorkeeper.check(request.headers.get("Host"), request.headers.get("Origin"))
            return await handler(request)
        except WireError as error:
            return _problem(error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _json(encode(problem_of(_as_wire_error(error))), status=error.status)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return _problem(InternalError())

    return guarded


def _as_wire_error(error: web.HTTPException) -> WireError:
    """What aiohttp found wrong: no such page, wrong method, no WebSocket handshake."""
    return UnknownCommand() if error.status in (404, 405) else BadRequest(error.text or error.reason)


def _problem(error: WireError) -> web.Response:
    response = _json(encode(problem_of(error)), status=error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type=_JSON, headers={"Server": _SERVER})
