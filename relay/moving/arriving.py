"""After a move: tells the relay that was left that this one serves, so that it sends everybody here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from common.errors import MoveOver, StartupError, WireError
from common.ids import Millis
from relay.moving.asking import Leaving, NotThatRelay, Refusal, Unreachable
from relay.moving.marks import RECEIVING, Receiving, read_receiving, remove_mark

AGAIN_S: Final = 5.0
GIVEN_UP_MS: Final = 7 * 24 * 3600 * 1000
"""After so long nobody looks for this relay where it was."""

_log = logging.getLogger(__name__)


class Arrival:
    """Says so from `start` to `close`, once it was heard no more."""

    def __init__(
        self,
        folder: Path,
        addresses: Callable[[], list[str]],
        now: Callable[[], Millis],
        note: Callable[[str], Awaitable[None]],
    ) -> None:
        """*folder*: the data folder. *addresses*: ``host:port``, best first; may block. *note* writes down from where it has come."""
        self._folder = folder
        self._addresses = addresses
        self._now = now
        self._note = note
        self._saying: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin, if there is something to say."""
        try:
            mark = await asyncio.to_thread(read_receiving, self._folder)
        except StartupError as error:
            _log.warning("%s", error)
            return
        if mark is not None:
            self._saying = asyncio.create_task(self._say(mark), name="arrival")

    async def close(self) -> None:
        """Stop; the next start goes on."""
        if self._saying is not None:
            self._saying.cancel()
            await asyncio.gather(self._saying, return_exceptions=True)

    async def _say(self, mark: Receiving) -> None:
        leaving = Leaving(mark.host, mark.port, mark.relay_id, mark.claim)
        while self._now() - mark.at < GIVEN_UP_MS:
            try:
                addresses = await asyncio.to_thread(self._addresses)
                await asyncio.to_thread(leaving.arrived, addresses)
                _log.warning("This relay has moved here from %s.", mark.host)
                break
            except Refusal as refusal:
                if refusal.code == MoveOver.code:
                    _log.warning("The relay that was moved here from %s was taken back there.", mark.host)
                    break
            except (Unreachable, NotThatRelay) as error:
                _log.info("%s", error)
            await asyncio.sleep(AGAIN_S)
        await self._write_down(mark)
        await asyncio.to_thread(remove_mark, self._folder, RECEIVING)

    async def _write_down(self, mark: Receiving) -> None:
        try:
            await self._note(mark.host)
        except WireError as error:  # a full disk is no reason to say for ever that one has come
            _log.warning("That the relay has moved here could not be written down (%s).", error)
