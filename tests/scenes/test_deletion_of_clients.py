"""Who has deleted their account is forgotten by the clients of the others, by those that were there and those that come back later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.ids import GroupId, UserId
from common.protocol.messages import DeleteAccount, Fate
from tests.desktop.link.clients import PASSWORD, Client, Enter, clients_in
from tests.desktop.link.timed_relay import TimedRelay, timed_relay_in
from tests.scenes.test_retention_of_clients import archived, in_a_group, records


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[TimedRelay]:
    with timed_relay_in(tmp_path / "relay") as running:
        yield running


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as entering:
        yield entering


def goes(client: Client, fate: Fate) -> UserId:
    """The person of *client* deletes their account; who they were."""
    assert client.user is not None
    user = client.user.id
    client.link.order(DeleteAccount(password=PASSWORD, messages=fate))
    client.until_not_connected()
    return user


def has_no_name(client: Client, user: UserId) -> bool:
    known = client.people.get(user)
    return known is not None and known.deleted and not known.display_name


def is_told(client: Client, group: GroupId, user: UserId) -> bool:
    return any(one.kind == "deleted" and one.sender == user for one in client.log.get(group, {}).values())


def test_who_is_there_forgets_the_name_and_what_was_said(relay: TimedRelay, enter: Enter) -> None:
    anna, boris, group = in_a_group(relay, enter)
    anna.says("long ago", group)
    boris.until(lambda: "long ago" in boris.messages(group))
    boris.says("mine", group)
    boris.until(lambda: boris.waiting(group) == [])
    seq = boris.seq_of("long ago", group)
    anna_id = goes(anna, "erase")
    boris.until(lambda: is_told(boris, group, anna_id))
    boris.until(lambda: has_no_name(boris, anna_id))
    boris.until(lambda: boris.groups[group].unread == 0)
    boris.log.clear()
    boris.link.open_group(group)
    boris.until(lambda: "mine" in boris.messages(group))
    assert "long ago" not in boris.messages(group)
    assert (boris.log[group][seq].redacted, boris.log[group][seq].body) == (True, None)


@pytest.mark.parametrize("fate", ["erase", "anonymous"])
def test_who_comes_back_later_forgets_then(relay: TimedRelay, enter: Enter, fate: Fate) -> None:
    anna, boris, group = in_a_group(relay, enter)
    for number in range(5):
        anna.says(f"old {number}", group)
    boris.until(lambda: len(boris.messages(group)) == 5)
    said = {boris.seq_of(f"old {number}", group) for number in range(5)}
    boris.ends()
    before = {seq: sealed for seq, sealed in records(boris, group).items() if seq in said}
    anna_id = goes(anna, fate)
    boris = enter("boris")
    boris.link.resume(None)
    boris.until_connected()
    boris.until(lambda: is_told(boris, group, anna_id))
    boris.until(lambda: has_no_name(boris, anna_id))
    boris.ends()
    on_disk = archived(boris)
    left = {seq for seq, sealed in before.items() if sealed in on_disk}
    assert left == (set() if fate == "erase" else said)
