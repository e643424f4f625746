"""Whether the person is still there. Only what happens in this window is known; the rest of the computer is not asked."""

from __future__ import annotations

from typing import Final

from common.ids import Millis

IDLE_MS: Final = 5 * 60 * 1000
"""Nothing was touched for so long: away."""


class Idleness:
    """When something was touched last."""

    def __init__(self, now: Millis) -> None:
        """Who opens a window is there."""
        self._touched_at = now

    def touched(self, now: Millis) -> None:
        """A key, the mouse, or the window got or lost the keyboard."""
        self._touched_at = now

    def is_idle(self, now: Millis) -> bool:
        """Whether that was too long ago. A clock that was set back counts as a touch."""
        self._touched_at = min(self._touched_at, now)
        return now - self._touched_at >= IDLE_MS
