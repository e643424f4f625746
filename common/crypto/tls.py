"""The client's half of TLS; needs nothing but the standard library, so that the client starts fast."""

from __future__ import annotations

import ssl


def client_context() -> ssl.SSLContext:
    """TLS 1.3 without a check of chain or host name: only for connections whose certificate is compared with a pin.

    A relay's certificate is signed by itself and valid at any address, so no authority and no name could vouch for it. What vouches is
    the pin (`common.crypto.identity.pin_of`): the hash of the very certificate, compared after the handshake and before the first byte
    of HTTP. That is stricter than a chain, where any of a hundred authorities could sign for the relay.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
