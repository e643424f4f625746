"""One open WebSocket: asks and gets answers, hears events in their order, ends.

Exactly one task writes and exactly one reads. A send is never cancelled in mid-air (aiohttp 3.14 does not survive that): one that takes
too long ends in an abort, and so does a close.

A relay whose host has vanished says nothing, and TCP keeps that to itself for a quarter of an hour. So silence is watched: soon while an
answer is owed, now and then on an idle link, the relay is pinged, and when not a byte comes for a moment the link has ended. Any byte
counts: a long page on a slow network is a sign of life.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, TypeVar

import aiohttp
import msgspec

from common.errors import LinkLost
from common.protocol import limits
from common.protocol.codec import UnreadableFrame, decode_events, encode, frame_of
from common.protocol.messages import ANSWERS, Answer, Command, Event, Hello, Problem, Welcome
from desktop.link.address import Address
from desktop.link.denied import Denied
from desktop.link.heard import HeardSocket
from desktop.link.pinning import CONNECT_S, PinnedSession
from desktop.locale import _

ANSWER_S: Final = 20.0
"""A relay that has not answered by then is taken for gone; what was asked is asked again on the next link."""
PATIENCE_S: Final = 2.5
"""An answer is owed and nothing was heard for so long: ping."""
IDLE_S: Final = 9.0
"""Nothing was owed and nothing heard for so long: ping. Ten thousand idle links make about a thousand pings a second."""
DEADLINE_S: Final = 2.5
"""A ping without any sign of life for so long ends the link."""
DOUBT_S: Final = 0.8
"""A ping without any sign of life for so long is worth looking whether the relay is elsewhere."""
_LATE_S: Final = 1.0
"""Who comes back this late from a sleep was stopped itself, and cannot say that the relay was silent."""
_UNAUTHORIZED: Final = 401
_MISDIRECTED: Final = 421

A = TypeVar("A", bound=Answer)
Hear = Callable[[Sequence[Event]], None]


class TokenRefused(LinkLost):
    """The relay does not (or no longer) accept this device session."""


class RelaySilent(LinkLost):
    """Nothing comes from the relay any more, although the link was not closed: its host, or the way to it, has gone."""


class NotNow(LinkLost):
    """The relay is there and takes no link at the moment. *retry_after* in seconds, 0 if it did not say."""

    def __init__(self, message: str, retry_after: float) -> None:
        """*message* for people."""
        super().__init__(message)
        self.retry_after = retry_after


class Wire:
    """One link. Made by `Wire.open`; then `greet` once, then `listen` until it ends; `ask` at any time in between."""

    def __init__(self, socket: HeardSocket, address: Address) -> None:
        """Made by `open`."""
        self.address = address
        here = socket.get_extra_info("sockname")
        self.local_ip = str(here[0]).partition("%")[0] if here else ""
        """The address of this computer that the link goes out from."""
        self.certificate: bytes = socket.get_extra_info("ssl_object").getpeercert(binary_form=True)
        """The relay's, which has been checked against its pin."""
        self._socket = socket
        # Closing a connection politely waits for what it could not send; only the transport can be told to stop at once,
        # and once the connection is released there is no other way to it.
        connection = socket._response.connection
        self._transport = None if connection is None else connection.transport
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._owed_since: dict[int, float] = {}
        self._kinds: dict[int, type[Answer]] = {}
        self._outgoing: deque[bytes] = deque()
        self._is_ping_due = False
        self._something_to_send = asyncio.Event()
        self._early: list[Event] = []
        self._is_sending = False
        self._ended: LinkLost | None = None
        self._writer = asyncio.create_task(self._write(), name=f"writer to {address}")
        self._watch: asyncio.Task[None] | None = None
        self._is_doubted = False
        self._look = asyncio.Event()

    @classmethod
    async def open(cls, session: PinnedSession, address: Address, token: str) -> Wire:
        """A link to the pinned relay at *address*.

        Raises:
            TokenRefused: sign in again.
            WrongIdentity: another identity answers there; the token was not sent.
            LinkLost: nobody answers, or the relay takes no link now.
        """
        try:
            async with asyncio.timeout(CONNECT_S * 2):
                socket = await session.http.ws_connect(
                    session.url(address, "/ws", "wss"),
                    protocols=(limits.SUBPROTOCOL,),
                    headers={"Authorization": f"Bearer {token}"},
                    # Never reached: the watch pings earlier. It is what makes aiohttp tell of every byte.
                    heartbeat=limits.HEARTBEAT_S,
                    max_msg_size=limits.FRAME_HARD_BYTES * 8,
                    timeout=aiohttp.ClientWSTimeout(ws_close=limits.CLOSE_S),
                    ssl=session.context,
                    decode_text=False,
                )
        except aiohttp.ServerFingerprintMismatch as error:
            raise session.wrong_identity(address, error) from error
        except aiohttp.WSServerHandshakeError as error:
            raise _refusal(error) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise LinkLost(_("Nobody answers at {address}.").format(address=address)) from error
        if socket.get_extra_info("ssl_object") is None or socket.protocol != limits.SUBPROTOCOL:
            await socket.close()
            raise LinkLost(
                _("What answers at {address} does not speak this program's protocol.").format(address=address)
            )
        assert isinstance(socket, HeardSocket), "the session makes no others"
        return cls(socket, address)

    # -- asking --------------------------------------------------------------------------------------------------------

    async def ask(self, command: Command, kind: type[A], timeout_s: float = ANSWER_S) -> A:
        """The relay's answer to *command*; its id is given here.

        Raises:
            Denied: the relay said no.
            LinkLost: the link ended before the answer came, or none came in time (which ends the link).
        """
        answer = self._send(command)
        try:
            async with asyncio.timeout(timeout_s):
                got = await answer
        except TimeoutError:
            lost = RelaySilent(_("The relay does not answer any more."))
            self.abort(lost)
            raise lost from None
        assert isinstance(got, kind), f"{type(got).__name__} is no answer to {type(command).__name__}"
        return got

    def _send(self, command: Command) -> asyncio.Future[Answer]:
        if self._ended is not None:
            raise self._ended
        number = next(self._ids)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self._owed_since:
            self._look.set()
        self._asked[number] = answer
        self._owed_since[number] = asyncio.get_running_loop().time()
        self._kinds[number] = ANSWERS[type(command)]
        answer.add_done_callback(lambda _done: self._forget(number))
        self._outgoing.append(encode(msgspec.structs.replace(command, id=number)))
        self._something_to_send.set()
        return answer

    def _forget(self, number: int) -> None:
        for kept in (self._asked, self._owed_since, self._kinds):
            kept.pop(number, None)

    async def _write(self) -> None:
        """All that has gathered goes out as one frame."""
        while True:
            await self._something_to_send.wait()
            self._something_to_send.clear()
            while self._outgoing or self._is_ping_due:
                is_ping, self._is_ping_due = self._is_ping_due, False
                frame = b"" if is_ping else self._next_frame()
                self._is_sending = True
                try:
                    async with asyncio.timeout(limits.SEND_S):
                        await self._socket.send_frame(
                            frame, aiohttp.WSMsgType.PING if is_ping else aiohttp.WSMsgType.TEXT
                        )
                except (TimeoutError, OSError, aiohttp.ClientError) as error:
                    self.abort(LinkLost(_("The relay does not take anything any more.")), error)
                    return
                self._is_sending = False

    def _next_frame(self) -> bytes:
        first = self._outgoing.popleft()
        frame, size = [first], len(first)
        while self._outgoing and len(frame) < limits.COMMANDS_PER_FRAME:
            size += len(self._outgoing[0]) + 1
            if size + 2 > limits.FRAME_BYTES:
                break
            frame.append(self._outgoing.popleft())
        return first if len(frame) == 1 else frame_of(frame)

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def greet(self, hello: Hello) -> Welcome:
        """Say hello; events that come along with the answer are kept for `listen`.

        Raises:
            Denied, LinkLost: as `ask`.
        """
        answer = self._send(hello)
        try:
            async with asyncio.timeout(ANSWER_S):
                while not answer.done():
                    self._early += await self._next_events()
        except TimeoutError:
            lost = RelaySilent(_("The relay does not answer any more."))
            self.abort(lost)
            raise lost from None
        welcome = answer.result()
        assert isinstance(welcome, Welcome)
        return welcome

    async def listen(self, hear: Hear) -> None:
        """Give everything the relay tells to *hear*, in order, until the link ends.

        Raises:
            LinkLost: always, in the end; its text says why, for people.
        """
        early, self._early = self._early, []
        if early:
            hear(early)
        while True:
            if events := await self._next_events():
                hear(events)

    async def _next_events(self) -> list[Event]:
        if self._ended is not None:
            raise self._ended
        try:
            message = await self._socket.receive()
        except (OSError, aiohttp.ClientError) as error:
            raise self.abort(LinkLost(_("The connection broke.")), error) from error
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            raise self.abort(_why_closed(self._socket.close_code))
        try:
            words = decode_events(message.data, self._kinds)
        except UnreadableFrame as error:
            raise self.abort(LinkLost(_("The relay said something that cannot be read.")), error) from error
        return [word for word in words if not self._settle(word)]  # type: ignore[misc]

    def _settle(self, word: Event | Answer | Problem) -> bool:
        """Hand an answer to who waits for it; False: *word* is an event."""
        if isinstance(word, Event):
            return False
        answer = None if word.re is None else self._asked.get(word.re)
        if answer is not None and not answer.done():
            if isinstance(word, Problem):
                answer.set_exception(Denied.of(word))
            else:
                answer.set_result(word)
        return True

    # -- watching over it ----------------------------------------------------------------------------------------------

    def watch_over(self, doubted: Callable[[bool], None], idle_s: float = IDLE_S) -> None:
        """From now on the link ends when the relay falls silent. *doubted* is told when it may have, and when it has not."""
        self._watch = asyncio.create_task(self._watch_over(doubted, idle_s), name=f"watch over {self.address}")

    def doubt(self) -> None:
        """Something says that the link may be dead: find out now."""
        self._is_doubted = True
        self._look.set()

    async def _watch_over(self, doubted: Callable[[bool], None], idle_s: float) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            while not self._is_doubted and (due := self._ping_at(idle_s)) > clock():
                self._look.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(due):
                        await self._look.wait()
            self._is_doubted = False
            if not await self._is_alive(doubted):
                self.abort(RelaySilent(_("The relay does not answer any more.")))
                return

    def _ping_at(self, idle_s: float) -> float:
        """When silence has lasted long enough, by the loop's clock."""
        heard_at = self._socket.heard_at
        owed_since = next(iter(self._owed_since.values()), None)
        if owed_since is None:
            return heard_at + idle_s
        return min(heard_at + idle_s, max(heard_at, owed_since) + PATIENCE_S)

    async def _is_alive(self, doubted: Callable[[bool], None]) -> bool:
        """Ping, and see whether anything comes."""
        clock = asyncio.get_running_loop().time
        asked_at = began = clock()
        is_told = False
        self._is_ping_due = True
        self._something_to_send.set()
        while self._socket.heard_at < asked_at:
            now = clock()
            if now - began >= DEADLINE_S:
                return False
            if now - began >= DOUBT_S and not is_told:
                is_told = True
                doubted(True)
            pause_s = min(_LATE_S / 4, began + DEADLINE_S - now)
            await asyncio.sleep(pause_s)
            if clock() - now - pause_s > _LATE_S:
                began = clock()
        if is_told:
            doubted(False)
        return True

    # -- ending --------------------------------------------------------------------------------------------------------

    def abort(self, why: LinkLost, cause: BaseException | None = None) -> LinkLost:
        """End at once, without a word to the relay; whoever waits for an answer gets *why*. Returns why it really ended."""
        if self._ended is None:
            why.__cause__ = cause
            self._ended = why
        for answer in list(self._asked.values()):
            if not answer.done():
                answer.set_exception(LinkLost(str(self._ended)))
                answer.exception()  # seen: who asked may be gone already
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()
        return self._ended

    async def close(self) -> None:
        """End with a word to the relay if it takes one, within two seconds."""
        is_whole = self._ended is None and not self._is_sending
        self._ended = self._ended or LinkLost(_("The link was closed."))
        tasks = [task for task in (self._writer, self._watch) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            if is_whole:
                async with asyncio.timeout(limits.CLOSE_S):
                    await self._socket.close()
        except (TimeoutError, OSError, aiohttp.ClientError):
            pass  # the abort below is the answer
        finally:
            self.abort(self._ended)


def _refusal(error: aiohttp.WSServerHandshakeError) -> LinkLost:
    if error.status == _UNAUTHORIZED:
        return _session_ended()
    if error.status == _MISDIRECTED:
        return NotNow(_("The relay has moved to another computer. Looking for it there."), 0.0)
    asked_for = "" if error.headers is None else error.headers.get("Retry-After", "")
    return NotNow(
        _("The relay takes no connection now ({status}).").format(status=error.status),
        float(asked_for) if asked_for.isascii() and asked_for.isdigit() else 0.0,
    )


def _why_closed(code: int | None) -> LinkLost:
    match code:
        case limits.SIGNED_OUT:
            return _session_ended()
        case aiohttp.WSCloseCode.GOING_AWAY:
            return LinkLost(_("The relay has stopped."))
        case aiohttp.WSCloseCode.POLICY_VIOLATION:
            return LinkLost(_("The relay has closed the connection."))
        case _:
            return LinkLost(_("The connection broke."))


def _session_ended() -> TokenRefused:
    return TokenRefused(_("The relay has ended this device's session. Sign in again."))
