"""How entries and messages on their way are laid out as rows: runs of one author, day lines, gaps, what quotes and says of what.

Rows are found again by *keys*, numbers that grow from row to row: four for each seq (gap, day line, "new" line, the entry itself),
and beyond all seqs four for each message of the outbox.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from common.ids import MAX_INTEGER, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, Keeps
from desktop.events.outbox import OutboxItem, OutboxState
from desktop.model.known import Known
from desktop.model.noticed import is_notice, notice_of
from desktop.model.rows import (
    BeginLine,
    Bubble,
    DayLine,
    Delivery,
    GapLine,
    NewLine,
    Quote,
    Row,
)
from desktop.model.said import Said

RUN_MS: Final = 5 * 60 * 1000
"""A pause of this length, and the next message of the same author stands for itself again."""

GAP, DAY, NEW, SAID = range(4)
SLOTS: Final = 4
OUTBOX: Final = (MAX_INTEGER + 1) * SLOTS
QUOTED: Final = 200
"""Characters of a message that a quote of it has."""
_EVERYBODY: Final = UserId(0)


class Laying(Known):
    """Makes rows of what is known of one group."""

    def __init__(self, me: UserId, name_of: Callable[[UserId], str], day_of: Callable[[Millis], date]) -> None:
        """*me*: whose messages are own ones; *name_of*: what a person is called now; *day_of*: a moment's day where the reader is."""
        super().__init__()
        self._me = me
        self._name_of = name_of
        self._day_of = day_of
        self._outbox: list[OutboxItem] = []
        self._places: dict[Nonce, int] = {}
        self._next_place = 0
        self._own_nonces: set[Nonce] = set()
        self._read_by_others = Seq(0)
        self._new_after: Seq | None = None
        self._said = Said(me)
        self._may_manage = False
        self._floor = Seq(0)
        self._keeps: Keeps | None = None

    # -- what is said now ----------------------------------------------------------------------------------------------

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

    def reactions_after(self, seq: Seq) -> Sequence[Entry]:
        """Those put after *seq* in the log that still stand, the last one first."""
        return self._said.reactions_after(seq)

    def outbox_item(self, nonce: Nonce) -> OutboxItem | None:
        """The own message on its way that is called *nonce*."""
        return next((item for item in self._outbox if item.nonce == nonce), None)

    def _new_position(self) -> int | None:
        """The seq that the line "New messages" stands before."""
        if self._new_after is None:
            return None
        for at in range(bisect_right(self._seqs, self._new_after), len(self._seqs)):
            entry = self._entries[at]
            if entry.kind == "message" and entry.sender != self._me:
                return entry.seq
        return None

    def _may_edit(self, entry: Entry) -> bool:
        return not (
            self._said.is_redacted(entry) or entry.damaged or entry.via is not None or entry.forwarded is not None
        )

    # -- the log -------------------------------------------------------------------------------------------------------

    def _laid_log(self, start: int, stop: int, low: int, high: int) -> list[tuple[int, Row]]:
        """Keys and rows of the shown entries [start, stop), and of the gaps within the seqs [low, high]."""
        laid: list[tuple[int, Row]] = []
        if start == 0 and self.first_reached and self._begins is not None:
            laid.append((0, self._begins))
        new_position = self._new_position()
        gaps = self._gaps(low, high)
        laid.extend((seq * SLOTS + GAP, GapLine()) for seq in gaps)
        for at in range(start, stop):
            entry = self._entries[at]
            key = entry.seq * SLOTS
            if at == 0 or self._day_of(self._entries[at - 1].at) != self._day_of(entry.at):
                laid.append((key + DAY, DayLine(self._day_of(entry.at))))
            if entry.seq == new_position:
                laid.append((key + NEW, NewLine()))
            laid.append((key + SAID, self._row(at, entry, new_position)))
        if gaps:
            laid.sort(key=lambda pair: pair[0])
        return laid

    @property
    def _begins(self) -> BeginLine | None:
        """The line where the messages begin, if there is something to say of it."""
        keeps = self._keeps or Keeps()
        return BeginLine(keeps, self._floor > 0) if self._floor or keeps.days or keeps.entries else None

    def _row(self, at: int, entry: Entry, new_position: int | None) -> Row:
        if is_notice(entry):
            return notice_of(entry, self._name_of)
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

    def _delivery(self, own: Entry) -> Delivery:
        """How far an own message is: it waits again while another text of it does, or its end."""
        if self._said.is_waiting(own):
            return Delivery.WAITING
        return Delivery.READ if own.seq <= self._read_by_others else Delivery.STORED

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

    # -- the outbox ----------------------------------------------------------------------------------------------------

    def _laid_outbox(self) -> list[tuple[int, Row]]:
        laid: list[tuple[int, Row]] = []
        waiting = self._waiting()
        last = self._entries[-1] if self._entries else None
        at_before = last.at if last else None
        is_own_before = last is not None and last.sender == self._me and last.kind == "message"
        for at, item in enumerate(waiting):
            key = OUTBOX + self._places[item.nonce] * SLOTS
            day = self._day_of(item.written_at)
            # The relay's clock may be ahead of this one: a message that is not yet stored never opens an earlier day.
            if at_before is None or day > self._day_of(at_before):
                laid.append((key + DAY, DayLine(day)))
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
            laid.append((key + SAID, bubble))
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

    def _waiting(self) -> list[OutboxItem]:
        """The outbox without what the log already has."""
        return [item for item in self._outbox if item.nonce not in self._own_nonces]


def _may_edit_waiting(item: OutboxItem) -> bool:
    """What somebody else said is not edited, only said again."""
    return item.kind == "message" and item.forward is None


def is_shown(entry: Entry) -> bool:
    return entry.kind == "message" or is_notice(entry)
