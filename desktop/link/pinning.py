"""Talking to one relay and to no other: every connection is compared with its pin before a byte of HTTP goes out.

The pin belongs to the relay id, never to a name or an address. TLS is 1.3, there is no proxy and no redirect: either would lead the
token past the comparison.
"""

from __future__ import annotations

import ssl
import sys
from typing import Final

import aiohttp
from aiohttp.tracing import Trace
from yarl import URL

from common.crypto.identity import pin_of, relay_id_of_pin
from common.crypto.tls import client_context
from common.errors import LinkLost
from common.ids import RelayId
from desktop.link.address import Address
from desktop.link.heard import HeardSocket
from desktop.locale import _

CONNECT_S: Final = 5.0
"""A host that is there answers within this, TLS included; more is a host that is not there."""


class WrongIdentity(LinkLost):
    """Another identity than the pinned one answered."""

    def __init__(self, address: Address, expected: RelayId, found: RelayId) -> None:
        """*found* answered at *address*, where *expected* should have."""
        super().__init__(_("Another relay answers at {address}.").format(address=address))
        self.address = address
        self.expected = expected
        self.found = found


class PinnedConnector(aiohttp.TCPConnector):
    """Tells of a failed comparison everywhere.

    At a link-local IPv6 address aiohttp 3.14 stumbles over the scope while it cleans up after one, and tells of that instead.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """A connection for *req*, from the pool or a new one.

        Raises:
            aiohttp.ServerFingerprintMismatch: another identity is there.
        """
        try:
            return await super().connect(req, traces, timeout)
        except ValueError as error:
            if isinstance(error.__context__, aiohttp.ServerFingerprintMismatch):
                raise error.__context__ from None
            raise


class PinnedSession:
    """HTTP with one relay, at any of its addresses. Close it."""

    def __init__(self, relay_id: RelayId) -> None:
        """Nothing is opened yet."""
        self.relay_id = relay_id
        self._context: ssl.SSLContext = client_context()
        self.http = aiohttp.ClientSession(
            connector=PinnedConnector(
                ssl=aiohttp.Fingerprint(pin_of(relay_id)),
                limit=0,
                # Before 3.12.7 a TLS connection that was refused could stay half open for ever; from then on this is refused.
                enable_cleanup_closed=sys.version_info < (3, 12, 7),
            ),
            timeout=aiohttp.ClientTimeout(total=30, sock_connect=CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            ws_response_class=HeardSocket,  # type: ignore[arg-type]  # links are opened without decoding
        )

    @property
    def context(self) -> ssl.SSLContext:
        """To be given with each request as ``ssl=``; the pin is the connector's, and both are enforced."""
        return self._context

    def url(self, address: Address, path: str, scheme: str = "https") -> URL:
        """Where *path* is at *address*."""
        return URL.build(scheme=scheme, host=address.host, port=address.port, path=path)

    def wrong_identity(self, address: Address, error: aiohttp.ServerFingerprintMismatch) -> WrongIdentity:
        """What the failed comparison means."""
        return WrongIdentity(address, self.relay_id, relay_id_of_pin(error.got))

    async def close(self) -> None:
        """Close every connection, without waiting for the other end to agree."""
        if self.http.connector is not None:
            await self.http.connector.close(abort_ssl=True)
        await self.http.close()
