"""A move of the relay to this computer, as values: what the link, the child process and the window tell each other of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from common.ids import RelayId

MovePhase = Literal[
    "starting", "copying", "holding", "finishing", "moved", "serving", "not_moved", "given_up", "in_doubt", "forgotten"
]
"""*holding*: nobody can write; *finishing*: it may be here already; *moved*: it is here, and to be started; *in_doubt*: nobody knows where
it is; *forgotten*: what was fetched is deleted."""


@dataclass(frozen=True, slots=True)
class MoveAllowed:
    """The relay lets this computer take it over, by this *link*."""

    link: str = field(repr=False)


class MoveShown(Struct, frozen=True):
    """How a move stands. *done*, *total*: bytes of this phase; *rate*: per second; *left_s*: None while that cannot be said.

    *reason*: why not, as `python -m relay move` names it, and *problem* in its words. *relay_id*: when it is here.
    """

    phase: MovePhase
    done: int = 0
    total: int = 0
    rate: float = 0.0
    left_s: float | None = None
    reason: str = ""
    problem: str = ""
    relay_id: RelayId | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether something is still being done."""
        return self.phase in ("starting", "copying", "holding", "finishing")

    @property
    def may_be_given_up(self) -> bool:
        """Whether it can be called off, and the relay surely stays where it is."""
        return self.phase in ("starting", "copying", "holding")


MoveEvent = MoveAllowed | MoveShown
