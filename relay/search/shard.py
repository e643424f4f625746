"""A stretch of the log in the index: which of its entries have which three characters, and their times and groups."""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from common.ids import GroupId, Millis, UserId

SPAN: Final = 65_536
"""Entries of one shard: few enough to be made anew in a second or two, many enough that a search asks only some of them."""
RARE: Final = 0.05
"""Where the groups that may be seen have less of a shard than this, the index leaves the others out; else they are skipped."""
_GROUPS_NAMED: Final = 32
_CACHE_KIB: Final = 256

# Numbers of groups and people stand in columns of their own, each as three characters that nobody can type as a word.
_TABLE: Final = (
    "CREATE VIRTUAL TABLE known USING fts5"
    " (text, grp, sender, file, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1')"
)
_PRIVATE: Final = 0xF0000
_PRIVATE_SIZE: Final = 65_000


class Place(NamedTuple):
    """Where an entry stands in the order of all: its time, then its number. Newest first is falling."""

    at: Millis
    number: int


class Known(NamedTuple):
    """What the index keeps of an entry. *text*: spread; None for what is not to be found."""

    number: int
    at: Millis
    group: GroupId
    sender: UserId
    text: str | None
    has_file: bool = False


class Wanted(Struct, frozen=True):
    """What entries are looked for. *grams*: the rarest first; *senders*: None for anybody."""

    grams: tuple[str, ...]
    groups: frozenset[GroupId]
    senders: frozenset[UserId] | None
    has_file: bool
    after: Millis


class Image(msgspec.Struct, frozen=True):
    """A shard as bytes."""

    first: int
    times: bytes
    groups: bytes
    table: bytes


