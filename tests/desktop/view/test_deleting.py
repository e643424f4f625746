"""Deleting one's own account, in a real window: what happens then is said first, and nothing happens by mistake."""

from __future__ import annotations

import pytest

from desktop.view.sheets.deleting import DeleteAccountSheet
from desktop.view.sheets.own_data import OwnDataSheet
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import ME, conversation, open_main
from tests.desktop.view.test_window import press, texts, top

pytestmark = pytest.mark.window


def arrive(stage: Stage) -> DeleteAccountSheet:
    open_main(stage, conversation(3))
    stage.window.show_main("Office", ME)
    stage.window.open_settings("you")
    press(stage, "Delete my account…")
    sheet = top(stage)
    assert isinstance(sheet, DeleteAccountSheet)
    return sheet


def test_what_happens_is_said_before_anything_is_asked(stage: Stage):
    arrive(stage)
    words = texts(stage)
    for part in (
        "Your account @peter on “Office” is deleted for good.",
        "cannot be brought back",
        "Notes to yourself",
        "A backup of the relay made before",
        "This computer forgets everything",
    ):
        assert part in words


@pytest.mark.parametrize(
    "choice, fate, meaning",
    [
        ("It stays without my name", "anonymous", "“Deleted account” stands in place of your name"),
        ("It is deleted", "erase", "is deleted for everybody, with your files"),
    ],
)
def test_each_choice_says_what_it_means_and_is_done_with_the_password(
    stage: Stage, choice: str, fate: str, meaning: str
):
    sheet = arrive(stage)
    assert meaning not in texts(stage)
    press(stage, choice)
    assert meaning in texts(stage)
    sheet.password.put("correct horse")
    press(stage, "Delete my account")
    assert stage.asked.of("delete_account") == [("correct horse", fate)]


def test_nothing_is_chosen_for_the_person(stage: Stage):
    sheet = arrive(stage)
    sheet.password.put("correct horse")
    press(stage, "Delete my account")
    assert stage.asked.of("delete_account") == []
    assert "Choose what becomes of what you have said." in texts(stage)


def test_nothing_happens_without_the_password(stage: Stage):
    arrive(stage)
    press(stage, "It is deleted")
    press(stage, "Delete my account")
    assert stage.asked.of("delete_account") == []
    assert "Type your password" in texts(stage)


def test_it_is_asked_for_once_and_again_only_after_a_refusal(stage: Stage):
    sheet = arrive(stage)
    press(stage, "It is deleted")
    sheet.password.put("incorrect horse")
    press(stage, "Delete my account")
    press(stage, "Delete my account")
    assert len(stage.asked.of("delete_account")) == 1
    stage.window.show_not_deleted("wrong_credentials", "The user name or the password is wrong.")
    assert "The password is wrong." in texts(stage)
    sheet.password.put("correct horse")
    press(stage, "Delete my account")
    assert stage.asked.of("delete_account")[-1] == ("correct horse", "erase")


def test_when_it_is_done_the_list_of_relays_is_seen_and_says_so(stage: Stage):
    sheet = arrive(stage)
    press(stage, "It is deleted")
    sheet.password.put("correct horse")
    press(stage, "Delete my account")
    stage.window.show_chooser()
    stage.window.show_toast("Your account was deleted.")
    stage.pump()
    assert top(stage) is None
    assert stage.screen.winfo_ismapped()
    assert "Your account was deleted." in texts(stage)


def test_another_refusal_is_said_in_its_words(stage: Stage):
    sheet = arrive(stage)
    press(stage, "It is deleted")
    sheet.password.put("correct horse")
    press(stage, "Delete my account")
    stage.window.show_not_deleted("last_owner", "Make somebody else an owner first.")
    assert "Make somebody else an owner first." in texts(stage)


def test_the_own_data_can_be_had_first_and_the_sheet_waits_below(stage: Stage):
    sheet = arrive(stage)
    press(stage, "It stays without my name")
    press(stage, "Download my data first…")
    assert isinstance(top(stage), OwnDataSheet)
    press(stage, "Close")
    assert top(stage) is sheet
    assert sheet.fate.value == "anonymous"


def test_a_new_look_keeps_what_was_chosen(stage: Stage):
    sheet = arrive(stage)
    press(stage, "It is deleted")
    sheet.password.put("correct horse")
    stage.window.redraw()
    stage.pump()
    sheet = top(stage)
    assert (sheet.fate.value, sheet.password.text) == ("erase", "correct horse")


def test_escape_leaves_without_doing_anything(stage: Stage):
    arrive(stage)
    press(stage, "It is deleted")
    press(stage, "Cancel")
    assert stage.asked.of("delete_account") == []
