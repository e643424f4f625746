"""Who is behind a user id: people who were not met yet are looked up, a few ids at a time, and remembered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from common.errors import LinkLost
from common.ids import UserId
from common.protocol.limits import USERS_PER_REQUEST
from common.protocol.messages import User
from desktop.events import LinkEvent
from desktop.events.conversations import UsersKnown
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf

_log = logging.getLogger(__name__)

LookUp = Callable[[Sequence[UserId]], Awaitable[Sequence[User]]]


class Names:
    """The people of one relay, as far as they were met."""

    def __init__(self, shelf: Shelf, tell: Callable[[LinkEvent], None]) -> None:
        """*shelf* remembers them."""
        self._shelf = shelf
        self._tell = tell
        self._wanted: set[UserId] = set()
        self._asked: set[UserId] = set()
        self._look_up: LookUp | None = None
        self._looking: asyncio.Task[None] | None = None

    def met(self, users: Iterable[User]) -> None:
        """These people are known now."""
        if news := self._shelf.keep_people(users):
            self._tell(UsersKnown(news))

    def need(self, users: Iterable[UserId]) -> None:
        """Names for *users* will be shown; each unknown one is asked for once a link."""
        unknown = {user for user in users if user not in self._shelf.people} - self._asked
        if unknown:
            self._wanted |= unknown
            self._start()

    def opened(self, look_up: LookUp) -> None:
        """There is a link. *look_up* asks the relay and raises `Denied` or `LinkLost`."""
        self._look_up = look_up
        self._start()

    def lost(self) -> None:
        """The link is gone; who was not found is asked for again on the next one."""
        self._look_up = None
        self._asked.clear()

    def _start(self) -> None:
        if self._look_up is not None and self._wanted and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(self._look_up), name="names")

    async def _look(self, look_up: LookUp) -> None:
        while self._wanted:
            some = sorted(self._wanted)[:USERS_PER_REQUEST]
            self._wanted.difference_update(some)
            self._asked.update(some)
            try:
                self.met(await look_up(some))
            except LinkLost:
                self._wanted.update(some)
                return
            except Denied as denied:
                _log.warning("names are not known: %s", denied)
                self._wanted.update(some)
                self._asked.difference_update(some)
                await asyncio.sleep(denied.retry_after or 1.0)

    async def close(self) -> None:
        """Stop looking."""
        self.lost()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
