"""Text from others cannot harm the window."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.view.safetext import BODY_MAX, LINE_MAX, MARKS_MAX, SafeText, substitute

SAFE = SafeText()
OLD = SafeText(astral=False)


def test_ordinary_text_stays_as_it_is():
    for text in ("Чайник вскипел", "naïve café", "多謝", "a\nb", "5 % — «ёлка»", "👩‍👩‍👧 🇷🇺"):
        assert SAFE.body(text) == text


@pytest.mark.parametrize("sign", ["\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\u061c"])
def test_nothing_reorders_what_follows(sign: str):
    assert SAFE.body(f"file{sign}gpj.exe") == "filegpj.exe"
    assert SAFE.name(f"file{sign}gpj.exe") == "filegpj.exe"


def test_control_characters_are_dropped():
    assert SAFE.body("a\x00b\x07c\x1bd\x7fe\x9bf") == "abcdef"


def test_lines_of_every_kind_break_a_body_and_join_a_name():
    text = "a\r\nb\rc\u2028d\u0085e\x0bf"
    assert SAFE.body(text) == "a\nb\nc\nd\ne\nf"
    assert SAFE.line(text) == "a b c d e f"


def test_a_tab_is_four_blanks():
    assert SAFE.body("a\tb") == "a    b"


def test_a_flood_of_marks_is_cut_but_real_accents_stay():
    flooded = SAFE.body("Z" + "\u0336\u0351\u0312" * 30)
    assert len(flooded) <= 1 + MARKS_MAX
    assert SAFE.body("й ё ệ") == unicodedata.normalize("NFC", "й ё ệ")


def test_a_name_is_never_empty_nor_made_of_nothing_visible():
    assert SAFE.name("") == "?"
    assert SAFE.name("\u200b\u2060 \ufeff") == "?"
    assert SAFE.name("ㅤ") == "?"


def test_length_is_bounded():
    assert len(SAFE.body("x" * (BODY_MAX + 10))) == BODY_MAX
    assert len(SAFE.line("слово " * 1000)) <= LINE_MAX
    assert SAFE.line("x" * 1000).endswith("…")


def test_old_systems_get_words_for_what_they_cannot_draw():
    assert OLD.line("ok 😀") == "ok :grinning face:"
    assert OLD.drawable("👍🏽!") == ":thumbs up sign:!"
    assert substitute("\U000f0000") == "□"
    assert SAFE.drawable("😀") == "😀"


@given(st.text())
def test_whatever_comes_in_what_goes_out_is_harmless(text: str):
    for out in (SAFE.body(text), SAFE.line(text), OLD.line(text)):
        assert all(unicodedata.category(sign) not in ("Cs",) for sign in out)
        assert all(sign == "\n" or unicodedata.category(sign) != "Cc" for sign in out)
        assert not set(out) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert "\n" not in SAFE.line(text)
    assert all(ord(sign) <= 0xFFFF for sign in OLD.line(text))
