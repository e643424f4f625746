"""A client that stops reading costs the others nothing, and catches up when it reads again."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.protocol import limits
from relay import gateway
from relay.together import SHARE
from tests.people import DEADLINE_S, Json, Person, Stage, quiet_config, staged
from tests.raw import RawSocket

BODY = "Чайник вскипел. " * 100


@contextlib.asynccontextmanager
async def stalling(stage: Stage, person: Person) -> AsyncIterator[RawSocket]:
    """A link of *person* that has said hello; what the systems hold for it is little."""
    client = await RawSocket.open(stage.relay.port, person.token, receive_bytes=8192)
    try:
        client.sends({"type": "hello", "id": 1, "client": "stalled"})
        assert (await client.next_words())[0]["re"] == 1
        yield client
    finally:
        await client.goes()


async def words_until(client: RawSocket, kind: str) -> list[Json]:
    """All words up to the first one of that *kind*."""
    words: list[Json] = []
    async with asyncio.timeout(DEADLINE_S):
        while not any(word["type"] == kind for word in words):
            words += await client.next_words()
    return words


async def pour(people: list[Person], messages: int) -> float:
    """Each of *people* posts *messages*, sixteen on their way at once; the seconds it took."""

    async def one(person: Person) -> None:
        gate = asyncio.Semaphore(16)

        async def post() -> None:
            async with gate:
                await person.says(BODY)

        await asyncio.gather(*(post() for _ in range(messages)))

    begun = time.perf_counter()
    await asyncio.gather(*map(one, people))
    return time.perf_counter() - begun


async def test_one_of_a_hundred_stops_reading_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "OUTBOX_BYTES", 512 * 1024)
    async with staged(quiet_config(tmp_path)) as stage:
        people = await stage.crowd(100)
        await asyncio.gather(*(person.comes() for person in people[1:]))
        async with stalling(stage, people[0]) as stalled:
            senders, listener = people[1:5], people[50]
            alone_s = await pour(senders, 20)
            stalled.stops_reading()
            with_stalled_s = await pour(senders, 160)
            last = await listener.says("the end", stage.general)
            for person in people[1:]:
                await person.hears(lambda event: event.get("seq") == last)
            assert [e["seq"] for e in listener.entries()] == list(range(listener.entries()[0]["seq"], last + 1))
            assert with_stalled_s < 8 * alone_s * 2, "the others went on as fast as before"

            (outbox,) = (link._link.outbox for link in stage.relay.gateway._links if link._link.user == people[0].id)
            assert outbox._bytes <= limits.OUTBOX_BYTES
            assert outbox._events <= limits.OUTBOX_EVENTS
            tally = stage.relay.parts.tally
            assert (tally.fallen_behind, tally.cut_off) == (1, 0)
            assert 0 < tally.skipped < tally.deliveries
            assert stage.relay.parts.fanout.crowd().behind == 1

            stalled.reads_again()
            words = await words_until(stalled, "behind")
            assert words[-1]["groups"] == {str(stage.general): last}
            heard = [word["seq"] for word in words if word["type"] == "entry"]
            assert heard == list(range(heard[0], heard[0] + len(heard)))
            assert heard[-1] < last
            await listener.says("after", stage.general)
            assert (await words_until(stalled, "entry"))[-1]["seq"] == last + 1
            await people[0].comes()
        assert [entry["seq"] for entry in await people[0].reads(stage.general, after=heard[-1])] == list(
            range(heard[-1] + 1, last + 2)
        )


async def test_many_who_stop_reading_fill_no_more_memory_than_all_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Each in a group of its own, so that nothing of it is in memory for several; and none beyond the bound of one link."""
    monkeypatch.setattr(limits, "OUTBOXES_BYTES", 512 * 1024)
    monkeypatch.setattr(limits, "SEND_S", 600.0)  # nobody is cut off for another reason
    async with staged(quiet_config(tmp_path)) as stage, contextlib.AsyncExitStack() as links:
        anna, *slow = await stage.crowd(7)
        await anna.comes()
        together, groups = stage.relay.parts.fanout._together, []
        for person in slow:
            groups.append((await anna.gets({"type": "create_group", "name": person.name}))["group"]["id"])
            await person.posts("join_group", group=groups[-1])
            stalled = await links.enter_async_context(stalling(stage, person))
            stalled.stops_reading()
        last: dict[int, int] = {}
        for _ in range(400):
            seqs_now = await asyncio.gather(*(anna.says(BODY, group) for group in groups))
            last = dict(zip(groups, seqs_now, strict=True))
            assert together.bytes <= limits.OUTBOXES_BYTES + limits.OUTBOXES_BYTES // SHARE
        for group in groups:
            await hears_of(anna, group, last[group])
            seqs = [entry["seq"] for entry in anna.entries(group)]
            assert seqs == list(range(seqs[0], last[group] + 1)), "who reads misses nothing"
        assert stage.relay.parts.tally.fallen_behind > 0
        assert stage.relay.parts.tally.cut_off == 0
        await links.aclose()
    assert together.bytes == 0


