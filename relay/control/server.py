"""The relay's end of the control channel: takes one order a connection, from whoever shows the key, and answers it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from common.errors import BadRequest, InternalError, NotAllowed, StartupError, WireError
from relay.control.place import Place, remove_place, socket_path, write_place
from relay.control.words import LINE_BYTES, AnyOrder, Call, NotDone, Outcome, Progress

_log = logging.getLogger(__name__)

KEY_BYTES: Final = 32
LINE_S: Final = 10.0
"""Within so long an order must have come."""
_LOOPBACK: Final = "127.0.0.1"
_AT_ONCE: Final = 8

Obey = Callable[[AnyOrder, Callable[[Progress], None]], Awaitable[Outcome]]
_TELL_S: Final = 0.2
"""Between two lines that tell how far an order is."""


class Control:
    """Takes orders from `start` to `close`. It is not needed to serve: what hinders it is said in the log, and the relay goes on."""

    def __init__(self, folder: Path, obey: Obey) -> None:
        """*folder*: the data folder, which this relay alone has."""
        self._folder = folder
        self._obey = obey
        self._key = secrets.token_urlsafe(KEY_BYTES)
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the door, and say in the data folder where it is."""
        try:
            place = await self._listen()
            await asyncio.to_thread(write_place, self._folder, place)
        except OSError as error:
            _log.warning("The relay takes no orders from the command line (%s).", error)

    async def _listen(self) -> Place:
        path = socket_path(self._folder)
        await asyncio.to_thread(remove_place, self._folder)  # of a relay that was killed
        if path is not None:
            with contextlib.suppress(OSError):  # a file system without sockets: the loopback then
                self._server = await asyncio.start_unix_server(self._answer, str(path), limit=LINE_BYTES)
                path.chmod(0o600)
                return Place(str(path), 0, self._key)
        self._server = await asyncio.start_server(self._answer, _LOOPBACK, 0, limit=LINE_BYTES)
        return Place("", self._server.sockets[0].getsockname()[1], self._key)

    async def close(self) -> None:
        """Take no further orders; those that have begun end first, within their own time."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.to_thread(remove_place, self._folder)
        calls = [call for call in self._calls if call is not asyncio.current_task()]
        if calls:
            _done, late = await asyncio.wait(calls, timeout=1.0)
            for call in late:
                call.cancel()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        if len(self._calls) >= _AT_ONCE:
            writer.close()
            return
        self._calls.add(call)
        try:
            outcome = await self._outcome(reader, _Telling(writer))
            writer.write(msgspec.json.encode(outcome) + b"\n")
            await writer.drain()
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            _log.info("somebody left the control channel without an order, or before its answer")
        finally:
            self._calls.discard(call)
            writer.close()

    async def _outcome(self, reader: asyncio.StreamReader, tell: Callable[[Progress], None]) -> Outcome:
        try:
            async with asyncio.timeout(LINE_S):
                line = await reader.readuntil(b"\n")
            call = msgspec.json.decode(line, type=Call)
        except (msgspec.DecodeError, asyncio.LimitOverrunError) as error:
            return _refusal(BadRequest(f"This is no order that this version knows ({error})."))
        if not secrets.compare_digest(call.key.encode(), self._key.encode()):
            return _refusal(NotAllowed("The key of the control channel is another one."))
        try:
            return await self._obey(call.order, tell)
        except WireError as error:
            return _refusal(error)
        except StartupError as error:  # a key file that cannot be read, memory for a passphrase that is not there
            return NotDone("not_possible", str(error))
        except Exception:
            _log.exception("%s failed", type(call.order).__name__)
            return _refusal(InternalError())


class _Telling:
    """Writes lines of progress, not too many of them. Called from the loop."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._told_at = 0.0

    def __call__(self, progress: Progress) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= _TELL_S and not self._writer.is_closing():
            self._told_at = now
            self._writer.write(msgspec.json.encode(progress) + b"\n")


def _refusal(error: WireError) -> NotDone:
    return NotDone(error.code, error.message)
