"""What the link tells, as values. They cross into the window's thread and are folded by the models there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from common.ids import Epoch, GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Entry, GroupInfo, Member, PresenceState, Registration, User

# -- relays on the network ---------------------------------------------------------------------------------------------


class Trust(Enum):
    """What this client knows of a relay's identity."""

    NEW = auto()
    KNOWN = auto()
    IMPOSTOR = auto()
    """A name or address that belongs to a known relay, shown by another identity."""


@dataclass(frozen=True, slots=True)
class FoundRelay:
    """A relay that answered a probe just now. *host* and *port*: where it answered best; *addresses*: everywhere it was seen."""

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


@dataclass(frozen=True, slots=True)
class RelaysFound:
    """The whole list, known ones first."""

    relays: tuple[FoundRelay, ...]


@dataclass(frozen=True, slots=True)
class DiscoveryTrouble:
    """Looking for relays is hindered; *message* for people says what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class AddressFailed:
    """A typed address or pasted invitation led to no relay; *message* for people."""

    address: str
    message: str


@dataclass(frozen=True, slots=True)
class AddressAnswered:
    """A typed address or pasted invitation led to this relay. *address*: as it was given; *code*: the invitation's, else empty."""

    address: str
    relay: FoundRelay
    code: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of "Check the connection": a leg that works or fails, what to do, and a command to copy, if any."""

    good: bool
    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionChecked:
    """What the check of the connection has found so far."""

    findings: tuple[Finding, ...]
    done: bool


# -- the own relay, which runs on this computer as a child process ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostingStarting:
    """It is being started."""


@dataclass(frozen=True, slots=True)
class HostingReady:
    """It serves at *port*. *owner_code* and *recovery_code*: only when it has just been made, else empty."""

    relay_id: RelayId
    name: str
    port: int
    owner_code: str = ""
    recovery_code: str = ""


@dataclass(frozen=True, slots=True)
class HostingFailed:
    """It did not start, or ended by itself; *message* for people says what to do."""

    message: str


@dataclass(frozen=True, slots=True)
class HostingStopped:
    """It has ended, as it was asked to."""


HostingEvent = HostingStarting | HostingReady | HostingFailed | HostingStopped


# -- the link ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offline:
    """No link is wanted (nobody signed in, or the token was refused)."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """A link is being opened."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The link is up, and all that was missed has been fetched up to what the relay had."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The link is lost; the next try is at *until*. *reason* for people."""

    until: Millis
    reason: str


LinkState = Offline | Connecting | Connected | Waiting


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link came up, went, or waits."""

    state: LinkState


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person is signed in. *token_kept_in*: "keyring" or the path of the 0600 file. *offline*: from the archive, no link yet."""

    relay_id: RelayId
    relay_name: str
    user: User
    token_kept_in: str
    offline: bool = False


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Registration or sign-in was refused or did not reach the relay; *code* as on the wire, or ``link_lost``."""

    code: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The device session is over; *reason* is empty when the person asked for it."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """Another identity answers where the known relay should be. The link stays closed; never accepted by itself."""

    expected: RelayId
    found: RelayId


# -- conversations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EpochBegan:
    """The log has another life (a restore): forget entries of this relay; drafts and outbox stay."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class GroupsListed:
    """All groups that the person sees."""

    groups: tuple[GroupInfo, ...]


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """One group is new or changed."""

    group: GroupInfo


@dataclass(frozen=True, slots=True)
class GroupLost:
    """The person no longer sees that group."""

    group: GroupId


@dataclass(frozen=True, slots=True)
class EntriesKnown:
    """A run of entries without gaps, rising seqs.

    *first_reached*: nothing comes before them. *live*: just said, as opposed to fetched or read from the archive.
    """

    group: GroupId
    entries: tuple[Entry, ...]
    first_reached: bool = False
    live: bool = False


@dataclass(frozen=True, slots=True)
class CompleteUpTo:
    """All groups are complete up to what the relay had at that time; from the archive at start, then live."""

    at: Millis


@dataclass(frozen=True, slots=True)
class MembersListed:
    """Everybody in a group."""

    group: GroupId
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class UsersKnown:
    """People whose names are now known."""

    users: tuple[User, ...]


@dataclass(frozen=True, slots=True)
class PresenceSeen:
    """Somebody came or went."""

    user: UserId
    state: PresenceState


@dataclass(frozen=True, slots=True)
class ReadSeen:
    """Somebody (perhaps this person on another device) has read up to *seq*."""

    group: GroupId
    user: UserId
    seq: Seq


class OutboxState(Enum):
    """Where an own message stands before it is an entry."""

    WAITING = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """An own message on its way. *problem* for people, only when failed."""

    group: GroupId
    nonce: Nonce
    body: str
    written_at: Millis
    state: OutboxState
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OutboxListed:
    """All that waits in *group*, in the order in which it was written."""

    group: GroupId
    items: tuple[OutboxItem, ...]


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """Something the person asked for (not a message) was refused or did not reach the relay."""

    what: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DraftsKnown:
    """Unsent text of each group, from the archive."""

    drafts: dict[GroupId, str]


LinkEvent = (
    RelaysFound
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
    | CompleteUpTo
    | MembersListed
    | UsersKnown
    | PresenceSeen
    | ReadSeen
    | OutboxListed
    | CommandRefused
    | DraftsKnown
)
