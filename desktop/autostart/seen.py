"""What starts when the person signs in to this computer, as a value for the window."""

from __future__ import annotations

from msgspec import Struct


class AutostartSeen(Struct, frozen=True):
    """*client*, *relay*: whether each starts at sign-in. *problem*: empty, or in words why it could not be changed."""

    client: bool
    relay: bool
    problem: str = ""
