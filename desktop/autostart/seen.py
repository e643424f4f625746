"""What starts when the person signs in to this computer, as a value for the window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AutostartSeen:
    """*client*, *relay*: whether each starts at sign-in. *problem*: empty, or in words why it could not be changed."""

    client: bool
    relay: bool
    problem: str = ""
