"""How fast something goes, over the last seconds, and how long the rest will take."""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_S: Final = 5.0


class Pace:
    """Told now and then how far it is."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, at_s: float, done: int) -> None:
        """At that time it was so far."""
        if self._seen and done < self._seen[-1][1]:  # begun afresh
            self._seen.clear()
        self._seen.append((at_s, done))
        while len(self._seen) > 2 and at_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Bytes a second; 0 while nothing is known."""
        if len(self._seen) < 2:
            return 0.0
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0

    def left_s(self, size: int) -> float | None:
        """Seconds until all of *size* is there; None while nobody can know."""
        if not self._seen or self.rate <= 0:
            return None
        return (size - self._seen[-1][1]) / self.rate
