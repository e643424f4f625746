"""Which entries of a log are known. They stand in *stretches*: entries without a gap between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct

from common.ids import Seq
from common.protocol.messages import Entry


class _Stretch(Struct):
    """Entries [first, last], all known."""

    first: int
    last: int


class Known:
    """Those of one group: the ones that are shown in their order, and aside those that are only quoted or spoken of."""

    def __init__(self) -> None:
        self._stretches: list[_Stretch] = []
        self._seqs: list[int] = []
        self._entries: list[Entry] = []
        self._aside: dict[Seq, Entry] = {}
        self._quoting: dict[Seq, set[Seq]] = {}
        self.first_reached = False
        """Nothing comes before the first row."""

    @property
    def oldest(self) -> Seq | None:
        """The first entry that is known."""
        return Seq(self._stretches[0].first) if self._stretches else None

    @property
    def newest(self) -> Seq:
        """The last entry that is known; 0 without any."""
        return Seq(self._stretches[-1].last) if self._stretches else Seq(0)

    def entries_after(self, seq: Seq) -> Sequence[Entry]:
        """Shown entries that come after *seq*."""
        return self._entries[bisect_right(self._seqs, seq) :]

    def message(self, seq: Seq) -> Entry | None:
        """The message at *seq*, as it was sent; None when it is not known, or no message."""
        found = self._known(seq)
        return found if found is not None and found.kind == "message" else None

    def _known(self, seq: Seq) -> Entry | None:
        at = bisect_left(self._seqs, seq)
        return self._entries[at] if at < len(self._seqs) and self._seqs[at] == seq else self._aside.get(seq)

    def _cover(self, first: int, last: int) -> None:
        """[first, last] is known from now on; stretches that touch become one."""
        start = bisect_left(self._stretches, first, key=lambda stretch: stretch.last + 1)
        stop = bisect_right(self._stretches, last, key=lambda stretch: stretch.first - 1)
        for stretch in self._stretches[start:stop]:
            first, last = min(first, stretch.first), max(last, stretch.last)
        self._stretches[start:stop] = [_Stretch(first, last)]

    def _gaps(self, low: int, high: int) -> list[int]:
        """The seqs in [low, high] that have a gap right before them."""
        start = max(bisect_left(self._stretches, low, key=lambda stretch: stretch.first), 1)
        stop = bisect_right(self._stretches, high, key=lambda stretch: stretch.first)
        return [stretch.first for stretch in self._stretches[start:stop]]

    def _forget_up_to(self, floor: Seq) -> set[Seq]:
        """Nothing up to *floor* is known any more. Returns what quotes some of it."""
        gone = bisect_right(self._seqs, floor)
        del self._seqs[:gone]
        del self._entries[:gone]
        self._stretches = [
            _Stretch(max(stretch.first, floor + 1), stretch.last) for stretch in self._stretches if stretch.last > floor
        ]
        self.first_reached |= bool(self._stretches) and self._stretches[0].first == floor + 1
        self._aside = {seq: entry for seq, entry in self._aside.items() if seq > floor}
        quoted = [seq for seq in self._quoting if seq <= floor]
        return {seq for target in quoted for seq in self._quoting[target] if seq > floor}
