from __future__ import annotations

import time

import pytest
from nacl.pwhash import argon2id

from common.crypto import passwords
from common.crypto.passwords import hash_password, verify_password
from tests import vectors

FAST = {"ops": argon2id.OPSLIMIT_MIN, "memory": argon2id.MEMLIMIT_MIN}


@pytest.mark.parametrize("known", vectors.load("argon2id")["hashes"], ids=["256 KiB", "64 MiB"])
def test_the_published_argon2id_hashes_are_understood(known):
    assert verify_password(known["encoded"], known["password"])
    assert not verify_password(known["encoded"], known["password"] + "x")


def test_the_right_password_is_accepted_and_a_wrong_one_is_not():
    stored = hash_password("пароль на складе", **FAST)
    assert verify_password(stored, "пароль на складе")
    assert not verify_password(stored, "Пароль на складе")
    assert not verify_password(stored, "")


def test_a_password_counts_the_same_however_the_keyboard_composes_it():
    composed, decomposed = (
        "\u0439\u043e\u0434",
        "\u0438\u0306\u043e\u0434",
    )  # й as one code point, and as и with a breve
    assert verify_password(hash_password(composed, **FAST), decomposed)


def test_equal_passwords_have_different_hashes():
    assert hash_password("same", **FAST) != hash_password("same", **FAST)


def test_the_default_cost_is_the_interactive_one():
    assert hash_password("x").startswith("$argon2id$v=19$m=65536,t=2,p=1$")


def test_an_unknown_user_is_refused_whatever_the_password():
    assert not verify_password(None, "")
    assert not verify_password(None, "anything")


def test_an_unknown_user_costs_as_much_work_as_a_known_one():
    def cpu_of(stored: str | None) -> float:
        started = time.process_time()
        verify_password(stored, "wrong")
        return time.process_time() - started

    # The two differ by a factor of thousands when the work for an unknown user is left out.
    known = min(cpu_of(hash_password("x")) for _ in range(3))
    unknown = min(cpu_of(None) for _ in range(3))
    assert known / 4 < unknown < known * 4


def test_the_stand_in_for_an_unknown_user_has_the_shape_of_a_real_hash():
    parts = passwords._NOBODY.split("$")
    real = hash_password("x").split("$")
    assert parts[:4] == real[:4]
    assert [len(part) for part in parts] == [len(part) for part in real]
