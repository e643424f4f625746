"""When to try again."""

from __future__ import annotations

from desktop.link.backoff import MOST_S, STABLE_S, Backoff


def test_the_delay_doubles_up_to_its_bound() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.failed() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, MOST_S, MOST_S]
    assert [backoff.failed() for _ in range(2000)][-1] == MOST_S


def test_the_whole_delay_is_chance() -> None:
    backoff = Backoff(iter([0.0, 0.5, 0.25]).__next__)
    assert [backoff.failed() for _ in range(3)] == [0.0, 0.5, 0.5]


def test_only_a_link_that_lasted_makes_the_next_failure_the_first() -> None:
    backoff = Backoff(lambda: 1.0)
    for _ in range(5):
        backoff.failed(lasted_s=STABLE_S - 1)
    assert backoff.failed(lasted_s=STABLE_S - 1) == 16
    assert backoff.failed(lasted_s=STABLE_S) == 0.5
    backoff.failed()
    backoff.reset()
    assert backoff.failed() == 0.5


def test_what_the_relay_asks_for_is_the_least() -> None:
    backoff = Backoff(lambda: 0.5)
    assert backoff.failed(asked_for_s=7.0) == 7.25
    assert backoff.failed(asked_for_s=-7.0) == 0.5
