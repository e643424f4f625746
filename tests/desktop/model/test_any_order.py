"""However a log becomes known, in whatever pieces and order and how often, it looks the same in the end."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from common.ids import Millis, Seq
from common.protocol.messages import Entry, Keeps
from desktop.model.rows import BeginLine, Row, Splice
from desktop.model.timeline import Timeline
from tests.desktop.model.people import ANNA, BORIS, GENERAL, MINUTE, MORNING, NAMES, day_of, nonce

PEOPLE = (ANNA, BORIS)
EMOJI = ("👍", "❤")
KEEPS = Keeps(days=30)


@st.composite
def logs(draw: st.DrawFn) -> list[Entry]:
    """A log as a relay would allow it: only authors edit, and nothing is said of what was taken back."""
    log: list[Entry] = []
    alive: dict[Seq, Entry] = {}
    for number in range(1, draw(st.integers(1, 24)) + 1):
        seq, who = Seq(number), draw(st.sampled_from(PEOPLE))
        at = Millis(MORNING + number * MINUTE * draw(st.sampled_from((1, 1, 9, 1440))))
        # Mostly about the first messages, so that several things are said of the same one.
        spoken_of = sorted(alive)[:2]
        own = [alive[one] for one in spoken_of if alive[one].sender == who.id]
        kinds = (
            ["message", "join"]
            + ["reaction", "pin"] * 2 * bool(alive)
            + ["edit"] * 4 * bool(own)
            + ["redaction"] * bool(own)
        )
        kind = draw(st.sampled_from(kinds))
        match kind:
            case "message":
                answered = draw(st.none() | st.sampled_from(sorted(alive))) if alive else None
                said = Entry(GENERAL, seq, kind, who.id, at, nonce(seq), f"words {seq}", answered)
                alive[seq] = said
            case "edit" | "redaction":
                target = draw(st.sampled_from(own)).seq
                body = f"other words {seq}" if kind == "edit" else None
                said = Entry(GENERAL, seq, kind, who.id, at, nonce(seq), body, target)
                if kind == "redaction":
                    del alive[target]
            case "reaction" | "pin":
                target = draw(st.sampled_from(spoken_of))
                body = draw(st.sampled_from(EMOJI)) if kind == "reaction" else None
                said = Entry(GENERAL, seq, kind, who.id, at, nonce(seq), body, target, on=draw(st.booleans()))
            case _:
                said = Entry(GENERAL, seq, kind, who.id, at)
        log.append(said)
    return log


@st.composite
def pieces(draw: st.DrawFn, log: list[Entry]) -> list[list[Entry]]:
    """Runs that cover the whole log, shuffled, some of them twice."""
    cuts = sorted(draw(st.sets(st.integers(1, len(log)), max_size=6)) | {0, len(log)})
    runs = [log[first:last] for first, last in pairwise(cuts)]
    again = draw(st.lists(st.sampled_from(runs), max_size=2))
    return draw(st.permutations([*runs, *again]))


class View:
    """What a window has that only hears of splices."""

    def __init__(self) -> None:
        self.timeline = Timeline(ANNA.id, NAMES.__getitem__, day_of)
        self.rows: list[Row] = []

    def hears(self, run: list[Entry]) -> None:
        self._apply(self.timeline.add(run, first_reached=run[0].seq == 1))
        for splice in self.timeline.relate(run):
            self._apply(splice)

    def begins_after(self, floor: int) -> None:
        for splice in self.timeline.begin_after(Seq(floor), KEEPS):
            self._apply(splice)

    def hears_of(self, entries: list[Entry]) -> None:
        for splice in self.timeline.relate(entries):
            self._apply(splice)

    def has_nothing_before(self) -> None:
        self._apply(self.timeline.add([], first_reached=True))

    def _apply(self, splice: Splice | None) -> None:
        if splice is not None:
            added = [self.timeline[at] for at in range(splice.start, splice.start + splice.added)]
            self.rows[splice.start : splice.start + splice.removed] = added
        assert self.rows == list(self.timeline)


def whole(log: list[Entry]) -> list[Row]:
    view = View()
    view.hears(log)
    return view.rows


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_the_pieces_make_the_whole(data: st.DataObject) -> None:
    log = data.draw(logs())
    view = View()
    for run in data.draw(pieces(log)):
        view.hears(run)
    assert view.rows == whole(log)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_who_hears_one_by_one_sees_what_who_catches_up_sees(data: st.DataObject) -> None:
    log = data.draw(logs())
    view = View()
    for entry in log:
        view.hears([entry])
    assert view.rows == whole(log)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_page_with_what_stands_of_its_messages_looks_as_in_the_whole(data: st.DataObject) -> None:
    """The end of the log is fetched after a gap, and the page before it with what the relay says besides."""
    log = data.draw(logs())
    cut = data.draw(st.integers(1, len(log)))
    page, rest = log[:cut], log[cut:]
    seqs = {entry.seq for entry in page}
    related = [entry for entry in rest if entry.target in seqs and _still_counts(entry, rest)]
    view = View()
    view.hears(page)
    view.hears_of(related)
    expected = View()
    expected.hears(page)
    expected.hears_of([entry for entry in rest if entry.kind != "message"])
    assert view.rows == expected.rows


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_what_is_left_after_the_beginning_was_deleted_looks_as_if_it_had_always_been_all(data: st.DataObject) -> None:
    log = data.draw(logs())
    floors = sorted(data.draw(st.lists(st.integers(0, len(log)), min_size=1, max_size=3)))
    floor = floors[-1]
    view = View()
    for run in data.draw(pieces(log)):
        view.hears(run)
    for each in floors:
        view.begins_after(each)
    kept = View()
    kept.begins_after(floor)
    if rest := log[floor:]:
        kept.hears(rest)
    else:
        kept.has_nothing_before()
    assert view.rows == kept.rows
    assert [row for row in view.rows if isinstance(row, BeginLine)] == [BeginLine(KEEPS, floor > 0)]


def _still_counts(entry: Entry, rest: list[Entry]) -> bool:
    """Whether a relay tells *entry* besides a page: the last of its kind, and not taken away in the page's sight."""
    same = [
        other
        for other in rest
        if (other.kind, other.target) == (entry.kind, entry.target)
        and (entry.kind != "reaction" or (other.sender, other.body) == (entry.sender, entry.body))
    ]
    return entry.kind in ("edit", "redaction", "reaction", "pin") and entry is same[-1]
