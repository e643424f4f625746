"""What of a text can be seen."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from common.protocol.visible import says_something


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\r\n",
        "\u00a0\u2003\u3000\u2028",
        "\x00\x07\x1b\x7f\x85",
        "\u200b\u200c\u200d\u2060\ufeff",
        "\u202e\u2066\u2069\u061c",
        "\u00ad",
        "\u2800\u3164\u115f\uffa0",
        "\ufe0f\U000e0041\U000e007f",
    ],
)
def test_blanks_controls_and_what_has_no_width_show_nothing(text: str):
    assert not says_something(text)


@pytest.mark.parametrize(
    "text", ["\u200b.\u200b", "я", " 0 ", "☕", "👩\u200d🚀", "\u0301", "\ue000", "\u0600", "\U0001fae9"]
)
def test_one_sign_with_ink_is_enough(text: str):
    assert says_something(text)


def test_no_letter_digit_or_sign_of_any_script_is_taken_for_nothing():
    known = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\ufffc", "\U0001d159"}  # letters and signs without ink
    signs = (chr(code) for code in range(sys.maxunicode + 1))
    assert [sign for sign in signs if unicodedata.category(sign)[0] in "LNPS" and not says_something(sign)] == sorted(
        known
    )
