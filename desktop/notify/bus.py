"""One connection to the session's D-Bus: asks others, hears their signals, and answers what others ask.

Everything arrives in order: what a reply leads to is done before a signal that came after it is handed on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageFlag,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
from jeepney.io.asyncio import DBusConnection, open_dbus_connection  # type: ignore[import-untyped]

CALL_S: Final = 5.0
"""Who has not answered by then is taken not to be there."""
_UNKNOWN: Final = "org.freedesktop.DBus.Error.UnknownMethod"

_log = logging.getLogger(__name__)


class BusLost(Exception):
    """There is no session bus, or the connection to it has ended, or whoever was asked does not answer."""


class BusRefused(Exception):
    """Whoever was asked answers with an error. *name*: the error's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name


class Bus:
    """*on_signal*: each signal that was asked for by `watch`. *on_lost*: the connection has ended by itself."""

    def __init__(self, on_signal: Callable[[Message], None], on_lost: Callable[[], None]) -> None:
        self._on_signal = on_signal
        self._on_lost = on_lost
        self.on_call: Callable[[Message], tuple[str, tuple[Any, ...]] | None] = lambda _message: None
        """What others ask: gives signature and body of the answer; None: there is no such thing here."""
        self._connection: DBusConnection | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[Message | None]] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    async def open(self) -> None:
        """Connect, unless there is a connection.

        Raises:
            BusLost: there is no session bus.
        """
        if self._connection is not None:
            return
        try:
            async with asyncio.timeout(CALL_S):
                self._connection = await _connect()
        except (OSError, EOFError, TimeoutError, ValueError, RuntimeError) as error:
            raise BusLost(str(error)) from error
        self._receiving = asyncio.create_task(self._receive(self._connection), name="session bus")

    async def close(self) -> None:
        """End the connection, and with it everything that was registered by it."""
        receiving, self._receiving = self._receiving, None
        connection, self._connection = self._connection, None
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        self._forget_asked()
        if connection is not None:
            connection.writer.close()

    async def call(
        self, there: DBusAddress, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Ask, and give the body of the answer.

        Raises:
            BusLost: no answer comes.
            BusRefused: the answer is an error.
        """
        connection = self._connection
        if connection is None:
            raise BusLost("not connected")
        serial = next(connection.outgoing_serial)
        answered = self._asked[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(CALL_S):
                await connection.send(new_method_call(there, method, signature or None, body), serial=serial)
                answer = await answered
        except (OSError, TimeoutError) as error:
            raise BusLost(f"no answer to {method}") from error
        finally:
            del self._asked[serial]
        if answer is None:
            raise BusLost("the session bus is gone")
        if answer.header.message_type is MessageType.error:
            name = str(answer.header.fields.get(HeaderFields.error_name, ""))
            raise BusRefused(name, " ".join(map(str, answer.body)))
        return tuple(answer.body)

    async def property(self, there: DBusAddress, name: str) -> Any:
        """What a property holds. Raises as `call`."""
        asked = there.with_interface("org.freedesktop.DBus.Properties")
        ((_signature, value),) = await self.call(asked, "Get", "ss", (there.interface, name))
        return value

    async def watch(self, rule: MatchRule) -> None:
        """Hear these signals from now on. Raises as `call`."""
        await self.ask_bus(message_bus.AddMatch(rule))

    async def ask_bus(self, message: Message) -> tuple[Any, ...]:
        """Ask the bus itself. Raises as `call`."""
        fields = message.header.fields
        signature = fields.get(HeaderFields.signature, "")
        return await self.call(message_bus, fields[HeaderFields.member], signature, message.body)

    async def emit(self, here: DBusAddress, signal: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        """Tell whoever listens.

        Raises:
            BusLost: there is no connection.
        """
        if self._connection is None:
            raise BusLost("not connected")
        try:
            await self._connection.send(new_signal(here, signal, signature or None, body))
        except OSError as error:
            raise BusLost(str(error)) from error

    # -- what arrives --------------------------------------------------------------------------------------------------

    async def _receive(self, connection: DBusConnection) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                message = await connection.receive()
                match message.header.message_type:
                    case MessageType.signal:
                        loop.call_soon(self._on_signal, message)
                    case MessageType.method_call:
                        await self._answer(connection, message)
                    case _:
                        asked = self._asked.get(message.header.fields.get(HeaderFields.reply_serial, -1))
                        if asked is not None and not asked.done():
                            asked.set_result(message)
        except (OSError, EOFError) as error:
            _log.info("the session bus is gone: %s", error)
        self._connection = self._receiving = None
        connection.writer.close()
        self._forget_asked()
        self._on_lost()

    async def _answer(self, connection: DBusConnection, message: Message) -> None:
        answer = self.on_call(message)
        if message.header.flags & MessageFlag.no_reply_expected:
            return
        if answer is None:
            await connection.send(new_error(message, _UNKNOWN, "s", ("There is no such thing here.",)))
        else:
            signature, body = answer
            await connection.send(new_method_return(message, signature or None, body))

    def _forget_asked(self) -> None:
        for asked in self._asked.values():
            if not asked.done():
                asked.set_result(None)


def member(message: Message) -> str:
    """The name of a signal or method."""
    return str(message.header.fields.get(HeaderFields.member, ""))


async def _connect() -> DBusConnection:
    try:
        return await open_dbus_connection("SESSION")
    except KeyError:
        # No address in the environment: where systemd puts the bus.
        from platformdirs import user_runtime_dir

        return await open_dbus_connection(f"unix:path={user_runtime_dir()}/bus")
