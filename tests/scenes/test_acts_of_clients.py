"""Two clients and one relay, all real but the window: what is done with messages reaches the other, once, and his disk too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.ids import GroupId, Seq
from common.protocol.messages import Entry
from desktop.events.asked import PinsListed
from desktop.events.conversations import (
    GroupChoice,
    GroupWanted,
    OwnStatus,
    OwnStatusKnown,
    PresenceSeen,
    TypingHeard,
    UnreadSeen,
)
from desktop.events.link import CommandRefused
from desktop.events.outbox import OutboxState
from desktop.link.archive import Archive
from desktop.link.shelf import Shelf
from desktop.link.vault import Vault
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


def say(speaker: Client, hearer: Client, body: str) -> Seq:
    """*speaker* says *body*, and both have it."""
    speaker.says(body)
    hearer.until(lambda: hearer.seq_of(body))
    return speaker.until(lambda: speaker.seq_of(body))


async def archived(client: Client, group: GroupId) -> list[Entry]:
    """What stands in the archive of a client that has ended."""
    vault = Vault(client.home)
    await vault.open()
    archive = await Archive.open(client.home, vault.archive_key)
    kept = vault.current
    assert kept is not None
    account = await archive.account_of(kept.relay_id, kept.user)
    assert account is not None
    shelf = await Shelf.open(archive, account)
    found = await shelf.entries_at(group, [Seq(seq) for seq in range(1, 50)])
    found += [info.last for info in shelf.groups.values() if info.last is not None]
    await archive.close()
    return found


def test_an_edit_without_the_relay_is_done_later_and_once(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "Чайник закипел")
    relay.stop()
    anna.until_not_connected()
    anna.does("edit", seq, "Чайник вскипел")
    anna.does("reaction", seq, "👍")
    anna.until(lambda: len(anna.waiting()) == 2)
    anna.ends()
    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: len(anna.waiting()) == 2)
    relay.start()
    for client in (anna, boris):
        client.until_connected()
        client.until(lambda c=client: c.kinds() == ["edit", "reaction"])  # type: ignore[misc]
    anna.until_sent()
    assert boris.told_twice == []
    assert boris.groups[boris.general].last is not None


def test_what_is_taken_back_leaves_the_other_s_disk(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "тайна")
    anna.does("edit", seq, "другая тайна")
    boris.until(lambda: boris.kinds() == ["edit"])
    anna.does("redaction", seq)
    for client in (anna, boris):
        client.until(lambda c=client: c.kinds() == ["edit", "redaction"])  # type: ignore[misc]
    anna.until_sent()
    for client in (anna, boris):
        client.ends()
        texts = [entry.body for entry in asyncio.run(archived(client, client.general)) if entry.kind != "join"]
        assert texts == [None] * len(texts)
        assert len(texts) == 4, "message, edit, redaction, and the group's last message"


def test_who_was_away_finds_it_taken_back(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "тайна")
    boris.ends()
    anna.does("redaction", seq)
    anna.until(lambda: anna.kinds() == ["redaction"])
    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    boris.link.open_group(boris.general)
    boris.until(lambda: boris.log[boris.general].get(seq))
    assert boris.log[boris.general][seq].body is None
    last = boris.groups[boris.general].last
    assert last is not None
    assert (last.seq, last.body, last.redacted) == (seq, None, True)


def test_what_may_not_be_done_is_told_and_dropped(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "моё")
    since = len(boris.events)
    boris.does("redaction", seq)
    refused = boris.until_told(CommandRefused, since)
    assert (refused.what, refused.code) == ("redaction", "not_allowed")
    boris.until(lambda: boris.waiting() == [])
    assert say(boris, anna, "дальше") > seq, "what comes after it is not held up"


def test_a_text_for_a_message_that_has_gone_meanwhile_is_kept(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "тайна")
    anna.does("redaction", seq)
    boris.until(lambda: boris.kinds() == ["redaction"])
    since = len(anna.events)
    anna.does("edit", seq, "тайна, длинно и подробно")
    refused = anna.until_told(CommandRefused, since)
    assert (refused.what, refused.code) == ("edit", "unknown_target")
    (kept,) = anna.outbox[anna.general]
    assert (kept.kind, kept.state, kept.body) == ("message", OutboxState.FAILED, "тайна, длинно и подробно")


def test_an_answer_far_back_is_quoted_from_the_relay(relay: RelayProcess, enter: Enter) -> None:
    anna, _boris = talk(relay, enter)
    anna.says("начало")
    seq = anna.until(lambda: anna.seq_of("начало"))
    for number in range(230):
        anna.says(f"слово {number}")
    anna.until(lambda: len(anna.messages()) == 231 and anna.waiting() == [])
    anna.does("message", seq, "ответ")
    anna.until(lambda: anna.seq_of("ответ"))
    carl = enter("carl")
    carl.register(relay.address, "carl")
    carl.link.open_group(carl.general)
    carl.until(lambda: carl.related.get(carl.general, {}).get(seq))
    assert carl.related[carl.general][seq].body == "начало"


def test_what_is_marked_unread_is_unread_again_everywhere(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(boris, anna, "прочти")
    say(boris, anna, "и это")
    anna.link.mark_read(anna.general, Seq(seq + 1))
    relay.stop()
    anna.until_not_connected()
    anna.does("unread", seq)
    assert anna.until_told(UnreadSeen) == UnreadSeen(anna.general, Seq(seq - 1))
    anna.until(lambda: len(anna.waiting()) == 1)
    relay.start()
    anna.until_connected()
    anna.until_sent()
    anna.until(lambda: anna.groups[anna.general].read_seq == seq - 1 and anna.groups[anna.general].unread == 2)


def test_a_direct_conversation_is_opened_from_a_name(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    assert boris.user is not None
    anna.link.open_direct(boris.user.id)
    group = anna.until_told(GroupWanted).group
    assert anna.groups[group].peer == boris.user.id
    anna.says("только тебе", group)
    boris.until(lambda: boris.messages(group) == ["только тебе"])
    assert boris.groups[group].kind == "direct"


def test_who_writes_and_how_somebody_is_are_seen(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    assert anna.user is not None
    who = anna.user.id
    anna.link.typing(anna.general)
    assert boris.until_told(TypingHeard) == TypingHeard(boris.general, who)
    anna.link.set_status(OwnStatus("dnd", "на совещании"))
    busy = PresenceSeen(who, "dnd", "на совещании")
    boris.until(lambda: busy in boris.events)
    since = len(boris.events)
    anna.ends()
    boris.until(lambda: PresenceSeen(who, "offline") in boris.events[since:])
    anna = enter("anna")
    anna.link.resume()
    assert anna.until_told(OwnStatusKnown).status == OwnStatus("dnd", "на совещании")
    boris.until(lambda: busy in boris.events[since:])
    anna.link.set_status(OwnStatus())
    boris.until(lambda: boris.events[-1] == PresenceSeen(who, "online"))
    anna.link.set_idle(True)
    boris.until(lambda: boris.events[-1] == PresenceSeen(who, "away"))


def test_pins_are_listed_and_choices_kept(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = talk(relay, enter)
    seq = say(anna, boris, "важно")
    boris.does("pin", seq)
    boris.until(lambda: boris.kinds() == ["pin"])
    boris.link.list_pins(boris.general)
    assert [entry.seq for entry in boris.until_told(PinsListed).entries] == [seq]
    boris.link.choose(boris.general, GroupChoice("nothing", True))
    boris.ends()
    boris = enter("boris")
    boris.link.resume()
    boris.until(lambda: boris.choices == {boris.general: GroupChoice("nothing", True)})
