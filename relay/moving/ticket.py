"""The ticket of a move and what is made of it: the proof that is shown, and the key under which the master key travels.

The ticket itself is never sent: neither a log of headers nor a memory of them gives the master key away, which goes over the pinned TLS sealed once more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from typing import Final

from common.crypto.keyslots import MasterKey
from common.crypto.sealing import SealKey, associated_data, derive, open_sealed, seal
from common.errors import SealError, WrongTicket
from common.ids import RelayId

TICKET_BYTES: Final = 32
_PURPOSE: Final = "move of the master key"


def new_ticket() -> str:
    """Good for one computer."""
    return secrets.token_urlsafe(TICKET_BYTES)


def new_claim() -> str:
    """By what a computer that takes over is known from its first word on."""
    return secrets.token_urlsafe(TICKET_BYTES)


def proof_of(ticket: str) -> str:
    """What is shown of *ticket*."""
    return derive(_key(ticket), "move proof").secret.hex()


def hash_of(shown: str) -> bytes:
    """What is kept of a proof or a claim. Both are random, so a fast hash cannot be turned round."""
    return hashlib.sha256(shown.encode()).digest()


def seal_master(ticket: str, master: MasterKey, relay_id: RelayId) -> bytes:
    """*master* for who has *ticket*."""
    return seal(derive(_key(ticket), _PURPOSE), master.secret, associated_data("move", relay_id))


def open_master(ticket: str, sealed: bytes, relay_id: RelayId) -> MasterKey:
    """The master key.

    Raises:
        WrongTicket: it was not sealed for this ticket.
    """
    try:
        return MasterKey(open_sealed(derive(_key(ticket), _PURPOSE), sealed, associated_data("move", relay_id)))
    except SealError as error:
        raise WrongTicket from error


def _key(ticket: str) -> SealKey:
    try:
        return SealKey(0, base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4)))
    except (ValueError, binascii.Error) as error:
        raise WrongTicket("The ticket in the link is not whole. Copy the link again.") from error
