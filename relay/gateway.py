"""The WebSocket door: frames in, answers and events out, and when a link is given up.

Each link has one task that reads and exactly one that writes and closes. Nothing here ever cancels a send: aiohttp shares one
waiter among all that wait for a slow client, and a cancelled one poisons the socket. Whoever takes too long is found by the watch,
which looks over all links once a second and aborts the transport; that ends a hanging send by itself.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web
from msgspec.structs import replace

from common.errors import InternalError, RateLimited, ShuttingDown, UnexpectedMessage, WireError
from common.ids import UserId
from common.protocol import limits
from common.protocol.codec import decode_commands, encode, problem_of
from common.protocol.messages import Bye, Command, Entry, Hello, Moved
from common.protocol.session import Session, State
from relay.doorkeeper import Doorkeeper
from relay.entrance import caller_in
from relay.fanout import Link
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.rules import RULES, Pipelined, begin, perform
from relay.outbox import End
from relay.tally import Tally

_log = logging.getLogger(__name__)

WATCH_S: Final = 1.0
WRITER_LIMIT: Final = 16 * 1024
"""aiohttp looks at the transport's back-pressure after so many bytes."""
BUFFERED_HIGH: Final = 64 * 1024
"""Unsent bytes in the transport from which on a send waits; for TLS the default would be eight times as much."""
PENDING_MAX: Final = 512
"""Posts of one link that may wait for the disk; then its next frame waits too."""
REFUSALS_IN_A_ROW: Final = 200
"""Who goes on after being told so many times that it is too much at once, is closed."""
RETRY_AFTER_S: Final = (0.5, 5.0)
"""Clients come back spread over this range after a shutdown."""
RECEIVED: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})

_REFUSED: Final = RateLimited.code


