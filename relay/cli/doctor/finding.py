"""One thing that was looked at: what was seen, how it stands, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from common.ids import Millis
from relay.config import Config
from relay.control.words import Examined, Keys, Relay
from relay.storage.closed import Closed

State = Literal["ok", "warning", "failed"]


class Finding(Struct, frozen=True):
    """One thing. *what* was seen; *remedy*: what to do when it is not well, or may not be. *is_grave*: it makes the examination fail;
    else it is a warning. *check*: which part of the examination it comes from, for programs."""

    is_well: bool
    what: str
    remedy: str = ""
    is_grave: bool = True
    check: str = ""

    @property
    def state(self) -> State:
        """In a word."""
        if self.is_well:
            return "ok"
        return "failed" if self.is_grave else "warning"

    def of(self, check: str) -> Finding:
        """The same, of that check."""
        return replace(self, check=check)


def warning(what: str, remedy: str) -> Finding:
    """Something that may do harm one day."""
    return Finding(False, what, remedy, is_grave=False)


class Live(Struct, frozen=True):
    """What the running relay says of itself."""

    relay: Relay
    keys: Keys
    examined: Examined


class Patient(Struct, frozen=True):
    """The relay of this computer. *inside*: what it says while it runs; or what is in its closed database; None before there is one; or,
    in words, why neither can be known. *clocks*: how many seconds this computer's clock is ahead of others, by their names."""

    config: Config
    now: Millis
    inside: Live | Closed | str | None
    clocks: dict[str, float]


Check = Callable[[Patient], list[Finding]]
"""Blocks; raises nothing of what it looks for."""
