"""Two real clients at a real relay: what its owner does to people reaches them, and what the relay refuses reaches the owner."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common.protocol.messages import (
    Accounts,
    AuditEntries,
    Command,
    DisableUser,
    ListAccounts,
    ListAudit,
    ListSessions,
    PasswordMade,
    Promote,
    ResetPassword,
    RevokeSessions,
    Sessions,
)
from desktop.events.link import SignedOut
from desktop.ordered import Ordered
from tests.desktop.link.clients import Client, Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as made:
        yield made


def both(enter: Enter, relay: RelayProcess) -> tuple[Client, Client]:
    """The owner, and a member."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna", relay.said["owner_code"])
    boris.register(relay.address, "boris")
    return anna, boris


def order(client: Client, command: Command) -> Ordered:
    """What came of it."""
    since = len(client.events)
    client.link.order(command)
    told = client.until_told(Ordered, since)
    assert told.command == command
    return told


def gets(client: Client, command: Command) -> Any:
    told = order(client, command)
    assert told.answer is not None, told
    return told.answer


def test_who_is_shut_out_by_the_owner_is_signed_out_at_once(enter: Enter, relay: RelayProcess) -> None:
    anna, boris = both(enter, relay)
    assert boris.user is not None
    accounts = gets(anna, ListAccounts())
    assert isinstance(accounts, Accounts)
    assert [(each.user.username, each.user.role, each.online) for each in accounts.accounts] == [
        ("anna", "owner", True),
        ("boris", "member", True),
    ]
    gets(anna, DisableUser(user=boris.user.id))
    boris.until_told(SignedOut)
    told = gets(anna, ListAudit(limit=1))
    assert isinstance(told, AuditEntries)
    assert [(each.act, each.by, each.whom) for each in told.entries] == [("account_disabled", "anna", "boris")]


def test_a_new_password_signs_the_devices_out_and_lets_somebody_in_again(enter: Enter, relay: RelayProcess) -> None:
    anna, boris = both(enter, relay)
    assert boris.user is not None
    made = gets(anna, ResetPassword(user=boris.user.id))
    assert isinstance(made, PasswordMade)
    boris.until_told(SignedOut)
    boris.link.sign_in(boris.find(relay.address), "boris", made.password)
    boris.until_connected()


def test_who_is_promoted_knows_it_without_signing_in_again_and_may_do_it(enter: Enter, relay: RelayProcess) -> None:
    anna, boris = both(enter, relay)
    assert boris.user is not None
    me = boris.user.id
    assert order(boris, ListAccounts()).code == "not_allowed"
    gets(anna, Promote(user=me, role="owner"))
    boris.until(lambda: boris.people.get(me) is not None and boris.people[me].role == "owner")
    boris.until(lambda: order_is_obeyed(boris))
    assert not any(isinstance(event, SignedOut) for event in boris.events)


def order_is_obeyed(client: Client) -> bool:
    """Whether one that was asked for before has been answered well by now; asks again where it was not."""
    told = [event for event in client.events if isinstance(event, Ordered)]
    if told[-1].answer is None:
        client.link.order(ListAccounts())
    return told[-1].answer is not None


def test_one_device_is_signed_out_and_what_is_refused_is_told_with_its_code(enter: Enter, relay: RelayProcess) -> None:
    anna, boris = both(enter, relay)
    assert boris.user is not None
    assert anna.user is not None
    sessions = gets(anna, ListSessions(user=boris.user.id))
    assert isinstance(sessions, Sessions)
    gets(anna, RevokeSessions(user=boris.user.id, session=sessions.sessions[0].id))
    boris.until_told(SignedOut)
    assert order(anna, Promote(user=anna.user.id, role="member")).code == "last_owner"


def test_without_the_relay_it_is_said_that_it_is_away(enter: Enter, relay: RelayProcess) -> None:
    anna, _boris = both(enter, relay)
    relay.stop()
    anna.until_not_connected()
    assert order(anna, ListAccounts()).code == "link_lost"
