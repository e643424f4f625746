"""The write path: together to disk, told to all, answered; in this order, whatever fails."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from common.errors import (
    InternalError,
    NonceReused,
    NotAllowed,
    RateLimited,
    ShuttingDown,
    StorageUnavailable,
    UnknownGroup,
)
from common.ids import Epoch, GroupId, Seq, UserId
from common.protocol import codec, limits
from common.protocol.messages import Entry, EntryAdded
from relay.journal import CommittedEntry, Journal, urgent
from relay.storage.entries import Draft
from relay.storage.store import Store
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction
from tests.relay.stores import add_person, database_in, log_of, message, nonce_of, store_in

T = TypeVar("T")


class WatchedStore:
    """A real store that counts its transactions and can be held up, or made to fail, before one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.transactions = 0
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.error: Exception | None = None
        self.checkpoint_error: Exception | None = None
        self.tidied = asyncio.Event()

    @property
    def epoch(self) -> Epoch:
        return self.store.epoch

    @property
    def general(self) -> GroupId:
        return self.store.general

    @property
    def problem(self) -> str | None:
        return self.store.problem

    @property
    def reading_problem(self) -> str | None:
        return self.store.reading_problem

    @property
    def damaged(self) -> int:
        return self.store.damaged

    @property
    def is_checkpoint_due(self) -> bool:
        return self.store.is_checkpoint_due

    @property
    def holds_destroyed(self) -> bool:
        return self.store.holds_destroyed

    async def read(self, work: Callable[[Tables], T]) -> T:
        return await self.store.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        await self.may_write.wait()
        self.transactions += 1
        if self.error is not None:
            raise self.error
        return await self.store.write(work)

    def reserve(self) -> AbstractAsyncContextManager[bool]:
        return self.store.reserve()

    async def checkpoint(self, *, truncate: bool = False) -> None:
        if self.checkpoint_error is not None:
            raise self.checkpoint_error
        await self.store.checkpoint(truncate=truncate)
        self.tidied.set()

    async def close(self) -> None:
        await self.store.close()


