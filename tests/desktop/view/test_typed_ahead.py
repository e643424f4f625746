"""Keys that are pressed faster than the window draws: they go to the sheet that the first of them opens, and to nothing behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

from common.ids import Seq
from desktop.screen import Editing
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_timeline import message, timeline
from tests.desktop.view.test_window import composer, top

pytestmark = pytest.mark.window
WITHIN_S = 10


def in_one_go(stage: Stage, display: str, *keys: str) -> None:
    """All of *keys* wait to be read when the window hears of the first one."""
    if shutil.which("xdotool") is None:
        pytest.skip("needs xdotool")
    command = ["xdotool", "key", "--clearmodifiers", "--delay", "0", *keys]
    subprocess.run(command, env={**os.environ, "DISPLAY": display}, check=True, timeout=WITHIN_S)
    stage.pump()


@pytest.fixture
def marked(stage: Stage) -> Any:
    """A message is marked, and the keyboard is there."""
    open_main(stage, [*conversation(2), message(3)])
    timeline(stage).canvas.focus_force()
    stage.pump()
    timeline(stage).canvas.event_generate("<Up>")
    stage.pump()
    return stage


@pytest.mark.parametrize("opens", ["f", "plus", "ctrl+f", "ctrl+k"])
def test_what_is_typed_ahead_goes_into_the_sheet(marked: Stage, display: str, opens: str):
    in_one_go(marked, display, opens, "a", "b")
    sheet = top(marked)
    assert sheet is not None
    assert sheet.first_focus().get() == "ab"
    assert composer(marked).value() == ""


@pytest.mark.parametrize("opens", ["f", "plus", "ctrl+f", "ctrl+k"])
def test_a_sheet_that_is_closed_at_once_is_closed_and_the_next_letters_are_a_message(
    marked: Stage, display: str, opens: str
):
    in_one_go(marked, display, opens, "Escape", "a", "b")
    assert top(marked) is None
    assert composer(marked).value() == "ab"


def test_what_becomes_of_the_composer_meanwhile_does_not_take_the_keyboard_from_a_sheet(marked: Stage, display: str):
    in_one_go(marked, display, "f")
    marked.window.show_composer_mode(Editing(Seq(1), "anna 1"))
    marked.window.focus_composer()
    marked.pump()
    assert marked.window.root.focus_get() is top(marked).first_focus()
