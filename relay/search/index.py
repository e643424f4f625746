"""The whole index: shard after shard along the log, and how far it has followed it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby, islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from relay.search.shard import SPAN, Image, Known, Place, Shard, Wanted
from relay.search.text import grams_of

INDEX_BYTES: Final = 384 * 1024 * 1024
"""Above this the oldest shards are given up; what is in them is not found any more, which answers say."""
GRAMS_ASKED: Final = 6
"""So many of a query's rarest are asked for; the text itself decides afterwards."""
_SAMPLED: Final = 16
"""Of every so many entries one is counted for knowing what is rare,"""
_GRAMS_COUNTED: Final = 20_000
"""and so many different ones at most."""
_FIRST_NUMBER: Final = 1


class Changed(Struct, frozen=True):
    """The message has another text; *text*: spread."""

    number: int
    text: str


class TakenBack(Struct, frozen=True):
    """The message was redacted."""

    number: int


Change = Known | Changed | TakenBack


def why_not() -> str | None:
    """Why there can be no index with this Python, in words; None where there can."""
    try:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.execute("CREATE VIRTUAL TABLE tried USING fts5 (x, content = '', detail = none, tokenize = 'trigram')")
    except sqlite3.Error as error:
        return f"Searching is not possible: SQLite {sqlite3.sqlite_version} of this Python cannot do it ({error})."
    return None


class Index:
    """Which messages may have what is looked for. One thread uses it."""

    def __init__(self) -> None:
        self.reach = 0
        """The number of the last entry that was followed."""
        self.has_given_up = False
        """Whether the oldest entries are left out for want of room."""
        self._shards: dict[int, Shard] = {}
        self.stale: set[int] = set()
        """Shards, by their first number, that know words of what was taken back."""
        self.missing: set[int] = set()
        """Those that know nothing yet and are to be made from the log."""
        self._counted: Counter[str] = Counter()

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        return sum(shard.size_bytes for shard in self._shards.values())

    @property
    def count(self) -> int:
        """How many shards there are."""
        return len(self._shards)

    @property
    def counted(self) -> dict[str, int]:
        """How often what stood in the texts that were counted."""
        return dict(self._counted.most_common(_GRAMS_COUNTED))

    def close(self) -> None:
        """Give the memory back."""
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()

    # -- following the log ---------------------------------------------------------------------------------------------

    def take_in(self, changes: Sequence[Change], reach: int) -> None:
        """What has happened up to the entry *reach*, in its order."""
        for is_known, some in groupby(changes, key=lambda change: isinstance(change, Known)):
            if is_known:
                self._add([change for change in some if isinstance(change, Known)])
                continue
            for change in some:
                self._amend(change)
        self.reach = reach

    def _add(self, entries: Sequence[Known]) -> None:
        for first, some in groupby(entries, key=lambda entry: first_of(entry.number)):
            part = list(some)
            if first not in self._shards:
                self._begin(first)
            self._shards[first].add(part)
            self._count(part)

    def _begin(self, first: int) -> None:
        if (before := self._shards.get(first - SPAN)) is not None:
            before.settle()
        self._shards[first] = Shard(first)
        while len(self._shards) > 1 and self.size_bytes > INDEX_BYTES:
            self._give_up(min(self._shards))
            self.has_given_up = True

    def _give_up(self, first: int) -> None:
        self._shards.pop(first).close()
        self.stale.discard(first)
        self.missing.discard(first)

    def _count(self, entries: Sequence[Known]) -> None:
        for entry in islice(entries, None, None, _SAMPLED):
            self._counted.update(grams_of(entry.text or ""))
        if len(self._counted) > 2 * _GRAMS_COUNTED:
            self._counted = Counter(dict(self._counted.most_common(_GRAMS_COUNTED)))

    def _amend(self, change: Change) -> None:
        first = first_of(change.number)
        shard = self._shards.get(first)
        if shard is None:
            return
        if isinstance(change, Changed):
            shard.amend(change.number, change.text)
        elif shard.hide(change.number):
            self.stale.add(first)

    def forget(self, numbers: Iterable[int]) -> None:
        """These messages are not there any more; their words go when their shards are made anew."""
        for number in numbers:
            first = first_of(number)
            if (shard := self._shards.get(first)) is not None and shard.hide(number):
                self.stale.add(first)

    def drop(self, first: int) -> bool:
        """Nothing is left of what the shard knows: give its room back. Not of the last one, in which the log goes on; whether it was
        done."""
        if first == max(self._shards):
            return False
        self._give_up(first)
        return True

    def renew(self, shard: Shard) -> None:
        """Put *shard* in the place of the one that had its entries."""
        old = self._shards.get(shard.first)
        self._shards[shard.first] = shard
        self.stale.discard(shard.first)
        self.missing.discard(shard.first)
        if old is not None:
            old.close()

    def end_of(self, first: int) -> int:
        """The number after the last entry that the shard knows."""
        return self._shards[first].end

    # -- as parts ------------------------------------------------------------------------------------------------------

    def images(self) -> Iterator[Image]:
        """Every shard as bytes; of one that is to be made anew, only where it ends."""
        for first, shard in sorted(self._shards.items()):
            if first in self.stale or first in self.missing:
                with closing(Shard(first)) as empty:
                    empty.pass_over(shard.end)
                    yield empty.image()
            else:
                yield shard.image()

    def resume(self, reach: int, missing: Iterable[int], counted: Mapping[str, int], has_given_up: bool) -> None:
        """Stand where another one stood; its shards follow by `put`."""
        self.reach, self.missing, self.has_given_up = reach, set(missing), has_given_up
        self._counted.update(counted)

    def put(self, shard: Shard) -> None:
        """Take in a shard that was made elsewhere."""
        self._shards[shard.first] = shard

    # -- finding -------------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, before: Place | None, limit: int) -> list[Place]:
        """The newest *limit* messages before a place that may be what is wanted, newest first."""
        rarest = sorted(wanted.grams, key=self._counted.__getitem__)[:GRAMS_ASKED]
        asked = replace(wanted, grams=tuple(rarest))
        return list(islice(self._found(asked, before, limit), limit))

    def _found(self, wanted: Wanted, before: Place | None, limit: int) -> Iterator[Place]:
        for first in sorted(self._shards, reverse=True):
            yield from self._shards[first].find(wanted, before, limit)


def first_of(number: int) -> int:
    """The first number of the shard that *number* belongs to."""
    return number - (number - _FIRST_NUMBER) % SPAN
