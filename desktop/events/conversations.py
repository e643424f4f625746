"""What the link tells of conversations: what is said in them, who is in them, and how this person wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from common.ids import Epoch, GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, Member, NotifyLevel, PresenceState, User


class EpochBegan(Struct, frozen=True):
    """The log has another life (a restore): forget entries of this relay; drafts and outbox stay."""

    epoch: Epoch


class GroupsListed(Struct, frozen=True):
    """All groups that the person sees."""

    groups: tuple[GroupInfo, ...]


class GroupSeen(Struct, frozen=True):
    """One group is new or changed."""

    group: GroupInfo


class GroupLost(Struct, frozen=True):
    """The person no longer sees that group."""

    group: GroupId


class EntriesKnown(Struct, frozen=True):
    """A run of entries without gaps, rising seqs.

    *first_reached*: nothing comes before them. *live*: just said, as opposed to fetched or read from the archive.
    """

    group: GroupId
    entries: tuple[Entry, ...]
    first_reached: bool = False
    live: bool = False


class RelatedKnown(Struct, frozen=True):
    """Entries from anywhere in the log: what was said later of messages that are known (edits, reactions, pins), or what they quote."""

    group: GroupId
    entries: tuple[Entry, ...]


class GroupWanted(Struct, frozen=True):
    """The person asked for this group (a direct conversation, one they were invited to): it is known now, show it."""

    group: GroupId


class CompleteUpTo(Struct, frozen=True):
    """All groups are complete up to what the relay had at that time; from the archive at start, then live."""

    at: Millis


class MembersListed(Struct, frozen=True):
    """Everybody in a group."""

    group: GroupId
    members: tuple[Member, ...]


class UsersKnown(Struct, frozen=True):
    """People whose names are now known."""

    users: tuple[User, ...]


class PresenceSeen(Struct, frozen=True):
    """Somebody came or went, or says something else of themselves (*status*)."""

    user: UserId
    state: PresenceState
    status: str = ""


class TypingHeard(Struct, frozen=True):
    """Somebody is writing in *group*; true for `limits.TYPING_S` unless it is heard again."""

    group: GroupId
    user: UserId


class ReadSeen(Struct, frozen=True):
    """Somebody (perhaps this person on another device) has read up to *seq*."""

    group: GroupId
    user: UserId
    seq: Seq


class UnreadSeen(Struct, frozen=True):
    """This person's own read marker went back to *seq*, here or on another device."""

    group: GroupId
    seq: Seq


class PinsCounted(Struct, frozen=True):
    """How many messages of *group* are pinned now."""

    group: GroupId
    count: int


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """How this person wants a conversation, on all devices: what to be told of, and whether it is out of sight.

    *said*: the relay knows it.
    """

    notify: NotifyLevel = "all"
    hidden: bool = False
    said: bool = field(default=False, compare=False)


class ChoicesKnown(Struct, frozen=True):
    """The choices for each conversation that has other than the usual ones, from the archive."""

    choices: dict[GroupId, GroupChoice]


OwnState = Literal["online", "away", "dnd"]


class OwnStatus(Struct, frozen=True):
    """What this person says of themselves; said again on every link. *receipts*: others are told how far they have read,
    on all devices; *unsaid*: the relay does not know that yet."""

    state: OwnState = "online"
    text: str = ""
    receipts: bool = True
    unsaid: bool = False


class OwnStatusKnown(Struct, frozen=True):
    """What was said last, from the archive."""

    status: OwnStatus
