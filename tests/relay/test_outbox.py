"""The queue of one link: gathered into frames, bounded, and honest about what it dropped."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from common.ids import GroupId, Seq
from common.protocol import limits
from relay.outbox import FRESH_EVENTS, TOO_SLOW, Chunk, End, Outbox, chunks_of

GROUP, OTHER = GroupId(1), GroupId(2)


def word(seq: int, size: int = 0) -> bytes:
    return json.dumps({"type": "entry", "seq": seq, "body": "x" * size}).encode()


def chunk(*seqs: int, group: GroupId | None = GROUP, size: int = 0) -> Chunk:
    return Chunk(group, [word(seq, size) for seq in seqs])


def answer(number: int, size: int = 0) -> bytes:
    return json.dumps({"type": "ok", "re": number, "body": "x" * size}).encode()


async def taken(outbox: Outbox) -> list[dict[str, Any]]:
    frame = await asyncio.wait_for(outbox.take(), 5)
    assert isinstance(frame, bytes)
    words = json.loads(frame)
    return words if isinstance(words, list) else [words]


async def numbers(outbox: Outbox) -> list[int]:
    return [each["seq"] if "seq" in each else each["re"] for each in await taken(outbox)]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(lambda group: Seq(1000 * group))


async def test_all_that_has_gathered_goes_out_as_one_frame_in_its_order(outbox: Outbox):
    outbox.push(chunk(1, 2))
    outbox.answer(answer(77))
    outbox.push(chunk(3, group=OTHER))
    assert await numbers(outbox) == [1, 2, 77, 3]


async def test_one_chunk_alone_is_sent_as_it_was_made(outbox: Outbox):
    made = chunk(1, 2, 3)
    outbox.push(made)
    assert await outbox.take() is made.frame


async def test_the_writer_waits_until_something_comes(outbox: Outbox):
    waiting = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    assert outbox.is_waiting
    outbox.push(chunk(1))
    outbox.wake()
    assert json.loads(await waiting)[0]["seq"] == 1  # type: ignore[arg-type]


async def test_no_frame_is_larger_than_allowed_and_none_is_lost(outbox: Outbox):
    for seq in range(40):
        outbox.push(chunk(seq, size=20_000))
    seen: list[int] = []
    while len(seen) < 40:
        frame = await outbox.take()
        assert isinstance(frame, bytes)
        assert len(frame) <= limits.FRAME_BYTES + 2
        seen += [each["seq"] for each in json.loads(frame)]
    assert seen == list(range(40))


def test_chunks_are_cut_so_that_each_fits_into_a_frame():
    chunks = chunks_of(GROUP, [word(seq, 60_000) for seq in range(10)])
    assert [each.count for each in chunks] == [2] * 5
    assert all(each.size <= limits.FRAME_BYTES for each in chunks)
    assert chunks_of(GROUP, []) == []


@pytest.mark.parametrize("bound", ["OUTBOX_EVENTS", "OUTBOX_BYTES"])
async def test_over_a_bound_entries_give_way_to_one_behind(outbox: Outbox, bound: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, bound, {"OUTBOX_EVENTS": 10, "OUTBOX_BYTES": 1000}[bound])
    outbox.push(chunk(1, 2, 3))
    outbox.answer(answer(7))
    outbox.push(chunk(90, group=None))
    for seq in range(10, 40):
        outbox.push(chunk(seq, group=OTHER))
    words = await taken(outbox)
    assert [each.get("re", each.get("seq")) for each in words[:2]] == [7, 90], "answers and other events stay"
    assert words[2:] == [{"type": "behind", "groups": {"1": 1000, "2": 2000}}]
    outbox.push(chunk(41, group=OTHER))
    assert await numbers(outbox) == [41]


async def test_while_behind_was_not_told_no_entry_is_queued(outbox: Outbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "OUTBOX_EVENTS", 2)
    outbox.push(chunk(1, 2, 3))
    outbox.push(chunk(4, group=OTHER))
    assert outbox._items == []
    assert [each["type"] for each in await taken(outbox)] == ["behind"]


async def test_who_does_not_even_take_other_events_is_ended(outbox: Outbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "OUTBOX_EVENTS", 5)
    for seq in range(7):
        outbox.push(chunk(seq, group=None))
    end = await outbox.take()
    assert isinstance(end, End)
    assert end.code == TOO_SLOW


async def test_what_comes_while_held_waits_behind_the_answer_and_what_was_missed(outbox: Outbox):
    outbox.hold()
    outbox.push(chunk(5))
    outbox.follow([chunk(3, 4)], [])
    waiting = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    outbox.answer(answer(1))
    assert [each.get("seq", each.get("re")) for each in json.loads(await waiting)] == [1, 3, 4, 5]  # type: ignore[arg-type]


async def test_a_pong_goes_out_even_while_held_and_only_the_latest(outbox: Outbox):
    outbox.hold()
    outbox.pong(b"one")
    outbox.pong(b"two")
    assert await outbox.take() == b""
    assert outbox.take_pong() == b"two"
    assert outbox.take_pong() is None


async def test_an_end_comes_after_what_waits(outbox: Outbox):
    outbox.push(chunk(1))
    outbox.end(End(1000))
    outbox.answer(answer(2))
    outbox.push(chunk(3))
    assert await numbers(outbox) == [1, 2]
    assert await outbox.take() == End(1000)


async def test_an_end_at_once_keeps_the_answers_only_and_the_first_end_counts(outbox: Outbox):
    outbox.push(chunk(1))
    outbox.answer(answer(2))
    outbox.end(End(1001), at_once=True)
    outbox.end(End(1000), at_once=True)
    outbox.answer(answer(3))
    assert await numbers(outbox) == [2]
    assert await outbox.take() == End(1001)


async def test_answers_that_are_not_taken_hold_up_the_reading(outbox: Outbox):
    outbox.answer(answer(1, size=1_100_000))
    assert outbox.is_crowded
    waiting = asyncio.ensure_future(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await outbox.take()
    await asyncio.wait_for(waiting, 5)
    assert not outbox.is_crowded


async def test_an_end_frees_who_waits_for_room(outbox: Outbox):
    outbox.answer(answer(1, size=1_100_000))
    waiting = asyncio.ensure_future(outbox.room())
    await asyncio.sleep(0)
    outbox.end(End(1000))
    await asyncio.wait_for(waiting, 5)


def keeps_up(outbox: Outbox) -> bool:
    # Asked by a function, since mypy takes an attribute that was looked at for unchanged.
    return outbox.keeps_up


async def test_who_keeps_up_has_little_waiting_and_missed_nothing(outbox: Outbox):
    assert keeps_up(outbox)
    outbox.push(chunk(*range(FRESH_EVENTS + 1)))
    assert not keeps_up(outbox)
    await taken(outbox)
    assert keeps_up(outbox)
    outbox.hold()
    assert not keeps_up(outbox)
    outbox.follow([], [GROUP])
    outbox.answer(answer(1))
    assert not keeps_up(outbox)
    await taken(outbox)
    assert keeps_up(outbox)
