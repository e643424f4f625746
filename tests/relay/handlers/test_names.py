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
