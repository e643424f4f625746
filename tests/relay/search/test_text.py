"""What counts when texts are compared, and what is shown of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.search.text import SNIPPET_CHARACTERS, Term, composed, folded, snippet, spread, term

TEXTS = st.text(st.sampled_from("аябвЁёйñİß. ,-+#\n_1👍\ufe0f") | st.characters(exclude_categories=["Cs"]), max_size=60)


def wanted(text: str) -> Term:
    made = term(text)
    assert made is not None
    return made


def is_in(query: str, text: str) -> bool:
    return wanted(query).pattern.search(folded(composed(text))) is not None


@given(TEXTS)
def test_folding_leaves_each_character_in_its_place(text: str):
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)


@given(TEXTS, st.integers(0, 60), st.integers(1, 60))
def test_the_index_knows_every_part_of_a_text_that_the_pattern_finds(text: str, start: int, length: int):
    part = term(text[start : start + length])
    if part is not None and part.pattern.search(folded(composed(text))):
        line = spread(text)
        assert all(gram in line for gram in part.grams), (part.grams, line)


@pytest.mark.parametrize(
    "query, text",
    [
        ("ежик", "ЁЖИК в тумане"),
        ("туман", "ёжик в ТУМАНЕ"),
        ("й", "й"),
        ("\u0438\u0306од", "йод"),
        ("до", "мы до утра"),
        ("до", "дорога"),
        ("я", "это я."),
        ("c++", "пишу на C++, да"),
        ("кое что", "кое-что"),
        ("кое-что", "кое что"),
        ("👍", "ладно👍🏽"),
        ("192.168.1", "адрес 192.168.1.20"),
        ("share\\docs", "\\\\server\\share\\docs"),
    ],
)
def test_found(query: str, text: str):
    assert is_in(query, text)
    assert all(gram in spread(text) for gram in wanted(query).grams)


@pytest.mark.parametrize(
    "query, text",
    [
        ("до", "вдова"),
        ("я", "яма моя"),
        ("кое что", "коечто"),
        ("c++", "c+"),
        ("дом белый", "белый дом"),
        ("ab", "b a"),
    ],
)
def test_not_found(query: str, text: str):
    assert not is_in(query, text)


@pytest.mark.parametrize("query", ["", " ", "...", '"', "—", "\0", "(-)"])
def test_what_only_parts_words_is_not_looked_for(query: str):
    assert term(query) is None


@given(TEXTS, st.lists(TEXTS.map(term).filter(bool), max_size=3))
def test_a_snippet_is_short_and_its_marks_are_inside(text: str, terms: list[Term]):
    shown, marks = snippet(text * 10, terms)
    assert len(shown) <= SNIPPET_CHARACTERS + 2
    assert "\n" not in shown
    assert all(0 <= start < end <= len(shown) for start, end in marks)
    assert all(first[1] < second[0] for first, second in pairwise(marks))


def test_a_snippet_shows_what_was_found_deep_inside():
    text = "далеко " * 100 + "Чайник\nвскипел" + " потом" * 100
    shown, marks = snippet(text, [wanted("чайник"), wanted("вскип")])
    assert shown.startswith("…далеко ")
    assert shown.endswith("…")
    assert [shown[start:end] for start, end in marks] == ["Чайник", "вскип"]
