"""The relay moves to this computer: the link brings the permission, a child process the relay, and then it is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop import hosted
from desktop.moves import MoveAllowed, MoveShown
from tests.desktop.stage import OFFICE, OTHER, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    made.anna_is_in()
    return made


def test_what_is_allowed_is_fetched_shown_and_then_run(stage: Stage) -> None:
    stage.tells(MoveAllowed("pymessenger-move://…"))
    assert stage.moving.last("receive") == ("pymessenger-move://…",)
    stage.tells(MoveShown("copying", 1, 2))
    assert stage.screen.last("show_move") == (MoveShown("copying", 1, 2),)
    stage.hosting.forget()
    stage.tells(MoveShown("moved", relay_id=OFFICE))
    assert stage.hosting.of("start")
    assert stage.settings.settings.own_relay == OFFICE
    stage.tells(hosted.HostingReady(OFFICE, "Office", 5000))
    assert stage.screen.last("show_move")[0].phase == "serving"


def test_another_relay_that_starts_is_not_the_end_of_a_move(stage: Stage) -> None:
    stage.tells(MoveShown("moved", relay_id=OFFICE))
    stage.tells(hosted.HostingReady(OTHER, "Mine", 5001))
    assert stage.screen.last("show_move")[0].phase == "moved"


def test_where_a_relay_runs_none_is_fetched(stage: Stage) -> None:
    stage.hosting.is_running = True
    stage.tells(MoveAllowed("pymessenger-move://…"))
    assert not stage.moving.of("receive")
    assert stage.screen.last("show_move")[0].phase == "not_moved"


def test_what_the_person_does_about_it_goes_to_the_move(stage: Stage) -> None:
    for act, done in (
        (stage.controller.cancel_move, "give_up"),
        (stage.controller.finish_move, "finish"),
        (stage.controller.forget_move, "drop"),
        (stage.controller.look_for_move, "look"),
    ):
        act()
        assert stage.moving.of(done)
