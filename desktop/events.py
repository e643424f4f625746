"""What the link tells, as values. They cross into the window's thread and are folded by the models there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from common.ids import Epoch, GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import (
    AccessToken,
    Ban,
    Entry,
    FileId,
    FileInfo,
    Forward,
    GroupInfo,
    Hit,
    Invite,
    Member,
    PresenceState,
    Reader,
    Registration,
    User,
    Webhook,
)
from common.protocol.messages import NotifyLevel as NotifyLevel
from desktop.export.order import Progress
from desktop.moves import MoveAllowed
from desktop.ordered import Ordered
from desktop.own_data import OwnDataChanged
from desktop.unsent import FormerKnown, UnsentSaved

# -- relays on the network ---------------------------------------------------------------------------------------------


class Trust(Enum):
    """What this client knows of a relay's identity."""

    NEW = auto()
    KNOWN = auto()
    IMPOSTOR = auto()
    """A name that belongs to a known relay, or an address that it had, shown by another identity."""


class FoundRelay(Struct, frozen=True):
    """A relay that answered a probe just now, or a known one that does not (*is_silent*).

    *host* and *port*: where it answered best, or did last; *addresses*: everywhere it was seen.
    """

    relay_id: RelayId
    name: str
    host: str
    port: int
    addresses: tuple[str, ...]
    online: int
    registration: Registration
    trust: Trust
    known_since: Millis | None = None
    """When this client first signed in there; only of a known relay."""
    conflicts_with: RelayId | None = None
    """The known relay whose name or address an impostor shows."""
    only_address: bool = False
    """An impostor has another name, and only answers where the known relay was."""
    is_silent: bool = False
    """A known relay that does not answer now; how many are there and who may come is not known then."""


class RelaysFound(Struct, frozen=True):
    """The whole list, known ones first."""

    relays: tuple[FoundRelay, ...]


class DiscoveryTrouble(Struct, frozen=True):
    """Looking for relays is hindered; *message* for people says what to do."""

    message: str


class AddressFailed(Struct, frozen=True):
    """A typed address or pasted invitation led to no relay; *message* for people."""

    address: str
    message: str


class AddressAnswered(Struct, frozen=True):
    """A typed address or pasted invitation led to this relay. *address*: as it was given; *code*: the invitation's, else empty.

    *verified*: the invitation names exactly this identity.
    """

    address: str
    relay: FoundRelay
    code: str = ""
    verified: bool = False


class RelayForgotten(Struct, frozen=True):
    """A known relay was forgotten as it was asked for, or is no longer looked for at addresses that are another's."""

    relay_id: RelayId


class Leg(StrEnum):
    """A leg of the way to a relay, by which a finding can be known whatever the language."""

    NETWORK = "network"
    """This computer is on no network, or got no address from it."""
    MULTICAST = "multicast"
    """Announcements cannot be sent or do not arrive."""
    SILENCE = "silence"
    """Nothing at all is heard, and nothing is known."""
    ADAPTER = "adapter"
    """The relay and this computer are not in one network."""
    PORT = "port"
    """A relay is heard, and nothing listens on its port."""
    FIREWALL = "firewall"
    """The relay's computer is there, and what is sent to the port is held back."""
    IDENTITY = "identity"
    """Another relay answers."""
    GONE = "gone"
    """A known relay does not run any more, or its computer is off."""
    ANSWER = "answer"
    """What answers is no relay, or speaks another version."""
    ADDRESS = "address"
    """The name that the settings give is nobody's."""
    RELAY = "relay"
    """The relay itself; only of one that answers."""


class Finding(Struct, frozen=True):
    """One line of "Check the connection": a leg that works or fails, what to do, and a command to copy, if any."""

    good: bool
    text: str
    command: str = ""
    leg: Leg = Leg.RELAY


class ConnectionChecked(Struct, frozen=True):
    """What the check of the connection has found so far."""

    findings: tuple[Finding, ...]
    done: bool


# -- the own relay, which runs on this computer (more in desktop.hosted) -----------------------------------------------


class OwnerCodeKept(Struct, frozen=True):
    """The owner code of the relay on this computer, which nobody has used yet; an empty *code*: it is used, or good no longer."""

    relay_id: RelayId
    code: str


# -- the link ----------------------------------------------------------------------------------------------------------


