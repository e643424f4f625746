"""Lifts mutes whose time is over: whoever may write again is told so, and nobody needs to ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from common.errors import WireError

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0


class Lifting:
    """Looks once a second, from `start` to `close`."""

    def __init__(self, lift: Callable[[], Awaitable[None]]) -> None:
        """*lift* lifts what is over by now."""
        self._lift = lift
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._look(), name="lifting")

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._lift()
            except WireError as error:  # the disk, or too much at once: what is over lets people write all the same
                _log.info("mutes that are over could not be lifted yet: %s", error)
