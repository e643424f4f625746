"""The outbox: durable before it is sent, in order, repeated while it may succeed, failed when it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from common.errors import LinkLost
from common.ids import GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Answer, Command, Edit, Post, Redact, Sent, User
from desktop.events import LinkEvent
from desktop.events.link import CommandRefused
from desktop.events.outbox import OutboxItem, OutboxListed, OutboxState, SaidAllTheSame
from desktop.link.archive import Archive
from desktop.link.denied import Denied
from desktop.link.outbox import INTERNAL_TRIES, OUTSTANDING, Outbox
from desktop.link.shelf import Shelf

RELAY = RelayId("A" * 52)
ANNA = User(UserId(1), "anna", "Anna", "member")
GROUP = GroupId(4)


class Desk:
    """An outbox over a real archive, and a relay that answers as the test says."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.listed: dict[GroupId, tuple[OutboxItem, ...]] = {}
        self.said: list[str] = []
        self.redacted: list[int] = []
        self.refused: list[tuple[str, str]] = []
        self.stored: list[str] = []
        self.said_all_the_same: list[int] = []
        self.on_the_way = 0
        self.most_on_the_way = 0
        self.answers: dict[str, list[Exception]] = {}
        """What a body is answered, time after time, before it is stored."""
        self.gate = asyncio.Event()
        self.gate.set()
        self._moved = asyncio.Event()
        self.outbox = Outbox(shelf, self._tell, self._stored)

    def _tell(self, event: LinkEvent) -> None:
        if isinstance(event, CommandRefused):
            self.refused.append((event.what, event.code))
        elif isinstance(event, SaidAllTheSame):
            self.said_all_the_same.append(event.seq)
        else:
            assert isinstance(event, OutboxListed)
            self.listed[event.group] = event.items
        self._moved.set()

    def _stored(self, item: OutboxItem, answer: Answer) -> None:
        self.stored.append(item.body)
        self.outbox.take(item.nonce)
        self._moved.set()

    async def say(self, post: Command) -> Sent:
        if isinstance(post, Redact):
            self.redacted.append(post.target)
            return Sent(seq=Seq(99), at=Millis(1))
        assert isinstance(post, Post | Edit)
        assert post.body is not None
        self.said.append(post.body)
        self.on_the_way += 1
        self.most_on_the_way = max(self.most_on_the_way, self.on_the_way)
        self._moved.set()
        try:
            await self.gate.wait()
            if answers := self.answers.get(post.body):
                raise answers.pop(0)
            return Sent(seq=Seq(len(self.said)), at=Millis(1))
        finally:
            self.on_the_way -= 1
            self._moved.set()

    async def post(self, *bodies: str, group: GroupId = GROUP) -> None:
        for body in bodies:
            await self.outbox.put(OutboxItem(group, nonce_of(body), body, Millis(1)))

    async def edit(self, body: str, target: int) -> None:
        await self.outbox.put(OutboxItem(GROUP, nonce_of(body), body, Millis(1), kind="edit", target=Seq(target)))

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not fact():
                self._moved.clear()
                await self._moved.wait()

    def states(self, group: GroupId = GROUP) -> list[tuple[str, OutboxState]]:
        return [(item.body, item.state) for item in self.listed.get(group, ())]


def nonce_of(body: str) -> Nonce:
    return Nonce(body.encode().hex().rjust(32, "0")[-32:])


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    opened = await Archive.open(tmp_path, bytes(32))
    yield opened
    await opened.close()


@pytest.fixture
async def desk(archive: Archive) -> AsyncIterator[Desk]:
    made = Desk(await Shelf.open(archive, await archive.make_account(RELAY, ANNA)))
    yield made
    await made.outbox.close()


async def test_a_message_is_on_disk_before_it_is_said(desk: Desk, archive: Archive) -> None:
    on_disk: list[int] = []

    async def say(post: Command) -> Sent:
        on_disk.append(len(await archive._database.run(lambda conn: conn.execute("SELECT * FROM outbox").fetchall())))
        return await desk.say(post)

    desk.outbox.opened(say)
    await desk.post("раз")
    await desk.until(lambda: desk.stored == ["раз"])
    assert on_disk == [1]
    assert desk.states() == []


async def test_what_was_written_without_a_link_is_said_in_order_when_there_is_one(desk: Desk) -> None:
    await desk.post("а", "б", "в")
    assert desk.states() == [(body, OutboxState.WAITING) for body in "абв"]
    assert desk.said == []
    desk.outbox.opened(desk.say)
    await desk.until(lambda: desk.stored == ["а", "б", "в"])


