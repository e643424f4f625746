"""Selecting across messages, and what it becomes when rows change."""

from __future__ import annotations

import pytest

from desktop.model.rows import Splice
from desktop.view.block import Block, Run
from desktop.view.selection import END, Place, Selection, copied, offset_at, word_around
from tests.desktop.view.letters import LETTER, EvenLetters

FONTS = EvenLetters()


def selection(row: int, offset: int, to_row: int, to_offset: int) -> Selection:
    return Selection(Place(row, offset), Place(to_row, to_offset))


def test_rows_between_the_ends_are_selected_whole():
    chosen = selection(1, 4, 3, 2)
    assert chosen.in_row(0) is None
    assert chosen.in_row(1) == (4, END)
    assert chosen.in_row(2) == (0, END)
    assert chosen.in_row(3) == (0, 2)


def test_dragging_upwards_selects_the_same():
    assert selection(3, 2, 1, 4).in_row(1) == (4, END)


def test_a_click_selects_nothing():
    assert selection(2, 3, 2, 3).in_row(2) is None


@pytest.mark.parametrize(
    "splice, expected",
    [
        (Splice(0, 0, 50), selection(52, 1, 53, 4)),
        (Splice(4, 0, 2), selection(2, 1, 3, 4)),
        (Splice(3, 1, 1), selection(2, 1, 3, 4)),
        (Splice(2, 1, 0), None),
        (Splice(0, 1, 0), selection(1, 1, 2, 4)),
    ],
    ids=["older rows came", "rows came below", "a row changed", "a row went", "a row above went"],
)
def test_a_selection_follows_its_rows(splice: Splice, expected: Selection | None):
    assert selection(2, 1, 3, 4).after(splice) == expected


def block() -> Block:
    """ "hello " and an emoji on one line, "world" below."""
    runs = [
        Run(10, 0, 6 * LETTER, 20, "body", "hello ", 0, 0, False),
        Run(10 + 6 * LETTER, 0, 19, 20, "body", "👍🏽", 6, 1, True),
        Run(10, 20, 5 * LETTER, 20, "body", "world", 9, 2, False),
    ]
    return Block(40, [], runs, [], "hello 👍🏽\nworld")


@pytest.mark.parametrize(
    "x, y, offset",
    [
        (0, 5, 0),
        (10 + LETTER * 2 + 1, 5, 2),
        (10 + LETTER * 2 + 6, 5, 3),
        (10 + 6 * LETTER + 2, 5, 6),
        (10 + 6 * LETTER + 15, 5, 8),
        (500, 5, 8),
        (10 + LETTER * 3, 25, 12),
        (12, -3, 0),
        (12, 90, 14),
    ],
)
def test_the_nearest_gap_between_letters_is_found(x: int, y: int, offset: int):
    assert offset_at(block(), FONTS, x, y) == offset


def test_a_double_click_takes_the_word():
    text = "Привет, мир_1!"
    assert text[slice(*word_around(text, 2))] == "Привет"
    assert text[slice(*word_around(text, 9))] == "мир_1"
    assert word_around(text, len(text)) == (len(text), len(text))


def test_authors_are_named_only_when_several_messages_are_copied():
    assert copied([("[09:12] Anna: ", "one"), ("[09:13] Boris: ", "")]) == "one"
    assert copied([("[09:12] Anna: ", "one"), ("[09:13] Boris: ", "two")]) == "[09:12] Anna: one\n[09:13] Boris: two"
