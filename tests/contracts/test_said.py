"""What every storage must know of its messages as they stand now, of what was destroyed, and of who has read how far."""

from __future__ import annotations

import pytest

from common.errors import NonceReused
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry
from relay.storage.entries import Content, Draft
from relay.storage.receipts import MOVES_KEPT
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction
from tests.contracts.storages import NOW, Stage
from tests.relay.stores import message, nonce_of

ONE, TWO, THREE = Seq(1), Seq(2), Seq(3)


async def edited(stage: Stage, target: Seq, body: str) -> Entry:
    def edit(transaction: Transaction) -> Entry:
        entry = transaction.append(Draft(stage.general, stage.anna, "edit", body, nonce_of(body), target))
        transaction.said.set_edit(stage.general, target, entry.seq)
        return entry

    entry: Entry = await stage.write(edit)
    return entry


# -- edits, reactions, pins --------------------------------------------------------------------------------------------


async def test_the_newest_edit_of_each_message_is_known(stage: Stage) -> None:
    await stage.say("1", "2", "3")
    for target, body in ((ONE, "1a"), (THREE, "3a"), (ONE, "1b")):
        await edited(stage, target, body)
    await stage.reopen()

    assert await stage.read(lambda tables: tables.said.newest_edits(stage.general, ONE, THREE)) == {1: 6, 3: 5}
    assert await stage.read(lambda tables: tables.said.newest_edits(stage.general, TWO, TWO)) == {}
    assert await stage.read(lambda tables: tables.said.newest_edit(stage.general, ONE)) == 6
    assert await stage.read(lambda tables: tables.said.newest_edit(GroupId(999), ONE)) is None


async def test_a_reaction_is_there_until_it_is_taken_away(stage: Stage) -> None:
    await stage.say("1")
    group, anna, boris = stage.general, stage.anna, stage.boris

    def react(transaction: Transaction) -> None:
        said = transaction.said
        said.set_reaction(group, ONE, anna, "👍", Seq(10), True)
        said.set_reaction(group, ONE, anna, "❤️", Seq(11), True)
        said.set_reaction(group, ONE, boris, "👍", Seq(12), True)
        said.set_reaction(group, ONE, anna, "👍", Seq(13), False)

    await stage.write(react)
    await stage.reopen()

    def look(tables: Tables) -> list[object]:
        said = tables.said
        return [
            said.reaction(group, ONE, anna, "👍"),
            said.reaction(group, ONE, anna, "❤"),
            said.reaction(group, ONE, boris, "👍"),
            said.reaction(group, ONE, boris, "❤"),
            said.reaction(group, TWO, anna, "👍"),
            said.reactions(group, ONE, anna),
            said.reactions(group, TWO, anna),
        ]

    assert await stage.read(look) == [(13, False), (11, True), (12, True), None, None, (1, 2), (0, 0)]


async def test_a_pin_is_there_until_it_is_taken_off(stage: Stage) -> None:
    other = await stage.new_group()

    def pin(transaction: Transaction) -> None:
        for target, seq, on in ((ONE, 10, True), (THREE, 11, True), (TWO, 12, True), (THREE, 13, False)):
            transaction.said.set_pin(stage.general, target, Seq(seq), on)

    await stage.write(pin)
    await stage.reopen()

    assert await stage.read(lambda tables: tables.said.pinned(stage.general)) == [2, 1]
    assert await stage.read(lambda tables: tables.said.pinned(other)) == []
    assert await stage.read(lambda tables: tables.said.pin(stage.general, THREE)) == (13, False)
    assert await stage.read(lambda tables: tables.said.pin(stage.general, Seq(9))) is None


async def test_what_is_said_of_a_range_comes_by_target(stage: Stage) -> None:
    await stage.say("1", "2", "3")

    def act(transaction: Transaction) -> None:
        said, group = transaction.said, stage.general
        said.set_pin(group, TWO, Seq(10), True)
        said.set_pin(group, THREE, Seq(11), False)
        said.set_reaction(group, ONE, stage.anna, "👍", Seq(12), True)
        said.set_reaction(group, ONE, stage.boris, "👍", Seq(13), False)
        said.set_edit(group, TWO, Seq(9))

    await stage.write(act)

    assert await stage.read(lambda tables: tables.said.of(stage.general, ONE, THREE)) == [
        (1, 12),
        (2, 9),
        (2, 10),
        (3, 11),
    ]
    assert await stage.read(lambda tables: tables.said.of(stage.general, Seq(4), Seq(99))) == []
    assert await stage.read(lambda tables: tables.said.put(stage.general, [ONE, TWO])) == {12}


# -- mentions ----------------------------------------------------------------------------------------------------------


def calling(stage: Stage, body: str, *users: int) -> Draft:
    more = Content(mentions=tuple(UserId(user) for user in users))
    return Draft(stage.general, stage.anna, "message", body, nonce_of(body), more=more if users else None)


