"""What commands, answers and events speak of: people, groups, entries, files; and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from common.ids import MAX_INTEGER, GroupId, Millis, Nonce, RelayId, Seq, UserId, WireId, WireNonce, WireSeq
from common.protocol import limits

Registration = Literal["open", "invite", "closed"]
Role = Literal["owner", "admin", "member"]
GroupKind = Literal["general", "group", "direct"]
Scope = Literal["read", "write", "manage"]
"""What a script's token is good for: reading; also saying something; also groups, members and invitations."""
NotifyLevel = Literal["all", "mentions", "nothing"]
"""Of what in a conversation to be told."""
PresenceState = Literal["online", "away", "dnd", "offline"]
Fate = Literal["erase", "anonymous"]
"""What becomes of what somebody has said when their account is deleted: it is destroyed, or stays without a name."""
AuditVia = Literal["client", "command_line", "relay"]
"""From where something was done to the relay: by somebody with their client, on the relay's own machine, or by the relay itself."""
AuditAct = Literal[
    "account_made",
    "account_disabled",
    "account_enabled",
    "password_reset",
    "role_changed",
    "sessions_revoked",
    "account_deleted",
    "name_freed",
    "invite_made",
    "invite_revoked",
    "member_removed",
    "member_banned",
    "ban_lifted",
    "user_muted",
    "user_unmuted",
    "limits_changed",
    "recovery_code_confirmed",
    "recovery_code_made",
    "passphrase_added",
    "passphrase_changed",
    "slot_removed",
    "keys_rotated",
    "backup_made",
    "backup_restored",
    "settings_changed",
    "retention_changed",
    "hold_set",
    "hold_released",
    "move_offered",
    "relay_moved",
]
"""What is written down of what is done to the relay."""
LimitName = Literal[
    "links",
    "devices",
    "messages_per_minute",
    "messages_per_hour",
    "files",
    "uploads",
    "groups",
    "invites",
    "webhooks",
    "tokens",
]
"""Of what one person may have so much, or do so often."""
EntryKind = Literal[
    "message",
    "edit",
    "redaction",
    "reaction",
    "pin",
    "join",
    "leave",
    "ban",
    "mute",
    "slow",
    "role",
    "rename",
    "topic",
    "retention",
    "deleted",
]

# Lengths here are only what a frame may carry; that a name can be shown is a rule of the handlers, with its own code.
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARACTERS)]
Topic = Annotated[str, Meta(max_length=limits.TOPIC_CHARACTERS)]
Text = Annotated[str, Meta(min_length=1, max_length=limits.TEXT_CHARACTERS)]
Password = Annotated[str, Meta(min_length=1, max_length=limits.PASSWORD_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=limits.CODE_CHARACTERS)]
Device = Annotated[str, Meta(max_length=limits.DEVICE_CHARACTERS)]
FileId = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
"""16 random bytes in lower-case hex, given by the relay when an upload begins."""
Emoji = Annotated[str, Meta(min_length=1, max_length=limits.EMOJI_CHARACTERS)]
StatusText = Annotated[str, Meta(max_length=limits.STATUS_CHARACTERS)]
CommandId = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]


