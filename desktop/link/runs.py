"""Which entries of a log are here: runs of seqs without gaps. Pure.

The log itself has no gaps, so whatever lies between two runs exists on the relay and was not fetched yet.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Struct, field

from common.ids import Seq


class Run(Struct, frozen=True, order=True):
    """Every seq from *first* to *last*, both included."""

    first: Seq
    last: Seq

    def __contains__(self, seq: int) -> bool:
        return self.first <= seq <= self.last


class Runs(Struct):
    """Runs in rising order that neither touch nor overlap."""

    _runs: list[Run] = field(default_factory=list)

    @classmethod
    def of(cls, runs: Iterable[Run]) -> Runs:
        """From runs in any order, merged where they touch."""
        whole = cls()
        for run in runs:
            whole.add(run)
        return whole

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, seq: int) -> bool:
        return self.run_of(Seq(seq)) is not None

    @property
    def last(self) -> Seq:
        """The highest seq that is here; 0 when nothing is."""
        return self._runs[-1].last if self._runs else Seq(0)

    @property
    def newest(self) -> Run | None:
        """The run that ends the furthest."""
        return self._runs[-1] if self._runs else None

    def run_of(self, seq: Seq) -> Run | None:
        """The run that holds *seq*."""
        index = bisect_right(self._runs, seq, key=lambda run: run.first) - 1
        return self._runs[index] if index >= 0 and seq in self._runs[index] else None

    def ending_before(self, seq: Seq) -> Run | None:
        """The run that holds ``seq - 1``, the one that a page before *seq* comes from."""
        return self.run_of(Seq(seq - 1))

    def add(self, run: Run) -> Run:
        """Note that *run* is here now; gives the run that it has become part of."""
        start = bisect_left(self._runs, run.first - 1, key=lambda known: known.last)
        end = bisect_right(self._runs, run.last + 1, key=lambda known: known.first)
        touched = self._runs[start:end]
        if touched:
            run = Run(min(run.first, touched[0].first), max(run.last, touched[-1].last))
        self._runs[start:end] = [run]
        return run

    def drop(self, seq: Seq) -> None:
        """Note that *seq* is not here any more (its record is damaged); it becomes a gap."""
        run = self.run_of(seq)
        if run is None:
            return
        index = self._runs.index(run)
        halves = (Run(run.first, Seq(seq - 1)), Run(Seq(seq + 1), run.last))
        self._runs[index : index + 1] = [half for half in halves if half.first <= half.last]

    def cut(self, floor: Seq) -> None:
        """Note that nothing up to *floor* is here any more, because it exists no longer."""
        first = Seq(floor + 1)
        self._runs = [Run(max(run.first, first), run.last) for run in self._runs if run.last > floor]

    def gaps(self) -> list[Run]:
        """What is missing between the runs, newest first."""
        return [Run(Seq(left.last + 1), Seq(right.first - 1)) for left, right in pairwise(self._runs)][::-1]