async def mentions(stage: Stage, user: UserId, read_seq: int = 0, cap: int = 1000) -> int:
    count: int = await stage.read(lambda tables: tables.said.mentions_of(stage.general, user, Seq(read_seq), cap))
    return count


async def test_whom_messages_call_is_counted_with_them(stage: Stage) -> None:
    drafts = [calling(stage, "1", stage.boris), calling(stage, "2"), calling(stage, "3", 0, stage.boris, stage.anna)]
    await stage.write(lambda tx: tx.append_all(drafts))
    await stage.write(lambda tx: tx.append_all(drafts))  # as after a lost answer
    await stage.write(lambda tx: tx.append(calling(stage, "4", stage.boris)))

    assert await mentions(stage, stage.boris) == 3
    assert await mentions(stage, stage.boris, read_seq=1) == 2
    assert await mentions(stage, stage.boris, cap=2) == 2
    assert await mentions(stage, stage.anna) == 0, "nobody calls themselves"


async def test_a_message_that_is_not_stored_calls_nobody(stage: Stage) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.append(calling(stage, "1", stage.boris))
        raise LookupError

    with pytest.raises(LookupError):
        await stage.write(fail)
    wrong = Draft(stage.general, UserId(999), "message", "никто", more=Content(mentions=(stage.boris,)))
    results = await stage.write(lambda tx: tx.append_all([wrong, calling(stage, "2", stage.boris)]))

    assert results[1].seq == 1
    assert await mentions(stage, stage.boris) == 1


async def test_an_edit_alone_counts_as_no_call(stage: Stage) -> None:
    await stage.say("1")
    draft = Draft(stage.general, stage.anna, "edit", "2", target=ONE, more=Content(mentions=(stage.boris,)))
    await stage.write(lambda tx: tx.append(draft))
    assert await mentions(stage, stage.boris) == 0
    await stage.write(lambda tx: tx.said.set_mentions(stage.general, ONE, [stage.boris]))
    assert await mentions(stage, stage.boris) == 1
    await stage.write(lambda tx: tx.said.set_mentions(stage.general, ONE, []))
    assert await mentions(stage, stage.boris) == 0


# -- what was taken back -----------------------------------------------------------------------------------------------


async def test_what_is_taken_back_is_destroyed_with_its_edits_and_with_all_that_is_said_of_it(stage: Stage) -> None:
    await stage.write(lambda tx: tx.append_all([calling(stage, "1", stage.boris), calling(stage, "2", stage.boris)]))
    for target, body in ((ONE, "1a"), (TWO, "2a"), (ONE, "1b")):
        await edited(stage, target, body)

    def act(transaction: Transaction) -> None:
        said, group = transaction.said, stage.general
        for target in (ONE, TWO):
            said.set_pin(group, target, Seq(10), True)
            said.set_reaction(group, target, stage.boris, "👍", Seq(11), True)
        transaction.take_back(group, ONE)

    await stage.write(act)
    await stage.reopen()

    log = await stage.log()
    assert [(entry.body, entry.redacted) for entry in log] == [
        (None, True),
        ("2", False),
        (None, True),
        ("2a", False),
        (None, True),
    ]
    assert log[0].mentions == ()
    assert await stage.read(lambda tables: tables.said.of(stage.general, ONE, ONE)) == []
    assert len(await stage.read(lambda tables: tables.said.of(stage.general, TWO, TWO))) == 3
    assert await stage.read(lambda tables: tables.said.pinned(stage.general)) == [2]
    assert await mentions(stage, stage.boris) == 1


async def test_what_was_destroyed_is_soon_out_of_the_log_too(stage: Stage) -> None:
    await stage.say("1", "2")
    await stage.write(lambda tx: tx.take_back(stage.general, ONE))
    assert not is_checkpoint_due(stage)
    stage.now = Millis(NOW + 5_000)
    assert is_checkpoint_due(stage)
    await stage.storage.checkpoint()
    assert not is_checkpoint_due(stage)


def is_checkpoint_due(stage: Stage) -> bool:
    # Asked by a function, since mypy takes an attribute that was looked at for unchanged.
    return stage.storage.is_checkpoint_due


async def test_a_taking_back_that_fails_destroys_nothing(stage: Stage) -> None:
    await stage.say("1")

    def fail(transaction: Transaction) -> None:
        transaction.take_back(stage.general, ONE)
        raise LookupError

    with pytest.raises(LookupError):
        await stage.write(fail)
    assert await stage.bodies() == ["1"]


async def test_changes_of_a_message_are_found_by_their_kind(stage: Stage) -> None:
    await stage.say("1", "2")
    await edited(stage, ONE, "1a")
    await edited(stage, TWO, "2a")
    await stage.write(lambda tx: tx.append(Draft(stage.general, stage.anna, "redaction", target=ONE)))

    assert [e.seq for e in await stage.read(lambda tables: tables.entries.changing(stage.general, ONE, "edit"))] == [3]
    found = await stage.read(lambda tables: tables.entries.changing(stage.general, ONE, "redaction"))
    assert [entry.seq for entry in found] == [5]
    assert await stage.read(lambda tables: tables.entries.changing(stage.general, Seq(9), "edit")) == []


