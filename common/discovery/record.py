"""What a relay announces of itself, as values: to and from a DNS-SD record. No I/O.

The instance name is a label for people, never an identity: it may change on a conflict, and two halves of a network can hold
the same one. The identity is the relay id in TXT, and even that is only a hint until the relay's certificate has been seen.
Everything that is read here was written by a stranger.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from common.ids import RelayId
from common.protocol import limits
from common.protocol.messages import Registration

SERVICE_TYPE: Final = "_pymessenger._tcp.local."
RECORD_VERSION: Final = "1"
"""Version of the wire protocol that an announced relay speaks, as in ``pymessenger.v1``."""

LABEL_BYTES: Final = 59
"""DNS allows 63 bytes (RFC 6763, 4.1.1); four stay free for the ``-2`` … ``-999`` that a name conflict adds."""
TXT_PAIR_BYTES: Final = 255
TXT_BYTES: Final = 400
"""RFC 6763, 6.2 advises to stay at or below this, so that a record fits into one packet with the others."""
ADDRESSES_MAX: Final = 8
"""Addresses of one announcement that are looked at; no honest relay has more."""
_READ_VERSION_BYTES: Final = 16

_RELAY_ID = re.compile(r"[A-Z2-7]{51}[AQ]", re.ASCII)  # 256 bits leave one bit for the 52nd character
_NAMELESS: Final = "relay"

Subnet = ipaddress.IPv4Interface | ipaddress.IPv6Interface


class RecordTooLong(ValueError):
    """A record that does not fit where DNS wants it; the text says which part."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A relay as it is announced or was heard.

    *name*: label for people. *port*: of the relay's TLS listener. *policy*: who may register. *version*: of the wire protocol.
    *addresses*: numeric, best first; a link-local IPv6 address that was heard carries the receiver's scope (``fe80::1%2``).
    *came_from*: the one of them that an answer came from and that the relay does not name itself, else empty.
    """

    name: str
    relay_id: RelayId
    port: int
    policy: Registration
    version: str = RECORD_VERSION
    addresses: tuple[str, ...] = ()
    came_from: str = field(default="", compare=False)


def is_relay_id(text: str) -> bool:
    """Whether *text* has the form of a relay id: 52 characters of base32 that hold exactly 256 bits."""
    return _RELAY_ID.fullmatch(text) is not None


def visible_name(text: str, limit: int = limits.NAME_CHARACTERS) -> str:
    """*text* without what cannot be seen (controls, bidi overrides, unassigned), blanks folded, at most *limit* characters."""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    kept = "".join(" " if sign.isspace() else sign for sign in composed if sign.isspace() or _is_visible(sign))
    return " ".join(kept.split())[:limit].rstrip()


def _is_visible(sign: str) -> bool:
    return unicodedata.category(sign)[0] != "C"


def instance_label(name: str) -> str:
    """The DNS label for a relay called *name*: 1 to 59 bytes of UTF-8, cut between characters, without dots.

    A dot is legal in an instance name, but the library writes it as the border of two labels, which other stacks then show
    as a broken name. People see the real name once the relay itself has answered.
    """
    label = visible_name(name).replace(".", "-").strip("-_ ")
    return _cut_bytes(label, LABEL_BYTES).rstrip() or _NAMELESS


def _cut_bytes(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def server_name(relay_id: RelayId) -> str:
    """A host name of the relay's own: under a shared one, the addresses of two relays would be mixed up by every resolver."""
    return f"pymessenger-{relay_id[:16].lower()}.local."


def txt_of(announcement: Announcement) -> dict[str, bytes]:
    """TXT of *announcement*. Raises `RecordTooLong` rather than publish what others cut or drop."""
    pairs = {
        "v": announcement.version.encode(),
        "id": announcement.relay_id.encode(),
        "auth": announcement.policy.encode(),
    }
    sizes = {key: len(key) + 1 + len(value) for key, value in pairs.items()}
    for key, size in sizes.items():
        if size > TXT_PAIR_BYTES:
            raise RecordTooLong(f"TXT entry {key} takes {size} bytes; DNS allows {TXT_PAIR_BYTES}")
    if (total := sum(size + 1 for size in sizes.values())) > TXT_BYTES:
        raise RecordTooLong(f"The TXT record takes {total} bytes; at most {TXT_BYTES} are announced")
    return pairs


def read_announcement(
    label: str, port: int | None, txt: Mapping[bytes, bytes | None], addresses: Iterable[str]
) -> Announcement | None:
    """What a stranger announced under *label*; None when it is no relay that this program could talk to.

    Unknown keys are ignored, the first of two keys that differ in case only counts (RFC 6763, 6.4), an unknown policy is
    read as the strictest one, and what is not a usable address is left out.
    """
    values: dict[bytes, bytes] = {}
    for key, value in txt.items():
        values.setdefault(key.lower(), value or b"")
    relay_id = values.get(b"id", b"").decode("ascii", errors="replace").upper()
    version = values.get(b"v", b"")[:_READ_VERSION_BYTES].decode("ascii", errors="replace")
    if not is_relay_id(relay_id) or version != RECORD_VERSION or port is None or not 0 < port < 65536:
        return None
    return Announcement(
        name=visible_name(label) or _NAMELESS,
        relay_id=RelayId(relay_id),
        port=port,
        policy=read_policy(values.get(b"auth", b"").decode("ascii", errors="replace")),
        version=version,
        addresses=usable_addresses(addresses),
    )


def read_policy(text: str) -> Registration:
    """*text* as a policy; an unknown one is taken for ``closed``, which promises least."""
    for policy in get_args(Registration):
        if text == policy:
            return policy  # type: ignore[no-any-return]
    return "closed"


def usable_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """The numeric unicast addresses among *addresses*, each once, in their order, at most eight.

    A link-local IPv6 address without a scope was heard over another adapter than its own and leads nowhere.
    """
    found: dict[str, None] = {}
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if address.is_multicast or address.is_unspecified or address == ipaddress.IPv4Address("255.255.255.255"):
            continue
        if isinstance(address, ipaddress.IPv6Address) and address.is_link_local and not address.scope_id:
            continue
        found[str(address)] = None
        if len(found) == ADDRESSES_MAX:
            break
    return tuple(found)


def distance(address: str, own: Sequence[Subnet]) -> int:
    """How far the numeric *address* is for a computer on the *own* subnets: 0 is a neighbour, more is tried later.

    Every address of a relay with two legs is announced on both, so the order in which they arrive says nothing.
    """
    parsed = ipaddress.ip_address(address)
    if parsed.is_loopback:
        return 0 if any(subnet.ip.is_loopback for subnet in own) else 4
    if parsed.is_link_local:
        return 3
    plain = ipaddress.ip_address(address.partition("%")[0])
    if any(plain in subnet.network for subnet in own if subnet.version == plain.version):
        return 0
    return 1 if parsed.version == 4 else 2
