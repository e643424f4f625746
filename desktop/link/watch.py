"""Notices that the computer slept or that its network changed, because then waiting for the next try makes no sense.

No system tells this the same way everywhere, so two things are looked at every second: whether much more time has passed than was
waited for, and whether the adapters still have the same addresses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from common.awake import CLOCKS, Clock, Sleep
from common.discovery.adapters import LocalAddress, read_adapters

EVERY_S: Final = 1.0
"""Reading the adapters takes a quarter of a millisecond."""
SLEPT_S: Final = 10.0
"""Passed beyond what was waited for; a busy computer may be a little late."""

_log = logging.getLogger(__name__)

Read = Callable[[], tuple[LocalAddress, ...]]
Gone = frozenset[str]
"""Addresses that this computer had and has no longer."""


class Watch:
    """Calls *changed* after a sleep and after each change of the adapters' addresses."""

    def __init__(
        self,
        changed: Callable[[Gone], None],
        read: Read = read_adapters,
        every_s: float = EVERY_S,
        clocks: tuple[Clock, ...] = CLOCKS,
    ) -> None:
        """*clocks*: those that go on while the computer sleeps."""
        self._changed = changed
        self._read = read
        self._every_s = every_s
        self._clocks = clocks

    async def run(self) -> None:
        """Watch until cancelled."""
        sleep = Sleep(SLEPT_S, self._clocks)
        before = await self._addresses() or frozenset()
        while True:
            await asyncio.sleep(self._every_s)
            has_slept = sleep.slept(self._every_s)
            after = await self._addresses()
            if after is None:
                after = before
            if has_slept or after != before:
                _log.info("the network may have changed: %s", "woke up" if has_slept else "other addresses")
                gone = {ip for _adapter, ip in before} - {ip for _adapter, ip in after}
                before = after
                self._changed(frozenset(gone))

    async def _addresses(self) -> frozenset[tuple[str, str]] | None:
        """Each adapter's; None: they cannot be read just now, which says nothing of them."""
        try:
            adapters = await asyncio.to_thread(self._read)
        except OSError as error:
            _log.warning("the adapters cannot be read: %s", error)
            return None
        return frozenset((address.adapter, address.ip) for address in adapters)
