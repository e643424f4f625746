"""The rows of a conversation, and the splices that tell the view what changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from common.ids import Millis, Seq
from common.protocol.messages import Entry
from desktop.events.outbox import PendingUpload
from desktop.model.rows import BeginLine, Bubble, DayLine, Delivery, GapLine, NewLine, Notice, NoticeKind, Row, Splice
from desktop.model.timeline import Gap, Timeline
from tests.desktop.model.people import ANNA, BORIS, DAY, MEI, MINUTE, MORNING, NAMES, day_of, nonce, said, waiting


def timeline() -> Timeline:
    """Anna's."""
    return Timeline(ANNA.id, NAMES.__getitem__, day_of)


def told(rows: Sequence[Row]) -> list[str]:
    """Rows in short: ``day``, ``gap``, ``new``, ``notice 3``, ``boris 4``; runs are shown as ``[`` first and last ``]``."""
    return [_told(row) for row in rows]


def reaches_first(rows: Timeline) -> bool:
    # Asked by a function, since mypy takes an attribute that was looked at for unchanged.
    return rows.first_reached


def _told(row: Row) -> str:
    match row:
        case BeginLine():
            return "begin"
        case DayLine():
            return "day"
        case GapLine():
            return "gap"
        case NewLine():
            return "new"
        case Notice(seq=seq):
            return f"notice {seq}"
        case Bubble():
            return f"{'[' if row.first_of_run else ''}{row.body}{']' if row.last_of_run else ''}"


class TestFilesOnTheirWay:
    def test_a_waiting_message_shows_the_files_that_it_waits_for(self):
        rows = timeline()
        upload = PendingUpload("k/0", "чайник.jpg", 9, "image/jpeg", 4, 3, Path("чайник.jpg"))
        rows.set_outbox([replace(waiting(1), uploads=(upload,))])
        bubble = rows[-1]
        assert isinstance(bubble, Bubble)
        assert (bubble.delivery, bubble.files, bubble.uploads) == (Delivery.WAITING, (), (upload,))


class TestWhatIsShown:
    def test_a_message_has_its_day_above_it(self):
        rows = timeline()
        assert rows.add([said(1, BORIS)]) == Splice(0, 0, 2)
        assert told(rows) == ["day", "[boris 1]"]
        assert rows[0] == DayLine(day_of(MORNING))

    def test_messages_of_one_author_within_five_minutes_are_a_run(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, BORIS, 4), said(3, BORIS, 8), said(4, BORIS, 13), said(5, MEI, 13)])
        assert told(rows) == ["day", "[boris 1", "boris 2", "boris 3]", "[boris 4]", "[mei 5]"]

    def test_a_new_day_breaks_a_run(self):
        rows = timeline()
        late = 15 * 60 - 1
        rows.add([said(1, BORIS, late), said(2, BORIS, late + 2)])
        assert told(rows) == ["day", "[boris 1]", "day", "[boris 2]"]

    def test_things_that_happened_to_the_group_stand_between(self):
        rows = timeline()
        rows.add([said(1, BORIS, kind="join"), said(2, BORIS), said(3, MEI, kind="rename", body="Склад")])
        assert told(rows) == ["day", "notice 1", "[boris 2]", "notice 3"]
        assert rows[1] == Notice(Seq(1), NoticeKind.JOINED, "Boris Lund", "boris 1", MORNING)
        assert rows[3] == Notice(Seq(3), NoticeKind.RENAMED, "mei", "Склад", MORNING)

    def test_kinds_without_a_row_of_their_own_are_passed_over_but_known(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, MEI, kind="reaction"), said(3, BORIS)])
        assert told(rows) == ["day", "[boris 1", "boris 3]"]
        assert rows.newest == 3

    def test_a_later_stretch_has_a_gap_before_it(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, BORIS)])
        rows.add([said(9, BORIS), said(10, BORIS)])
        assert told(rows) == ["day", "[boris 1", "boris 2]", "gap", "[boris 9", "boris 10]"]
        assert rows.gap(3) == Gap(Seq(2), Seq(9))
        assert rows.gap(2) is None

    def test_a_filled_gap_goes(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.add([said(4, BORIS)])
        assert rows.add([said(2, BORIS), said(3, MEI)]) == Splice(1, 2, 3)
        assert told(rows) == ["day", "[boris 1", "boris 2]", "[mei 3]", "[boris 4]"]

    def test_a_gap_filled_by_entries_without_rows_goes_as_well(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.add([said(4, BORIS, kind="reaction")])
        assert told(rows) == ["day", "[boris 1]", "gap"]
        rows.add([said(2, MEI, kind="reaction"), said(3, MEI, kind="reaction")])
        assert told(rows) == ["day", "[boris 1]"]

    def test_what_is_told_twice_stands_once(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, MEI)])
        assert rows.add([said(1, BORIS), said(2, MEI)]) is None
        assert len(rows) == 3

    def test_the_first_entry_says_that_nothing_comes_before(self):
        rows = timeline()
        rows.add([said(5, BORIS)])
        assert not reaches_first(rows)
        rows.add([said(3, BORIS), said(4, BORIS)], first_reached=True)
        assert reaches_first(rows)
        empty = timeline()
        empty.add([], first_reached=True)
        assert reaches_first(empty)

    def test_a_damaged_message_keeps_its_place(self):
        rows = timeline()
        rows.add([Entry(said(1, BORIS).group, Seq(1), "message", BORIS.id, MORNING, damaged=True)])
        bubble = rows[1]
        assert isinstance(bubble, Bubble)
        assert (bubble.damaged, bubble.body) == (True, "")

    def test_somebody_who_is_called_otherwise_now_is_so_everywhere(self):
        names = dict(NAMES)
        rows = Timeline(ANNA.id, names.__getitem__, day_of)
        rows.add([said(1, MEI), said(2, BORIS), said(3, MEI, kind="join"), said(4, BORIS)])
        names[MEI.id] = "Mei Tanaka"
        assert rows.rename({MEI.id}) == Splice(1, 3, 3)
        assert [row.author_name for row in rows if isinstance(row, Bubble)] == [
            "Mei Tanaka",
            "Boris Lund",
            "Boris Lund",
        ]
        assert [row.who for row in rows if isinstance(row, Notice)] == ["Mei Tanaka"]
        assert rows.rename({ANNA.id}) is None