async def test_a_refusal_for_the_moment_keeps_the_order(desk: Desk) -> None:
    desk.answers["а"] = [Denied("rate_limited", "", 0.02), Denied("storage_unavailable", "", 0.02)]
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.stored == ["а", "б"])
    assert desk.said == ["а", "а", "а", "б"]


async def test_a_refusal_for_good_fails_the_message_and_lets_the_next_pass(desk: Desk) -> None:
    desk.answers["а"] = [Denied("not_a_member", "Вступите сначала.")]
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.stored == ["б"])
    assert [(item.body, item.state, item.problem) for item in desk.listed[GROUP]] == [
        ("а", OutboxState.FAILED, "Вступите сначала.")
    ]
    await desk.outbox.retry(nonce_of("а"))
    await desk.until(lambda: desk.stored == ["б", "а"])


async def test_the_text_of_an_edit_that_is_refused_is_a_message_that_was_not_sent(desk: Desk, archive: Archive) -> None:
    desk.answers["б"] = [Denied("unknown_target", "Его больше нет.")]
    desk.outbox.opened(desk.say)
    await desk.post("а")
    await desk.edit("б", 1)
    await desk.post("в")
    await desk.until(lambda: desk.stored == ["а", "в"])
    (kept,) = desk.listed[GROUP]
    assert (kept.kind, kept.body, kept.state, kept.target) == ("message", "б", OutboxState.FAILED, None)
    assert "Его больше нет." in kept.problem
    assert desk.refused == [("edit", "unknown_target")]
    await desk.shelf.flush()
    again = await Shelf.open(archive, await archive.make_account(RELAY, ANNA))
    assert list(again.outbox.values()) == [kept], "a restart does not lose it either"
    await desk.outbox.retry(nonce_of("б"))
    await desk.until(lambda: desk.stored == ["а", "в", "б"])


async def test_a_log_with_another_life_keeps_the_text_of_an_edit_too(desk: Desk) -> None:
    await desk.edit("б", 1)
    desk.outbox.aim_anew()
    assert desk.states() == [("б", OutboxState.FAILED)]
    assert desk.refused == [("edit", "unknown_target")]


async def test_a_fault_of_the_relay_blocks_those_behind_it_only_so_often(desk: Desk) -> None:
    desk.answers["а"] = [Denied("internal_error", "", 0.02) for _ in range(INTERNAL_TRIES)]
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.stored == ["б"])
    assert desk.said == ["а"] * INTERNAL_TRIES + ["б"]
    assert desk.states() == [("а", OutboxState.FAILED)]


async def test_a_lost_link_leaves_everything_waiting_for_the_next(desk: Desk) -> None:
    desk.answers["а"] = [LinkLost("cut")]
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.said == ["а"])
    desk.outbox.lost()
    assert desk.states() == [("а", OutboxState.WAITING), ("б", OutboxState.WAITING)]
    desk.outbox.opened(desk.say)
    await desk.until(lambda: desk.stored == ["а", "б"])
    assert desk.said == ["а", "а", "б"]


async def test_groups_do_not_wait_for_each_other_and_their_number_is_bounded(desk: Desk) -> None:
    desk.gate.clear()
    desk.outbox.opened(desk.say)
    for group in range(1, OUTSTANDING + 5):
        await desk.post(f"{group}", f"{group} later", group=GroupId(group))
    await desk.until(lambda: desk.on_the_way == OUTSTANDING)
    assert len(desk.said) == OUTSTANDING
    desk.gate.set()
    await desk.until(lambda: len(desk.stored) == 2 * (OUTSTANDING + 4))
    assert desk.most_on_the_way == OUTSTANDING
    for group in range(1, OUTSTANDING + 5):
        assert desk.stored.index(f"{group}") < desk.stored.index(f"{group} later")


async def test_each_group_has_one_message_on_its_way(desk: Desk) -> None:
    desk.gate.clear()
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.on_the_way > 0)
    await desk.post("в")
    desk.gate.set()
    await desk.until(lambda: desk.stored == ["а", "б", "в"])
    assert (desk.said, desk.most_on_the_way) == (["а", "б", "в"], 1)


async def test_a_message_given_up_is_not_said(desk: Desk) -> None:
    await desk.post("а", "б")
    desk.outbox.withdraw(nonce_of("а"), to_edit=False)
    desk.outbox.withdraw(nonce_of("а"), to_edit=False)
    desk.outbox.opened(desk.say)
    await desk.until(lambda: desk.stored == ["б"])
    assert desk.said == ["б"]


async def again(desk: Desk, archive: Archive) -> Desk:
    """The program was ended and started again."""
    await desk.outbox.close()
    await desk.shelf.flush()
    return Desk(await Shelf.open(archive, await archive.make_account(RELAY, ANNA)))


