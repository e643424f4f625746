"""The rows of one conversation: what was said, in the order of the log, then what is still on its way.

Whenever something changes, only the rows from its neighbour before to its neighbour after are laid out anew and compared with those
that stood there; what really differs is one `Splice`. So an append costs the same in a conversation of a hundred rows and in one of a
hundred thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from common.ids import MAX_INTEGER, Millis, Seq, UserId
from common.protocol.messages import Entry, Keeps
from desktop.events.outbox import OutboxItem
from desktop.model.laying import NEW, OUTBOX, SAID, SLOTS, Laying, is_shown
from desktop.model.rows import Bubble, GapLine, Notice, Row, Splice


class Gap(Struct, frozen=True):
    """Entries that are missing: those between *after* and *before*, both known."""

    after: Seq
    before: Seq


class Timeline(Laying, Sequence[Row]):
    """The rows of one group, to be read like a list. Each folding method returns what changed; None: nothing did."""

    def __init__(self, me: UserId, name_of: Callable[[UserId], str], day_of: Callable[[Millis], date]) -> None:
        """*me*: whose messages are own ones; *name_of*: what a person is called now; *day_of*: a moment's day where the reader is."""
        super().__init__(me, name_of, day_of)
        self._keys: list[int] = []
        self._rows: list[Row] = []

    # -- a list of rows ------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:  # type: ignore[override]
        return self._rows[index]

    # -- asking --------------------------------------------------------------------------------------------------------

    def new_line(self) -> int | None:
        """Where the line "New messages" stands."""
        position = self._new_position()
        if position is None:
            return None
        key = position * SLOTS + NEW
        index = bisect_left(self._keys, key)
        return index if index < len(self._keys) and self._keys[index] == key else None

    def seq_up_to(self, index: int) -> Seq:
        """The last entry in the rows up to *index*; 0: none. With the last row goes what was said after it without a row."""
        last = len(self._rows) - 1 - len(self._outbox)
        if 0 <= last <= index and self._stretches and self._keys[last] // SLOTS >= self._stretches[-1].first:
            return self.newest
        for at in range(min(index, len(self._rows) - 1), -1, -1):
            seq, slot = divmod(self._keys[at], SLOTS)
            if slot == SAID and self._keys[at] < OUTBOX:
                return Seq(seq)
        return Seq(0)

    def gap(self, index: int) -> Gap | None:
        """What is missing at row *index*; None when that row is no gap line."""
        if not 0 <= index < len(self._rows) or not isinstance(self._rows[index], GapLine):
            return None
        first = self._keys[index] // SLOTS
        at = next(at for at, stretch in enumerate(self._stretches) if stretch.first == first)
        return Gap(Seq(self._stretches[at - 1].last), Seq(first))

    def index_of(self, seq: Seq) -> int | None:
        """The row of the entry at *seq*."""
        key = seq * SLOTS + SAID
        index = bisect_left(self._keys, key)
        return index if index < len(self._keys) and self._keys[index] == key else None

    # -- folding -------------------------------------------------------------------------------------------------------

    def add(self, entries: Sequence[Entry], *, first_reached: bool = False) -> Splice | None:
        """A run of entries without gaps has become known; what was known already may come again, newer."""
        if not entries:
            news, self.first_reached = first_reached and not self.first_reached, self.first_reached or first_reached
            return self._lay_again(0, 0, with_outbox=True) if news and not self._seqs else None
        first, last = int(entries[0].seq), int(entries[-1].seq)
        line_before = self._new_position()
        shown = [entry for entry in entries if is_shown(entry)]
        start, stop = bisect_left(self._seqs, first), bisect_right(self._seqs, last)
        self._seqs[start:stop] = [entry.seq for entry in shown]
        self._entries[start:stop] = shown
        self._cover(first, last)
        begin = self._stretches[0].first
        self.first_reached |= (first_reached and first == begin) or begin <= self._floor + 1
        for entry in shown:
            if entry.kind == "message" and entry.target is not None:
                self._quoting.setdefault(entry.target, set()).add(entry.seq)
        nonces = {entry.nonce for entry in shown if entry.nonce is not None and entry.sender == self._me}
        self._own_nonces |= nonces
        arrived = any(item.nonce in nonces for item in self._outbox)
        line = self._new_position()
        if line != line_before:
            # Older entries have become known, and the line moves up to the first of them.
            moved = [position for position in (line, line_before) if position is not None]
            first, last = min(first, *moved), max(last, *moved)
        return self._lay_again(first, last, with_outbox=arrived)

    def relate(self, entries: Iterable[Entry]) -> Iterator[Splice]:
        """What *entries*, from anywhere in the log, say of messages or are quoted for.

        Each place that changes is a splice of its own, and is as it was until the splice is taken: take them all.
        """
        known = tuple(entries)
        touched = self._said.fold(known)
        if any(entry.kind == "deleted" for entry in known):
            touched |= self._erased()
        for entry in known:
            if entry.kind == "message":
                self._aside[entry.seq] = entry
                touched.add(entry.seq)
        return self._lay_each(touched)

    def _erased(self) -> set[Seq]:
        """What went with deleted accounts, and what they had put emoji to."""
        said = self._said
        gone = {entry.seq for entry in (*self._entries, *self._aside.values()) if said.is_erased(entry)}
        return gone | said.touched_by_erased()

    def begin_after(self, floor: Seq, keeps: Keeps | None) -> Iterator[Splice]:
        """The log was deleted up to *floor*, and *keeps* says how much of it is kept. The splices are as those of `relate`."""
        if (floor, keeps) == (self._floor, self._keeps):
            return
        grown, self._floor, self._keeps = floor > self._floor, max(floor, self._floor), keeps
        quoting: set[Seq] = set()
        if grown:
            quoting = self._forget_up_to(floor)
        first = self._seqs[0] if self._seqs else 0
        if (splice := self._lay_again(first, first, with_outbox=not self._seqs)) is not None:
            yield splice
        yield from self._lay_each(quoting)

    def set_may_manage(self, may: bool) -> Splice | None:
        """Whether this person may delete the messages of others."""
        if may == self._may_manage:
            return None
        self._may_manage = may
        return self._lay_again(self._seqs[0], self._seqs[-1]) if self._seqs else None

    def set_acts(self, items: Iterable[OutboxItem]) -> Iterator[Splice]:
        """All acts that are still on their way: they look as if they were done. The splices are as those of `relate`."""
        return self._lay_each(self._said.wait(items))

    def _lay_each(self, touched: set[Seq]) -> Iterator[Splice]:
        """Each is laid out when it is asked for, so that what it says is true of the rows as they are then."""
        quoting: set[Seq] = set().union(*(self._quoting.get(seq, ()) for seq in touched))
        for seq in sorted(touched | quoting):
            if self.index_of(seq) is not None and (splice := self._lay_again(seq, seq)) is not None:
                yield splice

    def set_outbox(self, items: Iterable[OutboxItem]) -> Splice | None:
        """All own messages that are still on their way, in the order in which they were written. Acts have `set_acts`."""
        self._outbox = [item for item in items if item.kind == "message"]
        self._place_outbox()
        newest = self._seqs[-1] if self._seqs else 0
        return self._lay_again(newest, newest, with_outbox=True)

    def set_read_by_others(self, seq: Seq) -> Splice | None:
        """Somebody else has read up to *seq*; it never goes back."""
        before, self._read_by_others = self._read_by_others, max(self._read_by_others, seq)
        start, stop = bisect_right(self._seqs, before), bisect_right(self._seqs, self._read_by_others)
        own = [at for at in range(start, stop) if self._entries[at].sender == self._me]
        return self._lay_again(self._seqs[own[0]], self._seqs[own[-1]]) if own else None

    def set_new_after(self, seq: Seq | None) -> Splice | None:
        """The line "New messages" stands before the first message of others after *seq*; None: nowhere."""
        before = self._new_position()
        self._new_after = seq
        after = self._new_position()
        moved = [position for position in (before, after) if position is not None]
        return self._lay_again(min(moved), max(moved)) if before != after else None

    def rename(self, people: set[UserId]) -> Splice | None:
        """These people are called otherwise now."""
        touched = [index for index, row in enumerate(self._rows) if self._speaks_of(index, row, people)]
        if not touched:
            return None
        new_position = self._new_position()
        for index in touched:
            row = self._rows[index]
            if isinstance(row, Bubble) and row.seq is None:
                quote = None if row.quote is None else self.quote(row.quote.seq)
                self._rows[index] = replace(row, author_name=self._name_of(row.author), quote=quote)
            else:
                at = bisect_left(self._seqs, self._keys[index] // SLOTS)
                self._rows[index] = self._row(at, self._entries[at], new_position)
        count = touched[-1] + 1 - touched[0]
        return Splice(touched[0], count, count)

    def _speaks_of(self, index: int, row: Row, people: set[UserId]) -> bool:
        if isinstance(row, Bubble) and row.seq is None:
            return row.author in people or (row.quote is not None and row.quote.author in people)
        if not isinstance(row, (Bubble, Notice)):
            return False
        entry = self._known(Seq(self._keys[index] // SLOTS))
        assert entry is not None, "it has a row"
        named: set[UserId | None] = {entry.sender, entry.user, entry.forwarded}
        if isinstance(row, Bubble):
            named |= self._said.reactors(entry.seq)
            named.add(row.quote.author if row.quote is not None else None)
        return not named.isdisjoint(people)

    # -- the rows ------------------------------------------------------------------------------------------------------

    def _lay_again(self, first: int, last: int, *, with_outbox: bool = False) -> Splice | None:
        """Lay out the entries [first, last] with one neighbour at each side, and say how the rows differ now."""
        if with_outbox and self._seqs:
            last = max(last, self._seqs[-1])
        start = max(bisect_left(self._seqs, first) - 1, 0)
        stop = min(bisect_right(self._seqs, last) + 1, len(self._seqs))
        # At either end there may be a gap line without a neighbour beyond it.
        low = self._seqs[start] if start else 0
        high = self._seqs[stop - 1] if stop < len(self._seqs) else MAX_INTEGER
        if high == MAX_INTEGER:
            with_outbox = with_outbox or bool(self._outbox)
        begin = bisect_left(self._keys, low * SLOTS)
        end = len(self._keys) if with_outbox else bisect_left(self._keys, (high + 1) * SLOTS)
        laid = self._laid_log(start, stop, low, high)
        if with_outbox:
            laid.extend(self._laid_outbox())
        return self._put(begin, end, laid)

    def _put(self, begin: int, end: int, laid: list[tuple[int, Row]]) -> Splice | None:
        """Rows [begin, end) become *laid*; what is equal at both ends of it was not touched."""
        head = 0
        most = min(end - begin, len(laid))
        while head < most and (self._keys[begin + head], self._rows[begin + head]) == laid[head]:
            head += 1
        tail = 0
        while tail < most - head and (self._keys[end - 1 - tail], self._rows[end - 1 - tail]) == laid[-1 - tail]:
            tail += 1
        changed = laid[head : len(laid) - tail]
        start, stop = begin + head, end - tail
        if not changed and start == stop:
            return None
        self._keys[start:stop] = [key for key, _row in changed]
        self._rows[start:stop] = [row for _key, row in changed]
        return Splice(start, stop - start, len(changed))
