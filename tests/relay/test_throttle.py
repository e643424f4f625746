"""How often somebody may: buckets that fill with time, and pauses that grow with wrong passwords."""

from __future__ import annotations

import pytest

from relay import throttle
from relay.throttle import FREE_GUESSES_PER_ACCOUNT, FREE_GUESSES_PER_ADDRESS, LONGEST_PAUSE_S, Buckets, Guesses, Tokens


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_is_allowed_and_then_the_rate(clock: Clock):
    buckets: Buckets[str] = Buckets(2, 10, clock)
    assert [buckets.wait_s("a") for _ in range(10)] == [0.0] * 10
    assert buckets.wait_s("a") == pytest.approx(0.5)
    clock.now_s += 0.5
    assert buckets.wait_s("a") == 0.0
    assert buckets.wait_s("a") > 0


def test_a_refusal_costs_nothing_and_one_key_costs_another_nothing(clock: Clock):
    buckets: Buckets[str] = Buckets(1, 1, clock)
    assert buckets.wait_s("a") == 0.0
    assert [buckets.wait_s("a") for _ in range(5)] == [pytest.approx(1.0)] * 5
    assert buckets.wait_s("b") == 0.0


def test_no_rate_means_no_limit(clock: Clock):
    buckets: Buckets[str] = Buckets(0, 0, clock)
    assert {buckets.wait_s("a") for _ in range(1000)} == {0.0}


def test_only_so_many_keys_are_remembered(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "REMEMBERED", 3)
    buckets: Buckets[int] = Buckets(1, 1, clock)
    for key in range(100):
        buckets.wait_s(key)
    assert len(buckets._levels) == 3


def test_after_some_wrong_passwords_the_pauses_double_up_to_a_minute(clock: Clock):
    guesses = Guesses(clock)
    assert [guesses.begin("anna", "1.2.3.4") for _ in range(FREE_GUESSES_PER_ACCOUNT)] == [
        0.0
    ] * FREE_GUESSES_PER_ACCOUNT
    pauses = []
    for _ in range(9):
        pause = guesses.begin("anna", "1.2.3.4")
        pauses.append(pause)
        clock.now_s += pause
        assert guesses.begin("anna", "1.2.3.4") == 0.0
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_many_tries_at_once_gain_nothing(clock: Clock):
    guesses = Guesses(clock)
    allowed = [guesses.begin("anna", f"10.0.0.{n}") == 0.0 for n in range(100)]
    assert sum(allowed) == FREE_GUESSES_PER_ACCOUNT


def test_an_address_that_tries_many_accounts_is_slowed_down(clock: Clock):
    guesses = Guesses(clock)
    allowed = [guesses.begin(f"user{n}", "1.2.3.4") == 0.0 for n in range(100)]
    assert sum(allowed) == FREE_GUESSES_PER_ADDRESS


def test_an_own_account_gives_an_attacker_no_fresh_start(clock: Clock):
    guesses = Guesses(clock)
    allowed = 0
    for n in range(100):
        allowed += guesses.begin(f"user{n}", "1.2.3.4") == 0.0
        if guesses.begin("attacker", "1.2.3.4") == 0.0:
            guesses.succeeded("attacker", "1.2.3.4")
    assert allowed == FREE_GUESSES_PER_ADDRESS


def test_a_stranger_cannot_lock_somebody_out_where_they_have_signed_in_before(clock: Clock):
    guesses = Guesses(clock)
    assert guesses.begin("anna", "at home") == 0.0
    guesses.succeeded("anna", "at home")
    for _ in range(100):
        guesses.begin("anna", "elsewhere")
    assert guesses.begin("anna", "elsewhere") > 0
    assert guesses.begin("anna", "at home") == 0.0


def test_all_is_forgiven_after_a_quarter_of_an_hour(clock: Clock):
    guesses = Guesses(clock)
    for _ in range(FREE_GUESSES_PER_ACCOUNT):
        guesses.begin("anna", "1.2.3.4")
    assert guesses.begin("anna", "1.2.3.4") > 0
    clock.now_s += throttle.FORGIVEN_AFTER_S
    assert [guesses.begin("anna", "1.2.3.4") for _ in range(3)] == [0.0] * 3


def test_tokens_that_were_right_are_never_made_to_wait(clock: Clock):
    tokens = Tokens(Buckets(1, 2, clock))
    tokens.was_right(b"good")
    assert [tokens.wait_s(b"guess", "a") > 0 for _ in range(3)] == [False, False, True]
    assert tokens.wait_s(b"good", "a") == 0
    assert tokens.wait_s(b"guess", "b") == 0, "another address is counted apart"
    tokens.was_wrong(b"good")
    assert tokens.wait_s(b"good", "a") > 0, "once revoked it is like any other"


def test_where_an_account_was_made_nobody_who_guesses_elsewhere_locks_it_out(clock: Clock):
    guesses = Guesses(clock)
    guesses.lives_at("anna", "home")
    for number in range(FREE_GUESSES_PER_ACCOUNT):
        assert guesses.begin("anna", f"elsewhere {number}") == 0
    assert guesses.begin("anna", "elsewhere") > 0
    assert guesses.begin("anna", "home") == 0
