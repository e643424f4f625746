"""What the service manager is told: ready, still at it, alive, stopping. Datagrams to the socket that it names, sd_notify(3).

Where no manager asks for it, nothing is sent. Alive means that the relay's event loop turns, which all it does needs: a relay that hangs
is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from common.environment import Sources

START_EACH_S: Final = 10.0
START_MORE_S: Final = 60
"""So much longer than the last sign of life the manager waits for the relay to be ready: an upgrade may take long."""

_log = logging.getLogger(__name__)


class Manager(Struct, frozen=True):
    """*address* of its socket, empty where there is none; *watchdog_s*: it wants a sign of life that often, 0 for never."""

    address: str = ""
    watchdog_s: float = 0.0

    @classmethod
    def read(cls, sources: Sources | None = None) -> Manager:
        """The one that started this process, as it says in the environment."""
        sources = Sources.gather({}) if sources is None else sources
        return cls(sources.text("NOTIFY_SOCKET", ""), sources.integer("WATCHDOG_USEC", 0, 0, 2**63) / 1_000_000)

    @property
    def is_there(self) -> bool:
        """Whether one has started this process."""
        return bool(self.address)

    def ready(self, words: str) -> None:
        """It serves; *words* stand in ``systemctl status``."""
        self._tell(f"READY=1\nSTATUS={words}")

    def says(self, words: str) -> None:
        """What it does now, in ``systemctl status``."""
        self._tell(f"STATUS={words}")

    def stopping(self) -> None:
        """It was asked to end, and does."""
        self._tell("STOPPING=1\nSTATUS=Stopping")

    @contextlib.asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Give signs of life for as long as the block runs."""
        if not self.address:
            yield
            return
        beating = asyncio.create_task(self._beat(), name="signs of life")
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        each_s = min(START_EACH_S, self.watchdog_s / 2 or START_EACH_S)
        while True:
            # Both at once: before it is ready only the first counts, afterwards only the second.
            self._tell(f"EXTEND_TIMEOUT_USEC={START_MORE_S * 1_000_000}\nWATCHDOG=1")
            await asyncio.sleep(each_s)

    def _tell(self, words: str) -> None:
        if not self.address:
            return
        place = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
                door.sendto(words.encode(), place)
        except OSError as error:
            _log.warning("The service manager cannot be told anything: %s", error)
