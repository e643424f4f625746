"""What came of a command that owners and admins give their relay, as the link tells it."""

from __future__ import annotations

from msgspec import Struct

from common.protocol.messages import Answer, Command


class Ordered(Struct, frozen=True):
    """An *answer* to *command*, or None and why not: *code* as on the wire, or ``link_lost``, and *message*."""

    command: Command
    answer: Answer | None
    code: str = ""
    message: str = ""
