"""What the relay answers, one class each; and which command gets which."""

from __future__ import annotations

from typing import Final

import msgspec

from common.ids import Epoch, GroupId, Millis, Seq
from common.protocol.messages.commands import (
    AddMember,
    BanMember,
    Choose,
    Command,
    CountExpired,
    CreateGroup,
    CreateInvite,
    CreateToken,
    CreateWebhook,
    DeleteAccount,
    DisableUser,
    Edit,
    GetRetention,
    Hello,
    History,
    JoinGroup,
    LeaveGroup,
    ListAccounts,
    ListAudit,
    ListBans,
    ListEdits,
    ListGroups,
    ListInvites,
    ListLimits,
    ListMembers,
    ListMutes,
    ListPins,
    ListReaders,
    ListSessions,
    ListTokens,
    ListUsers,
    ListWebhooks,
    Login,
    Logout,
    MarkRead,
    MarkUnread,
    MuteMember,
    OfferMove,
    OpenDirect,
    Pin,
    Post,
    Promote,
    React,
    Redact,
    Register,
    RemoveMember,
    RenameGroup,
    ResetPassword,
    RevokeInvite,
    RevokeSessions,
    RevokeToken,
    RevokeWebhook,
    Search,
    SetHold,
    SetLimit,
    SetPresence,
    SetReceipts,
    SetRetention,
    SetRole,
    SetSlow,
    SetTopic,
    ShowState,
    Typing,
)
from common.protocol.messages.values import (
    AccessToken,
    Account,
    AuditEntry,
    Ban,
    Entry,
    GroupInfo,
    Hit,
    Invite,
    Keeps,
    LimitException,
    Limits,
    Member,
    Mute,
    PersonLimit,
    Reader,
    RelayState,
    Session,
    User,
    Webhook,
)


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ok"):
    """Done. *re* is the id of the command that this answers."""

    re: int = 0


class SignedIn(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `register` and `login`. The token is shown once; keep it as one keeps a password."""

    token: str
    user: User


class Welcome(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `hello`. Entries above the cursors follow as events, or one `behind`.

    *strayed*: groups whose log is not the one that the cursor is of, because the relay's data was set back: it is as with another
    epoch, no cursor was believed. *receipts*: others are told how far one has read. *at*: the relay's clock.
    """

    epoch: Epoch
    user: User
    groups: list[GroupInfo]
    limits: Limits = msgspec.field(default_factory=Limits)
    receipts: bool = True
    strayed: list[GroupId] = msgspec.field(default_factory=list)
    at: Millis = Millis(0)


class Groups(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_groups`."""

    groups: list[GroupInfo]


class OneGroup(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `create_group`, `join_group` and `open_direct`."""

    group: GroupInfo


class Members(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_members`."""

    members: list[Member]


class Users(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_users`."""

    users: list[User]


class Sent(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `post` and of all else that makes an entry: it is on disk at this place."""

    seq: Seq
    at: Millis


class Page(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `history`: rising seqs; *more* is true when there are further entries in the asked direction.

    *related*: later entries outside of the page that still say something of its messages (edits, reactions, pins). *floor*: the log
    was deleted up to there, and begins after it.
    """

    entries: list[Entry]
    more: bool
    related: list[Entry] = msgspec.field(default_factory=list)
    floor: Seq = Seq(0)


class Edits(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_edits`: the message and its edits, rising seqs."""

    entries: list[Entry]


class Pins(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_pins`."""

    entries: list[Entry]


class Readers(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_readers`, the first reader first."""

    readers: list[Reader]


class Bans(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_bans`, the last ban first."""

    bans: list[Ban]


class Mutes(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_mutes`, the last one first."""

    mutes: list[Mute]


class Invited(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `create_invite`. *link* carries the relay's address and identity too."""

    invite: Invite
    code: str
    link: str


class Invites(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_invites`."""

    invites: list[Invite]


class Hits(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `search`, newest first. *complete* is false while older messages are still being looked through."""

    hits: list[Hit]
    complete: bool
    more: bool = False


class TokenMade(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `create_token`: *secret* goes into ``Authorization: Bearer``."""

    token: AccessToken
    secret: str


class Tokens(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_tokens`."""

    tokens: list[AccessToken]


class WebhookMade(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `create_webhook`. *path*: to POST to, on this relay."""

    webhook: Webhook
    path: str


class Webhooks(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_webhooks`."""

    webhooks: list[Webhook]


class AuditEntries(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_audit`, newest first. *more*: there are older ones."""

    entries: list[AuditEntry]
    more: bool


class Retained(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `get_retention`: the relay's rule."""

    keeps: Keeps


class Expired(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `count_expired`, `set_retention` and `set_hold`: so many messages go."""

    messages: int


class Accounts(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_accounts`, by id."""

    accounts: list[Account]


class PasswordMade(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `reset_password`. The *password* is told this once."""

    password: str


class Sessions(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_sessions`, oldest first."""

    sessions: list[Session]


class PersonLimits(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `list_limits`. *exceptions*: of everybody, where no one person was asked for."""

    limits: list[PersonLimit]
    exceptions: list[LimitException]


class MoveOffered(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `offer_move`. *ticket* is shown once, and good for one computer that begins before *expires_at*."""

    ticket: str
    expires_at: Millis


class OneRelay(Answer, frozen=True, kw_only=True, tag="ok"):
    """Answer of `show_state`."""

    relay: RelayState


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error", omit_defaults=True):
    """The answer is no. *re* is missing where the frame was so broken that the command's id is unknown.

    *limit*: which limit of one person is reached, a `LimitName` or one of a newer relay, and how much it is (*most*).
    """

    code: str
    message: str
    re: int | None = None
    retry_after: float | None = None
    limit: str | None = None
    most: int | None = None


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
    OpenDirect: OneGroup,
    AddMember: Answer,
    RemoveMember: Answer,
    BanMember: Answer,
    ListBans: Bans,
    MuteMember: Answer,
    ListMutes: Mutes,
    SetSlow: Sent,
    SetRole: Answer,
    SetTopic: Sent,
    CreateInvite: Invited,
    ListInvites: Invites,
    RevokeInvite: Answer,
    Edit: Sent,
    ListEdits: Edits,
    Redact: Sent,
    React: Sent,
    Pin: Sent,
    ListPins: Pins,
    ListReaders: Readers,
    MarkUnread: Answer,
    Typing: Answer,
    SetPresence: Answer,
    SetReceipts: Answer,
    Choose: Answer,
    Search: Hits,
    CreateToken: TokenMade,
    ListTokens: Tokens,
    RevokeToken: Answer,
    CreateWebhook: WebhookMade,
    ListWebhooks: Webhooks,
    RevokeWebhook: Answer,
    ListAudit: AuditEntries,
    GetRetention: Retained,
    CountExpired: Expired,
    SetRetention: Expired,
    SetHold: Expired,
    ListAccounts: Accounts,
    DisableUser: Answer,
    ResetPassword: PasswordMade,
    Promote: Answer,
    ListSessions: Sessions,
    RevokeSessions: Answer,
    ListLimits: PersonLimits,
    SetLimit: Answer,
    DeleteAccount: Answer,
    OfferMove: MoveOffered,
    ShowState: OneRelay,
}
