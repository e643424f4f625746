"""Limits in “This relay” in a real window: what counts and what is the default, set for everybody or for one, lowered after a question."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from common.ids import UserId
from common.protocol.messages import (
    Answer,
    LimitException,
    LimitName,
    ListLimits,
    PersonLimit,
    PersonLimits,
    SetLimit,
    User,
)
from desktop.view.limits_form import LIMITS, number_of
from tests.desktop.view.conftest import Stage
from tests.desktop.view.test_this_relay import answer, arrive, look_at_anna, orders
from tests.desktop.view.test_window import press, texts, top

pytestmark = pytest.mark.window

GROUPS = PersonLimit("groups", 200, 200)
FILES = PersonLimit("files", 5 << 30, 5 << 30)


def tell(stage: Stage, *limits: PersonLimit, exceptions: list[LimitException] | None = None, **whom: int) -> str:
    """The relay says so; all that is shown then."""
    told = PersonLimits(limits=list(limits), exceptions=exceptions or [])
    stage.window.show_ordered(ListLimits(**whom), told, "")
    return texts(stage)


def form(stage: Stage) -> Any:
    return top(stage)._panel.form


def enter(stage: Stage, text: str) -> None:
    """Put *text* into the field of the first limit, and set it."""
    press(stage, "Change")
    field = form(stage).editor.field
    field.delete(0, "end")
    field.insert(0, text)
    field.event_generate("<Return>")
    stage.pump()


def test_every_limit_has_its_words():
    assert set(LIMITS) == set(get_args(LimitName))


def test_each_is_told_with_its_unit_and_its_default(stage: Stage):
    arrive(stage, "limits")
    assert orders(stage) == [ListLimits()]
    lines = tell(stage, FILES, PersonLimit("groups", 20, 200, changed=True), PersonLimit("links", 0, 0)).splitlines()
    first = lines.index("Clients connected at once: no limit")
    assert lines[first + 1] == "the default"
    assert lines[lines.index("Groups made: 20") + 1] == "default: 200"
    assert "Size of all files: 5.0 GB" in lines


def test_for_whom_it_is_otherwise_is_named_and_of_many_the_number(stage: Stage):
    arrive(stage, "limits")
    people = [User(UserId(number), f"p{number}", f"Person {number}", "member") for number in range(1, 13)]
    said = tell(stage, GROUPS, exceptions=[LimitException(each, "groups", 7) for each in people])
    assert "Otherwise for: Person 1 (7), Person 2 (7)" in said
    assert "Person 10 (7), 2 more" in said


def test_a_higher_limit_is_set_without_a_question_and_shown(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    enter(stage, "1 000")
    assert orders(stage)[-1] == SetLimit(limit="groups", value=1000)
    stage.window.show_ordered(SetLimit(limit="groups", value=1000), Answer(), "")
    assert orders(stage)[-1] == ListLimits()
    assert "Groups made: 1,000" in tell(stage, PersonLimit("groups", 1000, 200, changed=True))
    assert stage.window.root.focus_get() is form(stage)._openers["groups"]


def test_a_lower_limit_is_set_only_after_a_question(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    enter(stage, "20")
    assert "Groups made: 20. It counts at once." in texts(stage)
    answer(stage, "Cancel")
    assert orders(stage) == [ListLimits()]
    enter(stage, "20")
    answer(stage, "Lower it")
    assert orders(stage)[-1] == SetLimit(limit="groups", value=20)


def test_a_default_that_is_lower_is_asked_about_too(stage: Stage):
    arrive(stage, "limits")
    tell(stage, PersonLimit("groups", 0, 200, changed=True))
    press(stage, "Change")
    press(stage, "Default: 200")
    answer(stage, "Lower it")
    assert orders(stage)[-1] == SetLimit(limit="groups", value=None)


def test_no_limit_is_set_without_a_question(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    press(stage, "Change")
    press(stage, "No limit")
    assert orders(stage)[-1] == SetLimit(limit="groups", value=0)


def test_the_size_of_files_is_entered_in_megabytes(stage: Stage):
    arrive(stage, "limits")
    tell(stage, FILES)
    press(stage, "Change")
    assert form(stage).editor.field.get() == "5120"
    enter(stage, "10240")
    assert orders(stage)[-1] == SetLimit(limit="files", value=10 << 30)


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "tea", "²", "9007199254740992", "9" * 5000])
def test_what_is_no_limit_is_said_beside_the_field_and_not_sent(stage: Stage, text: str):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    enter(stage, text)
    assert "Enter a whole number, from 1." in texts(stage)
    assert orders(stage) == [ListLimits()]


def test_the_highest_limit_is_one_that_the_relay_takes():
    assert number_of(str(2**53 - 1), 1) == 2**53 - 1
    assert number_of(str(2**33), 1 << 20) is None


def test_cancel_takes_the_field_away_and_gives_the_keyboard_back(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    press(stage, "Change")
    assert stage.window.root.focus_get() is form(stage).editor.field
    press(stage, "Cancel")
    assert not form(stage).editor.winfo_ismapped()
    assert stage.window.root.focus_get() is form(stage)._openers["groups"]


def test_escape_in_the_field_closes_the_sheet(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    press(stage, "Change")
    form(stage).editor.field.event_generate("<Escape>")
    stage.pump()
    assert top(stage) is None


def test_tab_goes_through_the_field_between_its_limit_and_the_next_one(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS, PersonLimit("tokens", 50, 50))
    openers, editor = form(stage)._openers, form(stage).editor
    openers["groups"].invoke()
    stage.pump()
    assert openers["groups"].tk_focusNext() is editor.field
    assert editor._leave.tk_focusNext() is openers["tokens"]


def test_what_is_refused_is_said_beside_the_field(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    enter(stage, "300")
    stage.window.show_ordered(SetLimit(limit="groups", value=300), None, "You may not do that here.")
    assert form(stage).editor._problem.cget("text") == "You may not do that here."


def test_what_is_refused_is_said_above_everything_where_there_is_no_field_any_more(stage: Stage):
    arrive(stage, "limits")
    tell(stage, GROUPS)
    stage.window.show_ordered(SetLimit(limit="groups", value=300), None, "You may not do that here.")
    assert "You may not do that here." in texts(stage)


def test_what_is_refused_for_a_person_is_said_beside_the_field(stage: Stage):
    panel = look_at_anna(stage)
    tell(stage, GROUPS, user=2)
    press(stage, "Change")
    stage.window.show_ordered(SetLimit(limit="groups", value=300, user=2), None, "You may not do that here.")
    assert panel._person.allowance.form.editor._problem.cget("text") == "You may not do that here."


def test_a_persons_limits_are_shown_on_request_with_what_they_have(stage: Stage):
    look_at_anna(stage)
    press(stage, "Show their limits")
    assert orders(stage)[-1] == ListLimits(user=2)
    limit = PersonLimit("groups", 300, 200, changed=True, used=17)
    lines = tell(stage, limit, PersonLimit("tokens", 50, 50, used=0), user=2).splitlines()
    assert lines[lines.index("Groups made: 300") + 1] == "now: 17 · everybody else: 200"
    assert lines[lines.index("Access tokens: 50") + 1] == "now: 0 · as everybody"


def test_a_limit_is_set_for_the_person_who_is_looked_at_and_told_anew(stage: Stage):
    look_at_anna(stage)
    tell(stage, PersonLimit("groups", 100, 200, changed=True, used=17), user=2)
    press(stage, "Change")
    press(stage, "As everybody: 200")
    wanted = SetLimit(limit="groups", value=None, user=2)
    assert orders(stage)[-1] == wanted
    stage.window.show_ordered(wanted, Answer(), "")
    assert orders(stage)[-1] == ListLimits(user=2)


def test_limits_of_somebody_else_are_not_shown_at_the_person(stage: Stage):
    look_at_anna(stage)
    assert "Groups made" not in tell(stage, GROUPS, user=3)
