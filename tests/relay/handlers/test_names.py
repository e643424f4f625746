"""Which names can be used."""

from __future__ import annotations

import pytest

from common.errors import BadName
from relay.handlers.names import check_name, check_topic, check_username, folded

GOOD = ["anna", "Анна Каренина", "李小龍", "O'Neil-Smith", "42", "é", "e\u0301", "नमस्ते", "👍", "مريم"]
BAD = [
    "",
    " ",
    "anna ",
    "\tanna",
    "an\nna",
    "an\x00na",
    "an\x7fna",
    "an\u00a0na",
    "an\u2028na",
    "an\u202ena",
    "an\u2066na",
    "an\u200bna",
    "\ufeffanna",
    "an\ue000na",
    "\u3164",
    "an\u2800",
    "z\u0301\u0302\u0303\u0304\u0305",
    "z\ufe0fed",
    "z\ufe00ed",
    "z\u034fed",
    "z\u180bed",
    "z\U000e0100ed",
    "z\u17b4ed",
    "\ufe0f",
    "\u034f\u034f",
    "a\ufffcb",
    "a\U0001d159b",
    "\u0301anna",
]


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_seen_is_a_name(name: str):
    check_username(name)
    check_name(name)


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_seen_is_none(name: str):
    for check in (check_username, check_name):
        with pytest.raises(BadName):
            check(name)


def test_joiners_are_for_groups_and_display_names_only():
    family = "👨\u200d👩\u200d👧"
    check_name(family)
    with pytest.raises(BadName):
        check_username(family)
    with pytest.raises(BadName):
        check_name("\u200d")


@pytest.mark.parametrize("name", ["❤\ufe0f", "Кофе ☕\ufe0f", "1\ufe0f\u20e3 этаж", "👩\u200d❤\ufe0f\u200d👨"])
def test_emoji_that_are_written_with_a_selector_are_for_groups_and_display_names(name: str):
    check_name(name)
    with pytest.raises(BadName):
        check_username(name)


@pytest.mark.parametrize("name", ["\u0435ve1", "ann\u0430", "Пeтров", "Νick", "anna.pеtrova"])
def test_letters_that_look_alike_are_not_mixed_within_a_word_of_a_user_name(name: str):
    with pytest.raises(BadName, match="alphabets"):
        check_username(name)
    check_name(name)


@pytest.mark.parametrize("name", ["Anna Петрова", "склад-a", "пост_main", "Ёж 42", "x1", "Ελένη", "müller", "李Anna"])
def test_whole_words_of_different_alphabets_may_stand_side_by_side(name: str):
    check_username(name)


def test_a_topic_may_be_empty():
    check_topic("")
    with pytest.raises(BadName):
        check_topic("\u202e")


@pytest.mark.parametrize("twin", ["ANNA", "Ａｎｎａ", "anna"])
def test_twins_fold_to_the_same(twin: str):
    assert folded(twin) == folded("Anna")


def test_folding_is_full():
    assert folded("straße") == folded("STRASSE")
    assert folded("И\u0306ван") == folded("йван")
