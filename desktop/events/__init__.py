"""What the link tells, as values. They cross into the window's thread and are folded by the models there."""

from __future__ import annotations

from desktop.events.asked import (
    BansListed,
    EditsListed,
    ExportChanged,
    HitsFound,
    HookMade,
    HooksListed,
    InviteMade,
    InvitesListed,
    KeyMade,
    PinsListed,
    ReadersListed,
    TokensListed,
)
from desktop.events.conversations import (
    ChoicesKnown,
    CompleteUpTo,
    EntriesKnown,
    EpochBegan,
    GroupLost,
    GroupSeen,
    GroupsListed,
    GroupWanted,
    MembersListed,
    OwnStatusKnown,
    PinsCounted,
    PresenceSeen,
    ReadSeen,
    RelatedKnown,
    TypingHeard,
    UnreadSeen,
    UsersKnown,
)
from desktop.events.link import (
    CommandRefused,
    IdentityChanged,
    KeyMissing,
    LinkChanged,
    SignedIn,
    SignedOut,
    SignInFailed,
    WindowWanted,
)
from desktop.events.outbox import (
    AlreadySaid,
    DraftFilesKnown,
    DraftsKnown,
    FilesLookedAt,
    OutboxListed,
    PreviewMade,
    SaidAllTheSame,
)
from desktop.events.relays import (
    AddressAnswered,
    AddressFailed,
    ConnectionChecked,
    DiscoveryTrouble,
    OwnerCodeKept,
    RelayForgotten,
    RelaysFound,
)
from desktop.events.transfers import PictureKnown, TransferChanged, TransferEnded
from desktop.moves import MoveAllowed
from desktop.ordered import Ordered
from desktop.own_data import OwnDataChanged
from desktop.unsent import FormerKnown, UnsentSaved

LinkEvent = (
    RelaysFound
    | RelayForgotten
    | WindowWanted
    | KeyMissing
    | OwnerCodeKept
    | DiscoveryTrouble
    | AddressFailed
    | AddressAnswered
    | ConnectionChecked
    | LinkChanged
    | SignedIn
    | SignInFailed
    | SignedOut
    | IdentityChanged
    | EpochBegan
    | GroupsListed
    | GroupSeen
    | GroupLost
    | EntriesKnown
    | RelatedKnown
    | GroupWanted
    | CompleteUpTo
    | MembersListed
    | UsersKnown
    | PresenceSeen
    | TypingHeard
    | ReadSeen
    | UnreadSeen
    | OutboxListed
    | AlreadySaid
    | SaidAllTheSame
    | PinsListed
    | PinsCounted
    | BansListed
    | KeyMade
    | TokensListed
    | HookMade
    | HooksListed
    | ReadersListed
    | EditsListed
    | InviteMade
    | InvitesListed
    | Ordered
    | MoveAllowed
    | HitsFound
    | ChoicesKnown
    | OwnStatusKnown
    | CommandRefused
    | DraftsKnown
    | TransferChanged
    | TransferEnded
    | DraftFilesKnown
    | FormerKnown
    | UnsentSaved
    | FilesLookedAt
    | PreviewMade
    | ExportChanged
    | OwnDataChanged
    | PictureKnown
)
