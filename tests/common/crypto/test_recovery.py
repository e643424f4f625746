from __future__ import annotations

import random
import re

import pytest

from common.crypto.recovery import BadRecoveryCode, new_recovery_code, parse_recovery_code

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE = "7K2M-Q0R1-9ZTB-4CVX-HN63-8WEA-D5JP"


@pytest.fixture(scope="module")
def code() -> str:
    return new_recovery_code()


def test_a_code_has_eight_groups_of_four_that_cannot_be_confused(code):
    assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{7}}[{ALPHABET}]{{4}}", code)


def test_no_two_codes_are_the_same():
    assert len({new_recovery_code() for _ in range(200)}) == 200


def test_a_code_from_paper_keeps_its_meaning_between_versions():
    assert parse_recovery_code(f"{CODE}-0FRQ") == f"{CODE}-0FRQ"


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"\n {code[:20]}\r\n{code[20:]}\t",
        lambda code: code.replace("-", "\u2014"),
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("0", "o").replace("1", "I"),
    ],
)
def test_a_code_is_read_however_it_was_typed(typed):
    for _ in range(20):  # so that the digits which look like letters occur
        code = new_recovery_code()
        assert parse_recovery_code(typed(code)) == code


def test_one_wrong_character_is_noticed_and_its_group_is_named(code):
    chance = random.Random(1)
    for position in range(len(code)):
        if code[position] == "-":
            continue
        other = chance.choice([character for character in ALPHABET if character != code[position]])
        with pytest.raises(BadRecoveryCode, match=rf"group {position // 5 + 1}\b"):
            parse_recovery_code(code[:position] + other + code[position + 1 :])


def test_two_neighbours_that_changed_places_are_noticed_and_their_group_is_named(code):
    compact = code.replace("-", "")
    for position in range(len(compact) - 1):
        swapped = compact[:position] + compact[position + 1] + compact[position] + compact[position + 2 :]
        if swapped != compact:
            with pytest.raises(BadRecoveryCode, match=rf"group {position // 4 + 1}\b"):
                parse_recovery_code(swapped)


def test_a_code_with_many_slips_is_refused_without_a_guess():
    with pytest.raises(BadRecoveryCode, match="Compare all groups"):
        parse_recovery_code("0000-0000-0000-0000-0000-0000-0000-0000")


@pytest.mark.parametrize(
    "text, reason", [("", "0 characters"), (CODE, "28 characters"), (f"{CODE}-AAAA-AAAA", "36 characters")]
)
def test_a_code_that_is_not_whole_is_told_how_long_it_should_be(text, reason):
    with pytest.raises(BadRecoveryCode, match=f"8 groups.*{reason} instead of 32"):
        parse_recovery_code(text)


@pytest.mark.parametrize("stranger", ["U", "?", "Я"])
def test_a_character_that_cannot_be_there_is_named_with_its_group(code, stranger):
    with pytest.raises(BadRecoveryCode, match=re.escape(f"“{stranger}” in group 3")):
        parse_recovery_code(code[:11] + stranger + code[12:])


def test_an_error_never_repeats_the_code(code):
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    with pytest.raises(BadRecoveryCode) as raised:
        parse_recovery_code(wrong)
    assert not any(group in str(raised.value) for group in wrong.split("-"))
