"""What a model hands to a view: plain values, ready to draw, without a widget or a wire in sight."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import Enum, auto
from typing import Protocol

from msgspec import Struct

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import FileInfo, GroupKind, Keeps, NotifyLevel, PresenceState, Role
from desktop.events.outbox import PendingUpload


class Delivery(Enum):
    """The visible states of an own message."""

    WAITING = auto()
    STORED = auto()
    READ = auto()
    FAILED = auto()


class DayLine(Struct, frozen=True):
    """A new day begins."""

    day: date


class NewLine(Struct, frozen=True):
    """What follows is new since the conversation was last read."""


class GapLine(Struct, frozen=True):
    """Entries between the rows around it are still being fetched, or cannot be fetched without the relay."""


class BeginLine(Struct, frozen=True):
    """Here the messages begin: what was said before has had its time (*cut*), or will have it. *keeps*: how much is kept."""

    keeps: Keeps
    cut: bool


class NoticeKind(Enum):
    """Things that happened to a group."""

    JOINED = auto()
    LEFT = auto()
    RENAMED = auto()
    ADDED = auto()
    REMOVED = auto()
    BANNED = auto()
    UNBANNED = auto()
    MUTED = auto()
    UNMUTED = auto()
    SLOWED = auto()
    TOPIC = auto()
    ROLE = auto()
    PINNED = auto()
    RETENTION = auto()
    DELETED = auto()


class Notice(Struct, frozen=True):
    """Something that happened to the group, in its place in the log.

    *text*: the new name of a renamed group, the topic, the role, the seconds of a mute or pause. *whom*: who was added, removed, banned,
    muted or given a role. *keeps*: how much of the past is kept from then on.
    """

    seq: Seq
    kind: NoticeKind
    who: str
    text: str
    at: Millis
    whom: str = ""
    keeps: Keeps | None = None


class Quote(Struct, frozen=True):
    """The message that another one answers, shown above it. *text* is its beginning; empty: it is not known here, or was deleted."""

    seq: Seq
    author: UserId
    author_name: str
    text: str
    redacted: bool = False


class Reaction(Struct, frozen=True):
    """One emoji at a message. *own*: the reader's is among them; *names*: who put it, the first ones."""

    emoji: str
    count: int
    own: bool
    names: tuple[str, ...] = ()


class Bubble(Struct, frozen=True):
    """One message. *seq* is missing while it waits; *nonce* of own ones. First and last of a run: same author, same day, 5 minutes."""

    seq: Seq | None
    nonce: Nonce | None
    author: UserId
    author_name: str
    own: bool
    body: str
    at: Millis
    first_of_run: bool
    last_of_run: bool
    delivery: Delivery | None = None
    problem: str = ""
    damaged: bool = False
    redacted: bool = False
    quote: Quote | None = None
    reactions: tuple[Reaction, ...] = ()
    files: tuple[FileInfo, ...] = ()
    uploads: tuple[PendingUpload, ...] = ()
    """Of an own message that waits for them: its files on their way to the relay, in their order."""
    edited: bool = False
    pinned: bool = False
    forwarded_from: str = ""
    """Who said it first, where it was forwarded."""
    via: str = ""
    """The script that spoke for the author."""
    calls: bool = False
    """It mentions somebody: what is written like a call in it is one."""
    calls_me: bool = False
    """It mentions the reader, or everybody."""
    may_edit: bool = False
    may_delete: bool = False


class PinRow(Struct, frozen=True):
    """A message in the list of pinned ones."""

    seq: Seq
    author: UserId
    author_name: str
    text: str
    at: Millis
    files: tuple[FileInfo, ...] = ()


class ReaderRow(Struct, frozen=True):
    """Who has read an own message, and when."""

    user: UserId
    name: str
    at: Millis


class BanRow(Struct, frozen=True):
    """Who may not come back into a group; *by_name*: by whose decision."""

    user: UserId
    name: str
    username: str
    by_name: str
    at: Millis


class HitRow(Struct, frozen=True):
    """A message that was found. *marks*: what to emphasise in *snippet*, (start, end)."""

    group: GroupId
    group_name: str
    seq: Seq
    author: UserId
    author_name: str
    at: Millis
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    files: tuple[FileInfo, ...] = ()


Row = BeginLine | DayLine | NewLine | GapLine | Notice | Bubble


class Splice(Struct, frozen=True):
    """Rows [start, start + removed) were replaced by *added* new ones; everything else only moved. The list is already new."""

    start: int
    removed: int
    added: int


class Rows(Protocol):
    """What the timeline draws: a list that it reads and never changes."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Row: ...


class RailRow(Struct, frozen=True):
    """A conversation in the list at the left. *notify* (of what the person wants to be told) and drafts are shown.

    *joined* is false for a group one could join.
    """

    group: GroupId
    kind: GroupKind
    name: str
    preview: str
    preview_author: str
    """Empty: none; the person's own messages have *preview_own* instead."""
    preview_own: bool
    at: Millis | None
    unread: int
    joined: bool = True
    draft: bool = False
    failed: bool = False
    mentions: int = 0
    """How many of the unread messages call the reader."""
    notify: NotifyLevel = "all"
    peer: UserId | None = None
    """The other one of a direct conversation."""
    presence: PresenceState | None = None
    """Of the *peer*."""
    typing: str = ""
    """Who is writing there now, in words; shown in place of the preview."""
    hidden: bool = False
    """Out of sight: not in the list, unless it is open; found by the quick switcher."""


class MemberRow(Struct, frozen=True):
    """A person in the members pane."""

    user: UserId
    name: str
    username: str
    role: Role
    presence: PresenceState
    own: bool
    status: str = ""
    typing: bool = False
    muted: bool = False
    """May write nothing here."""


class Header(Struct, frozen=True):
    """Above the timeline. *complete_up_to* is set while the link is down: what is shown is complete up to then."""

    group: GroupId
    name: str
    topic: str
    kind: GroupKind
    members: int | None
    online: int | None
    may_rename: bool
    may_leave: bool
    joined: bool
    complete_up_to: Millis | None
    peer: UserId | None = None
    presence: PresenceState | None = None
    status: str = ""
    typing: str = ""
    may_manage: bool = False
    """Add and remove people, change topic, make invitations."""
    pins: int = 0
    notify: NotifyLevel = "all"
    """Of what the person wants to be told."""
    hidden: bool = False
    slow: int = 0
    """Seconds between two messages of one member."""
    private: bool = False
    """Only members see the group."""
    keeps: Keeps | None = None
    """How much of its past is kept; None: all."""


def first_index(rows: Sequence[Row], kind: type[Row]) -> int | None:
    """Where the first row of *kind* stands."""
    return next((index for index, row in enumerate(rows) if isinstance(row, kind)), None)
