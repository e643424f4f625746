"""A relay that does nothing but answer who it is: real TLS, a real certificate, and a real beacon.

As a program it stands on a host of a simulated LAN and speaks in lines: ``serving PORT RELAY-ID`` once it listens. It stops on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time

from aiohttp import web

from common.crypto.certificate import Identity, new_identity, server_context
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol.limits import SUBPROTOCOL
from relay.beacon import Beacon


class TinyRelay:
    """Answers ``GET /api/relay``. What it answers may be changed while it runs: *card* is merged over the truth."""

    def __init__(self, name: str, identity: Identity | None = None) -> None:
        self.name = name
        self.identity = identity or new_identity(Millis(time.time_ns() // 1_000_000), name)
        self.card: dict[str, object] = {}
        self.body: bytes | None = None
        self.was_asked = asyncio.Event()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def relay_id(self) -> RelayId:
        return self.identity.relay_id

    @property
    def announcement(self) -> Announcement:
        return Announcement(self.name, self.relay_id, self.port, "open")

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        app = web.Application()
        app.router.add_get("/api/relay", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=server_context(self.identity))
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        self.was_asked.set()
        if self.body is not None:
            return web.Response(body=self.body, content_type="application/json")
        truth = {
            "relay_id": self.relay_id,
            "name": self.name,
            "version": "1.0",
            "protocol": SUBPROTOCOL,
            "online": 5,
            "registration": "open",
        }
        return web.json_response(truth | self.card)


async def _serve(name: str, port: int, announce: bool, interfaces: list[str]) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    relay = TinyRelay(name)
    await relay.start("", port)
    beacon = Beacon(relay.announcement, announce=announce, answer_broadcast=announce, interfaces=interfaces)
    await beacon.start()
    print("serving", relay.port, relay.relay_id, flush=True)
    await stopped.wait()
    await beacon.stop()
    await relay.stop()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="Tiny")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--interface", action="append", default=[])
    given = parser.parse_args()
    asyncio.run(_serve(given.name, given.port, not given.silent, given.interface))


if __name__ == "__main__":
    sys.exit(main())
