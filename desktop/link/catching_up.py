"""Catching up: after each opening of the link, and whenever entries are missing, until everything is here up to what the relay had.

What the person looks at comes first, then the ends of all other logs, then the middles between what was fetched.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from common.ids import GroupId, Millis, Seq
from desktop.events import LinkEvent
from desktop.events.conversations import CompleteUpTo
from desktop.events.link import Connected, LinkChanged
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.logs import Logs
from desktop.link.shelf import Shelf
from desktop.link.wire import DEADLINE_S, IDLE_S

LEAP: Final = 500
"""More missing entries than this: the newest page comes first and the middle later."""
PUSH_S: Final = 2.0
"""After hello the relay pushes what was missed; if nothing came for so long, it is pulled."""
FILL_PAGES: Final = 25
"""Pages of a middle that are fetched without being asked for; the rest when somebody looks at the gap."""
FILL_PAUSE_S: Final = 0.05
COMPLETE_EVERY_S: Final = 60.0
SILENCE_S: Final = (IDLE_S + DEADLINE_S) * 1.5
"""A link that was silent for longer would have ended: up to so long ago everything had arrived."""

_log = logging.getLogger(__name__)


class CatchingUp:
    """Brings the logs of one account up to date, link after link."""

    def __init__(
        self, shelf: Shelf, asking: Asking, logs: Logs, tell: Callable[[LinkEvent], None], now: Callable[[], Millis]
    ) -> None:
        """*logs* does the fetching. `caught_up` is called each time when nothing is missing any more."""
        self._shelf = shelf
        self._asking = asking
        self._logs = logs
        self._tell = tell
        self._now = now
        self.looked_at: GroupId | None = None
        """What the person looks at."""
        self.caught_up: Callable[[], None] = lambda: None
        self.is_complete = False
        self._alive_at = Millis(0)
        self._pushed: set[GroupId] = set()
        self._was_told_behind = False
        self._filled: dict[GroupId, int] = {}
        self._progress = asyncio.Event()
        self._work = asyncio.Event()

    # -- the link ------------------------------------------------------------------------------------------------------

    def begin(self, pushed: set[GroupId]) -> None:
        """There is a link; what comes after the cursors of the *pushed* groups is pushed, all else is pulled."""
        self._pushed = pushed
        self._filled.clear()
        self._was_told_behind = False
        self._asking.while_linked(self._catch_up(), "catching up")

    def heard(self) -> None:
        """Something came over the link."""
        self._progress.set()

    def alive(self) -> None:
        """The link lives."""
        self._alive_at = self._now()

    def fell_behind(self) -> None:
        """Some end is not here."""
        self._work.set()

    def told_behind(self) -> None:
        """The relay gave up pushing."""
        self._was_told_behind = True

    def lost(self) -> None:
        """The link is down: from now on it is known up to when everything was here."""
        if self.is_complete:
            self.is_complete = False
            self._complete_up_to(self._alive_at)

    # -- catching up ---------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        await self._await_pushes()
        while True:
            self._work.clear()
            while (group := self._next_behind()) is not None:
                await self._logs.pull(group, LEAP)
            self._is_caught_up()
            await self._fill_middles()
            try:
                async with asyncio.timeout(COMPLETE_EVERY_S):
                    await self._work.wait()
            except TimeoutError:
                self._alive_at = max(self._alive_at, Millis(self._now() - int(SILENCE_S * 1000)))
                self._shelf.keep_complete_up_to(self._alive_at)

    async def _await_pushes(self) -> None:
        tails = self._logs.tails
        while any(tails[group].is_behind for group in self._pushed & tails.keys()):
            if self._was_told_behind:
                return
            self._progress.clear()
            try:
                async with asyncio.timeout(PUSH_S):
                    await self._progress.wait()
            except TimeoutError:
                return

    def _next_behind(self) -> GroupId | None:
        """A group whose end is not here; the one that the person looks at first."""
        behind = [group for group, tail in self._logs.tails.items() if tail.is_behind]
        return self.looked_at if self.looked_at in behind else next(iter(behind), None)

    def _is_caught_up(self) -> None:
        if not self.is_complete:
            self.is_complete = True
            self._complete_up_to(self._now())
            self._tell(LinkChanged(Connected()))
            self.caught_up()

    def _complete_up_to(self, at: Millis) -> None:
        self._alive_at = max(self._alive_at, at)
        self._shelf.keep_complete_up_to(self._alive_at)
        self._tell(CompleteUpTo(self._alive_at))

    async def _fill_middles(self) -> None:
        """Fetch what lies between the runs of the archive, newest first, as long as nothing more urgent is missing."""
        groups = sorted(self._logs.tails, key=lambda group: group != self.looked_at)
        for group in groups:
            for gap in self._shelf.runs(group).gaps():
                before = Seq(gap.last + 1)
                while before > gap.first and self._filled.get(group, 0) < FILL_PAGES:
                    if self._next_behind() is not None:
                        return
                    self._filled[group] = self._filled.get(group, 0) + 1
                    try:
                        before = await self._logs.fetch_before(group, before, gap.first)
                    except Denied as denied:
                        _log.warning("the middle of group %s cannot be read: %s", group, denied)
                        return
                    await asyncio.sleep(FILL_PAUSE_S)
