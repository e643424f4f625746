"""The plain HTTP door: every command as `POST /api/<command>`, the relay's card, its health, and what describes the protocol."""

from __future__ import annotations

import functools
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from common.errors import (
    BadRequest,
    InternalError,
    NotAllowed,
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
from relay.entrance import at_work, caller_in
from relay.handlers.parts import Parts, Stranger
from relay.handlers.rules import perform
from relay.health.watch import Watch
from relay.metrics import CONTENT_TYPE
from relay.replies import SERVER, body_of, json_reply, problem_reply
from relay.tally import Tally

_log = logging.getLogger(__name__)

STRANGERS_BODY_BYTES: Final = 32 * 1024
"""More than the longest password and names come to, however they are written in JSON."""
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""Who comes through a proxy on this computer is not on this computer."""


class Api:
    """The HTTP requests of one relay."""

    def __init__(
        self, parts: Parts, doorkeeper: Doorkeeper, watch: Watch, metrics: Callable[[], Awaitable[bytes]]
    ) -> None:
        """*watch* knows how the relay is; *metrics*: what it counts, as text."""
        self._parts = parts
        self._doorkeeper = doorkeeper
        self._watch = watch
        self._metrics = metrics
        self._closing = False

    def routes(self) -> list[web.RouteDef]:
        """What it answers."""
        return [
            web.get("/api/relay", self._card),
            web.get("/health", self._health),
            web.get("/metrics", self._scraped),
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
        return json_reply(encode(await self._perform(request, kind)))

    async def _perform(self, request: web.Request, kind: type[Command]) -> Answer:
        address = request.remote or ""
        if kind in WITHOUT_TOKEN:
            body = await body_of(request, STRANGERS_BODY_BYTES)  # whoever takes their time with it is in nobody's way
            with self._doorkeeper.stranger_from(address), at_work(request):
                return await perform(self._parts, Stranger(address), decode_command(kind, body))
        caller = await caller_in(self._parts, request)
        return await perform(self._parts, caller, decode_command(kind, await body_of(request)))

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
            moved_to=parts.handover.moved_to,
        )
        return json_reply(encode(card))

    async def _health(self, request: web.Request) -> web.Response:
        troubles = await self._watch.troubles()
        health = Health(
            status="degraded" if troubles else "ok",
            reasons=[trouble.words for trouble in troubles],
            codes=[trouble.code for trouble in troubles],
        )
        return json_reply(encode(health), status=503 if self._parts.store.problem else 200)

    async def _scraped(self, request: web.Request) -> web.Response:
        """For whoever is on this computer; from elsewhere with the token of an owner or admin of the relay.

        Raises:
            NotSignedIn, NotAllowed: it is somebody else.
        """
        if not _is_from_here(request):
            caller = await caller_in(self._parts, request)
            if caller.user.role not in ("owner", "admin"):
                raise NotAllowed("The relay's figures are for its owners and admins, and for its own computer.")
        return web.Response(
            body=await self._metrics(),
            headers={"Server": SERVER, "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"},
        )

    async def _openapi(self, request: web.Request) -> web.Response:
        return json_reply(_openapi_document())

    async def _schema(self, request: web.Request) -> web.Response:
        return json_reply(_schema_document())


@functools.cache
def _openapi_document() -> bytes:
    return msgspec.json.encode(openapi(VERSION))


@functools.cache
def _schema_document() -> bytes:
    return msgspec.json.encode(message_schema())


def leave_out_strangers_faults() -> None:
    """Log nothing when somebody sends what is no HTTP: anybody on the network can, as often as they like, and it says nothing."""
    logging.getLogger("aiohttp.server").addFilter(_is_our_fault)


def _is_our_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


# -- around every request ----------------------------------------------------------------------------------------------


def guard(doorkeeper: Doorkeeper, tally: Tally) -> Middleware:
    """The middleware before all routes, the WebSocket's too: who may ask at all; and every error in the form of the wire, counted."""

    def refused(error: WireError) -> WireError:
        tally.refusals[error.code] += 1
        _log.debug("A request was refused: %s", error.code)
        return error

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            doorkeeper.check(request.headers.get("Host"), request.headers.get("Origin"))
            return await handler(request)
        except WireError as error:
            return problem_reply(refused(error))
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return json_reply(encode(problem_of(refused(_as_wire_error(error)))), status=error.status)
        except Exception:
            _log.exception("%s %s failed", request.method, _place(request))
            return problem_reply(refused(InternalError()))

    return guarded


def _is_from_here(request: web.Request) -> bool:
    """Whether a program of this computer asks, and for itself."""
    try:
        address = ipaddress.ip_address((request.remote or "").partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback and not any(name in request.headers for name in _FORWARDED)


def _place(request: web.Request) -> str:
    """What was asked for, without what may be secret in it: the pattern of the path."""
    resource = request.match_info.route.resource
    return "a path that is not there" if resource is None else resource.canonical


def _as_wire_error(error: web.HTTPException) -> WireError:
    """What aiohttp found wrong: no such page, wrong method, no WebSocket handshake."""
    return UnknownCommand() if error.status in (404, 405) else BadRequest(error.text or error.reason)
