"""What has happened since the relay started, counted where it happens: plain numbers, touched by the event loop alone.

Nothing is counted for each person, group or address, so this never grows; and the write path pays a few additions a batch.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Final

COMMIT_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds: a fast SSD commits in less than the first, and a disk above the last is in trouble."""
BATCH: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Upper bounds of how many changes went to the disk together; `limits.COMMIT_ENTRIES` is the last."""
LATE_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Spread:
    """How often a value was seen within which bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """*bounds*: upper ones, rising; beyond the last there is one more."""
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        """How many values were in each, not added up."""
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Tally:
    """The counters of one relay."""

    __slots__ = (
        "batches",
        "commits",
        "cut_off",
        "deliveries",
        "entries",
        "failed_commits",
        "fallen_behind",
        "late",
        "refusals",
        "skipped",
    )

    def __init__(self) -> None:
        self.entries = 0
        """Entries that are on the disk, acknowledged or about to be."""
        self.commits = Spread(COMMIT_S)
        """Seconds from the hop to the writer's thread to the end of COMMIT."""
        self.batches = Spread(BATCH)
        """Changes in one commit."""
        self.failed_commits = 0
        """Batches that the disk did not take."""
        self.deliveries = 0
        """Entries put into the queues of links, each once a link."""
        self.skipped = 0
        """Of those, the ones that were dropped because their reader was too slow; it reads them from the log."""
        self.fallen_behind = 0
        """How often a link began to be behind."""
        self.cut_off = 0
        """Links that were ended because they did not even take their answers."""
        self.refusals: Counter[str] = Counter()
        """What was refused, by code; the codes are a closed list (`common.errors.wire_errors`)."""
        self.late = Spread(LATE_S)
        """Seconds by which the event loop woke too late."""
