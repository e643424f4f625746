"""The words of the wire, one Struct each. Commands are imperatives; what the relay says is an answer or an event.

A frame is one JSON object or an array of them. Unknown fields are ignored, so that both sides may grow; a new word gets a new
tag. A command carries ``id``; its answer carries the same number as ``re``. docs/protocol.md says the same in prose, and the
JSON Schema is generated from these classes (``python -m common.protocol``).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from common.ids import MAX_INTEGER, Epoch, GroupId, Millis, Nonce, RelayId, Seq, UserId, WireId, WireNonce, WireSeq
from common.protocol import limits

Registration = Literal["open", "invite", "closed"]
Role = Literal["owner", "admin", "member"]
GroupKind = Literal["general", "group", "direct"]
PresenceState = Literal["online", "offline"]
EntryKind = Literal["message", "edit", "redaction", "reaction", "pin", "join", "leave", "role", "rename"]

# Lengths here are only what a frame may carry; that a name can be shown is a rule of the handlers, with its own code.
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARACTERS)]
Topic = Annotated[str, Meta(max_length=limits.TOPIC_CHARACTERS)]
Text = Annotated[str, Meta(min_length=1, max_length=limits.TEXT_CHARACTERS)]
Password = Annotated[str, Meta(min_length=1, max_length=limits.PASSWORD_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=limits.CODE_CHARACTERS)]
Device = Annotated[str, Meta(max_length=limits.DEVICE_CHARACTERS)]
CommandId = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


# -- things that answers and events speak of ---------------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    """A person of this relay. *role* is the one on the relay; roles in groups are in `Member`."""

    id: UserId
    username: str
    display_name: str
    role: Role


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a group's log.

    *at*: when the relay stored it, Unix ms. *nonce*: the author's, of messages. *body*: text of a message, new name of a
    rename. *target*: the entry that this one speaks of (reply, edit, …). *damaged*: the stored record does not open, *body*
    is missing. *redacted*: the author took it back, *body* is gone.
    """

    group: GroupId
    seq: Seq
    kind: str
    sender: UserId
    at: Millis
    nonce: Nonce | None = None
    body: str | None = None
    target: Seq | None = None
    damaged: bool = False
    redacted: bool = False


class GroupInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group as one person sees it. *role* is missing when the person is not a member; *last* is its newest message."""

    id: GroupId
    kind: GroupKind
    name: str
    topic: str = ""
    private: bool = False
    last_seq: Seq = Seq(0)
    read_seq: Seq = Seq(0)
    unread: int = 0
    role: Role | None = None
    last: Entry | None = None


class Member(msgspec.Struct, frozen=True):
    """Somebody in a group, how far they have read it, and whether they have a link open now."""

    user: User
    role: Role
    presence: PresenceState
    read_seq: Seq


class Limits(msgspec.Struct, frozen=True):
    """What this relay accepts, so that a client can refuse before sending."""

    frame_bytes: int = limits.FRAME_BYTES
    text_characters: int = limits.TEXT_CHARACTERS
    name_characters: int = limits.NAME_CHARACTERS
    page: int = limits.PAGE_MAX


class RelayCard(msgspec.Struct, frozen=True):
    """`GET /api/relay`: what a relay says of itself to anybody who asks."""

    relay_id: RelayId
    name: str
    version: str
    protocol: str
    online: int
    registration: Registration


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """`GET /health`: ``ok``, or ``degraded`` with reasons in words."""

    status: Literal["ok", "degraded"]
    reasons: list[str] = msgspec.field(default_factory=list)


# -- commands ----------------------------------------------------------------------------------------------------------


class Command(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What a client asks. *id* is the client's; the answer repeats it as ``re``."""

    id: CommandId = 0


class Register(Command, frozen=True, kw_only=True, tag="register"):
    """Make an account and sign in. *code* is an invitation or the owner code, *device* a name for this device session."""

    username: Name
    password: Password
    display_name: Name | None = None
    code: Code | None = None
    device: Device = ""


class Login(Command, frozen=True, kw_only=True, tag="login"):
    """Sign in on this device."""

    username: Name
    password: Password
    device: Device = ""


class Logout(Command, frozen=True, kw_only=True, tag="logout"):
    """End this device session; its token is worth nothing afterwards."""


class Hello(Command, frozen=True, kw_only=True, tag="hello"):
    """The first command on a link. *cursors*: the last seq known of each group, valid within *epoch*."""

    client: Annotated[str, Meta(max_length=limits.NAME_CHARACTERS)]
    epoch: Annotated[str, Meta(max_length=limits.NAME_CHARACTERS)] | None = None
    cursors: Annotated[dict[WireId, WireSeq], Meta(max_length=limits.CURSORS_MAX)] = msgspec.field(default_factory=dict)


class ListGroups(Command, frozen=True, kw_only=True, tag="list_groups"):
    """The groups that this person is in, and the open ones that they could join."""


class CreateGroup(Command, frozen=True, kw_only=True, tag="create_group"):
    """Make a named group and become its owner. A *private* one is seen by its members only."""

    name: Name
    topic: Topic = ""
    private: bool = False


