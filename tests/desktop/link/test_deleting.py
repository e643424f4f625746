"""Deleting one's own account by the whole link, over a real relay: it is gone there and here, or nothing happens at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from desktop.events.link import ACCOUNT_DELETION, CommandRefused, Connected, SignedIn, SignedOut, SignInFailed
from desktop.events.relays import Trust
from tests.desktop.link.clients import PASSWORD, Client, Enter
from tests.desktop.link.relays import RelayProcess


def refusal(client: Client, since: int = 0) -> str:
    """The code with which it was refused."""
    refused = client.until_told(CommandRefused, since)
    assert refused.what == ACCOUNT_DELETION
    return refused.code


def kept_here(client: Client, table: str) -> int:
    """So many rows of *table* are in the archive of a client that has ended."""
    (path,) = client.home.glob("archive*.db")
    with closing(sqlite3.connect(path)) as conn:
        (count,) = conn.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)


@pytest.mark.parametrize("messages", ["erase", "anonymous"])
def test_who_deletes_their_account_is_signed_out_and_others_see_what_was_chosen(
    relay: RelayProcess, enter: Enter, messages: Any
):
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("Чайник вскипел")
    boris.until(lambda: "Чайник вскипел" in boris.messages())
    assert anna.user is not None
    anna.link.delete_account(PASSWORD, messages)
    assert "Your account was deleted" in anna.until_told(SignedOut).reason
    her = anna.user.id
    boris.until(lambda: boris.people[her].deleted or None)
    entries = boris.log[boris.general].values()
    boris.until(lambda: [entry.body for entry in entries if entry.kind == "deleted"] == [messages] or None)


def test_nobody_signs_in_with_it_again(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    anna.link.delete_account(PASSWORD, "anonymous")
    anna.until_told(SignedOut)
    since = len(anna.events)
    anna.link.sign_in(found, "anna", PASSWORD)
    assert anna.until_told(SignInFailed, since).code == "wrong_credentials"


def test_what_this_computer_kept_of_it_is_gone_and_the_relay_stays_known(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("Чайник вскипел")
    anna.until(lambda: anna.seq_of("Чайник вскипел") or None)
    anna.link.save_draft(anna.general, "и ещё")
    anna.link.delete_account(PASSWORD, "erase")
    anna.until_told(SignedOut)
    assert anna.find(relay.address).trust is Trust.KNOWN
    anna.ends()
    assert {table: kept_here(anna, table) for table in ("account", "entry", "draft", "room")} == {
        "account": 0,
        "entry": 0,
        "draft": 0,
        "room": 0,
    }
    again = enter("anna")
    again.link.resume()
    assert again.until_told(SignedOut).reason == ""
    assert not [event for event in again.events if isinstance(event, SignedIn)]


def test_another_account_on_this_computer_stays(relay: RelayProcess, enter: Enter):
    client = enter("anna")
    client.register(relay.address, "boris")
    client.says("of boris")
    client.until(lambda: client.seq_of("of boris") or None)
    client.link.sign_out()
    client.until_told(SignedOut)
    client.register(relay.address, "anna")
    since = len(client.events)
    client.link.delete_account(PASSWORD, "erase")
    client.until_told(SignedOut, since)
    client.ends()
    assert kept_here(client, "account") == 1


def test_a_wrong_password_deletes_nothing(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.link.delete_account("not the password", "erase")
    assert refusal(anna) == "wrong_credentials"
    anna.says("still here")
    anna.until(lambda: anna.seq_of("still here") or None)


def test_the_only_owner_of_the_relay_is_told_to_name_another_first(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    anna.register(relay.address, "anna", relay.said["owner_code"])
    anna.link.delete_account(PASSWORD, "erase")
    assert refusal(anna) == "last_owner"
    assert isinstance(anna.state, Connected)


def test_without_the_relay_nothing_happens(relay: RelayProcess, enter: Enter):
    anna = enter("anna")
    anna.register(relay.address, "anna")
    relay.stop()
    anna.until_not_connected()
    anna.link.delete_account(PASSWORD, "erase")
    assert refusal(anna) == "link_lost"
    assert not [event for event in anna.events if isinstance(event, SignedOut)]
