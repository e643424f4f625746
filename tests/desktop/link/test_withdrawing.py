"""Own messages that their author takes out of the outbox again, before the relay has them, while it gets them, and after it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.events.outbox import AlreadySaid, SaidAllTheSame
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import RelayProcess


@pytest.fixture
def people(relay: RelayProcess, enter: Enter) -> tuple[Client, Client]:
    """Anna and Boris, whose links are up."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    return anna, boris


def test_a_message_that_waits_for_a_link_is_never_said_once_its_author_gave_it_up(
    relay: RelayProcess, people: tuple[Client, Client]
) -> None:
    anna, boris = people
    relay.stop()
    anna.until_not_connected()
    one, two = anna.says("раз"), anna.says("два")
    anna.until(lambda: anna.waiting() == ["раз", "два"])
    anna.link.discard(one)
    anna.link.take_back(two)
    anna.until(lambda: anna.waiting() == [])
    anna.says("три")
    relay.start()
    boris.until(lambda: boris.messages() == ["три"])
    assert not any(isinstance(event, AlreadySaid | SaidAllTheSame) for event in anna.events)


def test_a_message_given_up_at_the_moment_in_which_it_is_sent_does_not_stay(
    relay: RelayProcess, people: tuple[Client, Client]
) -> None:
    anna, boris = people
    relay.pause()
    try:
        nonce = anna.says("раз")
        anna.until(lambda: anna.item(nonce))
        anna.link.take_back(nonce)
        anna.until_gone(nonce)
    finally:
        relay.go_on()
    anna.says("два")
    boris.until(lambda: boris.seq_of("два"))
    # Whether it was on its way already is chance; what becomes of it is not.
    assert boris.entry(nonce) is None or boris.until(lambda: boris.kinds()) == ["redaction"]


@pytest.mark.parametrize("to_edit", [True, False])
def test_who_takes_back_what_is_an_entry_by_now_is_told_where_it_is(
    people: tuple[Client, Client], to_edit: bool
) -> None:
    anna, boris = people
    nonce = anna.says("раз")
    entry = boris.until(lambda: boris.entry(nonce))
    anna.until_gone(nonce)
    (anna.link.take_back if to_edit else anna.link.discard)(nonce)
    told = anna.until_told(AlreadySaid)
    assert told == AlreadySaid(anna.general, nonce, entry.seq, to_edit)
    assert boris.kinds() == []


def test_a_picture_that_waits_is_a_draft_again_and_goes_once(
    relay: RelayProcess, people: tuple[Client, Client], tmp_path: Path
) -> None:
    anna, boris = people
    relay.stop()
    anna.until_not_connected()
    path = tmp_path / "чайник.txt"
    path.write_text("кипит")
    nonce = anna.sends("раз", path)
    anna.until(lambda: anna.item(nonce))
    anna.link.take_back(nonce)
    anna.until(lambda: anna.item(nonce) is None and anna.attached.get(anna.general))
    again = anna.sends_attached("раз, и яснее")
    relay.start()
    entry = boris.until(lambda: boris.entry(again))
    assert [file.name for file in entry.files] == ["чайник.txt"]
    assert boris.messages() == ["раз, и яснее"]
