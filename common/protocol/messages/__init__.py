"""The words of the wire, one Struct each. Commands are imperatives; what the relay says is an answer or an event.

A frame is one JSON object or an array of them. Unknown fields are ignored, so that both sides may grow; a new word gets a new
tag. A command carries ``id``; its answer carries the same number as ``re``. docs/protocol.md says the same in prose, and the
JSON Schema is generated from these classes (``python -m common.protocol``).
"""

from common.protocol.messages.answers import (
    ANSWERS as ANSWERS,
)
from common.protocol.messages.answers import (
    Accounts as Accounts,
)
from common.protocol.messages.answers import (
    Answer as Answer,
)
from common.protocol.messages.answers import (
    AuditEntries as AuditEntries,
)
from common.protocol.messages.answers import (
    Bans as Bans,
)
from common.protocol.messages.answers import (
    Edits as Edits,
)
from common.protocol.messages.answers import (
    Expired as Expired,
)
from common.protocol.messages.answers import (
    Groups as Groups,
)
from common.protocol.messages.answers import (
    Hits as Hits,
)
from common.protocol.messages.answers import (
    Invited as Invited,
)
from common.protocol.messages.answers import (
    Invites as Invites,
)
from common.protocol.messages.answers import (
    Members as Members,
)
from common.protocol.messages.answers import (
    MoveOffered as MoveOffered,
)
from common.protocol.messages.answers import (
    Mutes as Mutes,
)
from common.protocol.messages.answers import (
    OneGroup as OneGroup,
)
from common.protocol.messages.answers import (
    OneRelay as OneRelay,
)
from common.protocol.messages.answers import (
    Page as Page,
)
from common.protocol.messages.answers import (
    PasswordMade as PasswordMade,
)
from common.protocol.messages.answers import (
    PersonLimits as PersonLimits,
)
from common.protocol.messages.answers import (
    Pins as Pins,
)
from common.protocol.messages.answers import (
    Problem as Problem,
)
from common.protocol.messages.answers import (
    Readers as Readers,
)
from common.protocol.messages.answers import (
    Retained as Retained,
)
from common.protocol.messages.answers import (
    Sent as Sent,
)
from common.protocol.messages.answers import (
    Sessions as Sessions,
)
from common.protocol.messages.answers import (
    SignedIn as SignedIn,
)
from common.protocol.messages.answers import (
    TokenMade as TokenMade,
)
from common.protocol.messages.answers import (
    Tokens as Tokens,
)
from common.protocol.messages.answers import (
    Users as Users,
)
from common.protocol.messages.answers import (
    WebhookMade as WebhookMade,
)
from common.protocol.messages.answers import (
    Webhooks as Webhooks,
)
from common.protocol.messages.answers import (
    Welcome as Welcome,
)
from common.protocol.messages.commands import (
    COMMANDS as COMMANDS,
)
from common.protocol.messages.commands import (
    AddMember as AddMember,
)
from common.protocol.messages.commands import (
    AnyCommand as AnyCommand,
)
from common.protocol.messages.commands import (
    BanMember as BanMember,
)
from common.protocol.messages.commands import (
    Choose as Choose,
)
from common.protocol.messages.commands import (
    Command as Command,
)
from common.protocol.messages.commands import (
    CountExpired as CountExpired,
)
from common.protocol.messages.commands import (
    CreateGroup as CreateGroup,
)
from common.protocol.messages.commands import (
    CreateInvite as CreateInvite,
)
from common.protocol.messages.commands import (
    CreateToken as CreateToken,
)
from common.protocol.messages.commands import (
    CreateWebhook as CreateWebhook,
)
from common.protocol.messages.commands import (
    DeleteAccount as DeleteAccount,
)
from common.protocol.messages.commands import (
    DisableUser as DisableUser,
)
from common.protocol.messages.commands import (
    Edit as Edit,
)
from common.protocol.messages.commands import (
    GetRetention as GetRetention,
)
from common.protocol.messages.commands import (
    Hello as Hello,
)
from common.protocol.messages.commands import (
    History as History,
)
from common.protocol.messages.commands import (
    JoinGroup as JoinGroup,
)
from common.protocol.messages.commands import (
    LeaveGroup as LeaveGroup,
)
from common.protocol.messages.commands import (
    ListAccounts as ListAccounts,
)
from common.protocol.messages.commands import (
    ListAudit as ListAudit,
)
from common.protocol.messages.commands import (
    ListBans as ListBans,
)
from common.protocol.messages.commands import (
    ListEdits as ListEdits,
)
from common.protocol.messages.commands import (
    ListGroups as ListGroups,
)
from common.protocol.messages.commands import (
    ListInvites as ListInvites,
)
from common.protocol.messages.commands import (
    ListLimits as ListLimits,
)
from common.protocol.messages.commands import (
    ListMembers as ListMembers,
)
from common.protocol.messages.commands import (
    ListMutes as ListMutes,
)
from common.protocol.messages.commands import (
    ListPins as ListPins,
)
from common.protocol.messages.commands import (
    ListReaders as ListReaders,
)
from common.protocol.messages.commands import (
    ListSessions as ListSessions,
)
from common.protocol.messages.commands import (
    ListTokens as ListTokens,
)
from common.protocol.messages.commands import (
    ListUsers as ListUsers,
)
from common.protocol.messages.commands import (
    ListWebhooks as ListWebhooks,
)
from common.protocol.messages.commands import (
    Login as Login,
)
from common.protocol.messages.commands import (
    Logout as Logout,
)
from common.protocol.messages.commands import (
    MarkRead as MarkRead,
)
from common.protocol.messages.commands import (
    MarkUnread as MarkUnread,
)
from common.protocol.messages.commands import (
    Mentions as Mentions,
)
from common.protocol.messages.commands import (
    MuteMember as MuteMember,
)
from common.protocol.messages.commands import (
    OfferMove as OfferMove,
)
from common.protocol.messages.commands import (
    OpenDirect as OpenDirect,
)
from common.protocol.messages.commands import (
    Pin as Pin,
)
from common.protocol.messages.commands import (
    Post as Post,
)
from common.protocol.messages.commands import (
    Promote as Promote,
)
from common.protocol.messages.commands import (
    React as React,
)
from common.protocol.messages.commands import (
    Redact as Redact,
)
from common.protocol.messages.commands import (
    Register as Register,
)
from common.protocol.messages.commands import (
    RemoveMember as RemoveMember,
)
from common.protocol.messages.commands import (
    RenameGroup as RenameGroup,
)
from common.protocol.messages.commands import (
    ResetPassword as ResetPassword,
)
from common.protocol.messages.commands import (
    RevokeInvite as RevokeInvite,
)
from common.protocol.messages.commands import (
    RevokeSessions as RevokeSessions,
)
from common.protocol.messages.commands import (
    RevokeToken as RevokeToken,
)
from common.protocol.messages.commands import (
    RevokeWebhook as RevokeWebhook,
)
from common.protocol.messages.commands import (
    Search as Search,
)
from common.protocol.messages.commands import (
    SetHold as SetHold,
)
from common.protocol.messages.commands import (
    SetLimit as SetLimit,
)
from common.protocol.messages.commands import (
    SetPresence as SetPresence,
)
from common.protocol.messages.commands import (
    SetReceipts as SetReceipts,
)
from common.protocol.messages.commands import (
    SetRetention as SetRetention,
)
from common.protocol.messages.commands import (
    SetRole as SetRole,
)
from common.protocol.messages.commands import (
    SetSlow as SetSlow,
)
from common.protocol.messages.commands import (
    SetTopic as SetTopic,
)
from common.protocol.messages.commands import (
    ShowState as ShowState,
)
from common.protocol.messages.commands import (
    Typing as Typing,
)
from common.protocol.messages.events import (
    EVENTS as EVENTS,
)
from common.protocol.messages.events import (
    AnyEvent as AnyEvent,
)
from common.protocol.messages.events import (
    Behind as Behind,
)
from common.protocol.messages.events import (
    Bye as Bye,
)
from common.protocol.messages.events import (
    EntryAdded as EntryAdded,
)
from common.protocol.messages.events import (
    Event as Event,
)
from common.protocol.messages.events import (
    GroupChanged as GroupChanged,
)
from common.protocol.messages.events import (
    GroupGone as GroupGone,
)
from common.protocol.messages.events import (
    LogPurged as LogPurged,
)
from common.protocol.messages.events import (
    Moved as Moved,
)
from common.protocol.messages.events import (
    PresenceChanged as PresenceChanged,
)
from common.protocol.messages.events import (
    ReadMoved as ReadMoved,
)
from common.protocol.messages.events import (
    ReceiptsSwitched as ReceiptsSwitched,
)
from common.protocol.messages.events import (
    RetentionChanged as RetentionChanged,
)
from common.protocol.messages.events import (
    TypingSeen as TypingSeen,
)
from common.protocol.messages.events import (
    UnreadMoved as UnreadMoved,
)
from common.protocol.messages.events import (
    UserChanged as UserChanged,
)
from common.protocol.messages.values import (
    AccessToken as AccessToken,
)
from common.protocol.messages.values import (
    Account as Account,
)
from common.protocol.messages.values import (
    AuditAct as AuditAct,
)
from common.protocol.messages.values import (
    AuditEntry as AuditEntry,
)
from common.protocol.messages.values import (
    AuditVia as AuditVia,
)
from common.protocol.messages.values import (
    Ban as Ban,
)
from common.protocol.messages.values import (
    Code as Code,
)
from common.protocol.messages.values import (
    CommandId as CommandId,
)
from common.protocol.messages.values import (
    Device as Device,
)
from common.protocol.messages.values import (
    Emoji as Emoji,
)
from common.protocol.messages.values import (
    Entry as Entry,
)
from common.protocol.messages.values import (
    EntryKind as EntryKind,
)
from common.protocol.messages.values import (
    Fate as Fate,
)
from common.protocol.messages.values import (
    FileId as FileId,
)
from common.protocol.messages.values import (
    FileInfo as FileInfo,
)
from common.protocol.messages.values import (
    Forward as Forward,
)
from common.protocol.messages.values import (
    GroupInfo as GroupInfo,
)
from common.protocol.messages.values import (
    GroupKind as GroupKind,
)
from common.protocol.messages.values import (
    Health as Health,
)
from common.protocol.messages.values import (
    Hit as Hit,
)
from common.protocol.messages.values import (
    Imprint as Imprint,
)
from common.protocol.messages.values import (
    Invite as Invite,
)
from common.protocol.messages.values import (
    Keeps as Keeps,
)
from common.protocol.messages.values import (
    KeyWay as KeyWay,
)
from common.protocol.messages.values import (
    LimitException as LimitException,
)
from common.protocol.messages.values import (
    LimitName as LimitName,
)
from common.protocol.messages.values import (
    Limits as Limits,
)
from common.protocol.messages.values import (
    Member as Member,
)
from common.protocol.messages.values import (
    Mute as Mute,
)
from common.protocol.messages.values import (
    Name as Name,
)
from common.protocol.messages.values import (
    NotifyLevel as NotifyLevel,
)
from common.protocol.messages.values import (
    Password as Password,
)
from common.protocol.messages.values import (
    PersonLimit as PersonLimit,
)
from common.protocol.messages.values import (
    PresenceState as PresenceState,
)
from common.protocol.messages.values import (
    Reader as Reader,
)
from common.protocol.messages.values import (
    Registration as Registration,
)
from common.protocol.messages.values import (
    RelayCard as RelayCard,
)
from common.protocol.messages.values import (
    RelayState as RelayState,
)
from common.protocol.messages.values import (
    Role as Role,
)
from common.protocol.messages.values import (
    Scope as Scope,
)
from common.protocol.messages.values import (
    Session as Session,
)
from common.protocol.messages.values import (
    Silence as Silence,
)
from common.protocol.messages.values import (
    StatusText as StatusText,
)
from common.protocol.messages.values import (
    Text as Text,
)
from common.protocol.messages.values import (
    Topic as Topic,
)
from common.protocol.messages.values import (
    User as User,
)
from common.protocol.messages.values import (
    Webhook as Webhook,
)
