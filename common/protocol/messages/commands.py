"""What a client asks: imperatives, one class each."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from common.ids import WireId, WireNonce, WireSeq
from common.protocol import limits
from common.protocol.messages.values import (
    Code,
    CommandId,
    Device,
    Emoji,
    Fate,
    FileId,
    Forward,
    Imprint,
    LimitName,
    Name,
    NotifyLevel,
    Password,
    Role,
    Scope,
    StatusText,
    Text,
    Topic,
)

Mentions = Annotated[tuple[WireSeq, ...], Meta(max_length=limits.MENTIONS_MAX)]


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
    """The first command on a link. *cursors*: the last seq known of each group, valid within *epoch*.

    *imprints*: of the entries at some of the cursors, by which the relay sees whether its log is still the one that they are of.
    """

    client: Annotated[str, Meta(max_length=limits.NAME_CHARACTERS)]
    epoch: Annotated[str, Meta(max_length=limits.NAME_CHARACTERS)] | None = None
    cursors: Annotated[dict[WireId, WireSeq], Meta(max_length=limits.CURSORS_MAX)] = msgspec.field(default_factory=dict)
    imprints: Annotated[dict[WireId, Imprint], Meta(max_length=limits.IMPRINTS_MAX)] = msgspec.field(
        default_factory=dict
    )


class ListGroups(Command, frozen=True, kw_only=True, tag="list_groups"):
    """The groups that this person is in, and the open ones that they could join."""


class CreateGroup(Command, frozen=True, kw_only=True, tag="create_group"):
    """Make a named group and become its owner. A *private* one is seen by its members only."""

    name: Name
    topic: Topic = ""
    private: bool = False


class JoinGroup(Command, frozen=True, kw_only=True, tag="join_group"):
    """Become a member of an open group, or by an invitation's *code* of the group that it leads to. Joining twice changes nothing."""

    group: WireId | None = None
    code: Code | None = None


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
    """Put *body* into *group*. Sending the same *nonce* again changes nothing and gets the first answer.

    *mentions*: the members that it calls, 0 for everybody. *forward*: a message to say again, which brings its own *body*
    and files. *files*: own uploads that are whole.
    """

    group: WireId
    nonce: WireNonce
    body: Text | None = None
    reply_to: WireId | None = None
    mentions: Mentions = ()
    forward: Forward | None = None
    files: Annotated[tuple[FileId, ...], Meta(max_length=limits.FILES_PER_MESSAGE)] = ()


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


class OpenDirect(Command, frozen=True, kw_only=True, tag="open_direct"):
    """The conversation of two with *user*, made when there is none; with oneself: notes."""

    user: WireId


class AddMember(Command, frozen=True, kw_only=True, tag="add_member"):
    """Put somebody into a group; its owner and admins may."""

    group: WireId
    user: WireId


class RemoveMember(Command, frozen=True, kw_only=True, tag="remove_member"):
    """Take somebody out of a group; its owner and admins may, an admin no owner or admin."""

    group: WireId
    user: WireId


class BanMember(Command, frozen=True, kw_only=True, tag="ban_member"):
    """Take somebody out of a group for good, or (*on* false) let them come back."""

    group: WireId
    user: WireId
    on: bool = True


class ListBans(Command, frozen=True, kw_only=True, tag="list_bans"):
    """Who is banned from a group; its owners and admins may ask."""

    group: WireId


class MuteMember(Command, frozen=True, kw_only=True, tag="mute_member"):
    """Let somebody read and write nothing: in *group*, where its owners and admins may, or without it on the whole relay, where its own may.

    *seconds*: for so long, without it until it is lifted. *on* false lifts it.
    """

    user: WireId
    group: WireId | None = None
    on: bool = True
    seconds: Annotated[int, Meta(ge=1, le=limits.MUTE_S_MAX)] | None = None


class ListMutes(Command, frozen=True, kw_only=True, tag="list_mutes"):
    """Who may write nothing in a group, or without it anywhere on the relay; for who may mute there."""

    group: WireId | None = None


class SetSlow(Command, frozen=True, kw_only=True, tag="set_slow"):
    """So many *seconds* are between two messages of one member of *group*, 0 for none; its owners and admins may say so."""

    group: WireId
    seconds: Annotated[int, Meta(ge=0, le=limits.SLOW_S_MAX)]


class SetRole(Command, frozen=True, kw_only=True, tag="set_role"):
    """Make somebody owner, admin or member of a group; its owners may."""

    group: WireId
    user: WireId
    role: Role


class SetTopic(Command, frozen=True, kw_only=True, tag="set_topic"):
    """Say what a group is about; its owner and admins may."""

    group: WireId
    topic: Topic


