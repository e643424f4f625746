"""Asks the relay at an address who it is, from the command line: over TLS, with the identity taken from its certificate."""

from __future__ import annotations

import http.client
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec
from msgspec import Struct

from common.crypto.identity import relay_id_of
from common.crypto.tls import client_context
from common.discovery.record import visible_name
from common.errors import MessengerError
from common.ids import RelayId
from common.protocol.messages import RelayCard

ASK_S: Final = 3.0
CARD_BYTES: Final = 16 * 1024


class NoRelay(MessengerError):
    """No relay answers there; the text says what was found instead."""


class PortClosed(NoRelay):
    """The computer is there, and nothing listens on that port."""


class Card(Struct, frozen=True):
    """Who answered. *relay_id* is of the certificate that it showed. *ahead_s*: by how much this computer's clock is ahead of the one
    there, to a second or two; None: it did not say what time it is."""

    relay_id: RelayId
    said: RelayCard
    ahead_s: float | None = None


def ask(host: str, port: int, within_s: float = ASK_S) -> Card:
    """Who answers at *host* and *port*. Blocks for up to *within_s* seconds for each of connecting, greeting and reading.

    Raises:
        PortClosed: nothing listens there.
        NoRelay: nobody answers, or not a relay.
    """
    connection = http.client.HTTPSConnection(host, port, timeout=within_s, context=client_context())
    try:
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        certificate = connection.sock.getpeercert(binary_form=True) or b""
        connection.request("GET", "/api/relay", headers={"Connection": "close"})
        answer = connection.getresponse()
        ahead_s = _ahead_s(answer.getheader("Date"), time.time())
        body = answer.read(CARD_BYTES + 1)
        said = msgspec.json.decode(body, type=RelayCard)
    except ConnectionRefusedError as error:
        raise PortClosed(f"nothing listens on port {port} of {host}") from error
    except (ConnectionError, ssl.SSLEOFError) as error:  # RemoteDisconnected too: it was there, and is going just now
        raise NoRelay(f"what answered on port {port} of {host} hung up") from error
    except (ssl.SSLError, http.client.HTTPException, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoRelay(f"what answers on port {port} of {host} is not a relay") from error
    except OSError as error:
        raise NoRelay(f"no answer from port {port} of {host} ({error.strerror or error})") from error
    finally:
        connection.close()
    relay_id = relay_id_of(certificate)
    if said.relay_id != relay_id:
        raise NoRelay(f"what answers on port {port} of {host} does not show its own identity")
    return Card(relay_id, msgspec.structs.replace(said, name=visible_name(said.name) or "relay"), ahead_s)


def _ahead_s(date: str | None, now_s: float) -> float | None:
    """By how many seconds *now_s* is after the HTTP *date*."""
    try:
        return now_s - parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
