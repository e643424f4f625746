"""Two clients and one relay, all real but the window: nothing is lost, nothing comes twice, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.ids import Seq
from desktop.events.conversations import CompleteUpTo, EntriesKnown
from desktop.events.link import Connected, LinkChanged, SignedIn, SignedOut
from tests.desktop.link.clients import Client, Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as entering:
        yield entering


def talk(relay: RelayProcess, enter: Enter) -> tuple[Client, Client]:
    """Anna and Boris, both signed in and connected."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    return anna, boris


def whole_log(client: Client) -> list[Seq]:
    return sorted(client.log[client.general])


def nothing_was_lost_or_came_twice(client: Client, said: list[str]) -> None:
    client.until(lambda: len(client.messages()) >= len(said))
    assert sorted(client.messages()) == sorted(said)
    assert whole_log(client) == list(range(1, len(whole_log(client)) + 1))
    assert client.told_twice == []


def test_a_message_arrives_with_its_place_in_the_log_and_its_author_s_name(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    nonce = anna.says("Чайник вскипел")
    boris.until(lambda: boris.messages() == ["Чайник вскипел"])
    anna.until(lambda: anna.messages() == ["Чайник вскипел"] and anna.waiting() == [])
    entry = boris.log[boris.general][max(boris.log[boris.general])]
    assert (entry.seq, entry.nonce) == (3, nonce), "two people joined before"
    boris.until(lambda: entry.sender in boris.people)
    assert boris.people[entry.sender].display_name == "Anna"
    assert anna.log[anna.general][entry.seq] == entry
    boris.says("Иду")
    anna.until(lambda: anna.messages() == ["Чайник вскипел", "Иду"])
    assert whole_log(anna) == [1, 2, 3, 4]


def test_each_author_s_messages_keep_their_order(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    for number in range(30):
        anna.says(f"a{number:02}")
        boris.says(f"b{number:02}")
    for client in (anna, boris):
        client.until(lambda c=client: len(c.messages()) == 60)  # type: ignore[misc]
        for author in "ab":
            said = [body for body in client.messages() if body.startswith(author)]
            assert said == sorted(said)


def test_a_relay_that_is_restarted_loses_nothing_and_says_nothing_twice(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    said = [f"до {number}" for number in range(5)]
    for body in said:
        anna.says(body)
    boris.until(lambda: len(boris.messages()) == 5)
    relay.stop()
    for client in (anna, boris):
        client.until_not_connected()
    for number in range(5):
        said += [f"Анна без связи {number}", f"Борис без связи {number}"]
        anna.says(said[-2])
        boris.says(said[-1])
    anna.until(lambda: len(anna.waiting()) == 5)
    relay.start()
    for client in (anna, boris):
        client.until_connected()
        nothing_was_lost_or_came_twice(client, said)
        client.until(lambda c=client: c.waiting() == [])  # type: ignore[misc]


def test_a_relay_that_is_killed_while_both_send_loses_nothing(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    said: list[str] = []
    for cut in range(3):
        for number in range(20):
            said += [f"a {cut} {number}", f"b {cut} {number}"]
            anna.says(said[-2])
            boris.says(said[-1])
        boris.until(lambda least=20 * cut + 5: len(boris.messages()) >= least)  # type: ignore[misc]
        relay.kill()
        relay.start()
    for client in (anna, boris):
        client.until(lambda c=client: c.waiting() == [])  # type: ignore[misc]
        nothing_was_lost_or_came_twice(client, said)


def test_unsent_messages_are_sent_once_after_the_client_was_closed(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    relay.kill()
    anna.until_not_connected()
    said = [f"потом {number}" for number in range(5)]
    for body in said:
        anna.says(body)
    anna.until(lambda: anna.waiting() == said)
    anna.ends()

    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: anna.waiting() == said)
    anna.ends()

    relay.start()
    anna = enter("anna")
    anna.link.resume()
    anna.until_connected()
    anna.until(lambda: anna.waiting() == [])
    boris.until(lambda: boris.messages() == said)
    nothing_was_lost_or_came_twice(boris, said)
    assert anna.messages() == said


def test_history_is_there_at_once_without_the_relay(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    for number in range(10):
        boris.says(f"слово {number}")
    anna.until(lambda: len(anna.messages()) == 10)
    anna.link.save_draft(anna.general, "недописано")
    anna.ends()
    relay.stop()

    anna = enter("anna")
    anna.link.resume()
    signed_in = anna.until_told(SignedIn)
    assert (signed_in.offline, signed_in.user.username) == (True, "anna")
    anna.until(lambda: anna.groups)
    anna.link.open_group(anna.general)
    anna.until(lambda: anna.messages() == [f"слово {number}" for number in range(10)])
    assert {user.username for user in anna.people.values()} == {"anna", "boris"}
    assert anna.drafts == {anna.general: "недописано"}
    assert anna.complete_up_to is not None
    assert anna.complete_up_to >= anna.log[anna.general][max(anna.log[anna.general])].at
    assert anna.groups[anna.general].last == anna.log[anna.general][max(anna.log[anna.general])]
    assert not any(event == LinkChanged(Connected()) for event in anna.events)


def test_who_was_away_reads_what_was_said(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    boris.ends()
    said = [f"слово {number}" for number in range(20)]
    for body in said:
        anna.says(body)
    anna.until(lambda: anna.waiting() == [] and len(anna.messages()) == 20)

    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    assert boris.messages() == said, "connected means that what was missed is here"
    assert boris.groups[boris.general].unread == 20
    missed = [event for event in boris.events if isinstance(event, EntriesKnown)]
    assert not any(event.live for event in missed)
    complete = boris.until_told(CompleteUpTo)
    assert boris.events.index(complete) > boris.events.index(missed[-1]) or boris.complete_up_to != complete.at


def test_a_read_marker_that_moved_without_the_relay_reaches_it_later(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    boris.says("прочти")
    anna.until(lambda: anna.messages() == ["прочти"])
    last = max(whole_log(anna))
    relay.stop()
    anna.until_not_connected()
    anna.link.mark_read(anna.general, last)
    relay.start()
    boris.until_connected()
    boris.link.open_group(boris.general)

    def anna_has_read() -> bool:
        boris.link.list_members(boris.general)
        members = boris.members.get(boris.general, ())
        return any(member.user.username == "anna" and member.read_seq == last for member in members)

    boris.until(anna_has_read)


def test_signing_out_ends_the_device_session_and_keeps_the_rest(relay: RelayProcess, enter: Enter) -> None:
    anna, _boris = talk(relay, enter)
    anna.says("до свидания")
    anna.until(lambda: anna.waiting() == [] and anna.messages())
    anna.link.sign_out()
    assert anna.until_told(SignedOut).reason == ""
    anna.ends()

    anna = enter("anna")
    anna.link.resume()
    assert anna.until_told(SignedOut).reason == "", "nothing to go on with"
    found = anna.find(relay.address)
    anna.link.sign_in(found, "anna", "correct horse battery")
    anna.until_connected()
    anna.link.open_group(anna.general)
    anna.until(lambda: anna.messages() == ["до свидания"])