async def hears_of(person: Person, group: int, seq: int) -> None:
    await person.hears(lambda event: event.get("group") == group and event.get("seq") == seq)


async def test_a_send_that_hangs_ends_that_link_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """aiohttp's waiter for a slow client is shared, and a cancelled one poisons the socket: nothing of it may get out."""
    monkeypatch.setattr(limits, "SEND_S", 0.3)
    monkeypatch.setattr(gateway, "WATCH_S", 0.05)
    async with staged(quiet_config(tmp_path)) as stage:
        people = await stage.crowd(3)
        for person in people[1:]:
            await person.comes()
        async with stalling(stage, people[0]) as stalled:
            stalled.stops_reading()
            await pour(people[1:], 300)
            gone = await people[1].hears(
                lambda event: (
                    event["type"] == "presence" and event["user"] == people[0].id and event["state"] == "offline"
                )
            )
            assert gone
            await pour(people[1:], 20)
            assert stage.relay.gateway.links == 2
            assert [task for task in asyncio.all_tasks() if task.get_name() == "link writer" and task.done()] == []
            await people[0].comes()
            await people[1].says("welcome back")
            await people[0].hears_message("welcome back")


async def test_a_link_that_is_cancelled_while_its_send_hangs_holds_nothing_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "SEND_S", 600.0)
    async with staged(quiet_config(tmp_path)) as stage:
        anna, slow = await stage.crowd(2)
        await anna.comes()
        together, others = stage.relay.parts.fanout._together, asyncio.all_tasks()
        async with stalling(stage, slow) as stalled:
            stalled.stops_reading()
            await pour([anna], 300)
            assert len(together._waiters) == 2
            handlers = {task for task in asyncio.all_tasks() - others if task.get_name() != "link writer"}
            for _ in range(2):  # once while it reads, once while it waits for the writer
                for task in handlers:
                    task.cancel()
                await asyncio.sleep(0)
            await asyncio.wait(handlers, timeout=DEADLINE_S)
            assert len(together._waiters) == 1


async def test_who_asks_without_reading_the_answers_is_not_read_any_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with staged(quiet_config(tmp_path)) as stage:
        people = await stage.crowd(2)
        await people[1].comes()
        for _ in range(20):
            await people[1].says("x" * 16_000)
        async with stalling(stage, people[0]) as stalled:
            stalled.stops_reading()
            for number in range(300):
                stalled.sends({"type": "history", "id": number, "group": 1, "limit": 200})
            (link,) = (link for link in stage.relay.gateway._links if link._link.user == people[0].id)
            async with asyncio.timeout(DEADLINE_S):
                while not link._link.outbox.is_crowded:
                    await people[1].says("time goes by " + secrets.token_hex(2))
            for _ in range(50):
                await people[1].says("time goes by " + secrets.token_hex(2))
            assert link._link.outbox._bytes < 2 * limits.OUTBOX_BYTES
