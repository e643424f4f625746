"""The download of what a relay holds about the person, as values that cross between the window and the link."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

Phase = Literal["fetching", "checking", "done", "failed", "cancelled"]
"""The last three are ends; after the last two nothing is left."""


class OwnDataProgress(Struct, frozen=True):
    """How far it is. *path*: the archive, where it will be or is.

    *done* of about *expected* bytes (0: nobody knows). *waiting*: the relay is away or busy; it begins afresh when that is over.
    *problem*, for people, only when failed.
    """

    path: Path
    phase: Phase
    done: int = 0
    expected: int = 0
    waiting: bool = False
    problem: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether something is being done."""
        return self.phase in ("fetching", "checking")


class OwnDataChanged(Struct, frozen=True):
    """It goes on, or has ended well or badly."""

    progress: OwnDataProgress