class Shard:
    """The entries with the numbers from *first* on, at most `SPAN`. One thread uses it."""

    def __init__(self, first: int) -> None:
        self.first = first
        self._times = array("q")
        self._groups = array("q")
        """Of what can be found; 0: nothing there."""
        self._counts: Counter[int] = Counter()
        self._is_ordered = True
        """Whether later entries have later times: a clock may have been set back."""
        self._conn = _connect()
        self._conn.execute(_TABLE)

    @property
    def end(self) -> int:
        """The number after the last entry that it knows."""
        return self.first + len(self._times)

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        (pages,) = self._conn.execute("PRAGMA page_count").fetchone()
        (size,) = self._conn.execute("PRAGMA page_size").fetchone()
        return int(pages * size) + 16 * len(self._times)

    @property
    def is_empty(self) -> bool:
        """Whether nothing in it can be found."""
        return not any(self._counts.values())

    def close(self) -> None:
        """Give its memory back."""
        self._conn.close()

    # -- taking in -----------------------------------------------------------------------------------------------------

    def add(self, entries: Sequence[Known]) -> None:
        """Entries with rising numbers, all its own; those that it has are passed over."""
        fresh = [entry for entry in entries if entry.number >= self.end]
        for entry in fresh:
            self._take_place(entry)
        rows = [
            (
                entry.number,
                entry.text,
                _tag(0, entry.group),
                _tag(1, entry.sender),
                _tag(2, 0) if entry.has_file else None,
            )
            for entry in fresh
            if entry.text is not None
        ]
        self._write("INSERT INTO known (rowid, text, grp, sender, file) VALUES (?, ?, ?, ?, ?)", rows)

    def _take_place(self, entry: Known) -> None:
        times, groups = self._times, self._groups
        self.pass_over(entry.number, entry.at)
        if times and entry.at < times[-1]:
            self._is_ordered = False
        times.append(entry.at)
        groups.append(0 if entry.text is None else entry.group)
        if entry.text is not None:
            self._counts[entry.group] += 1

    def pass_over(self, end: int, at: int = 0) -> None:
        """There are no entries with the numbers up to *end* but those that it knows. *at*: when it knows none yet."""
        missing = max(0, end - self.end)
        self._times.extend([self._times[-1] if self._times else at] * missing)
        self._groups.extend([0] * missing)

    def amend(self, number: int, text: str) -> None:
        """The entry has another text now. What it had leads to it still, until the shard is made anew."""
        if self.knows(number):
            self._write("INSERT INTO known (rowid, text) VALUES (?, ?)", [(number, text)])

    def hide(self, number: int) -> bool:
        """Find the entry never again; whether it could be found until now."""
        if not self.knows(number):
            return False
        place = number - self.first
        self._counts[self._groups[place]] -= 1
        self._groups[place] = 0
        return True

    def knows(self, number: int) -> bool:
        """Whether the entry can be found."""
        return self.first <= number < self.end and self._groups[number - self.first] != 0

    def settle(self) -> None:
        """Take as little room as possible; worth its time when nothing more is to come."""
        self._conn.execute("INSERT INTO known (known) VALUES ('optimize')")
        self._conn.execute("VACUUM")

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._conn.execute("BEGIN")
        try:
            self._conn.executemany(statement, rows)
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")

    # -- finding -------------------------------------------------------------------------------------------------------

    def find(self, wanted: Wanted, before: Place | None, limit: int) -> list[Place]:
        """The newest *limit* entries before a place that may be what is wanted, newest first."""
        share = sum(count for group, count in self._counts.items() if group in wanted.groups)
        if not share:
            return []
        low, high = self._bounds(wanted.after, before)
        match = self._match(wanted, share)
        numbers = self._numbers(match, low, high) if match else iter(range(high - 1, low - 1, -1))
        groups, times, first = self._groups, self._times, self.first
        found: list[Place] = []
        for number in numbers:
            at = times[number - first]
            if groups[number - first] not in wanted.groups or at < wanted.after:
                continue
            place = Place(Millis(at), number)
            if before is not None and place >= before:
                continue
            found.append(place)
            if len(found) == limit and self._is_ordered:
                break
        if not self._is_ordered:
            found.sort(reverse=True)
        return found[:limit]

    def _bounds(self, after: Millis, before: Place | None) -> tuple[int, int]:
        """Between which numbers everything stands that may count; where the times do not rise, all."""
        if not self._is_ordered:
            return self.first, self.end
        low = bisect_left(self._times, after)
        if before is None:
            return self.first + low, self.end
        high = bisect_left(self._times, before.at)
        same = bisect_right(self._times, before.at)
        return self.first + low, self.first + max(high, min(same, before.number - self.first))

    def _match(self, wanted: Wanted, share: int) -> str:
        parts = [_quoted(gram) for gram in wanted.grams]
        if wanted.senders is not None:
            parts.append(_any_of(_tag(1, sender) for sender in wanted.senders))
        if wanted.has_file:
            parts.append(_quoted(_tag(2, 0)))
        if share < RARE * len(self._groups):
            named = [group for group, count in self._counts.items() if count > 0 and group in wanted.groups]
            if len(named) <= _GROUPS_NAMED:
                parts.append(_any_of(_tag(0, group) for group in named))
        return " AND ".join(parts)

    def _numbers(self, match: str, low: int, high: int) -> Iterator[int]:
        with closing(
            self._conn.execute(
                "SELECT rowid FROM known WHERE known MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid DESC",
                (match, low, high),
            )
        ) as rows:
            for (number,) in rows:
                yield number

    # -- as bytes ------------------------------------------------------------------------------------------------------

    def image(self) -> Image:
        """Everything that it knows."""
        return Image(self.first, self._times.tobytes(), self._groups.tobytes(), self._conn.serialize())

    @classmethod
    def of(cls, image: Image) -> Shard:
        """The shard of which *image* was made.

        Raises:
            ValueError: this is no shard.
        """
        shard = cls.__new__(cls)
        shard.first = image.first
        shard._times, shard._groups = array("q", image.times), array("q", image.groups)
        shard._counts = Counter(shard._groups)
        del shard._counts[0]
        shard._is_ordered = all(map(int.__le__, shard._times, shard._times[1:]))
        shard._conn = _connect()
        try:
            shard._conn.deserialize(image.table)
            shard._numbers_of_table()
        except sqlite3.Error as error:
            shard._conn.close()
            raise ValueError("This is no part of an index.") from error
        return shard

    def _numbers_of_table(self) -> None:
        self._conn.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._conn.execute("SELECT rowid FROM known WHERE known MATCH '\"abc\"' LIMIT 1").fetchall()


def _connect() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    conn.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return conn


def _tag(kind: int, number: int) -> str:
    high, low = divmod(number, _PRIVATE_SIZE)
    return chr(_PRIVATE + kind) + chr(_PRIVATE + high % _PRIVATE_SIZE) + chr(_PRIVATE + low)


def _any_of(tags: Iterable[str]) -> str:
    return f"({' OR '.join(map(_quoted, tags)) or _quoted(_tag(3, 0))})"


def _quoted(gram: str) -> str:
    doubled = gram.replace('"', '""')
    return f'"{doubled}"'
