"""Muting and pauses over a real relay, as clients see them."""

from __future__ import annotations

from common.ids import GroupId
from common.protocol.messages import MuteMember, SetSlow
from desktop.ordered import Ordered
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import RelayProcess
from tests.desktop.link.test_sending import failed


def talk(relay: RelayProcess, enter: Enter) -> tuple[Client, Client, GroupId]:
    """Anna, who owns a group, and Boris, who is in it."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.link.create_group("склад", "", False)
    group = anna.until(lambda: next((g.id for g in anna.groups.values() if g.kind == "group"), None))
    boris.until(lambda: group in boris.groups)
    boris.link.join_group(group)
    boris.until(lambda: boris.groups[group].role)
    return anna, boris, group


def orders(client: Client, command: MuteMember | SetSlow) -> None:
    since = len(client.events)
    client.link.order(command)
    assert client.until_told(Ordered, since).answer is not None


def user_id(client: Client) -> int:
    assert client.user is not None
    return client.user.id


def test_who_is_muted_is_told_so_and_again_when_they_may_write(relay: RelayProcess, enter: Enter):
    anna, boris, group = talk(relay, enter)
    orders(anna, MuteMember(group=group, user=user_id(boris), seconds=3))
    boris.until(lambda: boris.groups[group].muted)
    nonce = boris.says("too much", group)
    refused = failed(boris, nonce)
    assert refused.body == "too much"
    assert "seconds" in refused.problem

    boris.until(lambda: boris.groups[group].muted is None)
    boris.link.retry(nonce)
    boris.until_gone(nonce)
    anna.until(lambda: "too much" in anna.messages(group))
    anna.until(lambda: "mute" in anna.kinds(group))


def test_it_is_known_without_the_relay_too(relay: RelayProcess, enter: Enter):
    anna, boris, group = talk(relay, enter)
    orders(anna, MuteMember(group=group, user=user_id(boris), seconds=86_400))
    orders(anna, SetSlow(group=group, seconds=30))
    boris.until(lambda: boris.groups[group].muted and boris.groups[group].slow == 30)
    until = boris.groups[group].muted
    boris.ends()
    relay.stop()
    again = enter("boris")
    again.link.resume()
    again.until(lambda: group in again.groups)
    assert again.groups[group].muted == until
    assert again.groups[group].slow == 30


def test_messages_written_too_fast_arrive_in_their_order(relay: RelayProcess, enter: Enter):
    anna, boris, group = talk(relay, enter)
    orders(anna, SetSlow(group=group, seconds=1))
    boris.until(lambda: boris.groups[group].slow == 1)
    texts = [f"message {number}" for number in range(4)]
    for text in texts:
        boris.says(text, group)
    anna.until(lambda: anna.messages(group) == texts)
    assert boris.until(lambda: not boris.waiting(group) or None)
