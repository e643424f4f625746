"""The rows of one conversation: what was said, in the order of the log, then what is still on its way.

Everything known stands in *stretches*: entries without a gap between them. Whenever something changes, only the rows from its
neighbour before to its neighbour after are laid out anew and compared with those that stood there; what really differs is one
`Splice`. So an append costs the same in a conversation of a hundred rows and in one of a hundred thousand.

Rows are found again by *keys*, numbers that grow from row to row: four for each seq (gap, day line, "new" line, the entry itself),
and beyond all seqs four for each message of the outbox.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from common.ids import MAX_INTEGER, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, Keeps
from desktop.events.outbox import OutboxItem, OutboxState
from desktop.model.rows import (
    BeginLine,
    Bubble,
    DayLine,
    Delivery,
    GapLine,
    NewLine,
    Notice,
    NoticeKind,
    Quote,
    Row,
    Splice,
)
from desktop.model.said import Said

RUN_MS: Final = 5 * 60 * 1000
"""A pause of this length, and the next message of the same author stands for itself again."""

_GAP, _DAY, _NEW, _SAID = range(4)
_SLOTS: Final = 4
_OUTBOX: Final = (MAX_INTEGER + 1) * _SLOTS
QUOTED: Final = 200
"""Characters of a message that a quote of it has."""
_NOTICES: Final = {
    "join": NoticeKind.JOINED,
    "leave": NoticeKind.LEFT,
    "rename": NoticeKind.RENAMED,
    "topic": NoticeKind.TOPIC,
    "role": NoticeKind.ROLE,
    "ban": NoticeKind.BANNED,
    "mute": NoticeKind.MUTED,
    "slow": NoticeKind.SLOWED,
    "pin": NoticeKind.PINNED,
    "retention": NoticeKind.RETENTION,
    "deleted": NoticeKind.DELETED,
}
_DONE_TO_OTHERS: Final = {NoticeKind.JOINED: NoticeKind.ADDED, NoticeKind.LEFT: NoticeKind.REMOVED}
_EVERYBODY: Final = UserId(0)


class _Stretch(Struct):
    """Entries [first, last], all known."""

    first: int
    last: int


class Gap(Struct, frozen=True):
    """Entries that are missing: those between *after* and *before*, both known."""

    after: Seq
    before: Seq


class Timeline(Sequence[Row]):
    """The rows of one group, to be read like a list. Each folding method returns what changed; None: nothing did."""

    def __init__(self, me: UserId, name_of: Callable[[UserId], str], day_of: Callable[[Millis], date]) -> None:
        """*me*: whose messages are own ones; *name_of*: what a person is called now; *day_of*: a moment's day where the reader is."""
        self._me = me
        self._name_of = name_of
        self._day_of = day_of
        self._stretches: list[_Stretch] = []
        self._seqs: list[int] = []
        self._entries: list[Entry] = []
        self._outbox: list[OutboxItem] = []
        self._places: dict[Nonce, int] = {}
        self._next_place = 0
        self._own_nonces: set[Nonce] = set()
        self._read_by_others = Seq(0)
        self._new_after: Seq | None = None
        self._keys: list[int] = []
        self._rows: list[Row] = []
        self._said = Said(me)
        self._aside: dict[Seq, Entry] = {}
        self._quoting: dict[Seq, set[Seq]] = {}
        self._may_manage = False
        self._floor = Seq(0)
        self._keeps: Keeps | None = None
        self.first_reached = False
        """Nothing comes before the first row."""

    # -- a list of rows ------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:  # type: ignore[override]
        return self._rows[index]

    # -- asking --------------------------------------------------------------------------------------------------------

    @property
    def oldest(self) -> Seq | None:
        """The first entry that is known."""
        return Seq(self._stretches[0].first) if self._stretches else None

    @property
    def newest(self) -> Seq:
        """The last entry that is known; 0 without any."""
        return Seq(self._stretches[-1].last) if self._stretches else Seq(0)

    def new_line(self) -> int | None:
        """Where the line "New messages" stands."""
        position = self._new_position()
        if position is None:
            return None
        key = position * _SLOTS + _NEW
        index = bisect_left(self._keys, key)
        return index if index < len(self._keys) and self._keys[index] == key else None

    def reactions_after(self, seq: Seq) -> Sequence[Entry]:
        """Those put after *seq* in the log that still stand, the last one first."""
        return self._said.reactions_after(seq)

    def seq_up_to(self, index: int) -> Seq:
        """The last entry in the rows up to *index*; 0: none. With the last row goes what was said after it without a row."""
        last = len(self._rows) - 1 - len(self._outbox)
        if 0 <= last <= index and self._stretches and self._keys[last] // _SLOTS >= self._stretches[-1].first:
            return self.newest
        for at in range(min(index, len(self._rows) - 1), -1, -1):
            seq, slot = divmod(self._keys[at], _SLOTS)
            if slot == _SAID and self._keys[at] < _OUTBOX:
                return Seq(seq)
        return Seq(0)

    def gap(self, index: int) -> Gap | None:
        """What is missing at row *index*; None when that row is no gap line."""
        if not 0 <= index < len(self._rows) or not isinstance(self._rows[index], GapLine):
            return None
        first = self._keys[index] // _SLOTS
        at = next(at for at, stretch in enumerate(self._stretches) if stretch.first == first)
        return Gap(Seq(self._stretches[at - 1].last), Seq(first))

    def outbox_item(self, nonce: Nonce) -> OutboxItem | None:
        """The own message on its way that is called *nonce*."""
        return next((item for item in self._outbox if item.nonce == nonce), None)

    def entries_after(self, seq: Seq) -> Sequence[Entry]:
        """Shown entries that come after *seq*."""
        return self._entries[bisect_right(self._seqs, seq) :]

    def message(self, seq: Seq) -> Entry | None:
        """The message at *seq*, as it was sent; None when it is not known, or no message."""
        found = self._known(seq)
        return found if found is not None and found.kind == "message" else None

    def text(self, seq: Seq) -> str:
        """The text of the message at *seq* as it stands now; empty when it is not known or was taken back."""
        found = self.message(seq)
        return "" if found is None or self._said.is_redacted(found) else self._said.body(found)

    def quote(self, seq: Seq) -> Quote:
        """The message at *seq* as it is shown above what answers it."""
        found = self.message(seq)
        if found is None:
            return Quote(seq, UserId(0), "", "")
        redacted = self._said.is_redacted(found)
        text = "" if redacted else self._said.body(found)[:QUOTED] or ", ".join(file.name for file in found.files)
        return Quote(seq, found.sender, self._name_of(found.sender), text, redacted)

    def last_own(self) -> Entry | OutboxItem | None:
        """The newest own message that may be edited, of those that wait and those that are here."""
        for item in reversed(self._waiting()):
            if _may_edit_waiting(item):
                return item
        for entry in reversed(self._entries):
            if entry.sender == self._me and entry.kind == "message" and self._may_edit(entry):
                return entry
        return None

    def index_of(self, seq: Seq) -> int | None:
        """The row of the entry at *seq*."""
        key = seq * _SLOTS + _SAID
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
        shown = [entry for entry in entries if _is_shown(entry)]
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
                at = bisect_left(self._seqs, self._keys[index] // _SLOTS)
                self._rows[index] = self._row(at, self._entries[at], new_position)
        count = touched[-1] + 1 - touched[0]
        return Splice(touched[0], count, count)

    # -- what is known -------------------------------------------------------------------------------------------------

    def _cover(self, first: int, last: int) -> None:
        """[first, last] is known from now on; stretches that touch become one."""
        start = bisect_left(self._stretches, first, key=lambda stretch: stretch.last + 1)
        stop = bisect_right(self._stretches, last, key=lambda stretch: stretch.first - 1)
        for stretch in self._stretches[start:stop]:
            first, last = min(first, stretch.first), max(last, stretch.last)
        self._stretches[start:stop] = [_Stretch(first, last)]

    def _new_position(self) -> int | None:
        """The seq that the line "New messages" stands before."""
        if self._new_after is None:
            return None
        for at in range(bisect_right(self._seqs, self._new_after), len(self._seqs)):
            entry = self._entries[at]
            if entry.kind == "message" and entry.sender != self._me:
                return entry.seq
        return None

    def _known(self, seq: Seq) -> Entry | None:
        at = bisect_left(self._seqs, seq)
        return self._entries[at] if at < len(self._seqs) and self._seqs[at] == seq else self._aside.get(seq)

    def _speaks_of(self, index: int, row: Row, people: set[UserId]) -> bool:
        if isinstance(row, Bubble) and row.seq is None:
            return row.author in people or (row.quote is not None and row.quote.author in people)
        if not isinstance(row, (Bubble, Notice)):
            return False
        entry = self._known(Seq(self._keys[index] // _SLOTS))
        assert entry is not None, "it has a row"
        named: set[UserId | None] = {entry.sender, entry.user, entry.forwarded}
        if isinstance(row, Bubble):
            named |= self._said.reactors(entry.seq)
            named.add(row.quote.author if row.quote is not None else None)
        return not named.isdisjoint(people)

    def _may_edit(self, entry: Entry) -> bool:
        return not (
            self._said.is_redacted(entry) or entry.damaged or entry.via is not None or entry.forwarded is not None
        )

    # -- laying out ----------------------------------------------------------------------------------------------------

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
        begin = bisect_left(self._keys, low * _SLOTS)
        end = len(self._keys) if with_outbox else bisect_left(self._keys, (high + 1) * _SLOTS)
        laid = self._laid_log(start, stop, low, high)
        if with_outbox:
            laid.extend(self._laid_outbox())
        return self._put(begin, end, laid)

    def _laid_log(self, start: int, stop: int, low: int, high: int) -> list[tuple[int, Row]]:
        """Keys and rows of the shown entries [start, stop), and of the gaps within the seqs [low, high]."""
        laid: list[tuple[int, Row]] = []
        if start == 0 and self.first_reached and self._begins is not None:
            laid.append((0, self._begins))
        new_position = self._new_position()
        gaps = self._gaps(low, high)
        laid.extend((seq * _SLOTS + _GAP, GapLine()) for seq in gaps)
        for at in range(start, stop):
            entry = self._entries[at]
            key = entry.seq * _SLOTS
            if at == 0 or self._day_of(self._entries[at - 1].at) != self._day_of(entry.at):
                laid.append((key + _DAY, DayLine(self._day_of(entry.at))))
            if entry.seq == new_position:
                laid.append((key + _NEW, NewLine()))
            laid.append((key + _SAID, self._row(at, entry, new_position)))
        if gaps:
            laid.sort(key=lambda pair: pair[0])
        return laid

    @property
    def _begins(self) -> BeginLine | None:
        """The line where the messages begin, if there is something to say of it."""
        keeps = self._keeps or Keeps()
        return BeginLine(keeps, self._floor > 0) if self._floor or keeps.days or keeps.entries else None

    def _gaps(self, low: int, high: int) -> list[int]:
        """The seqs in [low, high] that have a gap right before them."""
        start = max(bisect_left(self._stretches, low, key=lambda stretch: stretch.first), 1)
        stop = bisect_right(self._stretches, high, key=lambda stretch: stretch.first)
        return [stretch.first for stretch in self._stretches[start:stop]]

    def _row(self, at: int, entry: Entry, new_position: int | None) -> Row:
        if entry.kind in _NOTICES:
            return self._notice(entry)
        own = entry.sender == self._me
        said, redacted = self._said, self._said.is_redacted(entry)
        following = self._entries[at + 1] if at + 1 < len(self._entries) else None
        if following is None:
            waiting = self._waiting()
            goes_on = own and bool(waiting) and self._is_run(entry.at, waiting[0].written_at)
        else:
            goes_on = self._continues(entry, following, new_position)
        return Bubble(
            seq=entry.seq,
            nonce=entry.nonce if own else None,
            author=entry.sender,
            author_name=self._name_of(entry.sender),
            own=own,
            body="" if redacted else said.body(entry),
            at=entry.at,
            first_of_run=at == 0 or not self._continues(self._entries[at - 1], entry, new_position),
            last_of_run=not goes_on,
            delivery=self._delivery(entry) if own else None,
            damaged=entry.damaged,
            redacted=redacted,
            quote=None if entry.target is None or redacted else self.quote(entry.target),
            reactions=() if redacted else said.reactions(entry.seq, self._name_of),
            files=() if redacted else entry.files,
            edited=not redacted and said.is_edited(entry),
            pinned=not redacted and said.is_pinned(entry.seq),
            forwarded_from="" if entry.forwarded is None else self._name_of(entry.forwarded),
            via=entry.via or "",
            calls=not redacted and bool(said.mentions(entry)),
            calls_me=not (own or redacted) and not {self._me, _EVERYBODY}.isdisjoint(said.mentions(entry)),
            may_edit=own and self._may_edit(entry),
            may_delete=not redacted and (own or self._may_manage),
        )

    def _notice(self, entry: Entry) -> Notice:
        kind = _NOTICES[entry.kind]
        if entry.user is not None and entry.user != entry.sender:
            kind = _DONE_TO_OTHERS.get(kind, kind)
        if kind is NoticeKind.BANNED and not entry.on:
            kind = NoticeKind.UNBANNED
        if kind is NoticeKind.MUTED and not entry.on:
            kind = NoticeKind.UNMUTED
        whom = "" if entry.user is None else self._name_of(entry.user)
        keeps = _keeps_of(entry) if kind is NoticeKind.RETENTION else None
        return Notice(entry.seq, kind, self._name_of(entry.sender), entry.body or "", entry.at, whom, keeps)

    def _laid_outbox(self) -> list[tuple[int, Row]]:
        laid: list[tuple[int, Row]] = []
        waiting = self._waiting()
        last = self._entries[-1] if self._entries else None
        at_before = last.at if last else None
        is_own_before = last is not None and last.sender == self._me and last.kind == "message"
        for at, item in enumerate(waiting):
            key = _OUTBOX + self._places[item.nonce] * _SLOTS
            day = self._day_of(item.written_at)
            # The relay's clock may be ahead of this one: a message that is not yet stored never opens an earlier day.
            if at_before is None or day > self._day_of(at_before):
                laid.append((key + _DAY, DayLine(day)))
            following = waiting[at + 1] if at + 1 < len(waiting) else None
            bubble = Bubble(
                seq=None,
                nonce=item.nonce,
                author=self._me,
                author_name=self._name_of(self._me),
                own=True,
                body=item.body,
                at=item.written_at,
                first_of_run=not (is_own_before and at_before is not None and self._is_run(at_before, item.written_at)),
                last_of_run=not (following and self._is_run(item.written_at, following.written_at)),
                delivery=Delivery.FAILED if item.state is OutboxState.FAILED else Delivery.WAITING,
                problem=item.problem,
                quote=None if item.target is None else self.quote(item.target),
                files=item.files,
                uploads=item.uploads,
                calls=bool(item.mentions),
                may_edit=_may_edit_waiting(item),
                may_delete=True,
            )
            laid.append((key + _SAID, bubble))
            at_before, is_own_before = item.written_at, True
        return laid

    def _place_outbox(self) -> None:
        """A place for each message of the outbox, kept for as long as it waits, so that those around a finished one stay put."""
        for item in self._outbox:
            if item.nonce not in self._places:
                self._places[item.nonce] = self._next_place
                self._next_place += 1
        self._places = {item.nonce: self._places[item.nonce] for item in self._outbox}
        places = list(self._places.values())
        if places != sorted(places):
            self._places = {item.nonce: self._next_place + at for at, item in enumerate(self._outbox)}
            self._next_place += len(self._outbox)

    def _delivery(self, own: Entry) -> Delivery:
        """How far an own message is: it waits again while another text of it does, or its end."""
        if self._said.is_waiting(own):
            return Delivery.WAITING
        return Delivery.READ if own.seq <= self._read_by_others else Delivery.STORED

    def _waiting(self) -> list[OutboxItem]:
        """The outbox without what the log already has."""
        return [item for item in self._outbox if item.nonce not in self._own_nonces]

    def _continues(self, entry: Entry, following: Entry, new_position: int | None) -> bool:
        """Whether *following* belongs to the run of *entry*, the shown entry right before it."""
        return (
            entry.kind == following.kind == "message"
            and entry.sender == following.sender
            and following.seq != new_position
            and self._is_run(entry.at, following.at)
            and not self._gaps(entry.seq + 1, following.seq)
        )

    def _is_run(self, at: Millis, following_at: Millis) -> bool:
        return following_at - at < RUN_MS and self._day_of(at) == self._day_of(following_at)

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


def _keeps_of(entry: Entry) -> Keeps | None:
    """What an entry says of how much is kept; None: nothing that can be understood here."""
    try:
        return msgspec.json.decode(entry.body or "{}", type=Keeps)
    except msgspec.MsgspecError:
        return None


def _may_edit_waiting(item: OutboxItem) -> bool:
    """What somebody else said is not edited, only said again."""
    return item.kind == "message" and item.forward is None


def _is_shown(entry: Entry) -> bool:
    if entry.kind == "pin":
        return entry.on
    return entry.kind == "message" or entry.kind in _NOTICES
