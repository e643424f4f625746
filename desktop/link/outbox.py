"""Own messages and acts on their way: durable before they touch the network, repeated until they are answered, in order.

A message is in the outbox from the moment Enter was pressed until its entry is here; so is an act (an edit, a reaction and the like). Each
group has one of them on its way at a time, so that a refusal in the middle cannot turn the order round; different groups do not wait for
each other. A message that cannot succeed later is marked failed and waits for its author; an act is dropped, and why is told.

Its author may take a message out of it until it is an entry. The relay may have had one that was on its way before: its nonce is kept, and
when it turns up in the log it is taken back there, so that nothing is there twice.

A message that waits for its files to be with the relay lets later ones pass: it is said when they are there. Where there is a pause between
messages, the next one waits until it may be said, and no later message passes it; what is done with messages that are there does.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from common.errors import (
    InternalError,
    LinkLost,
    NotSignedIn,
    RateLimited,
    RelayMoved,
    RelayMoving,
    ShuttingDown,
    SlowMode,
    StorageUnavailable,
    UnknownFile,
    UnknownTarget,
)
from common.ids import GroupId, Millis, Nonce, Seq
from common.protocol.messages import Answer, Command, Sent
from desktop.events import LinkEvent
from desktop.events.link import CommandRefused
from desktop.events.outbox import AlreadySaid, OutboxItem, OutboxListed, OutboxState, SaidAllTheSame
from desktop.link.acts import command_of
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf
from desktop.locale import _
from desktop.refusals import in_words

OUTSTANDING: Final = 16
"""Messages on their way at once, of all groups together."""
RETRY_S: Final = 1.0
"""Wait after a refusal for the moment, when the relay does not say how long."""
RETRY_MIN_S: Final = 0.02
STORAGE: Final = "cannot_store"
"""The code of what this computer itself cannot store; the text says why."""
INTERNAL_TRIES: Final = 3
"""A fault of the relay may be the message's own doing; after so many it fails instead of blocking those behind it."""
ENTERED_KEPT: Final = 64
"""Of so many messages it is known for a while where they are."""
_FOR_THE_MOMENT: Final = frozenset(
    {
        RateLimited.code,
        StorageUnavailable.code,
        ShuttingDown.code,
        NotSignedIn.code,
        RelayMoving.code,
        RelayMoved.code,
    }
)

_log = logging.getLogger(__name__)

