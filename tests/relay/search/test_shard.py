"""A shard gives what may be found, newest first: held to a plain list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import GroupId, Millis, UserId
from relay.search.index import Index, TakenBack, first_of
from relay.search.shard import SPAN, Known, Place, Shard, Wanted
from relay.search.text import spread, term

FIRST = SPAN + 1
WORDS = ("чай", "чайник", "дом", "kettle", "я", "+")


@st.composite
def known(draw: st.DrawFn) -> list[Known]:
    """Some entries with rising numbers; times that mostly rise."""
    number, at, made = FIRST - 1, 1_000, []
    for _ in range(draw(st.integers(0, 30))):
        number += draw(st.sampled_from([1, 1, 1, 3]))
        at += draw(st.sampled_from([0, 1, 5, 5, -3]))
        text = draw(st.none() | st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join).map(spread))
        group, sender = GroupId(draw(st.integers(1, 3))), UserId(draw(st.sampled_from([1, 2, 70_000])))
        made.append(Known(number, Millis(at), group, sender, text, draw(st.booleans())))
    return made


WANTED = st.builds(
    Wanted,
    grams=st.sampled_from(WORDS).map(lambda word: getattr(term(word), "grams", ())) | st.just(()),
    groups=st.frozensets(st.integers(1, 4).map(GroupId)),
    senders=st.none() | st.frozensets(st.sampled_from([1, 2, 70_000]).map(UserId)),
    has_file=st.booleans(),
    after=st.integers(990, 1_050).map(Millis),
)


def expected(entries: list[Known], wanted: Wanted) -> list[Place]:
    return sorted(
        (
            Place(entry.at, entry.number)
            for entry in entries
            if entry.text is not None
            and all(gram in entry.text for gram in wanted.grams)
            and entry.group in wanted.groups
            and (wanted.senders is None or entry.sender in wanted.senders)
            and (entry.has_file or not wanted.has_file)
            and entry.at >= wanted.after
        ),
        reverse=True,
    )


@contextmanager
def shard_of(entries: list[Known]) -> Iterator[Shard]:
    with closing(Shard(FIRST)) as shard:
        shard.add(entries)
        yield shard


@given(known(), WANTED, st.integers(1, 5), st.booleans())
def test_page_after_page_gives_everything_once(entries: list[Known], wanted: Wanted, limit: int, is_copied: bool):
    with shard_of(entries) as made, closing(Shard.of(made.image())) as copied:
        shard = copied if is_copied else made
        found: list[Place] = []
        while page := shard.find(wanted, found[-1] if found else None, limit):
            found += page
        assert found == expected(entries, wanted)


@given(known(), WANTED, st.integers(995, 1_050))
def test_before_a_time_there_is_nothing_of_it(entries: list[Known], wanted: Wanted, time: int):
    with shard_of(entries) as shard:
        page = shard.find(wanted, Place(Millis(time), 0), 1_000)
        assert page == [place for place in expected(entries, wanted) if place.at < time]


def every(*groups: int, word: str = "чайник") -> Wanted:
    made = term(word)
    assert made is not None
    return Wanted(made.grams, frozenset(map(GroupId, groups)), None, has_file=False, after=Millis(0))


def entry(number: int, text: str, group: int = 1) -> Known:
    return Known(number, Millis(number), GroupId(group), UserId(1), spread(text))


def test_few_among_many_are_found_without_looking_at_the_others():
    with shard_of([entry(FIRST + place, "чайник", group=2 if place == 50 else 1) for place in range(100)]) as shard:
        assert shard.find(every(2), None, 10) == [Place(Millis(FIRST + 50), FIRST + 50)]


def test_another_text_leads_there_too_and_what_was_taken_back_is_gone():
    with shard_of([entry(FIRST, "чайник")]) as shard:
        shard.amend(FIRST, spread("самовар"))
        assert len(shard.find(every(1, word="самовар"), None, 9)) == 1
        assert shard.hide(FIRST)
        assert not shard.hide(FIRST)
        assert shard.find(every(1, word="самовар"), None, 9) == []
        shard.amend(FIRST, spread("чайник"))
        assert shard.find(every(1), None, 9) == []


def test_the_same_entries_again_change_nothing():
    with shard_of([entry(FIRST, "чайник")]) as shard:
        shard.add([entry(FIRST, "самовар"), entry(FIRST + 1, "чайник")])
        assert shard.find(every(1, word="самовар"), None, 9) == []
        assert len(shard.find(every(1), None, 9)) == 2


@pytest.mark.parametrize("number, first", [(1, 1), (SPAN, 1), (SPAN + 1, SPAN + 1), (3 * SPAN, 2 * SPAN + 1)])
def test_every_number_has_its_shard(number: int, first: int):
    assert first_of(number) == first


def test_the_index_goes_on_in_the_next_shard_and_finds_in_all():
    with closing(Index()) as index:
        numbers = [SPAN - 1, SPAN, SPAN + 1, 2 * SPAN + 1]
        index.take_in([entry(number, "чайник") for number in numbers], numbers[-1])
        assert index.count == 3
        assert [place.number for place in index.find(every(1), None, 10)] == numbers[::-1]
        assert [place.number for place in index.find(every(1), None, 2)] == [2 * SPAN + 1, SPAN + 1]
        assert [place.number for place in index.find(every(1), Place(Millis(SPAN + 1), SPAN + 1), 9)] == [
            SPAN,
            SPAN - 1,
        ]


def test_the_oldest_shards_are_given_up_for_want_of_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("relay.search.index.INDEX_BYTES", 40_000)
    with closing(Index()) as index:
        for place in range(6):
            number = 1 + place * SPAN
            index.take_in([entry(number, f"чайник {place}")], number)
        assert index.has_given_up
        found = [place.number for place in index.find(every(1), None, 10)]
        assert found[0] == 1 + 5 * SPAN
        assert 0 < len(found) < 6


def test_what_was_taken_back_makes_its_shard_stale_and_a_new_one_takes_its_place():
    with closing(Index()) as index:
        index.take_in([entry(1, "чайник"), entry(2, "чайник"), TakenBack(1)], 3)
        assert index.stale == {1}
        shard = Shard(1)
        shard.add([entry(2, "чайник")])
        index.renew(shard)
        assert index.stale == set()
        assert [place.number for place in index.find(every(1), None, 10)] == [2]
