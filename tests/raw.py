"""A WebSocket by hand: so small that nothing of the product or of a library can hide a fault of the relay."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from typing import Any, Self

Json = dict[str, Any]


class RawSocket:
    """One WebSocket to a relay on this machine, opened by a token, without heartbeat, masking with zeros."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, token: str, *, receive_bytes: int | None = None, at: str = "127.0.0.1") -> Self:
        """Connect; *receive_bytes* makes the system's receive buffer small, *at* is the address that it comes from."""
        plain = socket.socket()
        try:
            plain.bind((at, 0))
            if receive_bytes is not None:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
        except OSError:
            plain.close()
            raise
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(sock=plain, ssl=context, server_hostname="127.0.0.1")
        opened = cls(reader, writer)
        try:
            await opened._is_let_in(token)
        except BaseException:
            await opened.goes()
            raise
        return opened

    async def _is_let_in(self, token: str) -> None:
        self._writer.write(
            b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            b"Authorization: Bearer " + token.encode() + b"\r\n\r\n"
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head.split(b"\r\n")[0], head

    def sends(self, command: Json) -> None:
        payload = json.dumps(command).encode()
        size = len(payload)
        head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
        self._writer.write(head + bytes(4) + payload)

    async def next_words(self) -> list[Json]:
        """The words of the next text frame. Raises `EOFError` when the relay closes or is gone."""
        while True:
            opcode, size = await self._reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            elif size == 127:
                size = int.from_bytes(await self._reader.readexactly(8), "big")
            payload = await self._reader.readexactly(size)
            if opcode == 0x88:
                raise EOFError
            if opcode == 0x81:
                frame = json.loads(payload)
                return frame if isinstance(frame, list) else [frame]

    def stops_reading(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def reads_again(self) -> None:
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def goes(self) -> None:
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
