"""What waits for all links together is bounded, counted as it lies in memory, and those with the most give way."""

from __future__ import annotations

import asyncio

import pytest

from common.ids import GroupId, Seq
from common.protocol import limits
from relay.outbox import TOO_SLOW, Chunk, End, Outbox
from relay.together import PLACE_BYTES, SHARE, Together

KIB = 1024


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Together:
    monkeypatch.setattr(limits, "OUTBOXES_BYTES", 64 * KIB)
    return Together()


def outboxes(together: Together, count: int) -> list[Outbox]:
    return [Outbox(lambda group: Seq(7), None, together) for _ in range(count)]


def chunk(size: int, group: int | None = 1) -> Chunk:
    return Chunk(None if group is None else GroupId(group), [b"x" * size])


def test_what_many_wait_for_in_common_counts_once(together: Together):
    shared = chunk(10 * KIB)
    for each in outboxes(together, 100):
        each.push(shared)
    assert together.bytes == shared.size + 100 * PLACE_BYTES


def test_the_one_with_the_most_falls_behind_first(together: Together):
    small, large = outboxes(together, 2)
    small.push(chunk(20 * KIB))
    large.push(chunk(40 * KIB, 2))
    small.push(chunk(10 * KIB, 3))
    together.look()
    assert (small.is_behind, large.is_behind) == (False, True)
    assert together.bytes < limits.OUTBOXES_BYTES


def test_where_answers_alone_are_too_much_the_one_with_the_most_is_ended(together: Together):
    small, large = outboxes(together, 2)
    small.answer(b"x" * 20 * KIB)
    large.answer(b"x" * 50 * KIB)
    assert (small.is_ending, large.is_ending) == (False, True)
    assert together.bytes == 20 * KIB + PLACE_BYTES


async def test_who_has_little_waiting_does_not_pay_for_what_hangs_at_others(together: Together):
    hanging, entries, answers = outboxes(together, 3)
    hanging.answer(b"x" * 62 * KIB)
    await hanging.take()
    entries.push(chunk(2 * KIB))
    together.grow(2 * KIB)
    answers.answer(b"x" * 2 * KIB)
    assert together.bytes > limits.OUTBOXES_BYTES
    assert [entries.is_behind, entries.is_ending, answers.is_ending] == [False, False, False]


def test_it_is_looked_at_when_a_part_of_the_bound_has_come_in(together: Together):
    (outbox,) = outboxes(together, 1)
    for _ in range(30):
        outbox.push(chunk(4 * KIB))
        together.grow(4 * KIB)
        assert together.bytes <= limits.OUTBOXES_BYTES + limits.OUTBOXES_BYTES // SHARE
    assert outbox.is_behind


async def test_of_what_was_sent_nothing_counts_any_more(together: Together):
    (outbox,) = outboxes(together, 1)
    outbox.push(chunk(KIB))
    outbox.answer(b"y" * KIB)
    outbox.push(chunk(KIB, None))
    frame = await outbox.take()
    assert isinstance(frame, bytes)
    assert together.bytes == len(frame) + PLACE_BYTES, "it is on its way"
    taking = asyncio.ensure_future(outbox.take())
    await asyncio.sleep(0)
    assert together.bytes == 0
    outbox.end(End(TOO_SLOW))
    assert await taking == End(TOO_SLOW)


def test_a_link_that_has_ended_leaves_nothing(together: Together):
    (outbox,) = outboxes(together, 1)
    outbox.hold()
    outbox.push(chunk(KIB))
    outbox.follow([chunk(KIB, 2)], [])
    outbox.end(End(TOO_SLOW), at_once=True)
    outbox.close()
    outbox.answer(b"too late")
    outbox.push(chunk(KIB))
    assert together.bytes == 0


async def test_however_it_is_filled_and_emptied_the_sum_is_right(together: Together, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "OUTBOX_BYTES", 16 * KIB)
    several = outboxes(together, 5)
    for number in range(200):
        made = chunk(100 + 37 * number % 3000, number % 3 or None)
        for outbox in several[: 1 + number % 5]:
            outbox.push(made)
        several[number % 5].answer(b"z" * (number * 13 % 700))
        if number % 7 == 0 and several[number % 4].waiting_bytes:
            await several[number % 4].take()
        together.look()
        on_their_way = sum(len(each._flying) + PLACE_BYTES for each in several if each._flying)
        assert on_their_way <= together.bytes <= limits.OUTBOXES_BYTES + on_their_way
    for outbox in several:
        outbox.close()
    assert together.bytes == 0
