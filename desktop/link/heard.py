"""A WebSocket that knows when it last heard something: any byte, for a frame that takes long is a sign of life before it is complete."""

from __future__ import annotations

import asyncio

import aiohttp


class HeardSocket(aiohttp.ClientWebSocketResponse[bool]):
    """aiohttp's own, opened with a heartbeat: without one it does not tell of bytes. *heard_at* is by the loop's clock."""

    heard_at: float = 0.0

    def _on_data_received(self) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        super()._on_data_received()
