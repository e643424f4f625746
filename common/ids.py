"""A type for each kind of value, parsed once at the border.

Mixing up two of them (a user for a group, a place in a log for an id) is then a type error instead of a lost message.
"""

from __future__ import annotations

from typing import Annotated, NewType

import msgspec

UserId = NewType("UserId", int)
GroupId = NewType("GroupId", int)
SessionId = NewType("SessionId", int)

Seq = NewType("Seq", int)
"""Place of an entry in its group's log: 1, 2, 3, … without gaps; 0 means before the first."""

Nonce = NewType("Nonce", str)
"""The author's name for a message: 32 lower-case hex digits (16 random bytes), made when Enter is pressed."""

RelayId = NewType("RelayId", str)
"""Base32 (upper case, no padding, 52 characters) of the SHA-256 of the relay's certificate."""

Epoch = NewType("Epoch", str)
"""Random name of one life of the log; renewed by a restore, so that cursors from before are not believed."""

Millis = NewType("Millis", int)
"""Unix time in milliseconds."""

MAX_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exact (RFC 8259, section 6)."""

# The same types as they arrive on the wire, with the range that makes them valid.
WireId = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
WireSeq = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
# The length beside the pattern: in Python "$" also stands before a line break at the end.
WireNonce = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