async def test_what_is_given_up_on_its_way_is_taken_back_when_the_answer_says_where_it_is(desk: Desk) -> None:
    desk.gate.clear()
    desk.outbox.opened(desk.say)
    await desk.post("а", "б")
    await desk.until(lambda: desk.said == ["а"])
    desk.outbox.withdraw(nonce_of("а"), to_edit=True)
    assert desk.states() == [("б", OutboxState.WAITING)]
    desk.gate.set()
    await desk.until(lambda: desk.stored[-1:] == [""] and "б" in desk.stored)
    assert desk.redacted == desk.said_all_the_same == [1]
    assert desk.said == ["а", "б"]
    desk.outbox.entered(GROUP, nonce_of("а"), Seq(1), Millis(1))
    assert desk.said_all_the_same == [1], "its entry comes as well"


async def test_what_an_earlier_run_may_have_said_is_taken_back_when_a_later_one_sees_it(
    desk: Desk, archive: Archive
) -> None:
    await desk.post("а")
    desk = await again(desk, archive)
    desk.outbox.withdraw(nonce_of("а"), to_edit=False)
    desk = await again(desk, archive)
    desk.outbox.opened(desk.say)
    desk.outbox.entered(GROUP, nonce_of("а"), Seq(7), Millis(1))
    await desk.until(lambda: desk.redacted == [7])
    assert desk.said == []
    await desk.until(lambda: desk.states() == [])
    assert not (await again(desk, archive)).shelf.withdrawn


async def test_what_was_never_said_leaves_no_trace_when_it_is_given_up(desk: Desk) -> None:
    await desk.post("а")
    desk.outbox.withdraw(nonce_of("а"), to_edit=False)
    assert not desk.shelf.withdrawn


@pytest.mark.allows_errors
async def test_a_message_that_cannot_be_kept_is_not_said_and_its_author_is_told(desk: Desk, archive: Archive) -> None:
    def fill(conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        conn.execute(f"PRAGMA max_page_count = {conn.execute('PRAGMA page_count').fetchone()[0]}")

    await archive.read(fill)
    desk.outbox.opened(desk.say)
    long = "ё" * 16_000
    await desk.post(long)
    assert desk.states() == [(long, OutboxState.FAILED)]
    assert "full" in desk.listed[GROUP][0].problem
    assert desk.said == []
    await archive._database.run(lambda conn: conn.execute("PRAGMA max_page_count = 1000000").fetchone())
    await desk.outbox.retry(nonce_of(long))
    await desk.until(lambda: desk.stored == [long])


# -- a pause between messages ------------------------------------------------------------------------------------------


def too_soon(seconds: float) -> Denied:
    return Denied("slow_mode", "wait", seconds)


async def test_what_comes_too_soon_waits_and_nothing_passes_it(desk: Desk) -> None:
    desk.answers = {"two": [too_soon(0.05), too_soon(0.05)]}
    desk.outbox.opened(desk.say)
    await desk.post("one", "two", "three")
    await desk.until(lambda: len(desk.stored) == 3)

    assert desk.stored == ["one", "two", "three"]
    assert desk.said == ["one", "two", "two", "two", "three"]


async def test_while_it_waits_another_group_and_acts_go_on(desk: Desk) -> None:
    desk.answers = {"two": [too_soon(3600)]}
    desk.outbox.opened(desk.say)
    await desk.post("one", "two")
    await desk.until(lambda: desk.said == ["one", "two"])
    await desk.post("elsewhere", group=GroupId(5))
    await desk.until(lambda: "elsewhere" in desk.stored)
    assert desk.states() == [("two", OutboxState.WAITING)]


async def test_without_a_pause_any_more_it_goes_at_once(desk: Desk) -> None:
    desk.answers = {"two": [too_soon(3600)]}
    desk.outbox.opened(desk.say)
    await desk.post("one", "two", "three")
    await desk.until(lambda: desk.said == ["one", "two"])
    desk.outbox.keep_pace(GROUP, 0)
    await desk.until(lambda: len(desk.stored) == 3)
    assert desk.stored == ["one", "two", "three"]


async def test_who_is_muted_keeps_their_text(desk: Desk) -> None:
    desk.answers = {"two": [Denied("muted", "not now", 600.0)]}
    desk.outbox.opened(desk.say)
    await desk.post("one", "two", "three")
    await desk.until(lambda: desk.stored == ["one", "three"])
    (failed,) = desk.listed[GROUP]
    assert (failed.body, failed.state, failed.problem) == ("two", OutboxState.FAILED, "not now")