class User(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person of this relay. *role* is the one on the relay; roles in groups are in `Member`. *deleted*: they have no account any
    more, and no name."""

    id: UserId
    username: str
    display_name: str
    role: Role
    deleted: bool = False


class FileInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that a message carries. *mime*: what the sender said it is, never to be trusted; *size* in bytes.

    *width* and *height*: of images, in pixels, as the sender said.
    """

    id: FileId
    name: str
    size: int
    mime: str = ""
    width: int = 0
    height: int = 0


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a group's log.

    *at*: when the relay stored it, Unix ms. *nonce*: the author's, of what people send. *target*: the entry that this one speaks
    of (a reply, edit, redaction, reaction, pin). *body*: text of a message or edit, new name of a rename, topic, emoji of a
    reaction, role, seconds of a mute (none: until it is lifted) or of a pause, `Keeps` as JSON, the `Fate` of what a deleted account
    had said. *damaged*: the stored record does not open, *body* is missing. *redacted*: it was taken back, *body* is gone.
    *user*: whom it concerns when that is not the sender (added, removed, banned, muted, given a role). *on*: false takes a reaction,
    pin, ban or mute away. *mentions*: whom a message calls, 0 for everybody. *forwarded*: who said it first. *via*: the script that spoke for
    the sender. *edited*: *body* is not the first one; superseded edits come without *body*.
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
    user: UserId | None = None
    on: bool = True
    files: tuple[FileInfo, ...] = ()
    mentions: tuple[UserId, ...] = ()
    forwarded: UserId | None = None
    via: str | None = None
    edited: bool = False


class Imprint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tells an entry from any other that could stand in its place, had the log taken another course."""

    at: WireSeq
    sender: WireId
    nonce: WireNonce | None = None

    @classmethod
    def of(cls, entry: Entry) -> Imprint:
        """That of *entry*. It stays the same when the entry is edited or taken back."""
        return cls(entry.at, entry.sender, entry.nonce)


class Silence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody may write nothing. *until*: Unix ms by the relay's clock, None until it is lifted. *everywhere*: on the whole relay."""

    until: Millis | None = None
    everywhere: bool = False


class Keeps(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much of a conversation's past is kept: what was said in the last *days*, and of the log the last *entries*; 0: all.

    *held*: nothing is deleted there now, neither by the relay nor by people. *own*: it has a rule of its own.
    """

    days: int = 0
    entries: int = 0
    held: bool = False
    own: bool = False


class GroupInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A group as one person sees it. *role* is missing when the person is not a member; *last* is its newest message.

    *mentions*: how many of the unread messages call this person. *peer*: the other one of a direct conversation (oneself, of the
    notes to oneself), whose *name* is empty. *notify* and *hidden*: how this person wants it, on all devices. *slow*: seconds between
    two messages of one member who does not lead it. *muted*: this person may write nothing here.
    *floor*: the log was deleted up to this seq, and begins after it. *keeps*: how much of it is kept; missing: all.
    """

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
    mentions: int = 0
    peer: UserId | None = None
    notify: NotifyLevel = "all"
    hidden: bool = False
    slow: int = 0
    muted: Silence | None = None
    floor: Seq = Seq(0)
    keeps: Keeps | None = None


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody in a group, how far they have read it, and whether they have a link open now.

    *read_seq* is 0 of who does not tell, and for who does not tell themselves. *status*: what they say of themselves now.
    """

    user: User
    role: Role
    presence: PresenceState
    read_seq: Seq = Seq(0)
    status: str = ""
    muted: Silence | None = None


class Reader(msgspec.Struct, frozen=True):
    """Who has read a message, and when that became known to the relay."""

    user: UserId
    at: Millis


class Ban(msgspec.Struct, frozen=True):
    """Who may not come back into a group, by whose decision, and since when."""

    user: User
    by: UserId
    at: Millis


class Mute(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may write nothing, since when and until when (None: until it is lifted). *by*: None by the relay's command line."""

    user: User
    at: Millis
    by: UserId | None = None
    until: Millis | None = None


class Forward(msgspec.Struct, frozen=True):
    """The message that is said again: the caller must be able to read it."""

    group: WireId
    seq: WireId


class Invite(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invitation that somebody made. *code* is known only at its making. *uses* and *expires*: what is left; None: no limit."""

    id: int
    by: UserId
    at: Millis
    group: GroupId | None = None
    uses: int | None = None
    expires: Millis | None = None


class AccessToken(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key that a script signs in with. The key itself is shown once, at its making."""

    id: int
    name: str
    scopes: tuple[Scope, ...]
    at: Millis
    seen: Millis
    expires: Millis | None = None


class Webhook(msgspec.Struct, frozen=True):
    """An address that posts into a group. The address itself is shown once, at its making."""

    id: int
    group: GroupId
    name: str
    by: UserId
    at: Millis


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who has an account, as owners and admins of the relay see them. *at*: since when; *seen*: when one of the devices
    signed in or connected last, None: none is signed in; *devices*: how many are."""

    user: User
    at: Millis
    disabled: bool = False
    online: bool = False
    devices: int = 0
    seen: Millis | None = None


class Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where somebody is signed in: a device, or (with *scopes*) an access token of theirs. *own*: the one that asks."""

    id: int
    device: str
    at: Millis
    seen: Millis
    scopes: tuple[Scope, ...] | None = None
    own: bool = False


class AuditEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was done to the relay. *act*: an `AuditAct`, of a newer relay perhaps another. *by* and *whom*: user names as they
    were then, ``#`` and the id of who has deleted their account; *by* is empty unless *via* is ``client``. *detail*: the new role, a group, a path, …. *damaged*: the record does not open."""

    id: int
    at: Millis
    act: str = ""
    via: AuditVia = "client"
    by: str = ""
    whom: str = ""
    detail: str = ""
    damaged: bool = False


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that was found. *snippet*: some words around the first place; *marks*: what to emphasise in it, (start, end)."""

    group: GroupId
    seq: Seq
    at: Millis
    sender: UserId
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()
    files: tuple[FileInfo, ...] = ()


class Limits(msgspec.Struct, frozen=True):
    """What this relay accepts, so that a client can refuse before sending."""

    frame_bytes: int = limits.FRAME_BYTES
    text_characters: int = limits.TEXT_CHARACTERS
    name_characters: int = limits.NAME_CHARACTERS
    page: int = limits.PAGE_MAX
    file_bytes: int = 0
    """Largest file; 0: this relay takes none."""


class RelayCard(msgspec.Struct, frozen=True):
    """`GET /api/relay`: what a relay says of itself to anybody who asks. *moved_to*: where it is now, when it is here no more."""

    relay_id: RelayId
    name: str
    version: str
    protocol: str
    online: int
    registration: Registration
    moved_to: list[str] = msgspec.field(default_factory=list)


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """`GET /health`: ``ok``, or ``degraded`` with reasons in words."""

    status: Literal["ok", "degraded"]
    reasons: list[str] = msgspec.field(default_factory=list)
    codes: list[str] = msgspec.field(default_factory=list)
    """What each reason is about, for programs; in the same order."""


class KeyWay(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to the relay's master key, there since *at*. *opens*: the key file was tried just now; *confirmed*: somebody has typed the
    recovery code back."""

    kind: Literal["file", "passphrase", "recovery"]
    at: Millis
    opens: bool | None = None
    confirmed: bool | None = None


class PersonLimit(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much one person may. *name*: a `LimitName`, or one of a later relay. *value*: what counts, *otherwise*: what would count were
    nothing set there (*changed*: something is); 0 is no limit. *used*: how much the person has of it, where that can be counted."""

    name: str
    value: int
    otherwise: int
    changed: bool = False
    used: int | None = None


class LimitException(msgspec.Struct, frozen=True):
    """What was set for somebody alone. *name* and *value* as of `PersonLimit`."""

    user: User
    name: str
    value: int


class RelayState(msgspec.Struct, frozen=True, omit_defaults=True):
    """How it stands with a relay, for its owner. *since*: it runs; *only_admins_invite*: where invitations are asked for, those of its
    owners and admins alone let people without an account in.

    *entries*: of all logs, and *database* and *files*: what they and the contents of files take, *free* and *total*: of the disk that they
    are on; bytes. *backup_folder*: where one is made each day, empty: nowhere. *backup_at*: when the last one was made. *knows_passphrase*:
    the relay was started with one. *resealing*: while everything is sealed anew, how far that is, of how much.
    """

    version: str
    since: Millis
    health: Health
    registration: Registration
    people: int
    online: int
    groups: int
    entries: int
    files: int
    folder: str
    key_file: str
    ways: tuple[KeyWay, ...]
    only_admins_invite: bool = False
    disabled: int = 0
    database: int | None = None
    free: int | None = None
    total: int | None = None
    backup_folder: str = ""
    backup_at: Millis | None = None
    knows_passphrase: bool = False
    resealing: tuple[int, int] | None = None