async def test_entries_are_found_by_their_places(stage: Stage) -> None:
    one, two, three = await stage.say("1", "2", "3")

    found = await stage.read(lambda tables: tables.entries.several(stage.general, [THREE, ONE, Seq(99)]))
    assert found == {3: three, 1: one}
    assert await stage.read(lambda tables: tables.entries.at(stage.general, TWO)) == two
    assert await stage.read(lambda tables: tables.entries.at(stage.general, Seq(99))) is None


async def test_the_first_use_of_a_nonce_is_found_before_anything_is_written(stage: Stage) -> None:
    (first,) = await stage.say("1")
    assert await stage.write(lambda tx: tx.first(message(stage.general, stage.anna, "1"))) == first
    assert await stage.write(lambda tx: tx.first(message(stage.general, stage.boris, "1"))) is None
    with pytest.raises(NonceReused):
        await stage.write(lambda tx: tx.first(message(stage.general, stage.anna, "other", nonce="1")))


# -- who has read how far ----------------------------------------------------------------------------------------------


async def move(stage: Stage, before: int, seq: int, at: int) -> bool:
    return bool(
        await stage.write(
            lambda tx: tx.receipts.moved(stage.general, stage.boris, Seq(before), Seq(seq), Millis(NOW + at))
        )
    )


async def readers(stage: Stage, seq: int) -> list[tuple[int, int]]:
    found = await stage.read(lambda tables: tables.receipts.readers(stage.general, Seq(seq)))
    return [(user, at - NOW) for user, at in found]


async def test_who_has_read_an_entry_is_known_with_the_time(stage: Stage) -> None:
    assert [await move(stage, 0, 3, 10), await move(stage, 3, 5, 20)] == [True, True]
    assert [await readers(stage, seq) for seq in (1, 3, 4, 6)] == [
        [(stage.boris, 10)],
        [(stage.boris, 10)],
        [(stage.boris, 20)],
        [],
    ]
    assert await stage.read(lambda tables: tables.receipts.furthest(stage.general)) == {stage.boris: 5}


async def test_going_back_and_reading_again_is_no_news(stage: Stage) -> None:
    await move(stage, 0, 5, 10)
    assert [await move(stage, 2, 4, 20), await move(stage, 4, 5, 30), await move(stage, 5, 6, 40)] == [
        False,
        False,
        True,
    ]
    assert [await readers(stage, seq) for seq in (4, 6)] == [[(stage.boris, 10)], [(stage.boris, 40)]]


async def test_what_stood_before_the_first_move_was_not_read_by_it(stage: Stage) -> None:
    await move(stage, 7, 9, 10)
    assert [await readers(stage, seq) for seq in (7, 8)] == [[], [(stage.boris, 10)]]


async def test_the_moves_go_with_the_membership(stage: Stage) -> None:
    await move(stage, 0, 5, 10)
    await stage.write(lambda tx: tx.groups.remove_member(stage.general, stage.boris))
    await stage.write(lambda tx: tx.groups.add_member(stage.general, stage.boris, "member", tx.now))
    assert await readers(stage, 5) == []
    assert await stage.read(lambda tables: tables.receipts.furthest(stage.general)) == {}


async def test_only_the_last_moves_are_kept(stage: Stage) -> None:
    def run(transaction: Transaction) -> None:
        for seq in range(MOVES_KEPT + 10):
            transaction.receipts.moved(stage.general, stage.boris, Seq(seq), Seq(seq + 1), Millis(NOW + seq))

    await stage.write(run)
    assert [await readers(stage, seq) for seq in (1, 11, 12)] == [
        [(stage.boris, 10)],
        [(stage.boris, 10)],
        [(stage.boris, 11)],
    ]


async def test_who_does_not_tell_is_known(stage: Stage) -> None:
    await stage.write(lambda tx: tx.receipts.set_told(stage.boris, False))
    await stage.reopen()
    assert await stage.read(lambda tables: tables.receipts.silent()) == {stage.boris}
    await stage.write(lambda tx: tx.receipts.set_told(stage.boris, True))
    assert await stage.read(lambda tables: tables.receipts.silent()) == set()


async def test_a_marker_is_set_back_but_never_forward(stage: Stage) -> None:
    await stage.say("1", "2", "3")
    await stage.write(lambda tx: tx.groups.mark_read(stage.general, stage.boris, THREE))

    async def unread(seq: int) -> int:
        return int(await stage.write(lambda tx: tx.groups.mark_unread(stage.general, stage.boris, Seq(seq))))

    assert [await unread(seq) for seq in (9, 3, 3, 1)] == [3, 2, 2, 0]
