"""What the link tells of relays on the network: found, looked for, and what keeps one from being reached."""

from __future__ import annotations

from enum import Enum, StrEnum, auto

from msgspec import Struct

from common.ids import Millis, RelayId
from common.protocol.messages import Registration


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


class OwnerCodeKept(Struct, frozen=True):
    """The owner code of the relay on this computer, which nobody has used yet; an empty *code*: it is used, or good no longer."""

    relay_id: RelayId
    code: str
