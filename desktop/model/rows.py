"""What a model hands to a view: plain values, ready to draw, without a widget or a wire in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import Protocol

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import GroupKind, PresenceState, Role


class Delivery(Enum):
    """The visible states of an own message."""

    WAITING = auto()
    STORED = auto()
    READ = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class DayLine:
    """A new day begins."""

    day: date


@dataclass(frozen=True, slots=True)
class NewLine:
    """What follows is new since the conversation was last read."""


@dataclass(frozen=True, slots=True)
class GapLine:
    """Entries between the rows around it are still being fetched, or cannot be fetched without the relay."""


class NoticeKind(Enum):
    """Things that happened to a group."""

    JOINED = auto()
    LEFT = auto()
    RENAMED = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to the group, in its place in the log. *text*: the new name of a renamed group."""

    seq: Seq
    kind: NoticeKind
    who: str
    text: str
    at: Millis


@dataclass(frozen=True, slots=True)
class Bubble:
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


Row = DayLine | NewLine | GapLine | Notice | Bubble


@dataclass(frozen=True, slots=True)
class Splice:
    """Rows [start, start + removed) were replaced by *added* new ones; everything else only moved. The list is already new."""

    start: int
    removed: int
    added: int


class Rows(Protocol):
    """What the timeline draws: a list that it reads and never changes."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Row: ...


@dataclass(frozen=True, slots=True)
class RailRow:
    """A conversation in the list at the left. *muted* and drafts are shown; *joined* is false for a group one could join."""

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


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person in the members pane."""

    user: UserId
    name: str
    username: str
    role: Role
    presence: PresenceState
    own: bool


@dataclass(frozen=True, slots=True)
class Header:
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


def first_index(rows: Sequence[Row], kind: type[Row]) -> int | None:
    """Where the first row of *kind* stands."""
    return next((index for index, row in enumerate(rows) if isinstance(row, kind)), None)