class Offline(Struct, frozen=True):
    """No link is wanted (nobody signed in, or the token was refused)."""


class Connecting(Struct, frozen=True):
    """A link is being opened."""


class Connected(Struct, frozen=True):
    """The link is up, and all that was missed has been fetched up to what the relay had."""


class Waiting(Struct, frozen=True):
    """The link is lost; the next try is at *until*. *reason* for people."""

    until: Millis
    reason: str


LinkState = Offline | Connecting | Connected | Waiting


class LinkChanged(Struct, frozen=True):
    """The link came up, went, or waits."""

    state: LinkState


class SignedIn(Struct, frozen=True):
    """The person is signed in. *token_kept_in*: "keyring" or the path of the 0600 file. *offline*: from the archive, no link yet."""

    relay_id: RelayId
    relay_name: str
    user: User
    token_kept_in: str
    offline: bool = False


class SignInFailed(Struct, frozen=True):
    """Registration or sign-in was refused or did not reach the relay; *code* as on the wire, or ``link_lost``."""

    code: str
    message: str
    retry_after: float | None = None


class WindowWanted(Struct, frozen=True):
    """Somebody has started this client once more: its window is to come to the front."""


class KeyMissing(Struct, frozen=True):
    """What was kept of conversations in *folder* cannot be opened: its key is gone, and another archive was begun."""

    folder: str


class SignedOut(Struct, frozen=True):
    """The device session is over; *reason* is empty when the person asked for it."""

    reason: str = ""


class IdentityChanged(Struct, frozen=True):
    """Another identity answers where the known relay should be. The link stays closed; never accepted by itself."""

    expected: RelayId
    found: RelayId


# -- conversations -----------------------------------------------------------------------------------------------------


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


class OutboxState(Enum):
    """Where an own message or act stands before it is an entry."""

    WAITING = auto()
    FAILED = auto()


ActKind = Literal["message", "edit", "redaction", "reaction", "pin", "unread"]
"""What waits in the outbox: entries that are not in the log yet, and the read marker that goes back."""


class PendingUpload(Struct, frozen=True):
    """A file of a waiting message, on its way to the relay; how far it is, `TransferChanged` tells with the same *key*.

    *path*: where it lies on this computer. *width* and *height* in pixels, 0 unless it is an image. *stamp*: when it was changed last,
    when it was put to the message; another one means another content.
    """

    key: str
    name: str
    size: int
    mime: str
    width: int
    height: int
    path: Path
    stamp: int = 0


class OutboxItem(Struct, frozen=True):
    """An own message or act on its way. *problem* for people, only when failed.

    *body*: text of a message or edit, emoji of a reaction. *target*: what it speaks of; of a message, what it answers. *on*: false takes a
    reaction or pin away. *mentions*: whom a message or edit calls, 0 for everybody. *forward*: the message that is said again.
    *uploads*: the files of a message, in their order, until all of them are with the relay; then they are its *files*.
    """

    group: GroupId
    nonce: Nonce
    body: str
    written_at: Millis
    state: OutboxState = OutboxState.WAITING
    problem: str = ""
    kind: ActKind = "message"
    target: Seq | None = None
    on: bool = True
    mentions: tuple[UserId, ...] = ()
    forward: Forward | None = None
    files: tuple[FileInfo, ...] = ()
    uploads: tuple[PendingUpload, ...] = ()


class OutboxListed(Struct, frozen=True):
    """All that waits in *group*, in the order in which it was written."""

    group: GroupId
    items: tuple[OutboxItem, ...]


TransferKind = Literal["upload", "download"]
TransferState = Literal["waiting", "running", "paused", "failed", "done"]


class Transfer(Struct, frozen=True):
    """A file on its way. *key*: who asked for it gave that. *path*: of an upload what is sent, of a download where it will be, or is.

    *file*: the relay's id, empty until it has given one. *rate* in bytes a second, *left_s* None while nobody can know. *problem* for
    people, only when failed.
    """

    key: str
    kind: TransferKind
    group: GroupId
    path: Path
    name: str
    size: int
    done: int
    state: TransferState
    file: FileId = ""
    rate: float = 0.0
    left_s: float | None = None
    problem: str = ""


class TransferChanged(Struct, frozen=True):
    """A transfer is new, goes on, or has ended well or badly."""

    transfer: Transfer


