"""A bot: hears what is said in the groups of the person whose access token it has, and answers. Without a window, without an archive.

Where a bot stands in each log is one number, its cursor. What the relay tells is taken in the log's order and by that number: what
is below it was heard before, what leaves a gap is read from the log instead. So it does not matter how often the link is lost, and
with a *state* file neither does how often the bot itself is started again. Where the log is not the one that the bot knows, because the
relay's data was set back to a copy, it begins anew where the logs end (docs/decisions/0012-a-log-that-was-set-back.md).
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import json
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from msgspec import Struct

from common.crypto.identity import parse_invitation
from common.errors import LinkLost, RateLimited, RelayMoving, ShuttingDown, SlowMode, StorageUnavailable
from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol import limits
from common.protocol.messages import (
    Answer,
    Behind,
    Bye,
    Command,
    Entry,
    EntryAdded,
    Event,
    GroupChanged,
    GroupGone,
    GroupInfo,
    Hello,
    History,
    Page,
    Post,
    React,
    Sent,
    User,
    Welcome,
)
from desktop import bot_state
from desktop.events.link import IdentityChanged, LinkState, Waiting
from desktop.link.address import Address
from desktop.link.connection import Connection
from desktop.link.denied import Denied
from desktop.link.pinning import PinnedSession
from desktop.link.wire import Wire

_log = logging.getLogger(__name__)

WAITING_MAX: Final = 10_000
"""Entries that wait for a bot that takes its time; beyond, they are read from the log when it has come so far."""
PAUSE_S: Final = 1.0
"""Before something is tried again that the relay cannot do now, where it does not say how long."""
_NOT_NOW: Final = frozenset(
    error.code for error in (RateLimited, SlowMode, StorageUnavailable, ShuttingDown, RelayMoving)
)

A = TypeVar("A", bound=Answer)


class Message(Struct, frozen=True):
    """Something that somebody said. All of it is in *entry*."""

    entry: Entry
    bot: Bot

    @property
    def text(self) -> str:
        """What it says; empty where it is files only."""
        return self.entry.body or ""

    @property
    def group(self) -> GroupId:
        """Where it was said."""
        return self.entry.group

    @property
    def sender(self) -> UserId:
        """Who said it."""
        return self.entry.sender

    async def reply(self, text: str) -> Seq:
        """Answer it; the same text again, also after a new start of the bot, changes nothing."""
        entry = self.entry
        return await self.bot.post(entry.group, text, reply_to=entry.seq, nonce=self.bot.nonce_of_reply(entry, text))

    async def react(self, emoji: str) -> None:
        """Put an emoji to it."""
        await self.bot.ask(
            React(group=self.entry.group, nonce=secrets.token_hex(16), target=self.entry.seq, emoji=emoji), Sent
        )


class Bot:
    """Somebody's bot. Use it as ``async with Bot(…) as bot``; the link is kept up until the block ends."""

    def __init__(self, relay: str, token: str, *, state: Path | None = None, name: str = "bot") -> None:
        """*relay*: its invitation link, ``pymessenger://host:port/RELAY-ID``. *state*: where to keep how far it has come.

        Raises:
            BadInvitation: *relay* is no such link; the message says why.
        """
        invitation = parse_invitation(relay)
        self._relay_id = invitation.relay_id
        self._address = Address(invitation.host, invitation.port)
        self._token = token
        self._state = state
        self._name = name
        self._ears = _Ears(name)
        self._in_hand: Entry | None = None
        self._session: PinnedSession | None = None
        self._link: asyncio.Task[None] | None = None

    @property
    def user(self) -> User:
        """In whose name it speaks; known once it is connected."""
        assert self._ears.user is not None, "not connected yet"
        return self._ears.user

    @property
    def groups(self) -> dict[GroupId, GroupInfo]:
        """The groups that it sees, by their ids."""
        return self._ears.groups

    async def __aenter__(self) -> Self:
        """Begin to connect, and wait until that has worked once.

        Raises:
            TokenRefused: the token is not (or no longer) valid.
        """
        if self._state is not None:
            self._ears.state = await asyncio.to_thread(bot_state.read, self._state)
        self._session = PinnedSession(self._relay_id)
        connection = Connection(
            self._session, self._token, self._ears, lambda: [self._address], _tell_state, _tell_identity, _now
        )
        self._ears.come_back_after = connection.come_back_after
        self._link = asyncio.create_task(connection.run(), name=f"link of {self._name}")
        self._link.add_done_callback(self._ears.has_ended)
        try:
            await self._ears.link()
            await self._save()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._close()
        await self._save()

    async def _close(self) -> None:
        if self._link is not None:
            self._link.cancel()
            await asyncio.gather(self._link, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # -- hearing -------------------------------------------------------------------------------------------------------

    async def messages(self, *, own: bool = False) -> AsyncIterator[Message]:
        """What others say (with *own*, also what is said in the bot's own name), each once and in the order of its group, for ever.

        A group that is new to the bot begins where its log ends. A message is done with when the next one is asked for; one that
        was not, because the program ended before, comes again after the next start.

        Raises:
            TokenRefused: the token was revoked or has expired.
        """
        while True:
            entry = await self._ears.next()
            if entry is None:
                await self._save()
            elif _says_something(entry) and (own or entry.sender != self.user.id):
                self._in_hand = entry
                yield Message(entry, self)
                self._in_hand = None
                await self._save()

    async def _save(self) -> None:
        if self._state is None:
            return
        state = copy.deepcopy(self._ears.state.before(self._in_hand))
        await asyncio.to_thread(bot_state.write, self._state, state)

    # -- saying --------------------------------------------------------------------------------------------------------

    async def post(self, group: int, text: str, *, reply_to: int | None = None, nonce: str | None = None) -> Seq:
        """Say *text*; its place in the log. With a *nonce* of one's own, saying it again changes nothing.

        Raises:
            Denied: the relay said no.
            TokenRefused: the token was revoked or has expired.
        """
        nonce = nonce or secrets.token_hex(16)
        return (await self.ask(Post(group=group, nonce=nonce, body=text, reply_to=reply_to), Sent)).seq

    async def ask(self, command: Command, kind: type[A]) -> A:
        """The answer to *command*, which is given again when the link was lost meanwhile: one that changes something needs a nonce.

        Raises:
            Denied: the relay said no.
            TokenRefused: the token was revoked or has expired.
        """
        while True:
            wire = await self._ears.link()
            try:
                return await wire.ask(command, kind)
            except LinkLost:
                self._ears.let_go(wire)
            except Denied as denied:
                if denied.code not in _NOT_NOW:
                    raise
                await asyncio.sleep(denied.retry_after or PAUSE_S)

    def nonce_of_reply(self, entry: Entry, text: str) -> Nonce:
        """The same for the same answer of this bot to the same message."""
        said = json.dumps([self._name, self._ears.state.epoch, entry.group, entry.seq, text])
        return Nonce(hashlib.sha256(said.encode()).digest()[:16].hex())


class _Ears:
    """What the relay tells, sorted: the `Speaker` of the link, and what is to be taken next."""

    def __init__(self, name: str) -> None:
        self.user: User | None = None
        self.groups: dict[GroupId, GroupInfo] = {}
        self.state = bot_state.State()
        self.come_back_after: Callable[[float], None] = _not_yet
        self._name = name
        self._wire: Wire | None = None
        self._waiting: deque[Entry] = deque()
        self._behind: dict[GroupId, Seq] = {}
        self._is_moved = False
        self._changed = asyncio.Event()
        self._ended: BaseException | None = None

    # -- told by the link ----------------------------------------------------------------------------------------------

    def hello(self) -> Hello:
        """The first word on a new link."""
        return Hello(
            client=self._name[: limits.NAME_CHARACTERS],
            epoch=self.state.epoch or None,
            cursors=dict[int, int](self.state.cursors.items()),
            imprints=self.state.at_cursors(),
        )

    def welcomed(self, wire: Wire, welcome: Welcome) -> None:
        """The link is up; what was missed follows."""
        if welcome.epoch != self.state.epoch or welcome.strayed:
            self.state.begin(welcome.epoch)
        self.user = welcome.user
        self.groups = {group.id: group for group in welcome.groups}
        self._waiting.clear()
        for group in welcome.groups:
            self._meet(group)
        self._wire = wire
        self._changed.set()

    def heard(self, events: Sequence[Event]) -> None:
        """Keep what concerns the bot."""
        for event in events:
            match event:
                case EntryAdded():
                    self._waiting.append(event.entry)
                case Behind(groups=groups):
                    for group, seq in groups.items():
                        self._fell_behind(GroupId(int(group)), Seq(seq))
                case GroupChanged(group=info):
                    self.groups[info.id] = info
                    self._meet(info)
                case GroupGone(group=group):
                    self.groups.pop(group, None)
                    self.state.end_group(group)
                case Bye(retry_after=seconds):
                    self.come_back_after(seconds)
        if len(self._waiting) > WAITING_MAX:
            for entry in self._waiting:
                self._fell_behind(entry.group, entry.seq)
            self._waiting.clear()
        self._changed.set()

    def lost(self) -> None:
        """The link is down; what waits comes again with the next one."""
        self._wire = None
        self._waiting.clear()

    def has_ended(self, link: asyncio.Task[None]) -> None:
        """There will be no further link."""
        self._ended = LinkLost("The bot has disconnected.") if link.cancelled() else link.exception()
        self._changed.set()

    def _meet(self, group: GroupInfo) -> None:
        if group.role is None:
            self.state.end_group(group.id)
        elif group.id not in self.state.cursors:
            self.state.begin_group(group)
            self._is_moved = True

    def _fell_behind(self, group: GroupId, seq: Seq) -> None:
        self._behind[group] = max(seq, self._behind.get(group, seq))

    # -- taken by the bot ----------------------------------------------------------------------------------------------

    async def link(self) -> Wire:
        """The open link; waits for one.

        Raises:
            LinkLost: there will be none.
        """
        while self._wire is None:
            await self._change()
        return self._wire

    def let_go(self, wire: Wire) -> None:
        """*wire* has ended, as who asked over it has found before the connection says so."""
        if self._wire is wire:
            self._wire = None

    async def next(self) -> Entry | None:
        """The next entry of any log; None: the cursors have changed without one.

        Raises:
            LinkLost: there will be no more.
        """
        while True:
            if self._is_moved:
                self._is_moved = False
                return None
            if self._waiting:
                entry = self._waiting.popleft()
                if self._is_next(entry):
                    return entry
            elif self._behind and self._wire is not None:
                await self._catch_up(self._wire)
            else:
                await self._change()

    def _is_next(self, entry: Entry) -> bool:
        """Whether *entry* is the next of its log, which then has come so far."""
        cursor = self.state.cursors.get(entry.group)
        if cursor is None or entry.seq <= cursor:
            return False
        if entry.seq > cursor + 1:
            self._fell_behind(entry.group, entry.seq)
            return False
        self.state.take(entry)
        return True

    async def _catch_up(self, wire: Wire) -> None:
        """Read a page of a log that has a gap."""
        group, last = next(iter(self._behind.items()))
        cursor = self.state.cursors.get(group)
        if cursor is None or cursor >= last:
            del self._behind[group]
            return
        try:
            page = await wire.ask(History(group=group, after=cursor, limit=limits.PAGE_MAX), Page)
        except LinkLost:
            self.let_go(wire)
        except Denied as denied:
            if denied.code in _NOT_NOW:
                await asyncio.sleep(denied.retry_after or PAUSE_S)
            else:  # it is not in that group any more
                _log.warning("Group %s cannot be read: %s", group, denied.message)
                self._behind.pop(group, None)
        else:
            if not page.entries:
                self._behind.pop(group, None)
            self._waiting.extendleft(reversed(page.entries))

    async def _change(self) -> None:
        if self._ended is not None:
            raise self._ended
        self._changed.clear()
        await self._changed.wait()


def _says_something(entry: Entry) -> bool:
    return entry.kind == "message" and not entry.redacted and not entry.damaged


def _not_yet(seconds: float) -> None:
    """There is no connection that could come back."""


def _tell_state(state: LinkState) -> None:
    if isinstance(state, Waiting):
        _log.info("Not connected: %s", state.reason)


def _tell_identity(changed: IdentityChanged) -> None:
    _log.error("Another relay answers in place of %s: %s", changed.expected, changed.found)


def _now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)
