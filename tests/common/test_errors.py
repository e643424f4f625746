"""The errors of the wire: each has a code of its own, a status, and a sentence that says what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from common import errors
from common.errors import MessengerError, NotSignedIn, ProtocolError, RateLimited, Refused, WireError, wire_errors

WHAT_TO_DO = {
    "Ask", "Check", "Choose", "Close", "Compare", "Join", "Keep", "Look", "Make", "Paste", "Say", "Send", "Sign", "Try", "Update", "Use", "Wait", "Write",
}  # fmt: skip


def kinds_of(root: type[MessengerError]) -> Iterator[type[MessengerError]]:
    """*root* and all below it that this package defines."""
    if root.__module__ == errors.__name__:
        yield root
    for kind in root.__subclasses__():
        yield from kinds_of(kind)


WIRE = [kind for kind in kinds_of(WireError) if issubclass(kind, WireError) and not kind.__subclasses__()]
BRANCHES = {WireError, ProtocolError, Refused}


def test_the_tree_is_the_one_that_is_described():
    assert set(WIRE) | BRANCHES == set(kinds_of(WireError))
    described = set(re.findall(r"^ +([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE))
    assert described <= {kind.__name__ for kind in kinds_of(MessengerError)}


def test_every_error_of_the_wire_has_a_code_of_its_own():
    twice = [code for code, count in Counter(kind.code for kind in WIRE).items() if count > 1]
    assert not twice


def test_every_error_of_the_wire_is_found_by_its_code():
    found = {code: kind for code, kind in wire_errors().items() if kind.__module__ == errors.__name__}
    assert set(found) == {kind.code for kind in WIRE}
    assert list(found) == sorted(found)
    assert all(found[kind.code].status == kind.status for kind in WIRE)


@pytest.mark.parametrize("kind", WIRE, ids=lambda kind: kind.code)
def test_a_code_is_a_word_and_a_status_says_whose_turn_it_is(kind: type[WireError]):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
    assert 400 <= kind.status < 500 or kind.status in (500, 503, 507)


@pytest.mark.parametrize("kind", WIRE, ids=lambda kind: kind.code)
def test_the_sentence_for_people_says_what_to_do(kind: type[WireError]):
    sentences = re.split(r"(?<=[.;:]) ", kind.default)
    assert kind.default.endswith(".")
    assert any(sentence.split()[0] in WHAT_TO_DO for sentence in sentences), kind.default


def test_an_error_carries_its_own_sentence_unless_it_is_given_another():
    assert str(NotSignedIn()) == NotSignedIn().message == NotSignedIn.default
    assert str(NotSignedIn("Sign in as the owner.")) == "Sign in as the owner."
    assert RateLimited(retry_after=1.5, re=7).retry_after == 1.5
