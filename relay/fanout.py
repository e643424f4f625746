"""Who is connected, and how what happens reaches them: committed entries and ephemeral events into their outboxes.

An entry is encoded once by the journal and made into one frame here; each link then costs one append and one wake-up a batch.
The writers are woken a few at a time, so that between them the relay reads commands and sends answers; whoever stands in line
longer finds more gathered, and the more there is to do the larger the frames become.
Presence and read markers are gathered for a moment first: who comes back at once was never away, and of ten markers the last counts.
Who does not tell how far they have read is not told either.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from common.ids import GroupId, Seq, SessionId, UserId
from common.protocol import limits
from common.protocol.codec import encode
from common.protocol.messages import (
    Entry,
    Event,
    PresenceChanged,
    PresenceState,
    ReadMoved,
    Role,
    TypingSeen,
    UnreadMoved,
)
from relay.outbox import Chunk, End, Outbox, chunks_of
from relay.roster import Group, Roster
from relay.tally import Tally
from relay.together import PLACE_BYTES, Together

GATHERING_S: Final = 0.05
WOKEN_AT_ONCE: Final = 8
"""Writers that are woken in one step of the loop."""
REST_S: Final = 0.004
"""Between two rounds through the line: one message alone goes out at once, of many a second several go together."""


_Presence = tuple[PresenceState, str]
_OFFLINE: Final[_Presence] = ("offline", "")
_WEIGHTIEST_FIRST: Final[tuple[PresenceState, ...]] = ("dnd", "online", "away", "offline")


COME_BACK: Final = 1012
"""Close code "service restart" (the WebSocket registry of IANA): the client comes back by itself."""


class Committed(Protocol):
    """An entry that is on disk, and the bytes of its event."""

    @property
    def entry(self) -> Entry:
        """The entry."""
        ...

    @property
    def encoded(self) -> bytes:
        """`EntryAdded` as it goes over the wire."""
        ...


class Link:
    """One open WebSocket of a device session."""

    __slots__ = ("outbox", "said", "session", "state", "text", "user")

    def __init__(self, user: UserId, session: SessionId, outbox: Outbox) -> None:
        self.user = user
        self.session = session
        self.outbox = outbox
        self.state: PresenceState = "online"
        self.text = ""
        self.said = 0
        """When it said last how its user is: later ones have higher numbers."""


class Crowd(Struct, frozen=True):
    """What waits in the queues of all links. *behind*: how many links have missed something and are still to be told."""

    behind: int
    events: int
    events_max: int
    bytes: int


class Watcher(Protocol):
    """Whoever carries something beside the links, and wants to know when that may no longer be."""

    def session_ended(self, session: SessionId) -> None:
        """A device session or token is worth nothing any more."""

    def member_removed(self, group: GroupId, user: UserId) -> None:
        """Somebody is out of a group."""


class Fanout:
    """The links that said hello, and who of them hears what."""

    def __init__(self, roster: Roster, tally: Tally | None = None) -> None:
        """*tally*: where it counts."""
        self._roster = roster
        self._tally = tally or Tally()
        self._together = Together()
        self.watchers: list[Watcher] = []
        self._links_by_user: dict[UserId, set[Link]] = {}
        self._outboxes_by_group: dict[GroupId, set[Outbox]] = {}
        self._told_presence: dict[UserId, _Presence] = {}
        self._stirred: set[UserId] = set()
        self._said = 0
        self._read: dict[tuple[GroupId, UserId], tuple[Seq, bool]] = {}
        self._telling: asyncio.TimerHandle | None = None
        self._line: deque[Outbox] = deque()
        self._waking: asyncio.Handle | None = None
        self._rested_at = 0.0

    @property
    def online(self) -> int:
        """How many people have a link open."""
        return len(self._links_by_user)

    @property
    def users(self) -> list[UserId]:
        """Who has a link open."""
        return list(self._links_by_user)

    def links_of(self, user: UserId) -> int:
        """How many links *user* has open."""
        return len(self._links_by_user.get(user, ()))

    def presence(self, user: UserId) -> PresenceState:
        """How *user* is: do not disturb if one of their links says so, here if one is, else away; without a link offline."""
        return self._presence(user)[0]

    def status(self, user: UserId) -> str:
        """What *user* said last of themselves, on a link that is open."""
        return self._presence(user)[1]

    def _presence(self, user: UserId) -> _Presence:
        links = self._links_by_user.get(user)
        if not links:
            return _OFFLINE
        state = min((link.state for link in links), key=_WEIGHTIEST_FIRST.index)
        return state, max(links, key=lambda link: link.said).text

    def outbox(self) -> Outbox:
        """An empty outbox for a new link."""
        return Outbox(self._last_seq, self._tally, self._together)

    def crowd(self) -> Crowd:
        """How much waits, all links together."""
        outboxes = [link.outbox for links in self._links_by_user.values() for link in links]
        return Crowd(
            behind=sum(outbox.is_behind for outbox in outboxes),
            events=sum(outbox.waiting_events for outbox in outboxes),
            events_max=max((outbox.waiting_events for outbox in outboxes), default=0),
            bytes=sum(outbox.waiting_bytes for outbox in outboxes),
        )

    def _last_seq(self, group: GroupId) -> Seq:
        found = self._roster.group(group)
        return Seq(0) if found is None else found.last_seq

    # -- who is there --------------------------------------------------------------------------------------------------

    def open(self, link: Link) -> None:
        """From now on *link* gets what concerns its user."""
        links = self._links_by_user.setdefault(link.user, set())
        links.add(link)
        for group in self._roster.groups_of(link.user):
            self._outboxes_by_group.setdefault(group, set()).add(link.outbox)
        self._stirred.add(link.user)
        self._tell_soon()

    def close(self, link: Link) -> None:
        """*link* gets nothing more. One that was never opened changes nothing."""
        links = self._links_by_user.get(link.user)
        if links is None or link not in links:
            return
        links.discard(link)
        for group in self._roster.groups_of(link.user):
            self._leave(group, link.outbox)
        if not links:
            del self._links_by_user[link.user]
        self._stirred.add(link.user)
        self._tell_soon()

    def set_presence(self, link: Link, state: PresenceState, text: str) -> None:
        """The user of *link* says how they are, for as long as it is open."""
        if text != link.text:  # a device that nobody touches says anew how it is, and that is no word of its person
            self._said += 1
            link.said = self._said
        link.state, link.text = state, text
        self._stirred.add(link.user)
        self._tell_soon()

    def end_session(self, session: SessionId, user: UserId) -> None:
        """Close the links of a device session that has ended, once they have got what waits for them."""
        for link in list(self._links_by_user.get(user, ())):
            if link.session == session:
                link.outbox.end(End(limits.SIGNED_OUT, b"signed out"))
        for watcher in self.watchers:
            watcher.session_ended(session)

    def end_links(self, user: UserId) -> None:
        """Close all links of *user*, who has no account any more."""
        for link in list(self._links_by_user.get(user, ())):
            link.outbox.end(End(limits.SIGNED_OUT, b"signed out"))

    def restart_links(self, user: UserId) -> None:
        """Close the links of *user*, who is something else from now on: they come back by themselves as that."""
        for link in list(self._links_by_user.get(user, ())):
            link.outbox.end(End(COME_BACK, b"come back"))

    def add_group(self, group: Group) -> None:
        """A group was made, with its first members."""
        self._roster.add_group(group)
        for user in group.roles:
            self._enter(group.id, user)

    def add_member(self, group: GroupId, user: UserId, role: Role) -> None:
        """*user* has joined: the roster knows, and their links get the entries from now on."""
        self._roster.add_member(group, user, role)
        self._enter(group, user)

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """*user* has left: their links get no further entries."""
        self._roster.remove_member(group, user)
        self._read.pop((group, user), None)
        for link in self._links_by_user.get(user, ()):
            self._leave(group, link.outbox)
            link.outbox.forget(group)
        for watcher in self.watchers:
            watcher.member_removed(group, user)

    def _enter(self, group: GroupId, user: UserId) -> None:
        for link in self._links_by_user.get(user, ()):
            self._outboxes_by_group.setdefault(group, set()).add(link.outbox)

    def _leave(self, group: GroupId, outbox: Outbox) -> None:
        outboxes = self._outboxes_by_group.get(group)
        if outboxes is not None:
            outboxes.discard(outbox)
            if not outboxes:
                del self._outboxes_by_group[group]

    # -- entries -------------------------------------------------------------------------------------------------------

    def publish(self, committed: Sequence[Committed]) -> None:
        """Hand committed entries to the links of the groups' members."""
        words_by_group: dict[GroupId, list[bytes]] = {}
        for each in committed:
            entry = each.entry
            words = words_by_group.get(entry.group)
            if words is None:
                words = words_by_group[entry.group] = []
            words.append(each.encoded)
            found = self._roster.group(entry.group)
            if found is not None:
                found.last_seq = entry.seq
        for group, words in words_by_group.items():
            outboxes = self._outboxes_by_group.get(group)
            if outboxes:
                self._tally.deliveries += len(words) * len(outboxes)
                self._push(chunks_of(group, words), outboxes)

    def _push(self, chunks: Sequence[Chunk], outboxes: Collection[Outbox]) -> None:
        for chunk in chunks:
            for outbox in outboxes:
                outbox.push(chunk)
        places = PLACE_BYTES * len(outboxes)
        self._together.grow(sum(chunk.size + places for chunk in chunks))
        for outbox in outboxes:
            if outbox.is_waiting and not outbox.is_in_line:
                outbox.is_in_line = True
                self._line.append(outbox)
        if self._line and self._waking is None:
            loop = asyncio.get_running_loop()
            self._waking = loop.call_at(max(self._rested_at, loop.time()), self._wake_some)

    def _wake_some(self) -> None:
        loop, line = asyncio.get_running_loop(), self._line
        for _ in range(min(WOKEN_AT_ONCE, len(line))):
            outbox = line.popleft()
            outbox.is_in_line = False
            outbox.wake()
        if line:
            self._waking = loop.call_soon(self._wake_some)
        else:
            self._waking = None
            self._rested_at = loop.time() + REST_S

    # -- ephemeral events ----------------------------------------------------------------------------------------------

    def tell_user(self, user: UserId, event: Event) -> None:
        """Tell all links of one person."""
        links = self._links_by_user.get(user)
        if links:
            self._push([Chunk(None, [encode(event)])], [link.outbox for link in links])

    def tell_group(self, group: GroupId, event: Event) -> None:
        """Tell the links of the members of *group*, in the order of its entries."""
        self._push([Chunk(None, [encode(event)])], self._outboxes_by_group.get(group, set()))

    def tell_everyone(self, events: Iterable[Event]) -> None:
        """Tell all who are online."""
        outboxes = [link.outbox for links in self._links_by_user.values() for link in links]
        self._push(chunks_of(None, map(encode, events)), outboxes)

    def tell_read(self, group: GroupId, user: UserId, seq: Seq, *, to_others: bool) -> None:
        """Tell *user*'s links soon how far they have read *group*, and (*to_others*) its members."""
        _, was_for_others = self._read.get((group, user), (seq, False))
        self._read[group, user] = seq, to_others or was_for_others
        self._tell_soon()

    def tell_unread(self, user: UserId, event: UnreadMoved) -> None:
        """Tell *user*'s links, after what they are still to be told of that marker, that it was set back."""
        self._tell_read_markers()
        self.tell_user(user, event)

    def tell_typing(self, group: GroupId, user: UserId) -> None:
        """Tell the other members of *group* who are not behind that *user* is writing."""
        outboxes = self._outboxes_by_group.get(group, set()) - self._outboxes_of([user])
        chunk = Chunk(None, [encode(TypingSeen(group=group, user=user))])
        self._push([chunk], [outbox for outbox in outboxes if outbox.keeps_up])

    def _outboxes_of(self, users: Iterable[UserId]) -> set[Outbox]:
        return {link.outbox for user in users for link in self._links_by_user.get(user, ())}

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(GATHERING_S, self._tell_gathered)

    def _tell_gathered(self) -> None:
        self._telling = None
        self._tell_presence()
        self._tell_read_markers()

    def _tell_presence(self) -> None:
        changed: list[Event] = []
        for user in sorted(self._stirred):
            presence = self._presence(user)
            if presence == self._told_presence.get(user, _OFFLINE):
                continue
            state, text = presence
            changed.append(PresenceChanged(user=user, state=state, text=text))
            if presence == _OFFLINE:
                del self._told_presence[user]
            else:
                self._told_presence[user] = presence
        self._stirred.clear()
        self.tell_everyone(changed)

    def _tell_read_markers(self) -> None:
        words_by_group: dict[GroupId, list[bytes]] = {}
        for (group, user), (seq, is_for_others) in self._read.items():
            event = ReadMoved(group=group, user=user, seq=seq)
            if is_for_others and self._roster.tells(user):
                words_by_group.setdefault(group, []).append(encode(event))
            if not is_for_others or not self._roster.tells(user):
                self.tell_user(user, event)
        self._read.clear()
        silent = self._outboxes_of(self._roster.silent)
        for group, words in words_by_group.items():
            outboxes = self._outboxes_by_group.get(group, set())
            self._push(chunks_of(None, words), outboxes - silent if silent else outboxes)

    # -- the end -------------------------------------------------------------------------------------------------------

    def close_all(self) -> None:
        """Stop telling; the links are the gateway's to close."""
        for handle in (self._telling, self._waking):
            if handle is not None:
                handle.cancel()
        self._telling = self._waking = None
