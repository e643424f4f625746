"""What the relay refuses because a limit is reached says which one, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from common.protocol.messages import LimitName, Problem
from desktop import locale
from desktop.controller.words import refusal
from desktop.link.denied import Denied
from desktop.refusals import REACHED
from desktop.view.limits_form import LIMITS


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    locale.use("en")


def denied(limit: str, most: int, code: str = "limit_reached") -> Denied:
    return Denied.of(Problem(code=code, message="in English", limit=limit, most=most))


def test_every_limit_has_its_words():
    assert set(REACHED) == set(LIMITS) == set(get_args(LimitName))


def test_a_refusal_names_the_limit_and_how_much_it_is():
    assert str(denied("tokens", 1200)) == "You have as many access tokens as you may: 1,200. Revoke some first."
    assert str(denied("files", 5 << 30, "quota_exceeded")).startswith(
        "You have as much in files on this relay as you may: 5"
    )
    refused = denied("groups", 3)
    assert refusal(refused.code, refused.message) == str(refused), "the window says the same"


def test_it_does_so_in_russian():
    locale.use("ru")
    assert str(denied("webhooks", 3)) == "Вебхуков вы создали столько, сколько можно: 3. Сначала отзовите часть из них."


def test_a_limit_of_a_newer_relay_is_told_by_its_code():
    assert str(denied("telescopes", 3)) == "You have as many of these as you may on this relay."
