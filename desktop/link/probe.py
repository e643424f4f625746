"""Asks a relay who it is: "seen" is not "alive", and only the certificate that it presents says which relay it is.

The question is ``GET /api/relay`` over TLS. Nothing secret is sent, so any identity may answer; the relay id comes from the very
certificate of the connection that brought the answer, whatever the answer itself says.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Sequence
from functools import partial
from typing import Final

import aiohttp
import msgspec
from msgspec import Struct
from yarl import URL

from common.crypto.identity import pin_of, relay_id_of_pin
from common.crypto.tls import client_context
from common.discovery.adapters import local_addresses, with_scopes
from common.discovery.record import visible_name
from common.errors import LinkLost
from common.ids import RelayId
from common.protocol.limits import SUBPROTOCOL
from common.protocol.messages import RelayCard
from desktop.link.address import Address, parse_addresses
from desktop.link.pinning import PinnedConnector
from desktop.link.race import first_of
from desktop.locale import _

PROBE_S: Final = 1.5
"""How long one address has for its answer: a LAN answers in milliseconds or not at all."""
STAGGER_S: Final = 0.25
FOLLOWED_MAX: Final = 4
"""Addresses that are tried for a relay that has moved."""
CARD_BYTES: Final = 16 * 1024
_NO_PIN: Final = bytes(32)
_UNREACHABLE: Final = {errno.EHOSTUNREACH, errno.ENETUNREACH, getattr(errno, "EHOSTDOWN", errno.EHOSTUNREACH)}

_decode_card = msgspec.json.Decoder(RelayCard).decode


class ProbeFailed(LinkLost):
    """No relay answered there; the text says what was found instead and what to do."""


class NobodyThere(ProbeFailed):
    """The computer is there and says that nothing listens on that port."""


class NoComputer(ProbeFailed):
    """The system says that no computer has that address, or that no way leads there."""


class NoSuchName(ProbeFailed):
    """No computer has that name."""


class Unanswered(ProbeFailed):
    """Nothing came back in time."""


class Answered(Struct, frozen=True):
    """What answered at *address*. *relay_id* is of the certificate that it showed; *card* is its own word, made safe to show."""

    relay_id: RelayId
    address: Address
    card: RelayCard


class Outcome(Struct, frozen=True):
    """What the addresses of one relay gave.

    *best*: the relay that was meant, at the first of its addresses that answered. *others*: other identities that answered.
    *is_refused*: nobody answered, and every address said so itself; no need to ask again.
    """

    best: Answered | None
    others: tuple[Answered, ...] = ()
    is_refused: bool = False


async def probe(address: Address, expected: RelayId | None = None, within_s: float = PROBE_S) -> Answered:
    """What answers at *address*, within *within_s* seconds. *expected* saves a handshake when it is right, and changes nothing else.

    Raises:
        NobodyThere: nothing listens there.
        ProbeFailed: no answer, or not that of a relay.
    """
    pin = _NO_PIN if expected is None else pin_of(expected)
    try:
        async with asyncio.timeout(within_s):
            try:
                card = await _card(address, pin)
            except aiohttp.ServerFingerprintMismatch as mismatch:
                # Another certificate than the guess: pin that one, so that the answer is bound to it.
                pin = mismatch.got
                card = await _card(address, pin)
            if card.moved_to:
                address, card = await _followed(address, card, pin)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise _failure(address, error) from error
    relay_id = relay_id_of_pin(pin)
    if card.relay_id != relay_id:
        raise ProbeFailed(_("What answers at {address} does not show its own identity.").format(address=address))
    return Answered(relay_id, address, card)


async def _followed(left: Address, said: RelayCard, pin: bytes) -> tuple[Address, RelayCard]:
    """Where the relay that has moved from *left* answers now, which only its own identity can do, and what it says of itself."""
    for address in parse_addresses(said.moved_to)[:FOLLOWED_MAX]:
        with contextlib.suppress(aiohttp.ClientError, OSError, ProbeFailed):  # one of the others then
            card = await _card(address, pin)
            if not card.moved_to:
                return address, card
    raise ProbeFailed(
        _("The relay at {address} has moved to another computer, and does not answer there yet.").format(address=left)
    )


async def _card(address: Address, pin: bytes) -> RelayCard:
    connector = PinnedConnector(ssl=aiohttp.Fingerprint(pin), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.get(
            URL.build(scheme="https", host=address.host, port=address.port, path="/api/relay"),
            ssl=client_context(),
            allow_redirects=False,
        ) as response,
    ):
        body = bytearray()
        async for part in response.content.iter_chunked(CARD_BYTES):
            body += part
            if len(body) > CARD_BYTES:
                raise _not_a_relay(address)
    try:
        card = _decode_card(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_a_relay(address) from error
    if card.protocol != SUBPROTOCOL:
        raise ProbeFailed(
            _("The relay at {address} speaks another version ({version}). Update the older of the two.").format(
                address=address, version=visible_name(card.protocol)
            )
        )
    return msgspec.structs.replace(
        card,
        name=visible_name(card.name) or str(address),
        version=visible_name(card.version),
        online=max(0, min(card.online, 1_000_000)),
    )


def _not_a_relay(address: Address) -> ProbeFailed:
    return ProbeFailed(_("What answers at {address} is not a relay.").format(address=address))


def _failure(address: Address, error: Exception) -> ProbeFailed:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NoSuchName(_("No computer is called “{host}” here. Check the spelling.").format(host=address.host))
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return NobodyThere(
            _("The computer at {host} is there, but no relay listens on port {port}. Is it running?").format(
                host=address.host, port=address.port
            )
        )
    if isinstance(error, (aiohttp.ClientSSLError, aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        return _not_a_relay(address)
    is_unreachable = isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno in _UNREACHABLE
    kind = NoComputer if is_unreachable else Unanswered
    return kind(
        _("Nobody answers at {address}. Is the relay running, and does its firewall let port {port} in?").format(
            address=address, port=address.port
        )
    )


class _Other(Exception):
    def __init__(self, answered: Answered) -> None:
        super().__init__(answered.relay_id)
        self.answered = answered


async def probe_all(addresses: Sequence[Address], expected: RelayId, within_s: float = PROBE_S) -> Outcome:
    """Look for *expected* at its *addresses*, best first, each a moment after the one before, until it answers."""
    others: list[Answered] = []
    refused = 0

    def failed(error: Exception) -> bool:
        nonlocal refused
        if isinstance(error, _Other):
            others.append(error.answered)
        elif isinstance(error, ProbeFailed):
            refused += isinstance(error, NobodyThere)
        else:
            raise error
        return False

    ways = [partial(_probe_for, address, expected, within_s) for address in addresses]
    best = await first_of(ways, STAGGER_S, failed, _nothing_to_discard)
    return Outcome(best, tuple(others), is_refused=best is None and refused == len(addresses))


async def probe_typed(address: Address, expected: RelayId | None = None, within_s: float = PROBE_S) -> Answered:
    """As `probe`, of an address that a person has: a link-local one of IPv6 without a scope is looked for on every adapter.

    Raises:
        ProbeFailed: as `probe` does.
    """
    failures: list[ProbeFailed] = []

    def failed(error: Exception) -> bool:
        if not isinstance(error, ProbeFailed):
            raise error
        failures.append(error)
        return False

    hosts = with_scopes(address.host, await asyncio.to_thread(local_addresses))
    ways = [partial(probe, Address(host, address.port), expected, within_s) for host in hosts]
    answered = await first_of(ways, STAGGER_S, failed, _nothing_to_discard)
    if answered is None:
        raise failures[0]
    return answered


async def _probe_for(address: Address, expected: RelayId, within_s: float) -> Answered:
    answered = await probe(address, expected, within_s)
    if answered.relay_id != expected:
        raise _Other(answered)
    return answered


async def _nothing_to_discard(_answered: Answered) -> None:
    """An answer holds no connection."""
