"""Asking the relay over whatever link there is now, and the tasks that do so: each ends with the link, or with the account."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from common.errors import LinkLost, RateLimited
from common.protocol.messages import ANSWERS, Answer, Command
from desktop.events import LinkEvent
from desktop.events.link import CommandRefused
from desktop.link.denied import Denied
from desktop.link.wire import Wire
from desktop.locale import _

LINK_LOST: Final = "link_lost"
PAUSE_S: Final = 1.0
"""Wait after too much at once, when the relay does not say how long."""

_log = logging.getLogger(__name__)

A = TypeVar("A", bound=Answer)


class Asking:
    """What the parts of an account share: the link while there is one, and who waits for its answers."""

    def __init__(self, tell: Callable[[LinkEvent], None]) -> None:
        """*tell* is told what was refused."""
        self._tell = tell
        self.wire: Wire | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._of_link: set[asyncio.Task[None]] = set()

    # -- life ----------------------------------------------------------------------------------------------------------

    def opened(self, wire: Wire) -> None:
        """There is a link."""
        self.wire = wire

    def lost(self) -> None:
        """The link is gone, and with it what was asked over it."""
        self.wire = None
        for task in self._of_link:
            task.cancel()

    async def close(self) -> None:
        """End all tasks."""
        self.lost()
        tasks = self._tasks | self._of_link
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- asking --------------------------------------------------------------------------------------------------------

    def link(self) -> Wire:
        """The link.

        Raises:
            LinkLost: there is none now.
        """
        if self.wire is None:
            raise LinkLost(_("Not connected to the relay."))
        return self.wire

    async def patiently(self, command: Command, kind: type[A]) -> A:
        """The answer, after as many pauses as the relay's rate limit asks for, all on the link that there is now.

        Raises:
            Denied, LinkLost: as `Wire.ask`.
        """
        wire = self.link()
        while True:
            try:
                return await wire.ask(command, kind)
            except Denied as denied:
                if denied.code != RateLimited.code:
                    raise
                await asyncio.sleep(denied.retry_after or PAUSE_S)

    async def or_refuse(self, what: str, command: Command, kind: type[A]) -> A | None:
        """The answer; None when there is none, and the person was told why *what* did not happen."""
        try:
            return await self.link().ask(command, kind)
        except (Denied, LinkLost) as error:
            self.refused(what, error)
            return None

    async def is_done(self, what: str, command: Command) -> bool:
        """Whether the relay did it; if not, the person was told why."""
        return await self.or_refuse(what, command, ANSWERS[type(command)]) is not None

    def refused(self, what: str, error: Denied | LinkLost) -> None:
        """Tell the person that *what* did not happen."""
        code = error.code if isinstance(error, Denied) else LINK_LOST
        self._tell(CommandRefused(what, code, str(error)))

    # -- tasks ---------------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Do *work* beside everything else; it ends with the account."""
        self._own(self._tasks, work, name)

    def while_linked(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Do *work* as long as the link lasts."""
        return self._own(self._of_link, work, name)

    def _own(self, owner: set[asyncio.Task[None]], work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(_until_lost(work), name=name)
        owner.add(task)
        task.add_done_callback(owner.discard)
        task.add_done_callback(lambda _ended: work.close())  # cancelled before its first step, it was never begun
        return task


async def _until_lost(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except LinkLost:
        pass  # the connection has told; whoever comes back asks again
    except Exception:
        _log.exception("a task of the link failed")  # nobody awaits it who could see it otherwise
