"""When to try again: full jitter, so that a hundred clients do not come back in the same moment. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_S: Final = 0.5
MOST_S: Final = 30.0
STABLE_S: Final = 60.0
"""A link that lasted this long makes the next failure the first one again."""


class Backoff:
    """The delays between tries: a random part of 0.5 s, 1 s, 2 s … at most 30 s."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """*chance* gives a number from 0 to 1, as `random.random` does."""
        self._chance = chance
        self._failures = 0

    def failed(self, lasted_s: float = 0.0, asked_for_s: float = 0.0) -> float:
        """The seconds to wait after a link that *lasted_s*; at least what the relay *asked_for_s*."""
        if lasted_s >= STABLE_S:
            self._failures = 0
        most = min(MOST_S, FIRST_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return max(asked_for_s, 0.0) + self._chance() * most

    def reset(self) -> None:
        """Something has changed (the network, the address): begin afresh."""
        self._failures = 0
