"""How much of the past is kept, in a real window: everybody sees it, who leads changes it, and nothing goes before its number was agreed to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from common.protocol.messages import (
    Command,
    CountExpired,
    Expired,
    GetRetention,
    Keeps,
    Retained,
    SetHold,
    SetRetention,
    User,
)
from desktop.model.rows import BeginLine, Header
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, ME, conversation, open_main
from tests.desktop.view.test_this_relay import OWNER, arrive, orders
from tests.desktop.view.test_window import press, texts, top

pytestmark = pytest.mark.window

TEAM = replace(GENERAL, kind="group", name="Tea", may_manage=True, may_rename=True)


def about(stage: Stage, header: Header = TEAM, me: User = ME) -> str:
    """All that the sheet about the open conversation says."""
    open_main(stage, conversation(3))
    stage.window.show_main("Office", me)
    stage.window.show_header(header)
    stage.window._around.open_info()
    return texts(stage)


def change(stage: Stage, header: Header = TEAM, me: User = ME, relay: Keeps | None = None) -> Any:
    """The sheet in which it is changed; the relay has told its own rule."""
    about(stage, header, me)
    press(stage, "Change…")
    answer(stage, GetRetention(), Retained(keeps=relay or Keeps()))
    return top(stage).form


def answer(stage: Stage, command: Command, said: Any, problem: str = "") -> None:
    stage.window.show_ordered(command, said, problem)
    stage.pump()


def count(stage: Stage, lost: int) -> None:
    """The relay has counted what it was asked to count last."""
    answer(stage, orders(stage)[-1], Expired(messages=lost))


def buttons(stage: Stage) -> set[str]:
    return set(texts(stage).splitlines())


@pytest.mark.parametrize(
    "keeps, words",
    [
        (None, "All messages are kept."),
        (Keeps(days=30), "Messages older than 30 days are deleted on this relay."),
        (Keeps(entries=1000, own=True), "Only the last 1,000 entries are kept"),
        (Keeps(days=30, held=True), "Everything is kept here at present"),
    ],
)
def test_every_member_sees_how_much_is_kept(stage: Stage, keeps: Keeps | None, words: str):
    assert words in about(stage, replace(TEAM, may_manage=False, may_rename=False, keeps=keeps))


@pytest.mark.parametrize(
    "header, role, may",
    [
        (TEAM, "member", True),
        (replace(TEAM, may_rename=False), "member", False),
        (replace(TEAM, may_rename=False), "owner", True),
        (replace(TEAM, may_rename=False, joined=False), "owner", False),
        (replace(TEAM, kind="direct", may_rename=False, may_manage=False), "owner", False),
    ],
)
def test_who_leads_the_group_or_the_relay_may_change_it(stage: Stage, header: Header, role: Any, may: bool):
    about(stage, header, replace_role(role))
    assert ("Change…" in buttons(stage)) == may


def replace_role(role: Any) -> User:
    return User(ME.id, ME.username, ME.display_name, role)


def test_nothing_is_lost_before_its_number_was_agreed_to(stage: Stage):
    change(stage)
    press(stage, "30 days")
    press(stage, "Change")
    assert orders(stage)[1:] == [CountExpired(group=TEAM.group, days=30)]
    count(stage, 312)
    assert "312 messages go by that. They are deleted for good" in texts(stage)
    assert len(orders(stage)) == 2
    press(stage, "Delete 312 messages")
    assert orders(stage)[2:] == [SetRetention(group=TEAM.group, days=30, loses=312)]
    answer(stage, orders(stage)[-1], Expired(messages=312))
    assert top(stage) is None
    assert "312 messages are deleted." in texts(stage)


def test_who_does_not_agree_changes_nothing(stage: Stage):
    change(stage)
    press(stage, "1,000")
    press(stage, "Change")
    count(stage, 1)
    press(stage, "Cancel")
    assert [type(one) for one in orders(stage)] == [GetRetention, CountExpired]
    assert top(stage).form is not None


def test_what_deletes_nothing_is_done_without_a_question(stage: Stage):
    change(stage, replace(TEAM, keeps=Keeps(days=30, own=True)))
    press(stage, "For ever")
    press(stage, "Change")
    count(stage, 0)
    assert orders(stage)[-1] == SetRetention(group=TEAM.group)


def test_a_refusal_is_said_in_the_sheet_and_it_can_be_tried_again(stage: Stage):
    change(stage)
    press(stage, "7 days")
    press(stage, "Change")
    count(stage, 5)
    press(stage, "Delete 5 messages")
    answer(stage, orders(stage)[-1], None, "More messages would be deleted by that than you agreed to.")
    assert "More messages would be deleted by that than you agreed to." in texts(stage)
    press(stage, "Change")
    count(stage, 6)
    press(stage, "Delete 6 messages")
    assert orders(stage)[-1] == SetRetention(group=TEAM.group, days=7, loses=6)


def test_a_group_may_keep_less_than_the_relay_and_only_its_owner_lets_it_keep_more(stage: Stage):
    change(stage, relay=Keeps(days=30))
    assert {"As the relay: 30 days", "7 days"} <= buttons(stage)
    assert not {"365 days", "For ever"} & buttons(stage)
    stage.window._sheets.close_all()
    change(stage, me=OWNER, relay=Keeps(days=30))
    assert {"As the relay: 30 days", "7 days", "365 days", "For ever"} <= buttons(stage)


def test_the_present_rule_is_the_one_that_is_chosen(stage: Stage):
    form = change(stage, replace(TEAM, keeps=Keeps(days=45, entries=1000, own=True)), relay=Keeps(entries=1000))
    assert (form.days.value, form.entries.value) == (45, None)


def test_only_the_owner_of_the_relay_holds_everything_in_a_group(stage: Stage):
    change(stage)
    assert "Hold everything" not in buttons(stage)
    stage.window._sheets.close_all()
    change(stage, me=OWNER)
    press(stage, "Hold everything")
    assert SetHold(group=TEAM.group) not in orders(stage)
    press(stage, "Hold everything")
    assert orders(stage)[-1] == SetHold(group=TEAM.group)


def test_a_hold_ends_after_a_question_with_the_number(stage: Stage):
    change(stage, replace(TEAM, keeps=Keeps(days=30, held=True)), OWNER, Keeps(days=30))
    press(stage, "End the hold")
    assert orders(stage)[-1] == CountExpired(group=TEAM.group, release=True)
    count(stage, 40)
    press(stage, "Delete 40 messages")
    assert orders(stage)[-1] == SetHold(group=TEAM.group, on=False, loses=40)


def test_a_hold_of_the_whole_relay_does_not_end_in_a_group(stage: Stage):
    change(stage, replace(TEAM, keeps=Keeps(held=True)), OWNER, Keeps(held=True))
    assert "End the hold" not in buttons(stage)
    assert "Everything is held on the whole relay." in texts(stage)


def test_the_owner_sets_the_rule_of_the_relay_and_is_told_the_new_one(stage: Stage):
    arrive(stage, "retention")
    answer(stage, GetRetention(), Retained(keeps=Keeps()))
    press(stage, "365 days")
    press(stage, "Change")
    assert orders(stage)[-1] == CountExpired(days=365, entries=0)
    count(stage, 0)
    assert orders(stage)[-1] == SetRetention(days=365, entries=0)
    answer(stage, orders(stage)[-1], Expired(messages=0))
    assert orders(stage)[-1] == GetRetention()
    answer(stage, GetRetention(), Retained(keeps=Keeps(days=365)))
    words = texts(stage)
    assert "Messages older than 365 days are deleted on this relay." in words
    assert "Nothing was deleted by that." in words


def test_where_the_messages_begin_it_is_said_that_older_ones_were_deleted(stage: Stage):
    open_main(stage, [BeginLine(Keeps(days=30), cut=True), *conversation(2)])
    assert "Older messages were deleted. Messages older than 30 days are deleted on this relay." in " ".join(
        texts(stage).split()
    )