class TransferEnded(Struct, frozen=True):
    """A transfer is forgotten: given up, or done with."""

    key: str


class ExportChanged(Struct, frozen=True):
    """An export goes on, or has ended well or badly."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class Raster:
    """A decoded picture: bare pixels, row by row. *full_width*, *full_height*: of the original, which may be larger.

    *frames*: of a picture that moves, the pixels of each, the first one too, and *shown_ms* for how long each is seen; else empty.
    """

    width: int
    height: int
    mode: Literal["RGB", "RGBA"]
    pixels: bytes = field(repr=False)
    full_width: int
    full_height: int
    frames: tuple[bytes, ...] = field(default=(), repr=False)
    shown_ms: tuple[int, ...] = ()


class PictureKnown(Struct, frozen=True):
    """What came of `fetch_picture`. *raster* is None when there is nothing to show: *problem* says why, for people.

    *may_retry*: asking again later may help (the relay is away, or too much was asked for at once).
    """

    key: str
    edge: int
    raster: Raster | None
    problem: str = ""
    may_retry: bool = False


class PinsListed(Struct, frozen=True):
    """The pinned messages of *group*, the newest pin first."""

    group: GroupId
    entries: tuple[Entry, ...]


class PinsCounted(Struct, frozen=True):
    """How many messages of *group* are pinned now."""

    group: GroupId
    count: int


@dataclass(frozen=True, slots=True)
class KeyMade:
    """An access token was made; *secret* is told once. *curl*: a command that uses it."""

    token: AccessToken
    secret: str = field(repr=False)
    curl: str = field(repr=False)


class TokensListed(Struct, frozen=True):
    """The person's access tokens that are good."""

    tokens: tuple[AccessToken, ...]


@dataclass(frozen=True, slots=True)
class HookMade:
    """A webhook was made; its *url* is told once. *curl*: a command that uses it."""

    hook: Webhook
    url: str = field(repr=False)
    curl: str = field(repr=False)


class HooksListed(Struct, frozen=True):
    """The webhooks of *group*."""

    group: GroupId
    hooks: tuple[Webhook, ...]


class BansListed(Struct, frozen=True):
    """Who may not come back into *group*, the last ban first."""

    group: GroupId
    bans: tuple[Ban, ...]


class ReadersListed(Struct, frozen=True):
    """Who has read the own message *seq*, the first reader first."""

    group: GroupId
    seq: Seq
    readers: tuple[Reader, ...]


class EditsListed(Struct, frozen=True):
    """All texts that the own message *target* had, the first one first."""

    group: GroupId
    target: Seq
    entries: tuple[Entry, ...]


class InviteMade(Struct, frozen=True):
    """An invitation, its code and its link are there. They are told this once."""

    invite: Invite
    code: str
    link: str


class InvitesListed(Struct, frozen=True):
    """The invitations that are still good: to *group*, or (None) to the relay."""

    group: GroupId | None
    invites: tuple[Invite, ...]


class HitsFound(Struct, frozen=True):
    """Messages with *query* in them, newest first. *complete* is false while the relay still looks through older ones.

    *more*: there are further ones before the last of these.
    """

    query: str
    group: GroupId | None
    hits: tuple[Hit, ...]
    complete: bool
    more: bool


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


ACCOUNT_DELETION: Final = "delete_account"
"""*what* of `CommandRefused` when the own account was not deleted."""


class CommandRefused(Struct, frozen=True):
    """Something the person asked for (not a message) was refused or did not reach the relay."""

    what: str
    code: str
    message: str


class DraftsKnown(Struct, frozen=True):
    """Unsent text of each group, from the archive."""

    drafts: dict[GroupId, str]


class DraftFilesKnown(Struct, frozen=True):
    """All that is attached to the draft of *group*, in the order in which it was attached."""

    group: GroupId
    files: tuple[PendingUpload, ...]


class FilesLookedAt(Struct, frozen=True):
    """What was to be attached has been looked at. *problems*, for people: why some of it was not. *asked*: it answers `Link.attach`."""

    group: GroupId
    problems: tuple[str, ...]
    asked: bool = True


class PreviewMade(Struct, frozen=True):
    """A small picture (PNG, safe to decode) of an attached file; *key* is that of its `PendingUpload`."""

    key: str
    png: bytes


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
