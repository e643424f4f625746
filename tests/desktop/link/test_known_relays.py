"""Known relays that are silent, were set up anew, or whose address another one has now: the link against real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec.structs import replace

from desktop.events.link import Connected, IdentityChanged, SignedIn
from desktop.events.relays import AddressAnswered, FoundRelay, RelayForgotten, RelaysFound, Trust
from desktop.link.looking import Looking
from tests.desktop.link.clients import PASSWORD, Client, Enter
from tests.desktop.link.relays import RelayProcess


def listed(client: Client) -> dict[str, FoundRelay]:
    """The list as it was told last, by relay id."""
    told = [event for event in client.events if isinstance(event, RelaysFound)]
    return {relay.relay_id: relay for relay in told[-1].relays} if told else {}


def speaks(client: Client, relay: RelayProcess) -> FoundRelay:
    """Somebody makes an account there, says something, and goes back to the list."""
    found = client.register(relay.address, "anna")
    client.says("было")
    client.until(lambda: client.waiting() == [] and client.messages() == ["было"])
    client.link.leave()
    client.until_not_connected()
    return found


def opens(client: Client, relay: FoundRelay) -> None:
    """Somebody goes back to the general group there."""
    since = len(client.events)
    client.link.resume(relay.relay_id)
    client.until_told(SignedIn, since)
    client.link.open_group(client.general)


def set_up_anew(relay: RelayProcess) -> None:
    """The same name and address, and nothing of what was there."""
    relay.stop()
    shutil.rmtree(relay.folder)
    relay.start()


def test_a_silent_relay_stays_in_the_list_and_what_was_read_there_opens(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = speaks(anna, relay)
    relay.stop()
    anna.link.look_for_relays(True)
    silent = anna.until(lambda: listed(anna).get(found.relay_id))
    assert (silent.trust, silent.is_silent, silent.port) == (Trust.KNOWN, True, relay.port)
    anna.log.clear()
    opens(anna, found)
    anna.link.open_group(anna.general)
    anna.until(lambda: anna.messages() == ["было"])
    anna.link.leave()
    relay.start()
    anna.link.network_changed()
    anna.until(lambda: not listed(anna)[found.relay_id].is_silent)
    anna.link.forget_relay(found.relay_id)
    anna.until(lambda: listed(anna)[found.relay_id].trust is Trust.NEW)


def test_the_relay_at_the_set_address_is_in_the_list_whenever_one_comes_back(
    relay: RelayProcess, tmp_path: Path
) -> None:
    anna = Client(tmp_path / "anna", Looking(relay.address))
    try:
        for _time in range(2):
            since = len(anna.events)
            anna.link.look_for_relays(True)
            anna.link.try_address(relay.address)
            anna.until_told(AddressAnswered, since)
            anna.until(lambda: relay.said["relay_id"] in listed(anna))
            anna.link.look_for_relays(False)
            anna.events.clear()
    finally:
        anna.ends()


def test_a_relay_set_up_anew_is_joined_by_its_invitation_and_the_old_one_stays(
    relay: RelayProcess, enter: Enter
) -> None:
    anna = enter("anna")
    old = speaks(anna, relay)
    set_up_anew(relay)
    assert relay.said["relay_id"] != old.relay_id
    anna.link.look_for_relays(True)
    blocked = anna.find(relay.address)
    assert (blocked.trust, blocked.conflicts_with, blocked.only_address) == (Trust.IMPOSTOR, old.relay_id, False)
    since = len(anna.events)
    anna.link.try_address(f"pymessenger://{relay.address}/{relay.said['relay_id']}")
    assert anna.until_told(AddressAnswered, since).verified
    anna.link.register(replace(blocked, trust=Trust.NEW), "anna", PASSWORD)
    anna.until_connected()
    assert {one.trust for one in listed(anna).values()} == {Trust.KNOWN}

    anna.log.clear()
    since = len(anna.events)
    opens(anna, old)
    anna.until(lambda: anna.messages() == ["было"])
    anna.until(lambda: "Another relay answers" in str(anna.state))
    assert not any(isinstance(event, IdentityChanged) for event in anna.events[since:]), "it is known itself"


def test_once_the_old_one_is_forgotten_the_one_set_up_anew_is_new(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    old = speaks(anna, relay)
    set_up_anew(relay)
    anna.link.look_for_relays(True)
    assert anna.find(relay.address).trust is Trust.IMPOSTOR
    anna.link.forget_relay(old.relay_id)
    assert anna.until_told(RelayForgotten).relay_id == old.relay_id
    assert anna.find(relay.address).trust is Trust.NEW
    assert old.relay_id not in listed(anna)
    anna.register(relay.address, "anna")
    assert isinstance(anna.state, Connected)


def test_another_relay_at_a_known_ones_address_is_new_once_that_was_said(
    relay: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    anna = enter("anna")
    old = speaks(anna, relay)
    relay.stop()
    neighbour = RelayProcess(tmp_path / "neighbour", "Чайная").start(relay.port)
    try:
        anna.link.look_for_relays(True)
        blocked = anna.find(relay.address)
        assert (blocked.trust, blocked.conflicts_with, blocked.only_address) == (Trust.IMPOSTOR, old.relay_id, True)
        anna.link.forget_addresses(old.relay_id, blocked.addresses)
        assert anna.until_told(RelayForgotten).relay_id == old.relay_id
        assert anna.find(relay.address).trust is Trust.NEW
        known = listed(anna)[old.relay_id]
        assert (known.trust, known.is_silent, known.addresses) == (Trust.KNOWN, True, ())
    finally:
        neighbour.stop()
