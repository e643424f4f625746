"""Own messages on their way: durable before they touch the network, repeated until they are answered, in order.

A message is in the outbox from the moment Enter was pressed until its entry is here. Each group has one message on its way at a time, so
that a refusal in the middle cannot turn the order round; different groups do not wait for each other. What cannot succeed later is
marked failed and waits for its author; everything else just waits.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from common.errors import InternalError, LinkLost, NotSignedIn, RateLimited, ShuttingDown, StorageUnavailable
from common.ids import GroupId, Millis, Nonce
from common.protocol.messages import Post, Sent
from desktop.events import LinkEvent, OutboxItem, OutboxListed, OutboxState
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf
from desktop.locale import _

OUTSTANDING: Final = 16
"""Messages on their way at once, of all groups together."""
RETRY_S: Final = 1.0
"""Wait after a refusal for the moment, when the relay does not say how long."""
RETRY_MIN_S: Final = 0.02
INTERNAL_TRIES: Final = 3
"""A fault of the relay may be the message's own doing; after so many it fails instead of blocking those behind it."""
_FOR_THE_MOMENT: Final = frozenset({RateLimited.code, StorageUnavailable.code, ShuttingDown.code, NotSignedIn.code})

_log = logging.getLogger(__name__)

Say = Callable[[Post], Awaitable[Sent]]
Stored = Callable[[OutboxItem, Sent], None]


class Outbox:
    """The outbox of one account."""

    def __init__(self, shelf: Shelf, tell: Callable[[LinkEvent], None], stored: Stored) -> None:
        """*stored* is told that the relay has a message, at which place of the log."""
        self._shelf = shelf
        self._tell = tell
        self._stored = stored
        self._say: Say | None = None
        self._senders: dict[GroupId, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(OUTSTANDING)
        self._acknowledged: set[Nonce] = set()
        self._faults: dict[Nonce, int] = {}

    # -- what the person does ------------------------------------------------------------------------------------------

    async def post(self, item: OutboxItem) -> None:
        """Keep *item* durably, then send it as soon as there is a link."""
        self._set(item)
        try:
            await self._shelf.flush()
        except sqlite3.Error as error:
            _log.error("an own message cannot be kept on this computer: %s", error)
            problem = _("This computer cannot store it ({reason}). Free some space and try again.").format(reason=error)
            if item.nonce in self._shelf.outbox:
                self._set(replace(item, state=OutboxState.FAILED, problem=problem))
            return
        self._send(item.group)

    async def retry(self, nonce: Nonce) -> None:
        """Send a failed message again."""
        item = self._shelf.outbox.get(nonce)
        if item is not None and item.state is OutboxState.FAILED:
            self._faults.pop(nonce, None)
            await self.post(replace(item, state=OutboxState.WAITING, problem=""))

    def take(self, nonce: Nonce) -> OutboxItem | None:
        """The message leaves the outbox: it is an entry now, or its author gave it up. None when it was not there."""
        item = self._shelf.outbox.get(nonce)
        if item is None:
            return None
        self._shelf.take_out(nonce)
        self._acknowledged.discard(nonce)
        self._faults.pop(nonce, None)
        self.list(item.group)
        return item

    def list(self, group: GroupId) -> None:
        """Tell what waits in *group*."""
        self._tell(OutboxListed(group, tuple(item for item in self._shelf.outbox.values() if item.group == group)))

    # -- the link ------------------------------------------------------------------------------------------------------

    def opened(self, say: Say) -> None:
        """There is a link: send what waits. *say* asks the relay and raises `Denied` or `LinkLost`."""
        self._say = say
        for group in {item.group for item in self._shelf.outbox.values()}:
            self._send(group)

    def lost(self) -> None:
        """The link is gone; what was on its way is sent again on the next one, and the relay knows it by its nonce."""
        self._say = None
        for sender in self._senders.values():
            sender.cancel()
            self._ending.add(sender)
            sender.add_done_callback(self._ending.discard)
        self._senders.clear()

    async def close(self) -> None:
        """Stop sending."""
        self.lost()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _send(self, group: GroupId) -> None:
        sender = self._senders.get(group)
        if self._say is not None and (sender is None or sender.done()) and self._next(group) is not None:
            self._senders[group] = asyncio.create_task(self._send_all(group, self._say), name=f"outbox of {group}")

    def _next(self, group: GroupId) -> OutboxItem | None:
        return next(
            (
                item
                for item in self._shelf.outbox.values()
                if item.group == group and item.state is OutboxState.WAITING and item.nonce not in self._acknowledged
            ),
            None,
        )

    async def _send_all(self, group: GroupId, say: Say) -> None:
        while (item := self._next(group)) is not None:
            try:
                async with self._room:
                    sent = await say(Post(group=item.group, nonce=item.nonce, body=item.body))
            except LinkLost:
                return
            except Denied as denied:
                if self._is_for_the_moment(item, denied):
                    await asyncio.sleep(RETRY_S if denied.retry_after is None else max(denied.retry_after, RETRY_MIN_S))
                elif item.nonce in self._shelf.outbox:
                    self._set(replace(item, state=OutboxState.FAILED, problem=denied.message))
            else:
                if item.nonce in self._shelf.outbox:
                    self._acknowledged.add(item.nonce)
                    self._stored(item, sent)

    def _is_for_the_moment(self, item: OutboxItem, denied: Denied) -> bool:
        if denied.code == InternalError.code:
            self._faults[item.nonce] = self._faults.get(item.nonce, 0) + 1
            return self._faults[item.nonce] < INTERNAL_TRIES
        return denied.code in _FOR_THE_MOMENT

    def _set(self, item: OutboxItem) -> None:
        self._shelf.put_out(item)
        self.list(item.group)


def waiting_item(group: GroupId, nonce: Nonce, body: str, written_at: Millis) -> OutboxItem:
    """A message as it enters the outbox."""
    return OutboxItem(group, nonce, body, written_at, OutboxState.WAITING)