Say = Callable[[Command], Awaitable[Answer]]
Stored = Callable[[OutboxItem, Answer], None]


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
        self._tried: set[Nonce] = set(shelf.outbox)
        """What the relay may have: said here, or perhaps by an earlier run of the program."""
        self._entered: OrderedDict[Nonce, tuple[GroupId, Seq]] = OrderedDict()
        """Where the last messages are that became entries: their author may not have seen that yet."""
        self._paced: dict[GroupId, float] = {}
        """Where the next message has to wait, until that time of the loop."""
        self._hurried: dict[GroupId, asyncio.Event] = {}
        self.begin_uploads: Callable[[OutboxItem], None] = lambda item: None
        """Told of a message that is kept and waits for its files."""
        self.begin_again: Callable[[OutboxItem], bool] = lambda item: False
        """Told that the relay does not know a message's files (any more); whether it waits for them now."""
        self.left: Callable[[OutboxItem], None] = lambda item: None
        """Told of what is an entry now, or was given up."""

    # -- what the person does ------------------------------------------------------------------------------------------

    async def put(self, item: OutboxItem) -> None:
        """Keep *item* durably, then send it as soon as there is a link."""
        self._set(item)
        try:
            await self._shelf.flush()
        except sqlite3.Error as error:
            _log.error("an own message cannot be kept on this computer: %s", error)
            problem = _("This computer cannot store it ({reason}). Free some space and try again.").format(reason=error)
            self._fail(item, STORAGE, problem)
            return
        if item.uploads:
            self.begin_uploads(item)
        else:
            self._send(item.group)

    async def retry(self, nonce: Nonce) -> None:
        """Send a failed message again."""
        item = self._shelf.outbox.get(nonce)
        if item is not None and item.state is OutboxState.FAILED:
            self._faults.pop(nonce, None)
            await self.put(replace(item, state=OutboxState.WAITING, problem=""))

    def change(self, item: OutboxItem) -> None:
        """What waits under the nonce of *item* is so from now on."""
        if self._shelf.outbox.get(item.nonce) not in (None, item):
            self._set(item)

    def take(self, nonce: Nonce) -> OutboxItem | None:
        """The message leaves the outbox: it is an entry now, or its author gave it up. None when it was not there."""
        item = self._shelf.outbox.get(nonce)
        if item is None:
            return None
        self._shelf.take_out(nonce)
        self._acknowledged.discard(nonce)
        self._tried.discard(nonce)
        self._faults.pop(nonce, None)
        self.list(item.group)
        self.left(item)
        return item

    def withdraw(self, nonce: Nonce, *, to_edit: bool) -> None:
        """Its author takes the message out again; when it is an entry already, that is told. *to_edit*: it goes into the composer."""
        if nonce in self._shelf.outbox:
            if nonce in self._tried:
                self._shelf.keep_withdrawn(nonce)
            self.take(nonce)
        elif nonce in self._entered:
            group, seq = self._entered[nonce]
            self._tell(AlreadySaid(group, nonce, seq, to_edit))

    def entered(self, group: GroupId, nonce: Nonce, seq: Seq, at: Millis) -> None:
        """What is called *nonce* is an entry; a message that its author has taken out of the outbox is taken back there."""
        if self.take(nonce) is not None:
            self._entered[nonce] = group, seq
            while len(self._entered) > ENTERED_KEPT:
                self._entered.popitem(last=False)
        elif nonce in self._shelf.withdrawn:
            self._set(OutboxItem(group, Nonce(secrets.token_hex(16)), "", at, kind="redaction", target=seq))
            self._shelf.forget_withdrawn(nonce)
            self._tell(SaidAllTheSame(group, seq))
            self._send(group)

    def aim_anew(self) -> None:
        """The log has another life: what waits and points into the old one would hit whatever stands in that place now."""
        for item in list(self._shelf.outbox.values()):
            self._lose_target(item)

    def begins_after(self, group: GroupId, floor: Seq) -> None:
        """The log of *group* was deleted up to *floor*: what waits and points there speaks of nothing any more."""
        for item in list(self._shelf.outbox.values()):
            if item.kind == "unread":
                continue
            aims = item.group == group and item.target is not None and item.target <= floor
            if aims or (item.forward is not None and item.forward.group == group and item.forward.seq <= floor):
                self._lose_target(item)

    def _lose_target(self, item: OutboxItem) -> None:
        """An answer goes without its quote; a forwarded message and an edit fail, with their text kept; another act is given up, and its
        author is told."""
        if item.kind != "message" or item.forward is not None:
            self._fail(item, UnknownTarget.code, in_words(UnknownTarget.code, UnknownTarget.default))
        elif item.target is not None:
            self._set(replace(item, target=None))

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
        if (hurried := self._hurried.get(group)) is not None:
            hurried.set()
        if self._say is not None and (sender is None or sender.done()) and self._next(group) is not None:
            self._senders[group] = asyncio.create_task(self._send_all(group, self._say), name=f"outbox of {group}")

    def keep_pace(self, group: GroupId, slow: int) -> None:
        """There are *slow* seconds between two messages in *group*; where there are none (any more), what waits goes at once."""
        if not slow and self._paced.pop(group, None) is not None and (hurried := self._hurried.get(group)) is not None:
            hurried.set()

    def _next(self, group: GroupId) -> OutboxItem | None:
        """What goes next; a message that has to wait, only when there is nothing else."""
        items = [
            item
            for item in self._shelf.outbox.values()
            if item.group == group
            and item.state is OutboxState.WAITING
            and not item.uploads
            and item.nonce not in self._acknowledged
        ]
        if self._pause_s(group) > 0:
            items.sort(key=lambda item: item.kind == "message")
        return items[0] if items else None

    def _pause_s(self, group: GroupId) -> float:
        return self._paced.get(group, 0.0) - asyncio.get_running_loop().time()

    async def _send_all(self, group: GroupId, say: Say) -> None:
        while (item := self._next(group)) is not None:
            if item.kind == "message" and (pause_s := self._pause_s(group)) > 0:
                await self._pause(group, pause_s)
                continue
            self._tried.add(item.nonce)
            try:
                async with self._room:
                    answer = await say(command_of(item))
            except LinkLost:
                return
            except Denied as denied:
                if denied.code == SlowMode.code:
                    pause_s = RETRY_S if denied.retry_after is None else max(denied.retry_after, RETRY_MIN_S)
                    self._paced[group] = asyncio.get_running_loop().time() + pause_s
                elif self._is_for_the_moment(item, denied):
                    await asyncio.sleep(RETRY_S if denied.retry_after is None else max(denied.retry_after, RETRY_MIN_S))
                elif not (
                    denied.code == UnknownFile.code and item.nonce in self._shelf.outbox and self.begin_again(item)
                ):
                    self._fail(item, denied.code, denied.message)
            else:
                if item.nonce in self._shelf.outbox:
                    self._acknowledged.add(item.nonce)
                    self._stored(item, answer)
                elif isinstance(answer, Sent):
                    self.entered(group, item.nonce, answer.seq, answer.at)

    async def _pause(self, group: GroupId, pause_s: float) -> None:
        """Wait until the next message may be said, or something that need not wait comes, or there is no pause any more."""
        hurried = self._hurried[group] = asyncio.Event()
        try:
            async with asyncio.timeout(pause_s):
                await hurried.wait()
        except TimeoutError:
            pass
        finally:
            self._hurried.pop(group, None)

    def _is_for_the_moment(self, item: OutboxItem, denied: Denied) -> bool:
        if denied.code == InternalError.code:
            self._faults[item.nonce] = self._faults.get(item.nonce, 0) + 1
            return self._faults[item.nonce] < INTERNAL_TRIES
        return denied.code in _FOR_THE_MOMENT

    def _fail(self, item: OutboxItem, code: str, problem: str) -> None:
        if item.nonce not in self._shelf.outbox:
            return
        if item.kind == "message":
            self._set(replace(item, state=OutboxState.FAILED, problem=problem))
            return
        if item.kind == "edit":
            said = _("It was to stand in place of an earlier message. {reason}").format(reason=problem)
            self._faults.pop(item.nonce, None)
            self._set(replace(item, kind="message", target=None, state=OutboxState.FAILED, problem=said))
        else:
            self.take(item.nonce)
        self._tell(CommandRefused(item.kind, code, problem))

    def _set(self, item: OutboxItem) -> None:
        self._shelf.put_out(item)
        self.list(item.group)
