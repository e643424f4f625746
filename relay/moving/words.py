"""What the two computers of a move say to each other: bodies of `POST /move/…`, as strict as the words of the wire."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from common.ids import RelayId

CLAIM: Final = "Move-Claim"
"""The header by which the computer that takes over is known."""
BYTES: Final = "Move-Bytes"
"""The header that says how much a copy will be."""
HAVE_MAX: Final = 64 * 1024 * 1024
"""Bytes of the list of files that are there already: sixteen for each."""

Shown = Annotated[str, Meta(max_length=128)]


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """*proof*: of the ticket."""

    proof: Shown


class Begun(msgspec.Struct, frozen=True):
    """*master*: sealed for the ticket. *schema*: of the database. *size*: about how many bytes there is in all. *settings*: what goes with the relay."""

    relay_id: RelayId
    name: str
    master: bytes
    schema: int
    size: int
    settings: dict[str, str]


class Frozen(msgspec.Struct, frozen=True):
    """Nothing is stored from now on. *move*: this state of the relay, which alone may be taken over."""

    move: str


class Commit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of *move* is on the other disk: hand over."""

    move: Shown


class Arrived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The relay is served there from now on. *to*: ``host:port``, best first."""

    to: Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=16)]


class Fine(msgspec.Struct, frozen=True):
    """Done."""
