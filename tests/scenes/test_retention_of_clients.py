"""What has had its time goes from the clients too, from those that were there and those that come back later."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.ids import GroupId, Nonce, Seq
from common.protocol.messages import Forward, SetRetention
from desktop.events.conversations import EntriesKnown
from desktop.events.link import CommandRefused
from desktop.events.outbox import OutboxItem, OutboxState
from tests.desktop.link.clients import Client, Enter, clients_in, unix_ms
from tests.desktop.link.timed_relay import TimedRelay, timed_relay_in


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[TimedRelay]:
    with timed_relay_in(tmp_path / "relay") as running:
        yield running


@pytest.fixture
def enter(tmp_path: Path) -> Iterator[Enter]:
    with clients_in(tmp_path) as entering:
        yield entering


def in_a_group(relay: TimedRelay, enter: Enter) -> tuple[Client, Client, GroupId]:
    """Anna and Boris in a group that Anna owns."""
    anna, boris = enter("anna"), enter("boris")
    anna.register(relay.address, "anna")
    anna.link.create_group("tea", "", False)
    group = anna.until(lambda: next((one.id for one in anna.groups.values() if one.name == "tea"), None))
    boris.register(relay.address, "boris")
    boris.link.join_group(group)
    boris.until(lambda: boris.groups[group].role is not None)
    return anna, boris, group


def keeps_days(client: Client, group: GroupId, days: int, loses: int) -> None:
    client.link.order(SetRetention(group=group, days=days, loses=loses))
    client.until(lambda: client.groups[group].keeps is not None)


def archived(client: Client) -> bytes:
    """All that stands on the client's disk, byte for byte."""
    return b"".join(path.read_bytes() for path in client.home.glob("archive-*"))


def records(client: Client, group: GroupId) -> dict[int, bytes]:
    """What is sealed of each entry, once everything was written."""
    import sqlite3
    from contextlib import closing

    (path,) = client.home.glob("archive-*.db")
    with closing(sqlite3.connect(path)) as conn:
        return dict(conn.execute("SELECT seq, sealed FROM entry WHERE room = ?", (group,)).fetchall())


def test_who_is_there_forgets_at_once(relay: TimedRelay, enter: Enter) -> None:
    anna, boris, group = in_a_group(relay, enter)
    anna.says("long ago", group)
    boris.until(lambda: "long ago" in boris.messages(group))
    relay.passes(days=40)
    anna.says("lately", group)
    boris.until(lambda: "lately" in boris.messages(group))
    keeps_days(anna, group, 30, loses=1)
    relay.purges()
    floor = boris.until(lambda: boris.groups[group].floor)
    assert floor == boris.seq_of("lately", group) - 1
    boris.log.clear()
    boris.link.open_group(group)
    boris.until(lambda: boris.messages(group) == ["lately"])
    boris.until(lambda: boris.groups[group].unread == 1)
    first = next(one for one in boris.events[::-1] if isinstance(one, EntriesKnown) and one.entries and not one.live)
    assert (first.entries[0].seq, first.first_reached) == (floor + 1, True)


def test_who_comes_back_later_forgets_then_and_nothing_is_fetched_in_vain(relay: TimedRelay, enter: Enter) -> None:
    anna, boris, group = in_a_group(relay, enter)
    for number in range(5):
        anna.says(f"old {number}", group)
    boris.until(lambda: len(boris.messages(group)) == 5)
    boris.ends()
    before = records(boris, group)
    relay.passes(days=10)
    keeps_days(anna, group, 7, loses=5)
    relay.purges()
    anna.says("new", group)
    anna.until_sent()
    boris = enter("boris")
    boris.link.resume(None)
    boris.until_connected()
    boris.until(lambda: "new" in boris.messages(group))
    assert boris.groups[group].floor > 5
    boris.until(lambda: boris.complete_up_to)
    boris.ends()
    after = records(boris, group)
    assert min(after) > boris.groups[group].floor
    on_disk = archived(boris)
    assert [seq for seq, sealed in before.items() if sealed in on_disk] == []


def test_who_saw_nothing_of_it_begins_where_the_log_does(relay: TimedRelay, enter: Enter) -> None:
    anna, _boris, group = in_a_group(relay, enter)
    for number in range(250):
        anna.says(f"old {number}", group)
    anna.until_sent()
    relay.passes(days=10)
    keeps_days(anna, group, 7, loses=250)
    relay.purges()
    anna.says("new", group)
    vera = enter("vera")
    vera.register(relay.address, "vera")
    vera.link.join_group(group)
    vera.until(lambda: vera.groups[group].role is not None)
    vera.link.open_group(group)
    vera.until(lambda: "new" in vera.messages(group))
    vera.link.load_before(group, Seq(vera.groups[group].floor + 1))
    vera.says("noticed", group)
    vera.until(lambda: vera.messages(group) == ["new", "noticed"])


def test_what_waits_and_points_below_is_told(relay: TimedRelay, enter: Enter) -> None:
    anna, boris, group = in_a_group(relay, enter)
    anna.says("old", group)
    old = boris.until(lambda: boris.seq_of("old", group))
    relay.passes(days=10)
    keeps_days(anna, group, 7, loses=1)
    boris.until(lambda: boris.groups[group].keeps)
    relay.stop()
    boris.until_not_connected()
    answer = OutboxItem(group, Nonce(secrets.token_hex(16)), "an answer", unix_ms(), target=old)
    boris.link.act(answer)
    forward = OutboxItem(
        boris.general, Nonce(secrets.token_hex(16)), "old", unix_ms(), forward=Forward(group=group, seq=old)
    )
    boris.link.act(forward)
    boris.does("reaction", old, "👍", group=group)
    boris.until(lambda: len(boris.waiting(group)) == 2)
    boris.ends()  # or it would be there before the old message is gone
    relay.start()
    relay.purges()
    boris = enter("boris")
    boris.link.resume(None)
    # Whoever sends before it knows that the old message is gone is refused, and keeps the text.
    boris.until(lambda: "an answer" in boris.messages(group) or _is_kept(boris, answer))
    targets = [one.target for one in boris.log.get(group, {}).values() if one.body == "an answer"]
    assert targets in ([None], []), targets
    boris.until(lambda: _is_kept(boris, forward))
    refused = boris.until_told(CommandRefused)
    assert (refused.what, refused.code) == ("reaction", "unknown_target")


def _is_kept(client: Client, sent: OutboxItem) -> bool:
    item = client.item(sent.nonce)
    return item is not None and item.state is OutboxState.FAILED and item.body == sent.body