class CreateInvite(Command, frozen=True, kw_only=True, tag="create_invite"):
    """A code that lets people register here, and with *group* makes them members of it. *expires*: Unix ms."""

    group: WireId | None = None
    uses: Annotated[int, Meta(ge=1, le=limits.INVITE_USES_MAX)] | None = None
    expires: WireId | None = None


class ListInvites(Command, frozen=True, kw_only=True, tag="list_invites"):
    """The invitations that are still good: to *group*, without it to the relay."""

    group: WireId | None = None


class RevokeInvite(Command, frozen=True, kw_only=True, tag="revoke_invite"):
    """Make an invitation worthless. Its maker may, and who could have made it."""

    invite: WireId


class Edit(Command, frozen=True, kw_only=True, tag="edit"):
    """Give an own message another text. *mentions* as of `Post`."""

    group: WireId
    nonce: WireNonce
    target: WireId
    body: Text
    mentions: Mentions = ()


class ListEdits(Command, frozen=True, kw_only=True, tag="list_edits"):
    """All texts that an own message had, the first one first."""

    group: WireId
    target: WireId


class Redact(Command, frozen=True, kw_only=True, tag="redact"):
    """Take a message back for everyone: its text, its edits and its files are destroyed. Its author may, and admins of the group."""

    group: WireId
    nonce: WireNonce
    target: WireId


class React(Command, frozen=True, kw_only=True, tag="react"):
    """Put an emoji to a message, or (*on* false) take it away. What is so already stays and gets the entry that made it so."""

    group: WireId
    nonce: WireNonce
    target: WireId
    emoji: Emoji
    on: bool = True


class Pin(Command, frozen=True, kw_only=True, tag="pin"):
    """Put a message on the group's list of pinned ones, or (*on* false) take it off."""

    group: WireId
    nonce: WireNonce
    target: WireId
    on: bool = True


class ListPins(Command, frozen=True, kw_only=True, tag="list_pins"):
    """The pinned messages of a group, the newest pin first."""

    group: WireId


class ListReaders(Command, frozen=True, kw_only=True, tag="list_readers"):
    """Who has read an own message, and when."""

    group: WireId
    seq: WireId


class MarkUnread(Command, frozen=True, kw_only=True, tag="unread"):
    """Set this person's own read marker back to before *seq*; others do not hear of it."""

    group: WireId
    seq: WireId


class Typing(Command, frozen=True, kw_only=True, tag="typing"):
    """This person is writing something; said again every few seconds while it is so."""

    group: WireId


class SetPresence(Command, frozen=True, kw_only=True, tag="set_presence"):
    """What this link's person says of themselves, for as long as the link is open."""

    state: Literal["online", "away", "dnd"]
    text: StatusText = ""


class SetReceipts(Command, frozen=True, kw_only=True, tag="set_receipts"):
    """Tell others how far one has read (*on*), or not; who does not tell is not told either."""

    on: bool


class Choose(Command, frozen=True, kw_only=True, tag="choose"):
    """How one wants the conversation *group*, on all devices: of what in it to be told, and whether it is out of sight."""

    group: WireId
    notify: NotifyLevel = "all"
    hidden: bool = False


class Search(Command, frozen=True, kw_only=True, tag="search"):
    """Find messages that this person may read, newest first. *before*: the time of the last hit of the page before."""

    query: Annotated[str, Meta(min_length=1, max_length=limits.QUERY_CHARACTERS)]
    group: WireId | None = None
    before: WireId | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.HITS_MAX)] = limits.HITS_DEFAULT


class CreateToken(Command, frozen=True, kw_only=True, tag="create_token"):
    """A personal access token for a script. *expires*: Unix ms."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=8)]
    expires: WireId | None = None


class ListTokens(Command, frozen=True, kw_only=True, tag="list_tokens"):
    """The own access tokens."""


class RevokeToken(Command, frozen=True, kw_only=True, tag="revoke_token"):
    """Make an own access token worthless."""

    token: WireId


class CreateWebhook(Command, frozen=True, kw_only=True, tag="create_webhook"):
    """An address that posts into *group* under *name*; the group's owner and admins may make one."""

    group: WireId
    name: Name


class ListWebhooks(Command, frozen=True, kw_only=True, tag="list_webhooks"):
    """The webhooks of a group."""

    group: WireId


class RevokeWebhook(Command, frozen=True, kw_only=True, tag="revoke_webhook"):
    """Make a webhook worthless."""

    group: WireId
    webhook: WireId


class ListAudit(Command, frozen=True, kw_only=True, tag="list_audit"):
    """What was done to the relay, newest first: the entries before one, or the newest. The relay's owners may ask."""

    before: WireId | None = None
    limit: Annotated[int, Meta(ge=1, le=limits.PAGE_MAX)] = limits.PAGE_DEFAULT


