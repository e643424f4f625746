"""What this machine can do at most: an aiohttp server that answers and fans out prepared frames over TLS, and stores nothing.

It has the shape of the relay's path without its work: one task that reads each link, one that writes, frames that hold all
that has gathered; every message is the same prepared word, nothing is decoded, checked, sealed or written to a disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from pathlib import Path
from typing import Final

from aiohttp import WSMsgType, web

from bench.load import BODY, ENTRY

GATHERED_MAX: Final = 256
PIECE_BYTES: Final = 512 * 1024
_ACK: Final = b'{"type":"ok","re":7,"seq":100000,"at":1700000000000}'


def _word() -> bytes:
    """An event of the same size as the relay's."""
    fields = {"group": 1, "seq": 100_000, "kind": "message", "sender": 10, "at": 1_700_000_000_000, "nonce": "0" * 32}
    rest = json.dumps({**fields, "body": BODY}, ensure_ascii=False, separators=(",", ":")).encode()
    return b"{" + ENTRY + b"," + rest[1:]


class _Link:
    def __init__(self, socket: web.WebSocketResponse[bool]) -> None:
        self.socket = socket
        self.waiting: list[bytes] = []
        self.filled = asyncio.Event()

    def put(self, part: bytes) -> None:
        self.waiting.append(part)
        self.filled.set()

    async def write(self) -> None:
        while True:
            await self.filled.wait()
            self.filled.clear()
            parts, self.waiting = self.waiting, []
            frame = parts[0] if len(parts) == 1 else b"[" + b",".join(part[1:-1] for part in parts) + b"]"
            await self.socket.send_frame(frame, WSMsgType.TEXT)


class _Server:
    def __init__(self) -> None:
        self._links: set[_Link] = set()
        self._posted: dict[_Link, int] = {}
        self._filled = asyncio.Event()
        self._frames: dict[int, bytes] = {}
        self._word = _word()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False, decode_text=False, heartbeat=20)
        await socket.prepare(request)
        link = _Link(socket)
        writer = asyncio.create_task(link.write())
        await socket.receive()
        link.put(b"[" + _ACK + b"]")
        self._links.add(link)
        try:
            while (await socket.receive()).type is WSMsgType.TEXT:
                self._posted[link] = self._posted.get(link, 0) + 1
                self._filled.set()
        finally:
            self._links.discard(link)
            writer.cancel()
        return socket

    async def fan_out(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            posted, self._posted = self._posted, {}
            count = sum(posted.values())
            if count not in self._frames:
                self._frames[count] = b"[" + b",".join([self._word] * count) + b"]"
            for link in self._links:
                link.put(self._frames[count])
            for link, acks in posted.items():
                link.put(b"[" + b",".join([_ACK] * acks) + b"]")
            await asyncio.sleep(0)


async def _swallow(request: web.Request) -> web.Response:
    """Take a body and forget it."""
    while await request.content.readany():
        pass
    return web.Response(status=204)


async def _pour(request: web.Request) -> web.StreamResponse:
    """As many bytes as are asked for, the same piece over and over."""
    response = web.StreamResponse()
    response.content_length = size = int(request.query["size"])
    await response.prepare(request)
    piece = bytes(PIECE_BYTES)
    for start in range(0, size, PIECE_BYTES):
        await response.write(piece[: size - start])
    return response


async def _main(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    server = _Server()
    application = web.Application()
    application.add_routes([web.get("/ws", server.serve), web.put("/", _swallow), web.get("/", _pour)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    fanning = asyncio.create_task(server.fan_out())
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    fanning.cancel()
    os._exit(0)


def main() -> int:
    """``python -m bench.bare CERTIFICATE CORE``: prints its port and serves until the end of its input."""
    certificate, core = Path(sys.argv[1]), int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    try:
        import uvloop
    except ImportError:
        asyncio.run(_main(certificate))
    else:
        uvloop.run(_main(certificate))
    return 0


if __name__ == "__main__":
    sys.exit(main())
