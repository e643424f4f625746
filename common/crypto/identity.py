"""Who a relay is: its id, how people see and type it, and the invitation links that carry it.

A relay's certificate is its identity. The relay id is the SHA-256 of the certificate in base32, so the id alone tells whether the
relay that answers is the one that was meant: comparing the certificate's hash with the id is the whole check, on every connection.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

from common.errors import MessengerError
from common.ids import RelayId
from common.protocol.limits import CODE_CHARACTERS

SCHEME: Final = "pymessenger"
_ID_CHARACTERS: Final = 52
_GROUP: Final = 4


class BadRelayId(MessengerError, ValueError):
    """This text is no relay id; the message says what is wrong with it."""


class BadInvitation(MessengerError, ValueError):
    """This text is no invitation link; the message says what is wrong with it."""


# -- relay id ----------------------------------------------------------------------------------------------------------

# Base32 has no 0, 1 and 8, so whoever types one means the letter that looks like it.
_LOOKALIKES: Final = str.maketrans("018", "OIB")
_SEPARATORS: Final = re.compile(r"[\s\-_.:\u2010-\u2015]+")
_BASE32: Final = re.compile(r"[A-Z2-7]*")


def relay_id_of(certificate_der: bytes) -> RelayId:
    """The id of the relay with this certificate."""
    return _id_of_digest(hashlib.sha256(certificate_der).digest())


def pin_of(relay_id: RelayId) -> bytes:
    """The 32 bytes of the certificate's SHA-256, as `aiohttp.Fingerprint` takes them."""
    return base64.b32decode(relay_id + "====")


def relay_id_of_pin(pin: bytes) -> RelayId:
    """The relay id with this pin: what `pin_of` took apart, or what another relay's certificate hashed to."""
    return _id_of_digest(pin)


def parse_relay_id(text: str) -> RelayId:
    """The relay id in *text*, however it was grouped or cased.

    Raises:
        BadRelayId: it is none.
    """
    compact = _SEPARATORS.sub("", text).upper().translate(_LOOKALIKES)
    if not compact:
        raise BadRelayId("A relay id is missing.")
    if stranger := _BASE32.sub("", compact, count=1):
        raise BadRelayId(
            f"“{stranger[0]}” cannot be part of a relay id: it has only the letters A to Z and the digits 2 to 7."
        )
    if len(compact) != _ID_CHARACTERS:
        raise BadRelayId(
            f"A relay id has {_ID_CHARACTERS} letters and digits, this one has {len(compact)}. Copy it whole."
        )
    relay_id = RelayId(compact)
    if _id_of_digest(pin_of(relay_id)) != relay_id:
        raise BadRelayId(f"A relay id cannot end in “{compact[-1]}”. Compare the last letters.")
    return relay_id


def show_relay_id(relay_id: RelayId) -> str:
    """The whole id for people: thirteen groups of four."""
    return "-".join(relay_id[start : start + _GROUP] for start in range(0, len(relay_id), _GROUP))


def short_relay_id(relay_id: RelayId) -> str:
    """The first four groups: enough to tell relays apart on a screen, too few to trust."""
    return show_relay_id(RelayId(relay_id[: 4 * _GROUP]))


def _id_of_digest(digest: bytes) -> RelayId:
    return RelayId(base64.b32encode(digest).decode("ascii").rstrip("="))


# -- invitation links --------------------------------------------------------------------------------------------------

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*):(?P<port>[0-9]{1,5})", re.ASCII)
_ASK_AGAIN: Final = "Copy the whole link, or ask for a new one."


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a relay is, which one it is, and the code that lets somebody in, if it needs one."""

    host: str
    """A name, or an IPv4 or IPv6 address without brackets."""
    port: int
    relay_id: RelayId
    code: str | None = field(default=None, repr=False)

    @property
    def link(self) -> str:
        """``pymessenger://host:port/RELAY-ID?code=…``"""
        host = f"[{self.host}]" if ":" in self.host else self.host
        code = "" if self.code is None else f"?code={quote(self.code, safe='')}"
        return f"{SCHEME}://{host}:{self.port}/{show_relay_id(self.relay_id)}{code}"


def parse_invitation(text: str) -> Invitation:
    """The invitation in a pasted *text*. Unknown parameters are ignored: a later version may add some.

    Raises:
        BadInvitation: it is none; the message says what is wrong, and what to do.
    """
    text = text.strip().strip("<>")
    if not text.lower().startswith(f"{SCHEME}://"):
        raise BadInvitation(f"This is not an invitation link: it does not begin with {SCHEME}://. {_ASK_AGAIN}")
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise BadInvitation(f"The invitation link has a space or a line break inside. {_ASK_AGAIN}")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadInvitation(f"The address in the invitation link is not complete. {_ASK_AGAIN}") from error
    if "@" in parts.netloc or parts.fragment:
        raise BadInvitation(f"The invitation link has parts that do not belong there. {_ASK_AGAIN}")
    host, port = _host_and_port(parts.netloc)
    try:
        relay_id = parse_relay_id(unquote(parts.path).strip("/"))
    except BadRelayId as error:
        raise BadInvitation(f"The relay id in the invitation link is wrong. {error}") from error
    return Invitation(host, port, relay_id, _code_in(parts.query))


def _host_and_port(netloc: str) -> tuple[str, int]:
    found = _AUTHORITY.fullmatch(netloc)
    if found is None:
        raise BadInvitation(f"The invitation link needs an address and a port, as in 192.168.1.20:5000. {_ASK_AGAIN}")
    port = int(found["port"])
    if not 1 <= port <= 65535:
        raise BadInvitation(f"The port {found['port']} in the invitation link does not exist. {_ASK_AGAIN}")
    return _host(found["host"]), port


def _host(host: str) -> str:
    wrong = BadInvitation(
        f"The address “{host}” in the invitation link is neither a name nor an IP address. {_ASK_AGAIN}"
    )
    if host.startswith("["):
        if "%" in host:
            raise BadInvitation(
                "The address in the invitation link is valid on one computer only. Ask for another link."
            )
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise wrong from None
    labels = host.removesuffix(".").lower().split(".")
    if re.fullmatch(r"[0-9]+", labels[-1]):  # what ends in a number is an IPv4 address or nothing
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise wrong from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise wrong
    return ".".join(labels)


def _code_in(query: str) -> str | None:
    codes = parse_qs(query, keep_blank_values=True).get("code")
    if codes is None:
        return None
    if len(codes) > 1 or not 1 <= len(codes[0]) <= CODE_CHARACTERS or not codes[0].isprintable():
        raise BadInvitation(f"The code in the invitation link cannot be used. {_ASK_AGAIN}")
    return codes[0]
