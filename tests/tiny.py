"""A relay that does nothing but answer who it is, with real TLS and a real certificate; what it answers may be changed."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from common.crypto.certificate import Identity, new_identity, server_context
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol.limits import SUBPROTOCOL


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