class Desk:
    """A journal on a real store, what it published, and one author."""

    def __init__(self, store: Store, author: UserId) -> None:
        self.store = WatchedStore(store)
        self.general = store.general
        self.author = author
        self.published: list[CommittedEntry] = []
        self.journal = Journal(self.store, self.publish)

    def publish(self, committed: Sequence[CommittedEntry]) -> None:
        self.published += committed

    def post(self, body: str, **fields: Any) -> asyncio.Future[Entry]:
        return self.journal.append(message(self.general, self.author, body, **fields))

    async def log(self) -> list[Entry]:
        return await log_of(self.store.store, self.general)

    async def bodies(self) -> list[str | None]:
        return [entry.body for entry in await self.log()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with store_in(tmp_path) as store:
        desk = Desk(store, await add_person(store, "anna"))
        desk.journal.start()
        yield desk
        await desk.journal.close()


async def test_an_answered_post_is_in_the_log_and_was_published(desk: Desk) -> None:
    entry = await desk.post("Чайник вскипел")

    assert (entry.seq, entry.body, entry.sender, entry.nonce) == (
        1,
        "Чайник вскипел",
        desk.author,
        nonce_of("Чайник вскипел"),
    )
    assert await desk.log() == [entry]
    assert [committed.entry for committed in desk.published] == [entry]


async def test_it_is_published_before_it_is_answered(desk: Desk) -> None:
    posted = desk.post("сначала всем")
    seen_by_then: list[int] = []
    posted.add_done_callback(lambda _: seen_by_then.append(len(desk.published)))
    await posted
    await asyncio.sleep(0)

    assert seen_by_then == [1]


@pytest.mark.parametrize(
    "fields",
    [{"body": "Чай «готов» \U0001fad6 \x07", "nonce": nonce_of("n"), "target": Seq(3)}, {"kind": "join"}, {"body": ""}],
)
async def test_the_published_bytes_are_those_of_the_event(desk: Desk, fields: dict[str, Any]) -> None:
    own: dict[str, Any] = {"group": desk.general, "sender": desk.author, "kind": "message"}
    entry = await desk.journal.append(Draft(**(own | fields)))
    event = EntryAdded(
        group=entry.group,
        seq=entry.seq,
        kind=entry.kind,
        sender=entry.sender,
        at=entry.at,
        nonce=entry.nonce,
        body=entry.body,
        target=entry.target,
    )

    assert desk.published[0].encoded == codec.encode(event)
    assert codec.decode_events(desk.published[0].encoded, {}) == [event]


async def test_what_waits_goes_to_disk_together(desk: Desk) -> None:
    desk.store.may_write.clear()
    first = desk.post("первое")
    await asyncio.sleep(0)
    others = [desk.post(str(number)) for number in range(limits.COMMIT_ENTRIES + 1)]
    desk.store.may_write.set()
    entries = await asyncio.gather(first, *others)

    assert [entry.seq for entry in entries] == list(range(1, limits.COMMIT_ENTRIES + 3))
    assert desk.store.transactions == 3  # what came alone, a full batch, and the one that did not fit
    assert [committed.entry for committed in desk.published] == entries


async def test_one_post_does_not_wait_for_company(desk: Desk) -> None:
    await asyncio.wait_for(desk.post("один"), timeout=5)

    assert desk.store.transactions == 1


async def test_a_repeat_gets_the_first_answer_and_is_told_to_nobody(desk: Desk) -> None:
    first = await desk.post("раз")
    repeated, new = await asyncio.gather(desk.post("раз"), desk.post("два"))

    assert repeated == first
    assert new.seq == 2
    assert [committed.entry.body for committed in desk.published] == ["раз", "два"]


async def test_a_repeat_that_waits_in_the_same_batch_gets_the_first_answer(desk: Desk) -> None:
    entries = await asyncio.gather(*[desk.post("раз") for _ in range(5)])

    assert {entry.seq for entry in entries} == {1}
    assert len(desk.published) == 1


async def test_a_nonce_for_something_else_is_refused_alone(desk: Desk) -> None:
    first, wrong, other = await asyncio.gather(
        desk.post("раз"), desk.post("не раз", nonce="раз"), desk.post("два"), return_exceptions=True
    )

    assert isinstance(wrong, NonceReused)
    assert isinstance(first, Entry)
    assert isinstance(other, Entry)
    assert await desk.bodies() == ["раз", "два"]


async def test_a_post_to_nowhere_is_refused_alone(desk: Desk) -> None:
    nowhere = desk.journal.append(message(GroupId(99), desk.author, "в никуда"))
    here = desk.post("сюда")

    assert (await here).seq == 1
    with pytest.raises(UnknownGroup):
        await nowhere


# -- other changes -----------------------------------------------------------------------------------------------------


async def test_changes_and_posts_keep_their_order(desk: Desk) -> None:
    def rename(transaction: Transaction) -> Seq:
        transaction.groups.rename(desk.general, "Кухня")
        return transaction.append(Draft(desk.general, desk.author, "rename", "Кухня")).seq

    before, seq, after = await asyncio.gather(desk.post("до"), desk.journal.change(rename), desk.post("после"))

    assert (before.seq, seq, after.seq) == (1, 2, 3)
    assert [committed.entry.body for committed in desk.published] == ["до", "Кухня", "после"]
    row = await desk.store.read(lambda tables: tables.groups.get(desk.general))
    assert row is not None
    assert row.name == "Кухня"


@pytest.mark.parametrize("reason", [NotAllowed(), LookupError("ошибка в правиле")], ids=["refused", "a mistake"])
async def test_a_change_that_fails_is_undone_alone(desk: Desk, reason: Exception) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.groups.rename(desk.general, "никогда")
        transaction.append(Draft(desk.general, desk.author, "rename", "никогда"))
        raise reason

    before, failed, after = await asyncio.gather(
        desk.post("до"), desk.journal.change(fail), desk.post("после"), return_exceptions=True
    )

    assert failed is reason
    assert isinstance(before, Entry)
    assert isinstance(after, Entry)
    assert await desk.bodies() == ["до", "после"]
    assert [committed.entry.body for committed in desk.published] == ["до", "после"]
    assert desk.store.transactions == 1


async def test_what_follows_from_a_change_is_done_between_what_was_before_it_and_what_comes_after(desk: Desk) -> None:
    seen: list[list[str | None]] = []

    def look() -> None:
        seen.append([committed.entry.body for committed in desk.published])

    def rename(transaction: Transaction) -> None:
        transaction.afterwards(look)
        transaction.append(Draft(desk.general, desk.author, "rename", "Кухня"))
        transaction.afterwards(look)
        transaction.append(Draft(desk.general, desk.author, "topic", "Чашки"))

    changed = desk.journal.change(rename)
    changed.add_done_callback(lambda _: look())
    await asyncio.gather(desk.post("до"), changed, desk.post("после"))

    everything = ["Кухня", "Чашки", "до", "после"]
    assert seen == [[], ["Кухня"], everything]
    assert desk.store.transactions == 1


async def test_what_follows_is_done_for_who_gave_up_waiting_and_not_for_what_failed(desk: Desk) -> None:
    done: list[str] = []

    def fail(transaction: Transaction) -> None:
        transaction.afterwards(lambda: done.append("failed"))
        raise NotAllowed

    failed = desk.journal.change(fail)
    given_up = desk.journal.change(lambda tx: tx.afterwards(lambda: done.append("given up")))
    given_up.cancel()
    await asyncio.gather(failed, desk.post("после"), return_exceptions=True)

    assert done == ["given up"]


@pytest.mark.allows_errors
async def test_a_step_that_fails_takes_nothing_with_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def change(transaction: Transaction) -> Seq:
        transaction.afterwards(lambda: list[int]().remove(1))
        entry = transaction.append(Draft(desk.general, desk.author, "rename", "Кухня"))
        transaction.afterwards(lambda: done.append(len(desk.published)))
        return entry.seq

    assert await desk.journal.change(change) == 1
    assert done == [1]
    assert "could not be done" in caplog.text


async def test_a_change_without_entries_is_published_to_nobody(desk: Desk) -> None:
    assert await desk.journal.change(lambda tx: tx.groups.mark_read(desk.general, desk.author, Seq(0))) == 0
    assert desk.published == []


async def test_who_gives_up_waiting_has_posted_all_the_same(desk: Desk) -> None:
    desk.store.may_write.clear()

    async def wait() -> None:
        await desk.post("всё равно")

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    desk.store.may_write.set()
    await desk.post("следом")

    assert await desk.bodies() == ["всё равно", "следом"]


# -- when it does not go well ------------------------------------------------------------------------------------------


async def test_a_failing_disk_refuses_the_whole_batch_and_the_next_one_may_succeed(desk: Desk) -> None:
    desk.store.error = StorageUnavailable()
    refused = await asyncio.gather(
        desk.post("раз"), desk.journal.change(lambda tx: tx.now), desk.post("два"), return_exceptions=True
    )
    desk.store.error = None

    assert [type(reason) for reason in refused] == [StorageUnavailable] * 3
    assert desk.published == []
    assert (await desk.post("раз")).seq == 1


@pytest.mark.allows_errors
async def test_a_mistake_in_the_store_ends_neither_journal_nor_silence(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.store.error = LookupError("ошибка в программе")
    with pytest.raises(InternalError):
        await desk.post("раз")
    desk.store.error = None

    assert "ошибка в программе" in caplog.text
    assert (await desk.post("раз")).seq == 1


@pytest.mark.allows_errors
async def test_what_is_stored_is_answered_even_if_it_cannot_be_handed_over(desk: Desk) -> None:
    def fail(committed: Sequence[CommittedEntry]) -> None:
        raise LookupError

    journal = Journal(desk.store, fail)
    journal.start()

    assert (await journal.append(message(desk.general, desk.author, "раз"))).seq == 1
    assert (await journal.append(message(desk.general, desk.author, "два"))).seq == 2
    await journal.close()


async def test_more_than_may_wait_is_refused_with_a_time_to_come_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOURNAL_WAITING", 3)
    desk.store.may_write.clear()
    first = desk.post("на пути")
    await asyncio.sleep(0)
    waiting = [desk.post(str(number)) for number in range(3)]
    with pytest.raises(RateLimited) as refused:
        await desk.post("лишнее")
    desk.store.may_write.set()
    await asyncio.gather(first, *waiting)

    assert refused.value.retry_after
    assert await desk.bodies() == ["на пути", "0", "1", "2"]


async def test_what_is_urgent_goes_first_and_has_room_when_the_rest_has_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "JOURNAL_WAITING", 3)
    desk.store.may_write.clear()
    first = desk.post("на пути")
    await asyncio.sleep(0)
    waiting = [desk.post(str(number)) for number in range(3)]
    with urgent():
        ahead = desk.post("срочно")
    desk.store.may_write.set()
    await asyncio.gather(first, ahead, *waiting)

    assert await desk.bodies() == ["на пути", "срочно", "0", "1", "2"]


async def test_at_the_end_what_waits_is_committed_and_the_rest_refused(desk: Desk) -> None:
    desk.store.may_write.clear()
    waiting = [desk.post(str(number)) for number in range(300)]
    closing = asyncio.create_task(desk.journal.close())
    await asyncio.sleep(0)
    with pytest.raises(ShuttingDown):
        await desk.post("поздно")
    desk.store.may_write.set()
    await closing

    assert all(posted.done() for posted in waiting)
    assert await desk.bodies() == [str(number) for number in range(300)]


# -- the write-ahead log -----------------------------------------------------------------------------------------------


async def test_an_idle_relay_has_everything_in_its_database(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.journal.IDLE_S", 0.01)
    for body in ("раз", "два"):
        desk.store.tidied.clear()
        await desk.post(body)
        await asyncio.wait_for(desk.store.tidied.wait(), timeout=10)
    without_log = tmp_path / "copy.db"
    shutil.copyfile(database_in(tmp_path), without_log)

    with closing(sqlite3.connect(without_log)) as conn:
        assert conn.execute("SELECT count(*) FROM entries").fetchone() == (2,)


async def test_an_idle_relay_goes_on_until_what_was_destroyed_is_gone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.journal.IDLE_S", 0.01)
    entry = await desk.post("раз")
    monkeypatch.setattr("relay.storage.store.DESTROYING_MS", 1)
    loop, may_end = asyncio.get_running_loop(), asyncio.Event()
    began = asyncio.Event()

    def read_on(tables: Tables) -> None:
        tables.entries.last_seq(desk.general)
        loop.call_soon_threadsafe(began.set)
        asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result(timeout=10)

    reading = asyncio.create_task(desk.store.read(read_on))
    await began.wait()
    await desk.journal.change(lambda transaction: transaction.take_back(desk.general, entry.seq))
    for _ in range(2):
        desk.store.tidied.clear()
        await asyncio.wait_for(desk.store.tidied.wait(), timeout=10)
        assert desk.store.holds_destroyed
    may_end.set()
    await reading
    async with asyncio.timeout(10):
        while desk.store.holds_destroyed:
            desk.store.tidied.clear()
            await desk.store.tidied.wait()


@pytest.mark.allows_errors
async def test_a_log_that_cannot_be_carried_over_stops_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.storage.store.CHECKPOINT_CHANGES", 1)
    desk.store.checkpoint_error = LookupError()
    await desk.post("раз")
    await desk.post("два")

    assert await desk.bodies() == ["раз", "два"]


async def test_a_long_log_is_carried_over_while_work_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.storage.store.CHECKPOINT_CHANGES", 20)
    for number in range(100):
        await desk.post(str(number))

    assert desk.store.store._checkpointed_changes > 0
    assert len(await desk.log()) == 100