class JoinGroup(Command, frozen=True, kw_only=True, tag="join_group"):
    """Become a member of an open group. Joining twice changes nothing."""

    group: WireId


class LeaveGroup(Command, frozen=True, kw_only=True, tag="leave_group"):
    """Stop being a member. Nobody leaves the general group."""

    group: WireId


class RenameGroup(Command, frozen=True, kw_only=True, tag="rename_group"):
    """Give a group another name; its owner and admins may."""

    group: WireId
    name: Name


class ListMembers(Command, frozen=True, kw_only=True, tag="list_members"):
    """Everybody in a group."""

    group: WireId


class ListUsers(Command, frozen=True, kw_only=True, tag="list_users"):
    """Look people up by their ids; unknown ids are left out of the answer."""

    users: Annotated[list[WireId], Meta(max_length=limits.USERS_PER_REQUEST)]


class Post(Command, frozen=True, kw_only=True, tag="post"):
    """Put *body* into *group*. Sending the same *nonce* again changes nothing and gets the first answer."""

    group: WireId
    nonce: WireNonce
    body: Text
    reply_to: WireId | None = None


class History(Command, frozen=True, kw_only=True, tag="history"):
    """A page of a group's log: the entries before or after a seq (not both); neither: the newest."""

    group: WireId
    before: WireSeq | None = None
    after: WireSeq | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.PAGE_MAX)] = limits.PAGE_DEFAULT


class MarkRead(Command, frozen=True, kw_only=True, tag="mark_read"):
    """Move this person's read marker in *group* up to *seq*. It never goes back."""

    group: WireId
    seq: WireSeq


AnyCommand = (
    Register
    | Login
    | Logout
    | Hello
    | ListGroups
    | CreateGroup
    | JoinGroup
    | LeaveGroup
    | RenameGroup
    | ListMembers
    | ListUsers
    | Post
    | History
    | MarkRead
)
COMMANDS: Final[dict[str, type[Command]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyCommand)}


# -- answers -----------------------------------------------------------------------------------------------------------


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ok"):
    """Done. *re* is the id of the command that this answers."""

    re: int = 0


class SignedIn(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `register` and `login`. The token is shown once; keep it as one keeps a password."""

    token: str
    user: User


class Welcome(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `hello`. Entries above the cursors follow as events, or one `behind`."""

    epoch: Epoch
    user: User
    groups: list[GroupInfo]
    limits: Limits = msgspec.field(default_factory=Limits)


class Groups(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_groups`."""

    groups: list[GroupInfo]


class OneGroup(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `create_group` and `join_group`."""

    group: GroupInfo


class Members(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_members`."""

    members: list[Member]


class Users(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_users`."""

    users: list[User]


class Sent(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `post` and `rename_group`: the entry is on disk at this place."""

    seq: Seq
    at: Millis


class Page(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `history`: rising seqs; *more* is true when there are further entries in the asked direction."""

    entries: list[Entry]
    more: bool


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error", omit_defaults=True):
    """The answer is no. *re* is missing where the frame was so broken that the command's id is unknown."""

    code: str
    message: str
    re: int | None = None
    retry_after: float | None = None


ANSWERS: Final[dict[type[Command], type[Answer]]] = {
    Register: SignedIn,
    Login: SignedIn,
    Logout: Answer,
    Hello: Welcome,
    ListGroups: Groups,
    CreateGroup: OneGroup,
    JoinGroup: OneGroup,
    LeaveGroup: Answer,
    RenameGroup: Sent,
    ListMembers: Members,
    ListUsers: Users,
    Post: Sent,
    History: Page,
    MarkRead: Answer,
}


# -- events ------------------------------------------------------------------------------------------------------------


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the relay tells without being asked."""


class EntryAdded(Event, frozen=True, kw_only=True, tag="entry", omit_defaults=True):
    """The log of *group* has grown by this entry (the fields of `Entry`)."""

    group: GroupId
    seq: Seq
    kind: str
    sender: UserId
    at: Millis
    nonce: Nonce | None = None
    body: str | None = None
    target: Seq | None = None
    damaged: bool = False
    redacted: bool = False

    @property
    def entry(self) -> Entry:
        """The same as a value of the log."""
        return Entry(
            self.group,
            self.seq,
            self.kind,
            self.sender,
            self.at,
            self.nonce,
            self.body,
            self.target,
            self.damaged,
            self.redacted,
        )


class PresenceChanged(Event, frozen=True, kw_only=True, tag="presence"):
    """A person's first link came up, or the last one went."""

    user: UserId
    state: PresenceState


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


class Behind(Event, frozen=True, kw_only=True, tag="behind"):
    """Entries were not pushed, because there were too many or this link reads too slowly: read `history` up to these seqs."""

    groups: dict[GroupId, Seq]


class Bye(Event, frozen=True, kw_only=True, tag="bye"):
    """The relay is going down; come back after so many seconds (spread, so that not all come at once)."""

    retry_after: float


AnyEvent = EntryAdded | PresenceChanged | ReadMoved | GroupChanged | GroupGone | UserChanged | Behind | Bye
EVENTS: Final[dict[str, type[Event]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
