"""What came of a command that owners and admins give their relay, as the link tells it."""

from __future__ import annotations

from dataclasses import dataclass

from common.protocol.messages import Answer, Command


@dataclass(frozen=True, slots=True)
class Ordered:
    """An *answer* to *command*, or None and why not: *code* as on the wire, or ``link_lost``, and *message*."""

    command: Command
    answer: Answer | None
    code: str = ""
    message: str = ""
