"""The link against a real relay, in what goes wrong as well as in what goes right."""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from common.ids import GroupId, RelayId, UserId
from common.protocol.messages import Answer, Hello, Logout, Post, Sent, User
from desktop.events import LinkEvent
from desktop.events.conversations import EntriesKnown, EpochBegan
from desktop.events.link import (
    CommandRefused,
    IdentityChanged,
    KeyMissing,
    LinkChanged,
    Offline,
    SignedIn,
    SignedOut,
    SignInFailed,
    Waiting,
    WindowWanted,
)
from desktop.events.outbox import OutboxState
from desktop.events.relays import AddressFailed, DiscoveryTrouble
from desktop.link.account import Account
from desktop.link.address import parse_address
from desktop.link.agent import Agent
from desktop.link.archive import Archive
from desktop.link.claim import Claim
from desktop.link.door import ask
from desktop.link.exports.exports import Exports
from desktop.link.exports.own_data import OwnDataFetcher
from desktop.link.files import Files
from desktop.link.link import Link
from desktop.link.looking import EVERYWHERE
from desktop.link.pinning import PinnedSession
from desktop.link.shelf import Shelf
from desktop.link.transfers.ledger import Ledger
from desktop.link.transfers.moving import Mover
from desktop.link.transfers.sources import Sources
from desktop.link.wire import Wire
from tests.desktop.link.clients import PASSWORD, Client, Enter, clients_in, unix_ms
from tests.desktop.link.relays import ROOT, RelayProcess


def token_of(client: Client) -> str:
    kept: str = json.loads((client.home / "secrets.json").read_text())["tokens"][0]["token"]
    return kept


async def flood(relay: RelayProcess, relay_id: RelayId, token: str, group: GroupId, bodies: list[str]) -> None:
    """Post *bodies* as fast as the relay takes them, without the outbox."""
    session = PinnedSession(relay_id)
    wire = await Wire.open(session, parse_address(relay.address), token)
    await wire.greet(Hello(client="flood"))
    listening = asyncio.create_task(wire.listen(lambda events: None))
    try:
        for start in range(0, len(bodies), 64):
            posts = (Post(group=group, nonce=secrets.token_hex(16), body=body) for body in bodies[start : start + 64])
            await asyncio.gather(*(wire.ask(post, Sent) for post in posts))
    finally:
        await wire.close()
        await asyncio.gather(listening, return_exceptions=True)
        await session.close()


def everything_is_here(client: Client, last: int) -> bool:
    return sorted(client.log.get(client.general, {})) == list(range(1, last + 1))


# -- catching up -------------------------------------------------------------------------------------------------------


