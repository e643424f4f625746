"""Moving the relay here: asked for with the password, shown while it goes on, and what can be done when it is broken off."""

from __future__ import annotations

from tkinter import ttk
from typing import Any

import pytest

from common.ids import Millis, UserId
from common.protocol.messages import MoveOffered, OfferMove, User
from desktop.moves import MoveShown
from desktop.view.relay.moving import MovingPanel
from desktop.view.sheets.moving import MovingSheet
from desktop.view.sheets.this_relay import ThisRelaySheet
from tests.desktop.view.conftest import Stage

pytestmark = pytest.mark.window


def opened(stage: Stage) -> MovingPanel:
    """The section, for an owner."""
    stage.window.show_main("Office", User(UserId(1), "anna", "Anna", "owner"))
    stage.window._around.owning.open("moving")
    stage.pump()
    sheet = stage.window._sheets.find(ThisRelaySheet)
    assert sheet is not None
    panel = sheet.panel(MovingPanel)
    assert panel is not None
    return panel


def sheet_of(stage: Stage) -> Any:
    found = stage.window._sheets.find(MovingSheet)
    assert found is not None
    stage.pump()
    return found


def shown_buttons(sheet: Any) -> set[str]:
    return {
        str(b.cget("text")) for b in (sheet._close, sheet._finish, sheet._forget, sheet._give_up) if b.winfo_ismapped()
    }


def test_nothing_is_asked_without_a_password(stage: Stage) -> None:
    panel = opened(stage)
    panel.begin.invoke()
    assert not [asked for asked in stage.asked.of("order") if isinstance(asked[0], OfferMove)]
    assert "password" in panel._problem.cget("text")


def test_the_password_goes_to_the_relay_and_stays_nowhere(stage: Stage) -> None:
    panel = opened(stage)
    panel.password.insert(0, "correct horse")
    panel.begin.invoke()
    assert stage.asked.of("order")[-1] == (OfferMove(password="correct horse"),)
    assert panel.password.get() == ""
    stage.window.show_ordered(OfferMove(password="correct horse"), None, "The password is wrong.")
    assert panel._problem.cget("text") == "The password is wrong."
    assert str(panel.begin.cget("state")) == "normal"


def test_its_own_sheet_says_how_far_it_is_and_lets_it_be_given_up(stage: Stage) -> None:
    panel = opened(stage)
    offered = MoveOffered(ticket="x", expires_at=Millis(1))
    stage.window.show_ordered(OfferMove(password="y"), offered, "")
    stage.window.show_move(MoveShown("starting"))
    assert not panel.winfo_exists()
    sheet = sheet_of(stage)
    stage.window.show_move(MoveShown("copying", 5_000_000, 20_000_000, 1_000_000.0, 15.0))
    stage.pump()
    assert sheet.bar.cget("value") == 250
    assert "15 seconds left" in sheet._more.cget("text")
    sheet._give_up.invoke()
    assert stage.asked.of("cancel_move")
    stage.window.show_move(MoveShown("finishing"))
    stage.pump()
    assert shown_buttons(sheet) == {"Go on in the background"}
    stage.window.show_move(MoveShown("serving"))
    stage.pump()
    assert shown_buttons(sheet) == {"Close"}
    assert "runs on this computer now" in sheet._what.cget("text")


def test_it_may_go_on_behind_and_its_end_is_shown_all_the_same(stage: Stage) -> None:
    opened(stage)
    stage.window.show_move(MoveShown("starting"))
    sheet_of(stage).close()
    stage.window.show_move(MoveShown("copying", 1, 2))
    assert not stage.window._sheets
    stage.window.show_move(MoveShown("not_moved", reason="no_room", problem="in English"))
    assert "not enough room" in sheet_of(stage)._what.cget("text")


def test_what_has_no_word_of_its_own_is_said_as_it_came(stage: Stage) -> None:
    opened(stage)
    stage.window.show_move(MoveShown("not_moved", problem="Something quite new."))
    assert "Something quite new." in sheet_of(stage)._what.cget("text")


def test_a_move_that_was_broken_off_is_finished_or_forgotten_from_either_place(stage: Stage) -> None:
    panel = opened(stage)
    assert stage.asked.of("look_for_move")
    stage.window.show_move(MoveShown("in_doubt"))
    stage.pump()
    assert panel._unfinished.winfo_ismapped()
    assert str(panel.begin.cget("state")) == "disabled"
    finish, _forget = [child for child in panel._unfinished.winfo_children() if isinstance(child, ttk.Button)]
    finish.invoke()
    assert stage.asked.of("finish_move")
    stage.window.show_move(MoveShown("starting"))
    sheet = sheet_of(stage)
    stage.window.show_move(MoveShown("in_doubt", problem="The relay does not answer."))
    stage.pump()
    assert shown_buttons(sheet) == {"Close", "Finish the move", "Forget it"}
    sheet._forget.invoke()
    assert stage.asked.of("forget_move")
    stage.window.show_move(MoveShown("forgotten"))
    stage.pump()
    assert shown_buttons(sheet) == {"Close"}
