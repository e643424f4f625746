"""Following a log: each entry once, in order, whatever the order in which it is heard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry
from desktop.link.tail import AHEAD_MAX, Tail


def entry(seq: int) -> Entry:
    return Entry(GroupId(1), Seq(seq), "message", UserId(1), Millis(seq), None, f"{seq}")


def entries(*seqs: int) -> list[Entry]:
    return [entry(seq) for seq in seqs]


def test_the_next_entries_are_applied_and_older_ones_dropped() -> None:
    tail = Tail(Seq(5))
    assert tail.hear(entries(4, 5, 6, 7)) == entries(6, 7)
    assert tail.hear(entries(6, 7)) == []
    assert (tail.known, tail.is_behind) == (7, False)
    tail.reaches(Seq(11))
    assert tail.missing == 4, "what was dropped is not kept anywhere"


def test_entries_beyond_a_gap_wait_until_it_is_closed() -> None:
    tail = Tail(Seq(5))
    assert tail.hear(entries(8, 9)) == []
    assert (tail.is_behind, tail.missing) == (True, 2)
    assert tail.hear(entries(6)) == entries(6)
    assert tail.missing == 1
    assert tail.hear(entries(7)) == entries(7, 8, 9)
    assert (tail.known, tail.is_behind) == (9, False)


def test_what_the_log_reaches_is_missing_until_it_is_heard() -> None:
    tail = Tail(Seq(0))
    tail.reaches(Seq(3))
    assert (tail.is_behind, tail.missing) == (True, 3)
    tail.ends_here()
    assert (tail.is_behind, tail.target) == (False, 0)


def test_a_leap_goes_on_after_the_newest_page_with_what_was_heard_meanwhile() -> None:
    tail = Tail(Seq(5))
    tail.hear(entries(101, 102, 99))
    assert tail.leap(entries(98, 99, 100)) == entries(98, 99, 100, 101, 102)
    assert (tail.known, tail.is_behind) == (102, False)


def test_a_leap_onto_known_ground_is_no_leap() -> None:
    tail = Tail(Seq(5))
    assert tail.leap(entries(4, 5, 6, 7)) == entries(6, 7)
    assert tail.leap(entries(6, 7)) == []
    assert tail.leap([]) == []


def test_what_waits_beyond_a_gap_is_bounded_and_nothing_is_lost() -> None:
    tail = Tail(Seq(0))
    for seq in range(2, 2 * AHEAD_MAX):
        tail.hear([entry(seq)])
    assert tail.is_behind
    ready = tail.hear([entry(1)])
    assert [one.seq for one in ready] == list(range(1, len(ready) + 1))
    assert len(ready) == AHEAD_MAX + 1
    assert tail.is_behind, "what was dropped is known to be missing"


@given(st.permutations(range(1, 13)), st.lists(st.integers(1, 12), max_size=8), st.integers(1, 4))
def test_in_any_order_and_with_repeats_each_comes_once_in_order(order: list[int], again: list[int], step: int) -> None:
    tail, heard = Tail(Seq(0)), list[int]()
    everything = order + again
    for start in range(0, len(everything), step):
        heard += [one.seq for one in tail.hear(entries(*everything[start : start + step]))]
    assert heard == list(range(1, 13))
