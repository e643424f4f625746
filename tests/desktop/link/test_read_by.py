"""What others have read is known without the relay too: a message that was read does not become unread by a restart."""

from __future__ import annotations

from desktop.events.conversations import GroupsListed, ReadSeen
from desktop.events.outbox import DraftsKnown
from tests.desktop.link.clients import Enter
from tests.desktop.link.relays import RelayProcess


def test_how_far_others_have_read_outlives_a_restart_without_the_relay(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("прочти")
    boris.until(lambda: boris.messages() == ["прочти"])
    seq = boris.seq_of("прочти")
    boris.link.mark_read(boris.general, seq)
    assert boris.user is not None
    read = ReadSeen(anna.general, boris.user.id, seq)
    anna.until(lambda: read in anna.events)
    relay.stop()
    anna.ends()

    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: read in anna.events)
    kinds = [type(event) for event in anna.events]
    assert kinds.index(GroupsListed) < kinds.index(ReadSeen)
    assert DraftsKnown in kinds
    assert not any(event.user != boris.user.id for event in anna.events if isinstance(event, ReadSeen))


def test_who_is_away_while_others_read_has_it_from_the_list_of_members(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("прочти")
    anna.until(lambda: anna.waiting() == [] and anna.messages() == ["прочти"])
    anna.ends()
    boris.until(lambda: boris.messages() == ["прочти"])
    seq = boris.seq_of("прочти")
    boris.link.mark_read(boris.general, seq)
    boris.until(lambda: any(isinstance(event, ReadSeen) and event.seq == seq for event in boris.events))

    anna = enter("anna")
    anna.link.resume()
    anna.until_connected()
    anna.link.open_group(anna.general)
    anna.until(lambda: anna.general in anna.members)
    relay.stop()
    anna.ends()
    anna = enter("anna")
    anna.link.resume()
    assert boris.user is not None
    anna.until(lambda: ReadSeen(anna.general, boris.user.id, seq) in anna.events)  # type: ignore[union-attr]
