"""The relay moves to this computer: the link brings the permission, a child process the relay, and then it is run."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest

from common.ids import Millis, RelayId
from desktop import hosted
from desktop.moves import MoveAllowed, MoveShown
from desktop.moving import Moving
from relay.moving.marks import Receiving, receiving_folder, write_mark
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


class Left:
    """A computer where a move was broken off, and what the program that moves relays tells of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        beside = receiving_folder(folder / "data")
        beside.mkdir(parents=True)
        write_mark(beside, Receiving(RelayId("A" * 52), "127.0.0.1", 5000, "c" * 43, "move", Millis(0)))
        self._told: queue.Queue[MoveShown] = queue.Queue()
        self.moving = Moving(self._told.put, ("--data-dir", str(folder / "data")))

    def tells(self) -> str:
        """The next phase that is no beginning."""
        while (shown := self._told.get(timeout=30)).phase == "starting":
            pass
        return shown.phase

    def has_told_all(self) -> bool:
        """Once nothing is under way any more: whether nothing else was told."""
        for thread in threading.enumerate():
            if thread.name in ("move", "move look"):
                thread.join(30)
        return self._told.empty()


def test_a_move_that_was_broken_off_is_found(tmp_path: Path) -> None:
    left = Left(tmp_path / "here")
    left.moving.look()
    assert left.tells() == "in_doubt"


def test_whoever_begins_while_it_is_looked_for_hears_of_that_alone(tmp_path: Path) -> None:
    left = Left(tmp_path / "here")
    left.moving.look()
    left.moving.receive("no link")
    assert left.tells() == "not_moved"
    assert left.has_told_all()
