"""The relay's data folder was set back to a copy: the log goes on from there, and the clients that know more of it follow."""

from __future__ import annotations

import shutil
from pathlib import Path

from desktop.events.conversations import EpochBegan
from desktop.events.link import CommandRefused
from tests.desktop.link.clients import PASSWORD, Client, Enter
from tests.desktop.link.relays import RelayProcess


def copy_of(relay: RelayProcess) -> Path:
    """A plain copy of the stopped relay's folder, as people make it."""
    relay.stop()
    return Path(shutil.copytree(relay.folder / "data", relay.folder / "copy"))


def set_back(relay: RelayProcess, copy: Path) -> None:
    relay.stop()
    shutil.rmtree(relay.folder / "data")
    shutil.copytree(copy, relay.folder / "data")
    relay.start()


def sees(client: Client, *bodies: str) -> None:
    client.until(lambda: client.messages() == list(bodies) and client.waiting() == [])


def test_what_is_said_after_a_copy_was_put_back_is_seen_by_everybody(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("до копии")
    sees(boris, "до копии")
    copy = copy_of(relay)
    relay.start()
    for body in ("один", "два", "три"):
        anna.says(body)
    for client in (anna, boris):
        sees(client, "до копии", "один", "два", "три")
    set_back(relay, copy)
    for client in (anna, boris):
        client.until_told(EpochBegan)
    anna.until_connected()
    anna.says("после копии")
    for client in (anna, boris):
        sees(client, "до копии", "после копии")


def test_a_log_that_has_grown_past_what_a_client_knew_is_read_afresh(relay: RelayProcess, enter: Enter) -> None:
    anna, boris, clara = enter("anna"), enter("boris"), enter("clara")
    for client, name in ((anna, "anna"), (boris, "boris"), (clara, "clara")):
        client.register(relay.address, name)
    copy = copy_of(relay)
    relay.start()
    for body in ("один", "два"):
        anna.says(body)
    for client in (anna, boris, clara):
        sees(client, "один", "два")
        client.ends()
    set_back(relay, copy)
    clara = enter("clara")
    clara.link.resume()
    clara.until_told(EpochBegan)
    clara.until_connected()
    for body in ("раз", "два", "три"):
        clara.says(body)
    sees(clara, "раз", "два", "три")
    for name in ("anna", "boris"):
        client = enter(name)
        client.link.resume()
        client.until_told(EpochBegan)
        client.until(lambda client=client: client.general in client.log)  # type: ignore[misc]
        sees(client, "раз", "два", "три")
    client.says("вижу")
    sees(clara, "раз", "два", "три", "вижу")


def test_a_relay_that_was_only_started_again_is_followed_where_it_was_left(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("один")
    sees(anna, "один")
    relay.stop()
    anna.ends()
    relay.start()
    anna = enter("anna")
    anna.link.resume()
    anna.until_connected()
    anna.says("два")
    anna.until(lambda: anna.messages()[-1:] == ["два"] and anna.waiting() == [])
    assert not any(isinstance(event, EpochBegan) for event in anna.events)


def test_a_message_that_was_taken_back_meanwhile_is_no_other_log(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("один")
    for client in (anna, boris):
        sees(client, "один")
    boris.ends()
    anna.does("redaction", target=anna.seq_of("один"))
    anna.until_sent()
    anna.ends()
    for name in ("anna", "boris"):
        client = enter(name)
        client.link.resume()
        client.until_connected()
        assert not any(isinstance(event, EpochBegan) for event in client.events)


def test_what_waited_for_the_old_log_hits_nothing_in_the_new_one(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    copy = copy_of(relay)
    relay.start()
    anna.says("забудется")
    sees(anna, "забудется")
    target = anna.seq_of("забудется")
    relay.stop()
    anna.until_not_connected()
    anna.does("redaction", target)
    anna.does("message", target, "ответ")
    anna.until(lambda: len(anna.waiting()) == 2)
    anna.ends()
    shutil.rmtree(relay.folder / "data")
    shutil.copytree(copy, relay.folder / "data")
    relay.start()
    other = enter("other")
    other.link.sign_in(other.find(relay.address), "anna", PASSWORD)
    other.until_connected()
    other.says("стоит на том же месте")
    sees(other, "стоит на том же месте")
    assert other.seq_of("стоит на том же месте") == target
    anna = enter("anna")
    anna.link.resume()
    refused = anna.until_told(CommandRefused)
    assert (refused.what, refused.code) == ("redaction", "unknown_target")
    sees(other, "стоит на том же месте", "ответ")
    answer = next(entry for entry in other.log[other.general].values() if entry.body == "ответ")
    assert (answer.target, other.kinds()) == (None, [])
