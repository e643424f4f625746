"""What every storage must do. Another one joins by adding its opener to `storages.OPENERS`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from common.errors import NonceReused, UnknownGroup, UsernameTaken
from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry, FileInfo
from relay.storage.entries import Content, Draft
from relay.storage.groups import Standing
from relay.storage.tables import Tables
from relay.storage.transaction import Failed, Transaction
from tests.contracts.storages import NOW, OPENERS, Stage, person
from tests.relay.stores import message, nonce_of

# -- the log -----------------------------------------------------------------------------------------------------------


async def test_a_new_log_is_empty(stage: Stage) -> None:
    assert await stage.log() == []
    assert await stage.read(lambda tables: tables.entries.last_message(stage.general)) is None
    assert await stage.read(lambda tables: tables.entries.last_seqs()) == {stage.general: 0}


async def test_each_group_counts_from_one_without_gaps(stage: Stage) -> None:
    other = await stage.new_group()
    await stage.say("один", "два")
    await stage.say("раз", group=other)
    await stage.say("три")

    assert await stage.bodies() == ["один", "два", "три"]
    assert await stage.bodies(other) == ["раз"]
    assert await stage.read(lambda tables: tables.entries.last_seqs()) == {stage.general: 3, other: 1}


async def test_an_entry_comes_back_as_it_was_given(stage: Stage) -> None:
    stage.now = Millis(NOW + 5)
    await stage.say("Чайник вскипел")
    reply = Draft(stage.general, stage.boris, "message", "иду", nonce_of("иду"), Seq(1))
    join = Draft(stage.general, stage.boris, "join")
    given = await stage.write(lambda tx: [tx.append(reply), tx.append(join)])

    assert given == [
        Entry(stage.general, Seq(2), "message", stage.boris, stage.now, nonce_of("иду"), "иду", Seq(1)),
        Entry(stage.general, Seq(3), "join", stage.boris, stage.now),
    ]
    assert (await stage.log())[1:] == given


async def test_no_body_and_an_empty_body_differ(stage: Stage) -> None:
    drafts = [Draft(stage.general, stage.anna, "edit", body) for body in (None, "", "t")]
    await stage.write(lambda tx: tx.append_all(drafts))

    assert await stage.bodies() == [None, "", "t"]


async def test_what_was_written_is_there_after_opening_again(stage: Stage) -> None:
    await stage.say("до")
    await stage.reopen()
    await stage.say("после")

    assert await stage.bodies() == ["до", "после"]


async def test_pages_go_in_both_directions_and_rise(stage: Stage) -> None:
    await stage.say(*[str(number) for number in range(1, 11)])

    def page(tables: Tables, direction: str, seq: int | None, limit: int) -> list[int]:
        reading: Any = getattr(tables.entries, direction)
        return [entry.seq for entry in reading(stage.general, seq, limit)]

    assert await stage.read(lambda tables: page(tables, "after", 3, 4)) == [4, 5, 6, 7]
    assert await stage.read(lambda tables: page(tables, "after", 10, 4)) == []
    assert await stage.read(lambda tables: page(tables, "before", None, 3)) == [8, 9, 10]
    assert await stage.read(lambda tables: page(tables, "before", 3, 5)) == [1, 2]
    assert await stage.read(lambda tables: page(tables, "before", 1, 5)) == []


async def test_a_log_reaches_its_last_entry_and_no_further(stage: Stage) -> None:
    await stage.say("один", "два")
    there = await stage.read(lambda tables: [tables.entries.exists(stage.general, Seq(seq)) for seq in (0, 1, 2, 3)])

    assert there == [False, True, True, False]


async def test_the_last_message_is_found_behind_other_entries(stage: Stage) -> None:
    await stage.say("первое", "второе")
    await stage.write(lambda tx: tx.append(Draft(stage.general, stage.boris, "leave")))

    assert (await stage.read(lambda tables: tables.entries.last_message(stage.general))).body == "второе"


async def test_unread_are_the_messages_of_others_after_the_marker(stage: Stage) -> None:
    await stage.say("1", "2", "3")
    await stage.write(
        lambda tx: tx.append_all(
            [
                Draft(stage.general, stage.anna, "join"),
                message(stage.general, stage.boris, "своё"),
                message(stage.general, stage.anna, "4"),
            ]
        )
    )

    def unread(user: UserId, read_seq: int, cap: int = 1000) -> Awaitable[int]:
        return stage.read(lambda tables: tables.entries.unread(stage.general, user, Seq(read_seq), cap))

    assert await unread(stage.boris, 0) == 4
    assert await unread(stage.boris, 2) == 2
    assert await unread(stage.boris, 6) == 0
    assert await unread(stage.anna, 0) == 1
    assert await unread(stage.boris, 0, cap=3) == 3


# -- nonces ------------------------------------------------------------------------------------------------------------


async def test_a_repeated_nonce_gets_the_first_entry(stage: Stage) -> None:
    (first,) = await stage.say("Чайник вскипел")
    stage.now = Millis(NOW + 1000)
    (repeated,) = await stage.say("Чайник вскипел")
    await stage.reopen()
    (later,) = await stage.say("Чайник вскипел")

    assert first == repeated == later
    assert await stage.bodies() == ["Чайник вскипел"]


async def test_a_nonce_repeated_within_one_batch_is_stored_once(stage: Stage) -> None:
    entries = await stage.say("один", "один", "два", "один")

    assert [entry.seq for entry in entries] == [1, 1, 2, 1]
    assert await stage.bodies() == ["один", "два"]


async def test_a_repeat_among_new_entries_leaves_no_gap(stage: Stage) -> None:
    await stage.say("старое")
    entries = await stage.say("новое", "старое", "новейшее")

    assert [entry.seq for entry in entries] == [2, 1, 3]
    assert await stage.bodies() == ["старое", "новое", "новейшее"]


async def test_only_new_entries_count_as_appended(stage: Stage) -> None:
    await stage.say("старое")
    drafts = [message(stage.general, stage.anna, body) for body in ("новое", "старое")]

    def append(transaction: Transaction) -> list[Entry]:
        transaction.append_all(drafts)
        return transaction.appended

    assert [entry.body for entry in await stage.write(append)] == ["новое"]


@pytest.mark.parametrize("change", ["body", "group", "target", "kind"])
async def test_a_nonce_used_for_something_else_is_refused(stage: Stage, change: str) -> None:
    other = await stage.new_group()
    await stage.say("цель", "сказано")
    draft = Draft(
        other if change == "group" else stage.general,
        stage.anna,
        "edit" if change == "kind" else "message",
        "другое" if change == "body" else "сказано",
        nonce_of("сказано"),
        Seq(1) if change == "target" else None,
    )
    (refused,) = await stage.write(lambda tx: tx.append_all([draft]))

    assert isinstance(refused, Failed)
    assert isinstance(refused.reason, NonceReused)
    assert await stage.bodies() == ["цель", "сказано"]


async def test_two_authors_may_use_the_same_nonce(stage: Stage) -> None:
    drafts = [message(stage.general, user, "привет") for user in (stage.anna, stage.boris)]
    await stage.write(lambda tx: tx.append_all(drafts))

    assert await stage.bodies() == ["привет", "привет"]


async def test_an_entry_is_found_by_its_nonce(stage: Stage) -> None:
    (entry,) = await stage.say("привет")

    assert await stage.read(lambda tables: tables.entries.by_nonce(stage.anna, nonce_of("привет"))) == entry
    assert await stage.read(lambda tables: tables.entries.by_nonce(stage.boris, nonce_of("привет"))) is None


# -- transactions ------------------------------------------------------------------------------------------------------


async def test_an_exception_undoes_everything_and_leaves_no_gap(stage: Stage) -> None:
    await stage.say("до")

    def fail(transaction: Transaction) -> None:
        transaction.append(message(stage.general, stage.anna, "никогда"))
        transaction.groups.rename(stage.general, "никогда")
        raise LookupError("на полпути")

    with pytest.raises(LookupError):
        await stage.write(fail)
    await stage.say("после")

    assert await stage.bodies() == ["до", "после"]
    assert (await stage.read(lambda tables: tables.groups.get(stage.general))).name == "General"


async def test_an_attempt_that_fails_takes_only_itself_back(stage: Stage) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.append(message(stage.general, stage.anna, "никогда"))
        raise LookupError

    def work(transaction: Transaction) -> Failed | None:
        transaction.append(message(stage.general, stage.anna, "до"))
        failed = transaction.attempt(fail)
        transaction.append(message(stage.general, stage.anna, "после"))
        assert [entry.body for entry in transaction.appended] == ["до", "после"]
        return failed

    failed = await stage.write(work)

    assert isinstance(failed, Failed)
    assert isinstance(failed.reason, LookupError)
    assert await stage.bodies() == ["до", "после"]


@pytest.mark.parametrize("changed_before", [False, True], ids=["first in its transaction", "after a change"])
async def test_one_wrong_draft_does_not_cost_the_others(stage: Stage, changed_before: bool) -> None:
    drafts = [
        message(stage.general, stage.anna, "один"),
        message(GroupId(999), stage.anna, "нигде"),
        message(stage.general, UserId(999), "никто"),
        message(stage.general, stage.anna, "не текст \ud800", nonce="surrogate"),
        Draft(stage.general, stage.anna, "message", "не то", Nonce("xyz")),
        message(stage.general, stage.anna, "два"),
    ]

    def work(transaction: Transaction) -> list[Entry | Failed]:
        if changed_before:
            transaction.groups.rename(stage.general, "Общая")
        return transaction.append_all(drafts)

    results = await stage.write(work)

    assert [isinstance(result, Failed) for result in results] == [False, True, True, True, True, False]
    assert isinstance(results[1].reason, UnknownGroup)
    assert await stage.bodies() == ["один", "два"]
    assert (await stage.read(lambda tables: tables.groups.get(stage.general))).name == (
        "Общая" if changed_before else "General"
    )


async def test_a_read_sees_one_state(stage: Stage) -> None:
    await stage.say("до")
    loop = asyncio.get_running_loop()
    began, written = asyncio.Event(), asyncio.Event()

    def look_twice(tables: Tables) -> tuple[int, int]:
        before = tables.entries.last_seq(stage.general)
        loop.call_soon_threadsafe(began.set)
        asyncio.run_coroutine_threadsafe(written.wait(), loop).result(timeout=10)
        return before, tables.entries.last_seq(stage.general)

    looking = asyncio.create_task(stage.storage.read(look_twice))
    await began.wait()
    await stage.say("после")
    written.set()

    assert await looking == (1, 1)
    assert await stage.bodies() == ["до", "после"]


async def test_a_reader_who_goes_away_costs_nobody_anything(stage: Stage) -> None:
    await stage.say("до")
    reading = asyncio.create_task(stage.storage.read(lambda tables: tables.entries.last_seq(stage.general)))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await stage.say("после")

    assert await stage.bodies() == ["до", "после"]


async def test_a_writer_who_goes_away_has_written_all_or_nothing(stage: Stage) -> None:
    drafts = [message(stage.general, stage.anna, str(number)) for number in range(50)]
    writing = asyncio.create_task(stage.write(lambda tx: tx.append_all(drafts)))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await stage.say("после")

    assert len(await stage.bodies()) in (1, 51)


_BATCHES = st.lists(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 12), st.sampled_from(["draft", "change", "failing change"])),
        max_size=8,
    ),
    max_size=6,
)


@pytest.mark.parametrize("name", sorted(OPENERS))
@given(batches=_BATCHES, reopen_after=st.integers(0, 5))
@settings(max_examples=20)
def test_whatever_comes_in_whatever_batches_the_log_is_what_a_list_would_be(
    tmp_path_factory: pytest.TempPathFactory, name: str, batches: list[list[tuple[int, int, str]]], reopen_after: int
) -> None:
    async def scene() -> None:
        stage = Stage(OPENERS[name], tmp_path_factory.mktemp("log"))
        await stage.open()
        await stage.meet()
        expected: list[tuple[int, str]] = []
        for number, batch in enumerate(batches):
            await stage.write(partial(_play, stage=stage, batch=batch))
            for who, what, how in batch:
                said = ((stage.anna, stage.boris)[who], str(what))
                if how != "failing change" and said not in expected:
                    expected.append(said)
            if number == reopen_after:
                await stage.reopen()
        assert [(entry.sender, entry.body) for entry in await stage.log()] == expected
        await stage.storage.close()

    asyncio.run(scene())


def _play(transaction: Transaction, stage: Stage, batch: list[tuple[int, int, str]]) -> None:
    drafts: list[Draft] = []
    for who, what, how in batch:
        draft = message(stage.general, (stage.anna, stage.boris)[who], str(what))
        if how == "draft":
            drafts.append(draft)
            continue
        transaction.append_all(drafts)
        drafts = []
        transaction.attempt(partial(_change, draft=draft, fails=how == "failing change"))
    transaction.append_all(drafts)


def _change(transaction: Transaction, draft: Draft, fails: bool) -> None:
    transaction.append(draft)
    if fails:
        raise LookupError


# -- people ------------------------------------------------------------------------------------------------------------


async def test_a_person_is_found_by_id_and_by_name(stage: Stage) -> None:
    account = await stage.read(lambda tables: tables.people.account("anna"))

    assert (account.user.id, account.user.username, account.user.display_name) == (stage.anna, "anna", "Anna")
    assert (account.password_hash, account.disabled, account.user.role) == ("hash of anna", False, "member")
    assert await stage.read(lambda tables: tables.people.get(stage.anna)) == account.user
    assert await stage.read(lambda tables: tables.people.account("никто")) is None
    assert await stage.read(lambda tables: tables.people.get(UserId(999))) is None
    assert await stage.read(lambda tables: tables.people.count()) == 2


async def test_several_people_come_in_the_order_asked(stage: Stage) -> None:
    people = await stage.read(lambda tables: tables.people.many([stage.boris, UserId(999), stage.anna]))

    assert [person.username for person in people] == ["boris", "anna"]


@pytest.mark.parametrize("name", ["anna", "ANNA", "Ａｎｎａ", "AnnA"])
async def test_a_name_that_people_would_call_the_same_is_taken(stage: Stage, name: str) -> None:
    with pytest.raises(UsernameTaken):
        await stage.write(lambda tx: tx.people.add(name, name, "", "member", tx.now))
    assert (await stage.read(lambda tables: tables.people.account(name))).user.id == stage.anna


async def test_roles_change_and_the_disabled_are_known(stage: Stage) -> None:
    def change(transaction: Transaction) -> None:
        transaction.people.set_role(stage.anna, "owner")
        transaction.people.set_disabled(stage.boris, True)

    await stage.write(change)

    assert (await stage.read(lambda tables: tables.people.get(stage.anna))).role == "owner"
    assert (await stage.read(lambda tables: tables.people.account("boris"))).disabled


# -- device sessions ---------------------------------------------------------------------------------------------------


async def test_a_token_tells_whose_it_is_until_it_is_revoked(stage: Stage) -> None:
    token, other = secrets.token_bytes(32), secrets.token_bytes(32)
    first = await stage.write(lambda tx: tx.sessions.add(stage.anna, token, "телефон", tx.now))
    second = await stage.write(lambda tx: tx.sessions.add(stage.anna, other, "ноутбук", tx.now))
    session = await stage.read(lambda tables: tables.sessions.by_token(token, NOW))

    assert (session.id, session.user.username, session.device) == (first, "anna", "телефон")
    await stage.write(lambda tx: tx.sessions.revoke(first))
    assert await stage.read(lambda tables: tables.sessions.by_token(token, NOW)) is None
    assert [kept.id for kept in await stage.read(lambda tables: tables.sessions.of_user(stage.anna))] == [second]


async def test_the_token_of_a_disabled_person_is_worth_nothing(stage: Stage) -> None:
    token = secrets.token_bytes(32)
    await stage.write(lambda tx: tx.sessions.add(stage.anna, token, "", tx.now))
    await stage.write(lambda tx: tx.people.set_disabled(stage.anna, True))

    assert await stage.read(lambda tables: tables.sessions.by_token(token, NOW)) is None


async def test_a_session_number_is_never_used_again(stage: Stage) -> None:
    first = await stage.write(lambda tx: tx.sessions.add(stage.anna, b"1" * 32, "", tx.now))
    await stage.write(lambda tx: tx.sessions.revoke(first))

    assert await stage.write(lambda tx: tx.sessions.add(stage.anna, b"2" * 32, "", tx.now)) > first


async def test_a_session_remembers_when_it_was_last_here(stage: Stage) -> None:
    session = await stage.write(lambda tx: tx.sessions.add(stage.anna, b"1" * 32, "", NOW))
    await stage.write(lambda tx: tx.sessions.touch(session, Millis(NOW + 10)))
    await stage.write(lambda tx: tx.sessions.touch(session, Millis(NOW + 5)))

    assert (await stage.read(lambda tables: tables.sessions.by_token(b"1" * 32, NOW))).seen_at == NOW + 10


# -- groups ------------------------------------------------------------------------------------------------------------


async def test_a_group_is_as_it_was_made_until_it_is_renamed(stage: Stage) -> None:
    group = await stage.write(lambda tx: tx.groups.create("group", "склад", "о ящиках", True, tx.now))
    row = await stage.read(lambda tables: tables.groups.get(group))

    assert (row.kind, row.name, row.topic, row.private, row.last_seq) == ("group", "склад", "о ящиках", True, 0)
    await stage.write(lambda tx: tx.groups.rename(group, "кухня"))
    await stage.say("привет", group=group)
    rows = await stage.read(lambda tables: tables.groups.all())
    assert [(row.id, row.name, row.last_seq) for row in rows] == [(stage.general, "General", 0), (group, "кухня", 1)]
    assert await stage.read(lambda tables: tables.groups.get(GroupId(999))) is None


async def test_there_is_one_general_group(stage: Stage) -> None:
    assert await stage.read(lambda tables: tables.groups.general()) == stage.general
    assert (await stage.read(lambda tables: tables.groups.get(stage.general))).kind == "general"


async def test_members_come_and_go(stage: Stage) -> None:
    group = await stage.new_group()

    def change(transaction: Transaction) -> None:
        transaction.groups.add_member(group, stage.anna, "owner", transaction.now)
        transaction.groups.add_member(group, stage.boris, "member", transaction.now)
        transaction.groups.add_member(group, stage.anna, "member", transaction.now)  # is in it already

    await stage.write(change)
    members = await stage.read(lambda tables: tables.groups.members(group))
    assert [(member.user, member.role) for member in members] == [(stage.anna, "owner"), (stage.boris, "member")]
    await stage.write(lambda tx: tx.groups.remove_member(group, stage.anna))
    assert set(await stage.read(lambda tables: tables.groups.memberships())) == {
        (stage.general, stage.anna, "member"),
        (stage.general, stage.boris, "member"),
        (group, stage.boris, "member"),
    }


async def test_nobody_joins_a_group_that_is_not_there(stage: Stage) -> None:
    with pytest.raises(UnknownGroup):
        await stage.write(lambda tx: tx.groups.add_member(GroupId(999), stage.anna, "member", tx.now))


async def test_a_read_marker_only_grows_and_not_beyond_the_log(stage: Stage) -> None:
    await stage.say("1", "2", "3")

    def mark(seq: int) -> Awaitable[int]:
        return stage.write(lambda tx: tx.groups.mark_read(stage.general, stage.boris, Seq(seq)))

    assert await mark(2) == 2
    assert await mark(1) == 2
    assert await mark(99) == 3
    assert await stage.read(lambda tables: tables.groups.read_seq(stage.general, stage.boris)) == 3
    assert await stage.read(lambda tables: tables.groups.standings(stage.boris)) == {stage.general: Standing(Seq(3))}
    assert await stage.read(lambda tables: tables.groups.read_seq(stage.general, UserId(999))) == 0


async def test_what_was_said_before_somebody_came_counts_as_read(stage: Stage) -> None:
    await stage.say("1", "2")
    clara = await stage.write(lambda tx: person(tx, "clara"))
    await stage.say("3")

    assert await stage.read(lambda tables: tables.groups.read_seq(stage.general, clara)) == 2


# -- the relay itself --------------------------------------------------------------------------------------------------


async def test_the_epoch_stays_until_it_is_renewed(stage: Stage) -> None:
    epoch = stage.storage.epoch
    await stage.reopen()
    assert stage.storage.epoch == epoch

    renewed = await stage.write(lambda tx: tx.meta.renew_epoch())
    await stage.reopen()
    assert stage.storage.epoch == renewed != epoch


async def test_the_owner_code_works_once_however_it_is_typed(stage: Stage) -> None:
    code = await stage.write(lambda tx: tx.meta.new_owner_code())

    assert not await stage.write(lambda tx: tx.meta.take_owner_code("WRONG"))
    assert await stage.read(lambda tables: tables.meta.is_owner_code(code))
    assert await stage.write(lambda tx: tx.meta.take_owner_code(code.replace("-", " ").lower()))
    assert not await stage.write(lambda tx: tx.meta.take_owner_code(code))
    assert not await stage.read(lambda tables: tables.meta.is_owner_code(code))


async def test_the_invitation_code_stands_until_it_is_renewed(stage: Stage) -> None:
    code = await stage.read(lambda tables: tables.meta.invitation_code())
    await stage.reopen()

    assert await stage.read(lambda tables: tables.meta.is_invitation_code(code.lower()))
    assert not await stage.read(lambda tables: tables.meta.is_invitation_code(""))
    await stage.write(lambda tx: tx.meta.renew_invitation_code())
    assert not await stage.read(lambda tables: tables.meta.is_invitation_code(code))


async def test_nothing_is_damaged_and_nothing_wrong_in_all_this(stage: Stage) -> None:
    await stage.say("привет")
    await stage.storage.checkpoint()
    await stage.storage.checkpoint(truncate=True)

    assert (stage.storage.damaged, stage.storage.problem, stage.storage.is_checkpoint_due) == (0, None, False)
    assert stage.storage.reading_problem is None


# -- what an entry says besides its text -------------------------------------------------------------------------------


PICTURE = FileInfo(id="ab" * 16, name="склад.jpg", size=12, mime="image/jpeg", width=4, height=3)
MORE = Content(files=(PICTURE,), mentions=(UserId(0), UserId(2)), forwarded=UserId(2), via="будильник")


async def test_what_a_message_carries_besides_its_text_is_there_after_a_restart(stage: Stage):
    draft = Draft(stage.general, stage.anna, "message", body="вот", nonce=nonce_of("1"), more=MORE)

    stored = await stage.write(lambda tx: tx.append(draft))
    await stage.reopen()

    assert await stage.log() == [stored]
    assert (stored.body, stored.files, stored.mentions) == ("вот", (PICTURE,), (0, 2))
    assert (stored.forwarded, stored.via) == (2, "будильник")


async def test_an_entry_without_a_text_may_still_concern_somebody(stage: Stage):
    draft = Draft(stage.general, stage.anna, "ban", more=Content(user=stage.boris, on=False))

    await stage.write(lambda tx: tx.append(draft))
    await stage.reopen()

    (entry,) = await stage.log()
    assert (entry.body, entry.user, entry.on) == (None, stage.boris, False)


async def test_a_nonce_is_not_repeated_with_other_files(stage: Stage):
    draft = Draft(stage.general, stage.anna, "message", body="вот", nonce=nonce_of("1"), more=MORE)
    first = await stage.write(lambda tx: tx.append(draft))

    assert await stage.write(lambda tx: tx.append(draft)) == first
    with pytest.raises(NonceReused):
        await stage.write(lambda tx: tx.append(structs.replace(draft, more=Content())))