KeepDays = Annotated[int, Meta(ge=0, le=limits.KEEP_DAYS_MAX)]
KeepEntries = Annotated[int, Meta(ge=0, le=limits.KEEP_ENTRIES_MAX)]


class GetRetention(Command, frozen=True, kw_only=True, tag="get_retention"):
    """How much of the past this relay keeps where a conversation has no rule of its own."""


class CountExpired(Command, frozen=True, kw_only=True, tag="count_expired"):
    """How many messages would go if `set_retention` were given these rules now; with *release*, if the hold there were to end."""

    group: WireId | None = None
    days: KeepDays | None = None
    entries: KeepEntries | None = None
    release: bool = False


class SetRetention(Command, frozen=True, kw_only=True, tag="set_retention"):
    """How much of the past *group* keeps, or (without it) every conversation that has no rule of its own. 0 keeps all; what is
    missing is as the relay says.

    *loses*: how many messages the person has been told that they lose by it; when more would go it is refused with `would_delete`.
    """

    group: WireId | None = None
    days: KeepDays | None = None
    entries: KeepEntries | None = None
    loses: WireSeq = 0


class SetHold(Command, frozen=True, kw_only=True, tag="set_hold"):
    """Let nothing be deleted in *group*, or (without it) anywhere on the relay, by nobody; or (*on* false) let that end.

    *loses*: as of `SetRetention`, for what has had its time meanwhile.
    """

    group: WireId | None = None
    on: bool = True
    loses: WireSeq = 0


class ListAccounts(Command, frozen=True, kw_only=True, tag="list_accounts"):
    """Everybody who has an account on the relay. Its owners and admins may ask."""


class DisableUser(Command, frozen=True, kw_only=True, tag="disable_user"):
    """Shut somebody out: signed out everywhere, and not let in again; or (*on* false) let them in. Owners of the relay anybody but
    themselves and the last owner, its admins members."""

    user: WireId
    on: bool = True


class ResetPassword(Command, frozen=True, kw_only=True, tag="reset_password"):
    """Give somebody a new password, which the relay makes up, and sign them out everywhere. Who may is as of `DisableUser`."""

    user: WireId


class Promote(Command, frozen=True, kw_only=True, tag="promote"):
    """Make somebody owner, admin or member of the relay. Its owners may."""

    user: WireId
    role: Role


class ListSessions(Command, frozen=True, kw_only=True, tag="list_sessions"):
    """Where somebody is signed in: oneself, or who one may act on as of `DisableUser`."""

    user: WireId


class RevokeSessions(Command, frozen=True, kw_only=True, tag="revoke_sessions"):
    """Sign somebody out, of that one *session* or of all. Who may is as of `ListSessions`."""

    user: WireId
    session: WireId | None = None


class ListLimits(Command, frozen=True, kw_only=True, tag="list_limits"):
    """How much one person may have and do on the relay; with *user*, how much that one may, and has. The relay's owners may ask."""

    user: WireId | None = None


class SetLimit(Command, frozen=True, kw_only=True, tag="set_limit"):
    """Let *value* count from now on, for *user* alone or (without it) for everybody. 0 is no limit; when it is missing, what counts
    otherwise does. The relay's owners may say so."""

    limit: LimitName
    value: WireSeq | None = None
    user: WireId | None = None


class DeleteAccount(Command, frozen=True, kw_only=True, tag="delete_account"):
    """Delete the own account for good: with all that one has said, or leaving that without a name. The *password* is given again."""

    password: Password
    messages: Fate


class OfferMove(Command, frozen=True, kw_only=True, tag="offer_move"):
    """Let another computer take this relay over: an owner of the relay may, and gives their *password* again."""

    password: Password


class ShowState(Command, frozen=True, kw_only=True, tag="show_state"):
    """How it stands with the relay: its health, what opens its data, its disk, its backups. Its owners may ask."""


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
    | OpenDirect
    | AddMember
    | RemoveMember
    | BanMember
    | ListBans
    | MuteMember
    | ListMutes
    | SetSlow
    | SetRole
    | SetTopic
    | CreateInvite
    | ListInvites
    | RevokeInvite
    | Edit
    | ListEdits
    | Redact
    | React
    | Pin
    | ListPins
    | ListReaders
    | MarkUnread
    | Typing
    | SetPresence
    | SetReceipts
    | Choose
    | Search
    | CreateToken
    | ListTokens
    | RevokeToken
    | CreateWebhook
    | ListWebhooks
    | RevokeWebhook
    | ListAudit
    | GetRetention
    | CountExpired
    | SetRetention
    | SetHold
    | ListAccounts
    | DisableUser
    | ResetPassword
    | Promote
    | ListSessions
    | RevokeSessions
    | ListLimits
    | SetLimit
    | DeleteAccount
    | OfferMove
    | ShowState
)
COMMANDS: Final[dict[str, type[Command]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyCommand)}
