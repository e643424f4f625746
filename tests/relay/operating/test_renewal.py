"""The task that seals older entries anew: it ends what was begun, empties the log, and tries again what did not go well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from relay.control.words import Progress
from relay.journal import Journal
from relay.operating import renewal
from relay.operating.renewal import Renewal
from relay.storage.resealing import Resealing
from relay.storage.store import Store
from tests.relay.storage.test_resealing import an_exchange, bodies_of, keys_of, says
from tests.relay.stores import database_in, store_in

SAID = [str(number) for number in range(200)]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """One in which the master key was exchanged a while ago."""
    async with store_in(tmp_path) as store:
        await says(store, *SAID)
        await store.write(an_exchange(store))
        await store.checkpoint()
        assert not store.holds_destroyed
        yield store


@pytest.fixture
async def renewing(store: Store) -> AsyncIterator[Renewal]:
    journal = Journal(store, lambda committed: None)
    journal.start()
    task = Renewal(store, journal)
    yield task
    await task.close()
    await journal.close()


async def test_it_ends_what_was_begun_before_the_start_and_empties_the_log(
    store: Store, renewing: Renewal, tmp_path: Path
):
    told: list[Progress] = []
    renewing.start()
    await renewing.follow(told.append)
    assert (await bodies_of(store), set(await keys_of(store))) == (SAID, {2})
    assert database_in(tmp_path).with_name("relay.db-wal").stat().st_size == 0
    assert {each.total for each in told} <= {200}
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert renewing.problem == ""


async def test_where_nothing_is_to_be_done_it_says_so_at_once(store: Store, renewing: Renewal):
    renewing.start()
    await renewing.follow(lambda told: None)
    await renewing.follow(lambda told: pytest.fail("there is nothing to tell"))


@pytest.mark.allows_errors
async def test_what_does_not_go_well_is_said_and_tried_again(
    store: Store, renewing: Renewal, monkeypatch: pytest.MonkeyPatch
):
    real, has_failed = Resealing.next_slice, asyncio.Event()
    loop = asyncio.get_running_loop()

    def fails(*_: Any) -> None:
        loop.call_soon_threadsafe(has_failed.set)
        raise ArithmeticError

    monkeypatch.setattr(renewal, "RETRY_S", 0.01)
    monkeypatch.setattr(Resealing, "next_slice", fails)
    renewing.start()
    await has_failed.wait()
    has_failed.clear()
    await has_failed.wait()
    assert "sealed anew" in renewing.problem
    monkeypatch.setattr(Resealing, "next_slice", real)
    await renewing.follow(lambda told: None)
    assert (renewing.problem, set(await keys_of(store))) == ("", {2})