class Gateway:
    """All WebSockets of one relay; made before the listener opens, ended by `close`."""

    def __init__(self, parts: Parts, doorkeeper: Doorkeeper, chance: Callable[[], float] = random.random) -> None:
        """*chance*: a number from 0 to 1, which spreads the clients' return."""
        self._parts = parts
        self._doorkeeper = doorkeeper
        self._chance = chance
        self._links: set[_OpenLink] = set()
        self._links_by_user: Counter[UserId] = Counter()
        self._closing = False
        self._watch: asyncio.Task[None] | None = None

    @property
    def links(self) -> int:
        """How many WebSockets are open."""
        return len(self._links)

    @property
    def tally(self) -> Tally:
        """Where it counts."""
        return self._parts.tally

    def start(self) -> None:
        """Begin to watch over the links."""
        self._watch = asyncio.create_task(self._watch_over(), name="gateway watch")

    async def close(self) -> None:
        """Tell every client good-bye and close with 1001, all at once, within the time for a close; who hangs is aborted."""
        self._closing = True
        for link in self._links:
            low, high = RETRY_AFTER_S
            link.say_goodbye(low + self._chance() * (high - low))
        ended = [asyncio.ensure_future(link.ended.wait()) for link in self._links]
        if ended:
            await asyncio.wait(ended, timeout=limits.CLOSE_S)
            for link in list(self._links):
                link.abort()
            await asyncio.wait(ended, timeout=limits.CLOSE_S / 4)
            for waiting in ended:
                waiting.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def move_away(self, to: list[str]) -> None:
        """The relay is served elsewhere now: tell every client where, and close with 1001."""
        for link in self._links:
            link.say_moved(to)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One WebSocket, from the upgrade to its end.

        Raises:
            WireError: before the upgrade; the answer is plain HTTP then.
        """
        if self._closing:
            raise ShuttingDown
        address = request.remote or ""
        signed_in = await caller_in(self._parts, request)
        with self._doorkeeper.link_from(address, signed_in.user.role), self._another_link_of(signed_in.id):
            return await self._serve(request, signed_in)

    @contextmanager
    def _another_link_of(self, user: UserId) -> Iterator[None]:
        """Count a link of *user* for as long as the block runs.

        Raises:
            TooManyConnections: they have as many as they may.
        """
        self._parts.limits.check("links", user, self._links_by_user[user])
        self._links_by_user[user] += 1
        try:
            yield
        finally:
            self._links_by_user[user] -= 1
            if not self._links_by_user[user]:
                del self._links_by_user[user]

    async def _serve(self, request: web.Request, signed_in: SignedIn) -> web.StreamResponse:
        """One WebSocket of *signed_in*."""
        socket = web.WebSocketResponse(
            compress=False,
            max_msg_size=limits.FRAME_HARD_BYTES,
            heartbeat=limits.HEARTBEAT_S,
            timeout=limits.CLOSE_S,
            protocols=(limits.SUBPROTOCOL,),
            writer_limit=WRITER_LIMIT,
            autoclose=False,
            autoping=False,
            decode_text=False,
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None:  # gone while the answer to the upgrade was on its way
            return socket
        link = _OpenLink(self._parts, signed_in, socket, transport)
        self._links.add(link)
        _log.debug("A link of device session %d is open, from %s", signed_in.session, signed_in.address)
        try:
            await link.run()
        finally:
            self._links.discard(link)
            _log.debug("A link of device session %d has ended", signed_in.session)
        return socket

    async def _watch_over(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(WATCH_S)
            now = loop.time()
            for link in self._links:
                link.check(now)


class _OpenLink:
    """One WebSocket that is open: its two tasks and what they share."""

    __slots__ = (
        "_caller",
        "_closing_since",
        "_last_post",
        "_link",
        "_loop",
        "_opened_at",
        "_parts",
        "_pending",
        "_refusals",
        "_sending_since",
        "_session",
        "_socket",
        "_transport",
        "ended",
    )

    def __init__(
        self,
        parts: Parts,
        signed_in: SignedIn,
        socket: web.WebSocketResponse[bool],
        transport: asyncio.Transport,
    ) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._socket = socket
        self._transport = transport
        self._link = Link(signed_in.id, signed_in.session, parts.fanout.outbox())
        self._caller = replace(signed_in, link=self._link)
        self._session = Session()
        self._pending = 0
        self._last_post: asyncio.Future[Entry] | None = None
        self._refusals = 0
        self._opened_at = self._loop.time()
        self._sending_since: float | None = None
        self._closing_since: float | None = None
        self.ended = asyncio.Event()
        transport.set_write_buffer_limits(high=BUFFERED_HIGH)

    async def run(self) -> None:
        """Read and write until either end has had enough."""
        writer = asyncio.create_task(self._write(), name="link writer")
        try:
            await self._read()
        finally:
            self._parts.fanout.close(self._link)
            self._link.outbox.end(End(WSCloseCode.OK), at_once=True)
            if self._closing_since is None:
                self._closing_since = self._loop.time()
            try:
                await _finished(writer)
            finally:  # also when this task is cancelled while it waits
                self._link.outbox.close()
                self._transport.close()
                self.ended.set()

    # -- in ------------------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        socket, outbox = self._socket, self._link.outbox
        while True:
            try:
                message = await socket.receive()
            except asyncio.CancelledError:
                # aiohttp hands over a cancellation that was not meant for this task when the connection is lost.
                if _is_cancelled():
                    raise
                return
            if message.type in RECEIVED:
                await self._obey_all(decode_commands(message.data))
                if outbox.is_crowded:
                    await outbox.room()
                if self._pending >= PENDING_MAX:
                    await self._settled()
            elif message.type is WSMsgType.PING:
                outbox.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return

    async def _obey_all(self, commands: Sequence[Command | WireError]) -> None:
        """Do the commands of a frame in their order. What was still on its way when the link was to end is not done."""
        for command in commands:
            if self._link.outbox.is_ending:
                return
            if isinstance(command, WireError):
                self._refuse(command, command.re)
                continue
            try:
                self._session.receive(command)
            except UnexpectedMessage as error:
                self._refuse(error, command.id)
                continue
            rule = RULES[type(command)]
            if type(rule) is Pipelined:
                self._begin(rule, command)
            else:
                await self._obey(command)

    def _begin(self, rule: Pipelined, command: Command) -> None:
        """Begin what is answered later, and go on."""
        try:
            future = begin(rule, self._parts, self._caller, command)
        except WireError as error:
            self._refuse(error, command.id)
        else:
            self._pending += 1
            self._last_post = future
            future.add_done_callback(partial(self._answer_later, rule, command))

    async def _obey(self, command: Command) -> None:
        """Do *command*, after all that this link has begun."""
        await self._settled()
        try:
            answer = await perform(self._parts, self._caller, command)
        except WireError as error:
            self._refuse(error, command.id)
        except Exception:
            _log.exception("%s failed", type(command).__name__)
            self._refuse(InternalError(), command.id)
        else:
            self._refusals = 0
            self._link.outbox.answer(encode(answer))
            return
        if type(command) is Hello:  # a link that is not greeted would hear nothing
            self._link.outbox.end(End(WSCloseCode.TRY_AGAIN_LATER, b"hello failed"))

    def _answer_later(self, rule: Pipelined, command: Command, future: asyncio.Future[Entry]) -> None:
        self._pending -= 1
        error = future.exception()
        if error is None:
            self._refusals = 0
            self._link.outbox.answer(encode(rule.answer(command, future.result())))
        elif isinstance(error, WireError):
            self._refuse(error, command.id)
        else:
            _log.error("%s failed", type(command).__name__, exc_info=error)
            self._refuse(InternalError(), command.id)

    async def _settled(self) -> None:
        """Wait until what this link posted is stored or refused: commands of one link take effect in their order."""
        if self._last_post is not None:
            await asyncio.wait([self._last_post])
            self._last_post = None

    def _refuse(self, error: WireError, re: int | None) -> None:
        self._parts.tally.refusals[error.code] += 1
        _log.debug("Device session %d was refused: %s", self._caller.session, error.code)
        self._link.outbox.answer(encode(problem_of(error, re)))
        self._refusals = self._refusals + 1 if error.code == _REFUSED else 0
        if self._refusals >= REFUSALS_IN_A_ROW:
            self._link.outbox.end(End(WSCloseCode.POLICY_VIOLATION, b"too much at once"), at_once=True)

    # -- out -----------------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """The only one who sends and closes."""
        socket, outbox, now = self._socket, self._link.outbox, self._loop.time
        try:
            while not isinstance(frame := await outbox.take(), End):
                self._sending_since = now()
                if frame:
                    await socket.send_frame(frame, WSMsgType.TEXT)
                if (payload := outbox.take_pong()) is not None:
                    await socket.pong(payload)
                self._sending_since = None
            # Not socket.close(): while the other task reads, aiohttp would cut the connection before the client's reply.
            self._closing_since = now()
            await socket.send_frame(frame.code.to_bytes(2, "big") + frame.reason, WSMsgType.CLOSE)
        except ConnectionError:
            self.abort()  # the client has gone or was given up: there is nobody left to tell
        except asyncio.CancelledError:
            self.abort()
            if _is_cancelled():
                raise
        except Exception:
            _log.exception("A link ended by a fault of the relay")
            self.abort()
        finally:
            self._sending_since = None
            outbox.end(End(WSCloseCode.ABNORMAL_CLOSURE), at_once=True)

    # -- the end -------------------------------------------------------------------------------------------------------

    def say_goodbye(self, retry_after_s: float) -> None:
        """The relay is going down."""
        outbox = self._link.outbox
        outbox.answer(encode(Bye(retry_after=round(retry_after_s, 2))))
        outbox.end(End(WSCloseCode.GOING_AWAY, b"the relay is shutting down"), at_once=True)

    def say_moved(self, to: list[str]) -> None:
        """The relay is elsewhere."""
        outbox = self._link.outbox
        outbox.answer(encode(Moved(to=to)))
        outbox.end(End(WSCloseCode.GOING_AWAY, b"the relay has moved"), at_once=True)

    def abort(self) -> None:
        """Give the connection up, with all that waits in it."""
        self._transport.abort()

    def check(self, now: float) -> None:
        """Give up a connection that hangs; *now* is the loop's time in seconds."""
        if self._session.state is State.AWAITING_HELLO and now - self._opened_at > limits.HELLO_S:
            self._link.outbox.end(End(WSCloseCode.POLICY_VIOLATION, b"no hello"))
        if self._caller.expires is not None and self._parts.now() >= self._caller.expires:
            self._link.outbox.end(End(limits.SIGNED_OUT, b"the token has expired"))
        if self._socket.closed and self._closing_since is None:
            self._closing_since = now
        if _is_over(self._sending_since, now, limits.SEND_S) or _is_over(self._closing_since, now, limits.CLOSE_S):
            self.abort()


def _is_over(since: float | None, now: float, limit_s: float) -> bool:
    return since is not None and now - since > limit_s


def _is_cancelled() -> bool:
    """Whether the running task itself was cancelled, and not only something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _finished(writer: asyncio.Task[None]) -> None:
    """Wait for the writer's end, which the watch guarantees; if this task is cancelled meanwhile, so is the writer."""
    try:
        await asyncio.wait([writer])
    finally:
        writer.cancel()