class TestOwnMessages:
    def test_they_are_stored_and_then_read(self):
        rows = timeline()
        rows.add([said(1, ANNA), said(2, BORIS), said(3, ANNA)])
        assert [row.delivery for row in rows if isinstance(row, Bubble)] == [Delivery.STORED, None, Delivery.STORED]
        assert rows.set_read_by_others(Seq(2)) == Splice(1, 1, 1)
        assert [row.delivery for row in rows if isinstance(row, Bubble)] == [Delivery.READ, None, Delivery.STORED]
        assert rows.set_read_by_others(Seq(1)) is None, "a marker never goes back"

    def test_what_waits_stands_below_everything(self):
        rows = timeline()
        rows.set_outbox([waiting(50, 3), waiting(51, 4, problem="too long")])
        rows.add([said(1, BORIS)])
        assert told(rows) == ["day", "[boris 1]", "[item 50", "item 51]"]
        assert [row.delivery for row in rows if isinstance(row, Bubble)] == [None, Delivery.WAITING, Delivery.FAILED]
        assert rows.seq_up_to(3) == 1

    def test_one_that_has_arrived_stands_once_whichever_is_told_first(self):
        for outbox_first in (True, False):
            rows = timeline()
            rows.set_outbox([waiting(1, 3), waiting(51, 4)])
            if outbox_first:
                rows.set_outbox([waiting(51, 4)])
                rows.add([said(1, ANNA, 3)])
            else:
                rows.add([said(1, ANNA, 3)])
                assert told(rows) == ["day", "[anna 1", "item 51]"]
                rows.set_outbox([waiting(51, 4)])
            assert told(rows) == ["day", "[anna 1", "item 51]"]

    def test_those_behind_one_that_arrived_are_not_touched(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.set_outbox([waiting(number, 20) for number in range(2, 50)])
        assert rows.add([said(2, ANNA, 20)]) == Splice(2, 1, 1)

    def test_a_message_written_on_another_day_has_its_day_above_it(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.set_outbox([waiting(50, DAY / MINUTE)])
        assert told(rows) == ["day", "[boris 1]", "day", "[item 50]"]

    def test_a_clock_that_runs_behind_opens_no_earlier_day(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.set_outbox([waiting(50, -DAY / MINUTE)])
        assert told(rows) == ["day", "[boris 1]", "[item 50]"]

    def test_one_that_waits_can_be_found(self):
        rows = timeline()
        rows.set_outbox([waiting(50)])
        assert rows.outbox_item(nonce(50)) == waiting(50)
        assert rows.outbox_item(nonce(51)) is None


class TestTheNewLine:
    def test_it_stands_before_the_first_message_of_others(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, ANNA), said(3, BORIS, kind="join"), said(4, BORIS), said(5, BORIS)])
        assert rows.new_line() is None
        assert rows.set_new_after(Seq(1)) == Splice(4, 0, 1)
        assert told(rows) == ["day", "[boris 1]", "[anna 2]", "notice 3", "new", "[boris 4", "boris 5]"]
        assert rows.new_line() == 4

    def test_it_breaks_a_run_and_mends_it_when_it_goes(self):
        rows = timeline()
        rows.add([said(1, BORIS), said(2, BORIS)])
        rows.set_new_after(Seq(1))
        assert told(rows) == ["day", "[boris 1]", "new", "[boris 2]"]
        rows.set_new_after(None)
        assert told(rows) == ["day", "[boris 1", "boris 2]"]

    def test_it_waits_for_the_message_that_it_announces(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        assert rows.set_new_after(Seq(1)) is None
        rows.add([said(2, ANNA)])
        assert rows.new_line() is None
        rows.add([said(3, MEI)])
        assert told(rows) == ["day", "[boris 1]", "[anna 2]", "new", "[mei 3]"]

    def test_it_moves_up_when_older_new_ones_become_known(self):
        rows = timeline()
        rows.add([said(1, BORIS)])
        rows.set_new_after(Seq(1))
        rows.add([said(8, ANNA), said(9, BORIS)])
        assert told(rows) == ["day", "[boris 1]", "gap", "[anna 8]", "new", "[boris 9]"]
        rows.add([said(4, BORIS), said(5, ANNA)])
        assert told(rows) == ["day", "[boris 1]", "gap", "new", "[boris 4]", "[anna 5]", "gap", "[anna 8]", "[boris 9]"]


# -- whatever happens, in whatever order ---------------------------------------------------------------------------------

_PEOPLE = (ANNA, BORIS, MEI)
_KINDS = ("message",) * 6 + ("join", "reaction")
_LOG = [said(seq, _PEOPLE[seq * 7 % 5 % 3], seq * 3 + seq // 9 * 400, kind=_KINDS[seq * 5 % 8]) for seq in range(1, 41)]
_steps = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 40), st.integers(1, 12)),
    st.tuples(st.just("read"), st.integers(0, 40), st.just(0)),
    st.tuples(st.just("new"), st.one_of(st.none(), st.integers(0, 40)), st.just(0)),
    st.tuples(st.just("outbox"), st.integers(1, 44), st.integers(0, 4)),
)


def _do(rows: Timeline, step: tuple[str, int | None, int]) -> Splice | None:
    match step:
        case ("add", int(seq), length):
            return rows.add(_LOG[seq - 1 : seq - 1 + length])
        case ("read", int(seq), _):
            return rows.set_read_by_others(Seq(seq))
        case ("new", seq, _):
            return rows.set_new_after(None if seq is None else Seq(seq))
        case ("outbox", int(number), count):
            return rows.set_outbox([waiting(number + at, 1000 + 3 * (number + at)) for at in range(count)])
    raise AssertionError(step)


@given(st.lists(_steps, max_size=14))
def test_every_splice_tells_exactly_what_changed(steps):
    rows = timeline()
    seen: list[Row] = []
    for step in steps:
        splice = _do(rows, step)
        if splice is not None:
            stop = splice.start + splice.added
            seen[splice.start : splice.start + splice.removed] = [rows[at] for at in range(splice.start, stop)]
        assert seen == list(rows)


@given(st.lists(_steps, max_size=14))
def test_the_rows_do_not_depend_on_how_they_became_known(steps):
    rows = timeline()
    for step in steps:
        _do(rows, step)
    known = sorted({entry.seq for step in steps if step[0] == "add" for entry in _LOG[step[1] - 1 :][: step[2]]})
    plain = timeline()
    for step in reversed(
        [next((step for step in reversed(steps) if step[0] == kind), None) for kind in ("new", "outbox")]
    ):
        if step is not None:
            _do(plain, step)
    plain.set_read_by_others(Seq(max((step[1] for step in steps if step[0] == "read"), default=0)))
    for seq in reversed(known):
        plain.add([_LOG[seq - 1]])
    assert list(rows) == list(plain)


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_one_more_message_costs_the_same_in_a_long_conversation(length):
    rows = timeline()
    rows.add([said(seq, _PEOPLE[seq % 3], seq / 10) for seq in range(1, length + 1)])
    started = time.perf_counter()
    for seq in range(length + 1, length + 201):
        splice = rows.add([said(seq, BORIS, seq / 10)])
        assert splice is not None
        assert splice.start >= len(rows) - 3
    # 0.03 ms each where this was written; laying out all 100,000 again would take seconds.
    assert time.perf_counter() - started < 0.5


def test_an_older_page_costs_as_much_as_the_page():
    rows = timeline()
    rows.add([said(seq, BORIS, seq / 10) for seq in range(1001, 101_001)])
    started = time.perf_counter()
    for first in range(951, 0, -50):
        splice = rows.add([said(seq, BORIS, seq / 10) for seq in range(first, first + 50)])
        assert splice is not None
        assert splice.start <= 1
        assert splice.removed <= 2
    assert time.perf_counter() - started < 0.5


def test_the_last_entry_in_view_is_found_from_any_row():
    rows = timeline()
    rows.add([said(3, BORIS), said(4, BORIS)])
    assert [rows.seq_up_to(index) for index in range(-1, 4)] == [0, 0, 3, 4, 4]


def test_times_may_go_back_without_harm():
    rows = timeline()
    rows.add([said(1, BORIS, 10), said(2, BORIS, 9), said(3, BORIS, -DAY / MINUTE)])
    assert told(rows) == ["day", "[boris 1", "boris 2]", "day", "[boris 3]"]
    assert rows.entries_after(Seq(2))[0].at == Millis(MORNING - DAY)
