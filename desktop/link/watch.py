"""Notices that the computer slept or that its network changed, because then waiting for the next try makes no sense.

No system call tells this the same way everywhere, so two things are looked at every few seconds: whether much more time has passed than
was waited for, and whether the adapters still have the same addresses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from common.discovery.adapters import LocalAddress, read_adapters

EVERY_S: Final = 3.0
SLEPT_S: Final = 10.0
"""Passed beyond what was waited for; a busy computer may be a little late."""

_log = logging.getLogger(__name__)

Read = Callable[[], tuple[LocalAddress, ...]]


class Watch:
    """Calls *changed* after a sleep and after each change of the adapters' addresses."""

    def __init__(
        self,
        changed: Callable[[], None],
        read: Read = read_adapters,
        every_s: float = EVERY_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """*wall* gives Unix time in seconds: unlike the loop's clock it goes on while the computer sleeps."""
        self._changed = changed
        self._read = read
        self._every_s = every_s
        self._wall = wall

    async def run(self) -> None:
        """Watch until cancelled."""
        before = await self._addresses()
        while True:
            began = self._wall()
            await asyncio.sleep(self._every_s)
            slept_s = self._wall() - began - self._every_s
            after = await self._addresses()
            if slept_s > SLEPT_S or after != before:
                _log.info("the network may have changed: %s", "woke up" if slept_s > SLEPT_S else "other addresses")
                before = after
                self._changed()

    async def _addresses(self) -> frozenset[tuple[str, str]]:
        try:
            adapters = await asyncio.to_thread(self._read)
        except OSError as error:
            _log.warning("the adapters cannot be read: %s", error)
            return frozenset()
        return frozenset((address.adapter, address.ip) for address in adapters)
