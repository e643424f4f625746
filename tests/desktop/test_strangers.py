"""Another identity under a known name or address: nobody gets there by one click, and nobody is stuck."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from desktop.events.relays import AddressAnswered, RelayForgotten, Trust
from desktop.screen import SignInMode
from tests.desktop.stage import OFFICE, OTHER, Stage, found

IMPOSTOR = replace(found(Trust.IMPOSTOR), conflicts_with=OTHER)
NEIGHBOUR = replace(IMPOSTOR, name="Tea", only_address=True)
NEW = replace(IMPOSTOR, trust=Trust.NEW, conflicts_with=None)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.opens()
    return stage


def test_the_known_relay_is_forgotten_only_after_a_question_of_its_own(stage: Stage):
    stage.controller.choose_relay(IMPOSTOR)
    assert stage.screen.question.choices[-1].key == "understood", "what Escape answers"
    stage.screen.answer("understood")
    assert not stage.link.of("forget_relay")
    stage.controller.explain_impostor(IMPOSTOR)
    stage.screen.answer("forget")
    assert OTHER[:4] in stage.screen.question.text
    assert OFFICE[:4] in stage.screen.question.text
    stage.screen.answer(stage.screen.question.choices[-1].key)
    assert not stage.link.of("forget_relay")
    stage.screen.answer("forget")
    assert stage.link.of("forget_relay") == [(OTHER,)]
    assert not stage.link.of("try_address"), "not before it is forgotten"
    stage.tells(RelayForgotten(OTHER))
    assert stage.link.last("try_address") == ("192.168.1.20:5000",)
    stage.tells(AddressAnswered("192.168.1.20:5000", NEW))
    assert stage.screen.last("show_sign_in") == (NEW, SignInMode.REGISTER, "", False)


def test_a_relay_that_only_has_a_known_ones_address_costs_nothing_of_that_one(stage: Stage):
    stage.controller.explain_impostor(NEIGHBOUR)
    assert "Addresses are given to other machines" in stage.screen.question.text
    stage.screen.answer("go on")
    stage.screen.answer(stage.screen.question.choices[-1].key)
    assert not stage.link.of("forget_addresses")
    stage.screen.answer("go on")
    assert stage.link.of("forget_addresses") == [(OTHER, NEIGHBOUR.addresses)]
    assert not stage.link.of("forget_relay")
    stage.tells(RelayForgotten(OTHER))
    assert stage.link.last("try_address") == ("192.168.1.20:5000",)


def test_an_invitation_that_names_the_identity_leads_on_after_a_question(stage: Stage):
    stage.tells(AddressAnswered("pymessenger://…", IMPOSTOR, "code", verified=True))
    assert not stage.screen.of("show_sign_in")
    stage.screen.answer(stage.screen.question.choices[-1].key)
    assert not stage.screen.of("show_sign_in")
    stage.screen.answer("go on")
    assert stage.screen.last("show_sign_in") == (NEW, SignInMode.REGISTER, "code", False)
    assert not stage.link.of("forget_relay")


def test_an_address_without_its_identity_is_only_explained(stage: Stage):
    stage.tells(AddressAnswered("192.168.1.20", IMPOSTOR))
    assert [choice.key for choice in stage.screen.question.choices] == ["forget", "understood"]
    assert not stage.screen.of("show_sign_in")


def test_a_relay_forgotten_from_its_card_leads_nowhere(stage: Stage):
    stage.tells(RelayForgotten(OTHER))
    assert not stage.link.of("try_address")
