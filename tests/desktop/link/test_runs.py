"""Runs of seqs: what is here and what is missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from common.ids import Seq
from desktop.link.runs import Run, Runs


def runs_of(seqs: set[int]) -> list[Run]:
    """The plainest way to say it, to compare with."""
    firsts = sorted(seq for seq in seqs if seq - 1 not in seqs)
    lasts = sorted(seq for seq in seqs if seq + 1 not in seqs)
    return [Run(Seq(first), Seq(last)) for first, last in zip(firsts, lasts, strict=True)]


spans = st.tuples(st.integers(1, 60), st.integers(0, 12))


@given(st.lists(spans, max_size=12), st.lists(st.integers(1, 75), max_size=6))
def test_runs_are_the_set_of_seqs_that_was_added_without_those_that_were_dropped(
    added: list[tuple[int, int]], dropped: list[int]
) -> None:
    runs, seqs = Runs(), set[int]()
    for first, length in added:
        runs.add(Run(Seq(first), Seq(first + length)))
        seqs |= set(range(first, first + length + 1))
    for seq in dropped:
        runs.drop(Seq(seq))
        seqs.discard(seq)
    assert list(runs) == runs_of(seqs)
    assert runs.last == max(seqs, default=0)
    assert {seq for seq in range(80) if seq in runs} == seqs
    missing = {seq for gap in runs.gaps() for seq in range(gap.first, gap.last + 1)}
    assert missing == set(range(min(seqs, default=0), max(seqs, default=-1) + 1)) - seqs


def test_a_page_before_a_seq_comes_from_the_run_that_ends_there() -> None:
    runs = Runs.of([Run(Seq(10), Seq(20)), Run(Seq(1), Seq(4))])
    assert runs.ending_before(Seq(5)) == Run(Seq(1), Seq(4))
    assert runs.ending_before(Seq(21)) == Run(Seq(10), Seq(20))
    assert runs.ending_before(Seq(15)) == Run(Seq(10), Seq(20))
    assert runs.ending_before(Seq(10)) is None
    assert runs.gaps() == [Run(Seq(5), Seq(9))]
    assert runs.newest == Run(Seq(10), Seq(20))