def test_after_a_long_absence_the_end_comes_first_and_the_middle_later(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    found = anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.says("первое")
    boris.until(lambda: boris.messages() == ["первое"])
    boris.ends()
    bodies = [f"слово {number}" for number in range(1500)]
    asyncio.run(flood(relay, found.relay_id, token_of(anna), anna.general, bodies))
    last = 3 + len(bodies)
    anna.until(lambda: everything_is_here(anna, last))

    boris = enter("boris")
    boris.link.resume()
    boris.until_connected()
    fetched = [event for event in boris.events if isinstance(event, EntriesKnown)]
    assert fetched[0].entries[-1].seq == last, "the newest page comes first"
    assert boris.groups[boris.general].last_seq == last
    assert boris.groups[boris.general].unread == 1000, "counted up to a bound by the relay"
    boris.link.open_group(boris.general)
    boris.until(lambda: set(range(4, last + 1)) <= boris.log[boris.general].keys())
    assert boris.told_twice == []
    assert boris.messages()[-1500:] == bodies


def test_a_newcomer_sees_the_end_at_once_and_pages_back_to_the_beginning(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    asyncio.run(flood(relay, found.relay_id, token_of(anna), anna.general, [f"{number}" for number in range(900)]))
    boris = enter("boris")
    boris.register(relay.address, "boris")
    known = boris.log[boris.general]
    assert max(known) == 902
    assert min(known) > 500, "what is far back is not fetched before somebody looks"
    while min(known) > 1:
        before = min(known)
        boris.link.load_before(boris.general, before)
        boris.until(lambda before=before: min(known) < before)  # type: ignore[misc]
    assert everything_is_here(boris, 902)
    assert any(event.first_reached for event in boris.events if isinstance(event, EntriesKnown))

    boris.ends()
    relay.stop()
    boris = enter("boris")
    boris.link.resume()
    boris.until(lambda: boris.groups)
    boris.link.open_group(boris.general)
    boris.until(lambda: boris.messages())
    while min(boris.log[boris.general]) > 1:
        before = min(boris.log[boris.general])
        boris.link.load_before(boris.general, before)
        boris.until(lambda before=before: min(boris.log[boris.general]) < before)  # type: ignore[misc]
    assert everything_is_here(boris, 902), "all of it is in the archive now"


def test_another_life_of_the_log_is_read_afresh_and_what_waited_is_kept(
    relay: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("было")
    anna.until(lambda: anna.waiting() == [] and anna.messages() == ["было"])
    relay.stop()
    anna.until_not_connected()
    anna.link.save_draft(anna.general, "черновик")
    anna.says("ждёт")
    anna.until(lambda: anna.waiting() == ["ждёт"])
    with sqlite3.connect(next((relay.folder / "data").glob("*.db"))) as conn:
        changed = conn.execute("UPDATE settings SET value = ? WHERE name = 'epoch'", (secrets.token_hex(16).encode(),))
        assert changed.rowcount == 1
    conn.close()
    relay.start()
    anna.until_told(EpochBegan)
    anna.until_connected()
    anna.until(lambda: anna.messages() == ["было", "ждёт"] and anna.waiting() == [])
    assert anna.told_twice == []


# -- who answers -------------------------------------------------------------------------------------------------------


def test_another_identity_at_the_relay_s_address_gets_nothing_and_is_told(
    relay: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    relay.kill()
    anna.until_not_connected()
    stranger = RelayProcess(tmp_path / "stranger").start(relay.port)
    try:
        told = anna.until_told(IdentityChanged)
        assert told == IdentityChanged(found.relay_id, stranger.said["relay_id"])
        anna.says("не для чужих")
        anna.until(lambda: anna.waiting() == ["не для чужих"])
        # The relay itself comes up elsewhere; that address alone was typed, the stranger's is still known too.
        relay.start(port=0)
        assert relay.port != stranger.port
        anna.link.try_address(relay.address)
        anna.until_connected()
        anna.until(lambda: anna.waiting() == [] and anna.messages() == ["не для чужих"])
        assert [event for event in anna.events if isinstance(event, IdentityChanged)] == [told]
    finally:
        stranger.stop()


def test_signing_in_sends_the_password_to_the_pinned_identity_only(
    relay: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    anna = enter("anna")
    found = anna.find(relay.address)
    relay.kill()
    stranger = RelayProcess(tmp_path / "stranger").start(relay.port)
    try:
        anna.link.register(found, "anna", PASSWORD)
        assert anna.until_told(IdentityChanged).found == stranger.said["relay_id"]
        assert anna.until_told(SignInFailed).code == "link_lost"
    finally:
        stranger.stop()


@pytest.mark.parametrize("text", ["256.1.1.1", "", "pymessenger://x", "127.0.0.1:1"])
def test_an_address_that_leads_nowhere_is_told(enter: Enter, text: str) -> None:
    anna = enter("anna")
    anna.link.try_address(text)
    failed = anna.until_told(AddressFailed)
    assert failed.address == text
    assert failed.message


def test_an_invitation_leads_to_its_relay_and_to_no_other(relay: RelayProcess, enter: Enter, tmp_path: Path) -> None:
    anna = enter("anna")
    link = f"pymessenger://{relay.address}/{relay.said['relay_id']}?code=abc"
    assert anna.find(link).relay_id == relay.said["relay_id"]
    other = "B" + relay.said["relay_id"][1:] if relay.said["relay_id"][0] == "A" else "A" + relay.said["relay_id"][1:]
    anna.link.try_address(f"pymessenger://{relay.address}/{other}")
    anna.until_told(AddressFailed)


# -- signing in --------------------------------------------------------------------------------------------------------


def test_a_refused_sign_in_says_why_and_the_next_attempt_works(relay: RelayProcess, enter: Enter) -> None:
    anna, other = enter("anna"), enter("other")
    found = anna.register(relay.address, "anna")
    other.find(relay.address)
    other.link.sign_in(found, "anna", "not the password")
    assert other.until_told(SignInFailed).code == "wrong_credentials"
    since = len(other.events)
    other.link.register(found, "ANNA", PASSWORD)
    assert other.until_told(SignInFailed, since).code == "username_taken"
    since = len(other.events)
    other.link.sign_in(found, "anna", PASSWORD)
    assert other.until_told(SignedIn, since).user.username == "anna"
    other.until_connected()


def test_a_revoked_session_signs_out_with_a_reason_and_keeps_what_waits(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    token = token_of(anna)
    relay.stop()
    anna.until_not_connected()
    anna.says("позже")
    anna.until(lambda: anna.waiting() == ["позже"])
    anna.ends()
    relay.start()

    async def revoke() -> None:
        session = PinnedSession(found.relay_id)
        await ask(session, parse_address(relay.address), Logout(), Answer, token)
        await session.close()

    asyncio.run(revoke())
    anna = enter("anna")
    anna.link.resume()
    assert anna.until_told(SignedOut).reason
    anna.until(lambda: anna.state == Offline())
    anna.link.sign_in(anna.find(relay.address), "anna", PASSWORD)
    anna.until_connected()
    anna.until(lambda: anna.messages() == ["позже"] and anna.waiting() == [])


def test_a_session_that_is_ended_elsewhere_signs_out_at_once(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")

    async def revoke() -> None:
        session = PinnedSession(found.relay_id)
        await ask(session, parse_address(relay.address), Logout(), Answer, token_of(anna))
        await session.close()

    asyncio.run(revoke())
    assert anna.until_told(SignedOut).reason
    since = len(anna.events)
    anna.link.resume(found.relay_id)
    assert anna.until_told(SignedOut, since).reason == "", "the token is gone here too"


def test_leaving_keeps_the_session_for_the_next_time(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    anna.link.leave()
    anna.until(lambda: anna.state == Offline())
    since = len(anna.events)
    anna.link.resume()
    assert anna.until_told(SignedOut, since).reason == ""
    anna.link.resume(found.relay_id)
    anna.until_connected()


def test_a_forgotten_relay_is_new_again(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    found = anna.register(relay.address, "anna")
    anna.says("забудь")
    anna.until(lambda: anna.waiting() == [] and anna.messages())
    assert anna.find(relay.address).trust.name == "KNOWN"
    anna.link.forget_relay(found.relay_id)
    anna.until_told(SignedOut)
    assert anna.find(relay.address).trust.name == "NEW"
    since = len(anna.events)
    anna.link.resume(found.relay_id)
    anna.until_told(SignedOut, since)


# -- the outbox --------------------------------------------------------------------------------------------------------


def test_a_message_that_cannot_be_sent_fails_and_its_author_decides(relay: RelayProcess, enter: Enter) -> None:
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    boris.register(relay.address, "boris")
    anna.link.create_group("склад", "", False)
    group = anna.until(lambda: next((one.id for one in anna.groups.values() if one.name == "склад"), None))
    boris.until(lambda: group in boris.groups)
    one, two, three = (boris.says(body, group) for body in ("раз", "два", "три"))
    boris.until(lambda: [item.state for item in boris.outbox.get(group, ())] == [OutboxState.FAILED] * 3)
    assert all(item.problem for item in boris.outbox[group])

    boris.link.discard(one)
    boris.link.take_back(two)
    boris.until(lambda: boris.waiting(group) == ["три"])
    boris.link.join_group(group)
    boris.until(lambda: boris.groups[group].role == "member")
    boris.link.retry(three)
    anna.until(lambda: anna.messages(group) == ["три"])
    boris.until(lambda: boris.waiting(group) == [])
    assert anna.log[group][max(anna.log[group])].nonce == three


def test_a_relay_that_limits_the_rate_gets_everything_in_order_a_little_later(tmp_path: Path, enter: Enter) -> None:
    relay = RelayProcess(tmp_path / "limited", options=("--rate-limit", "20")).start()
    try:
        anna = enter("anna")
        anna.register(relay.address, "anna")
        said = [f"{number}" for number in range(130)]
        for body in said:
            anna.says(body)
        anna.until(lambda: len(anna.messages()) == 130)
        assert anna.messages() == said
        anna.until(lambda: anna.waiting() == [])
        assert not any(isinstance(event, CommandRefused) for event in anna.events)
    finally:
        relay.stop()


KILLED_AFTER_THE_ANSWER = """
import os, sys
from pathlib import Path
from desktop.events.conversations import EntriesKnown
from tests.desktop.link import clients

class Killed(clients.Client):
    def _tell(self, event):
        if isinstance(event, EntriesKnown) and any(entry.body == "один раз" for entry in event.entries):
            os._exit(9)
        super()._tell(event)

client = Killed(Path(sys.argv[1]))
client.register(sys.argv[2], "anna")
client.says("один раз")
client.until(lambda: False)
"""


def test_a_client_that_dies_with_the_answer_in_hand_does_not_say_it_twice(
    relay: RelayProcess, enter: Enter, tmp_path: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_THE_ANSWER, str(tmp_path / "anna"), relay.address],
        cwd=ROOT,
        timeout=50,
        check=False,
    )
    assert died.returncode == 9
    anna = enter("anna")
    anna.link.resume()
    anna.until(lambda: anna.waiting() == ["один раз"])
    anna.until_connected()
    anna.until(lambda: anna.waiting() == [])
    anna.link.open_group(anna.general)
    anna.until(lambda: everything_is_here(anna, 2))
    assert anna.messages() == ["один раз"]


# -- the link's life ---------------------------------------------------------------------------------------------------


def test_a_network_change_finds_out_at_once_that_the_link_is_dead(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    relay.pause()
    began = time.monotonic()
    try:
        anna.link.network_changed()
        anna.until_not_connected()
        assert time.monotonic() - began < 10, "the heartbeat alone would need thirty seconds"
    finally:
        relay.go_on()
    anna.until_connected()


def test_a_network_change_does_not_harm_a_link_that_lives(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    since = len(anna.events)
    anna.link.network_changed()
    anna.link.list_members(anna.general)
    anna.until(lambda: anna.members)
    assert not any(isinstance(event, LinkChanged) for event in anna.events[since:])


def test_while_it_waits_the_link_says_until_when_and_why(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    complete = anna.complete_up_to
    relay.stop()
    waiting = anna.until(lambda: anna.state if isinstance(anna.state, Waiting) else None)
    assert isinstance(waiting, Waiting)
    assert waiting.reason
    assert complete is not None
    assert anna.complete_up_to is not None
    assert anna.complete_up_to >= complete
    relay.start()
    anna.until_connected()


def test_stopping_is_bounded_even_when_the_relay_hangs(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("ещё")
    anna.until(lambda: anna.waiting() == [] and anna.messages())
    relay.pause()
    try:
        began = time.monotonic()
        anna.ends()
        assert time.monotonic() - began < 4
        assert not any(thread.name == "link" and thread.is_alive() for thread in threading.enumerate())
    finally:
        relay.go_on()


STARTED_AND_STOPPED = """
import sys
from pathlib import Path
from desktop.link.link import Link
from desktop.link.looking import EVERYWHERE
from desktop.link.looking import Looking

told = []
link = Link(Path(sys.argv[1]), told.append, lambda: 0, Looking(multicast=False, broadcast=False))
link.look_for_relays(True)
link.try_address("127.0.0.1:1")
link.resume()
link.check_connection()
link.start()
link.stop()
assert not link._thread.is_alive()
"""


def test_stopping_right_after_the_start_is_quiet(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STARTED_AND_STOPPED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_damaged_archive_is_told_once_and_locks_nobody_out(relay: RelayProcess, enter: Enter) -> None:
    anna = enter("anna")
    anna.register(relay.address, "anna")
    anna.says("было")
    anna.until(lambda: anna.waiting() == [] and anna.messages())
    anna.ends()
    archive = next(anna.home.glob("archive-*.db"))
    archive.write_bytes(archive.read_bytes()[:100] + bytes(8000))

    anna = enter("anna")
    anna.link.resume()
    anna.until_told(SignedOut)
    anna.link.look_for_relays(True)
    assert "damaged" in anna.until_told(DiscoveryTrouble).message
    anna.link.sign_in(anna.find(relay.address), "anna", PASSWORD)
    anna.until_connected()
    anna.until(lambda: anna.messages() == ["было"])
    assert not any(isinstance(event, CommandRefused) for event in anna.events), "it was said already"


@pytest.mark.allows_errors
def test_a_folder_that_another_window_uses_is_told(enter: Enter) -> None:
    first = enter("anna")
    first.link.resume()
    first.until_told(SignedOut)
    second = enter("anna")
    refused = second.until_told(CommandRefused)
    assert (refused.what, refused.code) == ("start", "window_called")
    assert "Another window" in refused.message
    first.until_told(WindowWanted)
    assert sum(isinstance(event, WindowWanted) for event in first.events) == 1
    first.ends()
    third = enter("anna")
    third.link.resume()
    third.until_told(SignedOut)
    assert not any(isinstance(event, WindowWanted) for event in third.events)


def test_a_window_that_does_not_hear_is_waited_for_and_then_told_of(enter: Enter, tmp_path: Path) -> None:
    deaf = asyncio.run(Claim.take(tmp_path / "anna"))
    try:
        refused = enter("anna").until_told(CommandRefused)
        assert (refused.what, refused.code) == ("start", "folder_taken")
    finally:
        deaf.release()


def test_conversations_whose_key_is_gone_are_told_of_once(enter: Enter) -> None:
    anna = enter("anna")
    anna.link.resume()
    anna.until_told(SignedOut)
    assert not any(isinstance(event, KeyMissing) for event in anna.events)
    anna.ends()
    (anna.home / "secrets.json").unlink()
    anna = enter("anna")
    assert anna.until_told(KeyMissing) == KeyMissing(str(anna.home))
    anna.ends()
    anna = enter("anna")
    anna.link.resume()
    anna.until_told(SignedOut)
    assert not any(isinstance(event, KeyMissing) for event in anna.events)
    assert len(list(anna.home.glob("archive-*.db"))) == 2


def is_start(event: LinkEvent) -> bool:
    """Whether a client tells by it how it has begun."""
    return isinstance(event, SignedOut | CommandRefused)


@pytest.mark.allows_errors
def test_of_two_windows_that_begin_at_once_one_has_the_folder(tmp_path: Path) -> None:
    for number in range(2):
        with clients_in(tmp_path / f"{number}") as enter:
            both = enter("anna"), enter("anna")
            for one in both:
                one.link.resume()
            told = [one.until(lambda one=one: [event for event in one.events if is_start(event)])[0] for one in both]  # type: ignore[misc]
        refused, served = sorted(told, key=lambda event: isinstance(event, SignedOut))
        assert isinstance(served, SignedOut)
        assert isinstance(refused, CommandRefused)
        assert "Another window" in refused.message
        assert len(list((tmp_path / f"{number}" / "anna").glob("archive-*.db"))) == 1


async def test_what_the_window_asks_there_is_somebody_to_do(tmp_path: Path) -> None:
    async with AsyncExitStack() as opened:
        archive = await Archive.open(tmp_path, bytes(32))
        opened.push_async_callback(archive.close)
        who = await archive.make_account(RelayId("A" * 52), User(UserId(1), "anna", "Anna", "member"))
        account = Account(await Shelf.open(archive, who), lambda _event: None, unix_ms, lambda _seconds: None)
        opened.push_async_callback(account.close)
        session = PinnedSession(RelayId("A" * 52))
        opened.push_async_callback(session.close)
        mover = Mover(session, "", lambda: None, Sources(tmp_path, archive.seals))
        files = Files(account, Ledger(archive, RelayId("A" * 52), UserId(1)), mover, lambda _event: None)
        opened.push_async_callback(files.close)
        account.take_in(lambda shelf, asking: Exports(shelf, asking, mover, "", lambda _event: None, unix_ms))
        account.take_in(lambda shelf, _asking: OwnDataFetcher(shelf, mover, "", lambda _event: None, unix_ms))
        asked = {name for name in vars(Link) if not name.startswith("_")} - {"start"}
        agent = Agent(tmp_path, lambda _event: None, unix_ms, EVERYWHERE)
        doers = [agent.does.keys(), files.does.keys(), account.does.keys()]
        assert asked == set().union(*doers)
        assert sum(map(len, doers)) == len(asked), "each has one who does it"


def test_the_window_imports_nothing_heavy_with_the_link() -> None:
    heavy = "aiohttp", "aiosqlite", "nacl", "cryptography", "zeroconf", "keyring", "sqlite3", "asyncio"
    program = f"import sys, desktop.link.link, desktop.settings, desktop.hosting; print(*[m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
