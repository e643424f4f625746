"""What the relay tells without being asked, one class each."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from common.ids import GroupId, Seq, UserId
from common.protocol.messages.values import Entry, GroupInfo, PresenceState, User


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the relay tells without being asked."""


class EntryAdded(Event, Entry, frozen=True, tag="entry", omit_defaults=True):
    """The log of *group* has grown by this entry (the fields of `Entry`)."""

    @property
    def entry(self) -> Entry:
        """The same as a value of the log."""
        return Entry(*msgspec.structs.astuple(self))


class PresenceChanged(Event, frozen=True, kw_only=True, tag="presence"):
    """A person's first link came up, the last one went, or they say something else of themselves (*text*)."""

    user: UserId
    state: PresenceState
    text: str = ""


class ReadMoved(Event, frozen=True, kw_only=True, tag="read"):
    """A member has read *group* up to *seq*."""

    group: GroupId
    user: UserId
    seq: Seq


class GroupChanged(Event, frozen=True, kw_only=True, tag="group"):
    """A group is new to this person, or changed (name, membership)."""

    group: GroupInfo


class GroupGone(Event, frozen=True, kw_only=True, tag="group_gone"):
    """This person no longer sees that group."""

    group: GroupId


class UserChanged(Event, frozen=True, kw_only=True, tag="user"):
    """A person is new on this relay, or changed."""

    user: User


class LogPurged(Event, frozen=True, kw_only=True, tag="purged"):
    """The log of *group* was deleted up to the seq *floor*, because its messages have had their time: nothing of them is kept here."""

    group: GroupId
    floor: Seq


class RetentionChanged(Event, frozen=True, kw_only=True, tag="retention"):
    """How much of the past this relay keeps is another now: `list_groups` says how much of which."""


class Behind(Event, frozen=True, kw_only=True, tag="behind"):
    """Entries were not pushed, because there were too many or this link reads too slowly: read `history` up to these seqs."""

    groups: dict[GroupId, Seq]


class Bye(Event, frozen=True, kw_only=True, tag="bye"):
    """The relay is going down; come back after so many seconds (spread, so that not all come at once)."""

    retry_after: float


class TypingSeen(Event, frozen=True, kw_only=True, tag="typing"):
    """Somebody is writing in *group*; true for a few seconds unless it is said again."""

    group: GroupId
    user: UserId


class UnreadMoved(Event, frozen=True, kw_only=True, tag="unread"):
    """This person has set their own read marker in *group* back to *seq*, on another device."""

    group: GroupId
    seq: Seq


class ReceiptsSwitched(Event, frozen=True, kw_only=True, tag="receipts"):
    """This person tells others how far they have read from now on, or does not, as one of their devices said."""

    on: bool


class Moved(Event, frozen=True, kw_only=True, tag="moved"):
    """The relay runs on another computer from now on, under the same id and with all that it has acknowledged: go *to* there."""

    to: list[str]


AnyEvent = (
    EntryAdded
    | PresenceChanged
    | ReadMoved
    | GroupChanged
    | GroupGone
    | UserChanged
    | Behind
    | Bye
    | TypingSeen
    | UnreadMoved
    | ReceiptsSwitched
    | LogPurged
    | RetentionChanged
    | Moved
)
EVENTS: Final[dict[str, type[Event]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
