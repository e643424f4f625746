"""A client makes keys and addresses for scripts at a real relay; the commands that it shows for them work as they stand."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from common.ids import GroupId, Millis
from desktop.events.asked import BansListed, HookMade, HooksListed, KeyMade, TokensListed
from desktop.events.conversations import PinsCounted
from desktop.events.link import CommandRefused
from tests.desktop.link.clients import Client, Enter, clients_in
from tests.desktop.link.relays import RelayProcess, relay_in

T = TypeVar("T")
WITHIN_S = 10.0
HOUR_MS = 3600 * 1000


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayProcess]:
    with relay_in(tmp_path / "relay") as process:
        yield process


@pytest.fixture
def anna(tmp_path: Path, relay: RelayProcess) -> Iterator[Client]:
    with clients_in(tmp_path) as enter:
        yield signed_in(enter, relay, "anna")


def signed_in(enter: Enter, relay: RelayProcess, name: str) -> Client:
    client = enter(name)
    client.register(relay.address, name)
    return client


def last(client: Client, kind: type[T]) -> T | None:
    """The last event of that kind that was told."""
    return next((event for event in reversed(client.events) if isinstance(event, kind)), None)


def made_group(client: Client, name: str) -> GroupId:
    client.link.create_group(name, "", False)
    return client.until(lambda: next((one.id for one in client.groups.values() if one.name == name), None))


def run(curl: str) -> str:
    """What the shown command prints."""
    if shutil.which("curl") is None:
        pytest.skip("curl is missing: apt-get install -y curl")
    done = subprocess.run(shlex.split(curl), capture_output=True, text=True, timeout=WITHIN_S)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_token_is_made_shown_once_used_and_revoked(anna: Client) -> None:
    expires = Millis(int(time.time() * 1000) + HOUR_MS)
    anna.link.create_token("printer", "read", expires)
    made = anna.until_told(KeyMade)
    listed = anna.until_told(TokensListed)
    assert [(token.name, token.scopes, token.expires) for token in listed.tokens] == [("printer", ("read",), expires)]
    assert made.secret not in repr(made)
    assert '"groups"' in run(made.curl)
    anna.link.revoke_token(made.token.id)
    anna.until(lambda: last(anna, TokensListed) == TokensListed(()))
    assert '"error"' in run(made.curl)


def test_a_webhook_says_something_until_it_is_revoked(anna: Client) -> None:
    group = made_group(anna, "Печать")
    anna.link.create_webhook(group, "Принтер")
    made = anna.until_told(HookMade)
    assert [hook.name for hook in anna.until_told(HooksListed).hooks] == ["Принтер"]
    run(made.curl)
    anna.until(lambda: any(entry.body == "Hello" for entry in anna.log.get(group, {}).values()))
    anna.link.revoke_webhook(group, made.hook.id)
    anna.until(lambda: last(anna, HooksListed) == HooksListed(group, ()))
    assert '"error"' in run(made.curl)


def test_a_token_that_has_ended_already_is_refused_in_words(anna: Client) -> None:
    anna.link.create_token("late", "read", Millis(1))
    refused = anna.until_told(CommandRefused)
    assert (refused.what, refused.code) == ("create_token", "bad_request")


def test_pins_are_counted_and_bans_listed_and_lifted(anna: Client, relay: RelayProcess, tmp_path: Path) -> None:
    with clients_in(tmp_path / "others") as enter:
        boris = signed_in(enter, relay, "boris")
        assert boris.user is not None
        group = made_group(anna, "Чай")
        anna.link.count_pins(group)
        assert anna.until_told(PinsCounted) == PinsCounted(group, 0)
        anna.link.ban_member(group, boris.user.id, True)
        anna.link.list_bans(group)
        assert [ban.user.username for ban in anna.until_told(BansListed).bans] == ["boris"]
        anna.link.ban_member(group, boris.user.id, False)
        anna.until(lambda: last(anna, BansListed) == BansListed(group, ()))
