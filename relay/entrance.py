"""Lets connections in: takes them from the listening sockets while there are places, greets them with TLS, and hands them to the
HTTP server. A server of asyncio would take all that come, and know nothing of them until they have been greeted."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, cast

from aiohttp import web

from common.protocol import limits
from relay.handlers.accounts import caller_of
from relay.handlers.parts import Parts, SignedIn
from relay.places import Guest, Places

_log = logging.getLogger(__name__)

HANDSHAKE_S: Final = 10.0
AGAIN_S: Final = 0.1
"""After the system could give no connection, for want of files or memory."""
AT_ONCE: Final = 16
"""So many are taken before everybody else has their turn."""


class Visitor(web.RequestHandler):
    """A connection of the HTTP server that knows its place."""

    __slots__ = ("guest",)

    def __init__(self, server: web.Server, guest: Guest, loop: asyncio.AbstractEventLoop, **options: Any) -> None:
        super().__init__(server, loop=loop, **options)
        self.guest = guest

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It was greeted."""
        self.guest.leave = cast(asyncio.Transport, transport).abort  # uvloop's is none by its class
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It has gone."""
        self.guest.left()
        super().connection_lost(exc)


class Entrance:
    """Takes connections from `start` to `close`."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        context: ssl.SSLContext,
        server: web.Server,
        places: Places,
        **options: Any,
    ) -> None:
        """*sockets*: listening, not blocking, and whoever made them closes them. *options*: of the connections of *server*."""
        self._sockets = sockets
        self._context = context
        self._server = server
        self._places = places
        self._options = options
        self._taking: list[asyncio.Task[None]] = []
        self._greeting: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to take them."""
        self._taking = [asyncio.create_task(self._take(each), name="entrance") for each in self._sockets]

    async def close(self) -> None:
        """Take no more; who was not greeted yet leaves."""
        await _ended(self._taking)
        await asyncio.sleep(0)  # each greeting has begun then, and so ends its connection itself
        await _ended(list(self._greeting))

    async def _take(self, listening: socket.socket) -> None:
        loop, is_said, taken = asyncio.get_running_loop(), False, 0
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                if not is_said:
                    _log.warning("The system gives the relay no more connections (%s).", error)
                is_said = True
                await asyncio.sleep(AGAIN_S)
                continue
            is_said = False
            try:
                self._welcome(connection, str(address[0]))
            except Exception:  # the others are taken all the same
                _log.exception("A connection could not be taken")
                connection.close()
            taken += 1
            if taken % AT_ONCE == 0:
                await asyncio.sleep(0)

    def _welcome(self, connection: socket.socket, address: str) -> None:
        guest = self._places.enter(address, _stays)
        if guest is None:
            connection.close()
            return
        greeting = asyncio.create_task(self._greet(connection, guest), name="greeting")
        guest.leave = lambda: _cancel(greeting)
        self._greeting.add(greeting)
        greeting.add_done_callback(self._greeting.discard)

    async def _greet(self, connection: socket.socket, guest: Guest) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection.setblocking(False)
            with suppress(OSError):  # it has gone already, which shows in a moment
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.connect_accepted_socket(
                lambda: Visitor(self._server, guest, loop, **self._options),
                connection,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=limits.CLOSE_S,
            )
        except OSError as error:  # what anybody can bring about: no TLS, none in time, or they have gone
            guest.left()
            _log.debug("Somebody was not greeted: %s", type(error).__name__)
        except BaseException:
            guest.left()
            raise


# -- on a request ------------------------------------------------------------------------------------------------------


def guest_of(request: web.Request) -> Guest | None:
    """The connection that *request* came by; None once it has gone."""
    protocol = request.protocol
    return protocol.guest if isinstance(protocol, Visitor) else None


async def caller_in(parts: Parts, request: web.Request) -> SignedIn:
    """Whose token *request* shows; its connection is then one of the known.

    Raises:
        NotSignedIn, RateLimited: nobody's, or too many were tried.
        TooManyConnections: there is no place among the known.
    """
    authorization = request.headers.get("Authorization")
    caller = await caller_of(parts, authorization, request.remote or "", request.host)
    if (guest := guest_of(request)) is not None:
        guest.shows(caller.user.role)
    return caller


@contextmanager
def at_work(request: web.Request) -> Iterator[None]:
    """While the block runs something is done for whoever sent *request*, a stranger: they do not give way to others."""
    guest = guest_of(request)
    if guest is None:
        yield
    else:
        with guest.busy():
            yield


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _stays() -> None:
    """Of a connection that cannot be ended yet: that lasts for no time."""
