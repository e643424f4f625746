"""Following the end of one group's log: what to apply, what to drop, and what to fetch first. Pure.

Push is a hint, the log is the truth. Lower seq than known: drop. Exactly next: apply. Higher: fetch what is between, then apply.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from common.ids import Seq
from common.protocol.messages import Entry

AHEAD_MAX: Final = 2000
"""Entries beyond a gap that are kept until it closes; more are dropped, for they can be fetched again."""


class Tail:
    """The end of one log. *known*: all up to there is here. *target*: the log is known to reach that far."""

    def __init__(self, known: Seq) -> None:
        """*known* comes from the archive; the relay then says how far the log `reaches`."""
        self.known = known
        self.target = known
        self._ahead: dict[Seq, Entry] = {}

    @property
    def is_behind(self) -> bool:
        """Whether the log goes on after what is known."""
        return self.target > self.known

    @property
    def missing(self) -> int:
        """How many entries are between what is known and the first that is here beyond it."""
        return min(self._ahead, default=Seq(self.target + 1)) - self.known - 1

    def reaches(self, seq: Seq) -> None:
        """The log is known to reach *seq*."""
        self.target = max(self.target, seq)

    def ends_here(self) -> None:
        """The relay has nothing after what is known, whatever was announced."""
        self._ahead.clear()
        self.target = self.known

    def begins_after(self, floor: Seq) -> list[Entry]:
        """The log was deleted up to *floor*: nothing is missing there. Gives what can be applied now."""
        if floor <= self.known:
            return []
        self.known = floor
        self.reaches(floor)
        self._ahead = {seq: entry for seq, entry in self._ahead.items() if seq > floor}
        return self.hear(())

    def hear(self, entries: Iterable[Entry]) -> list[Entry]:
        """Take *entries* in whatever order and give those that can be applied now: rising, without a gap, each once."""
        for entry in entries:
            self.reaches(entry.seq)
            if entry.seq > self.known and (len(self._ahead) < AHEAD_MAX or entry.seq == self.known + 1):
                self._ahead[entry.seq] = entry
        ready = []
        while (following := self._ahead.pop(Seq(self.known + 1), None)) is not None:
            ready.append(following)
            self.known = following.seq
        return ready

    def leap(self, page: list[Entry]) -> list[Entry]:
        """Go on after the newest *page*, leaving a gap before it; gives the page with what was here beyond it."""
        if not page or page[-1].seq <= self.known:
            return self.hear(page)
        fresh = [entry for entry in page if entry.seq > self.known]
        self.known = page[-1].seq
        self.reaches(self.known)
        self._ahead = {seq: entry for seq, entry in self._ahead.items() if seq > self.known}
        return fresh + self.hear(())
