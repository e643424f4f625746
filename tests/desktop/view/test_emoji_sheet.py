"""An emoji is chosen by pointer or keyboard, for the composer or as a reaction."""

from __future__ import annotations

from typing import Any

import pytest

from desktop.settings import SettingsFile
from desktop.view import emoji
from desktop.view.sheets.emoji import RECENT, EmojiSheet, note_emoji, recent_emoji
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_window import top

pytestmark = pytest.mark.window


def opened(stage: Stage) -> Any:
    sheet = stage.window._sheets.top
    assert isinstance(sheet, EmojiSheet)
    stage.wait(lambda: sheet.grid_.visible(), "no emoji were drawn")
    sheet.field.focus_force()
    stage.pump()
    return sheet


def press(stage: Stage, sheet: Any, *keys: str) -> None:
    for key in keys:
        sheet.field.event_generate(f"<{key}>")
        stage.pump()


def search(stage: Stage, sheet: Any, text: str) -> None:
    sheet.field.delete(0, "end")
    sheet.field.insert(0, text)
    stage.pump()


@pytest.fixture(autouse=True)
def _drawn(stage: Stage) -> None:
    stage.window._safe.astral = True
    open_main(stage, conversation(3))


def test_what_is_searched_is_chosen_by_return_and_put_into_the_composer(stage: Stage):
    stage.window._pick_for_composer()
    sheet = opened(stage)
    search(stage, sheet, "огонь")
    assert "fire" in sheet._name["text"]
    press(stage, sheet, "Return")
    assert stage.screen.composer.value() == "🔥"
    assert recent_emoji(stage.settings) == ("🔥",)


def test_arrows_move_through_the_categories(stage: Stage):
    stage.window._pick_for_composer()
    sheet = opened(stage)
    grid = sheet.grid_
    assert grid._marked == (1, 0)
    press(stage, sheet, "Right", "Right", "Left", "Down")
    assert grid._marked == (2, 1)
    press(stage, sheet, "Up", "Up", "Up")
    assert grid._marked == (1, 1)
    press(stage, sheet, *["Next"] * 10)
    row, _column = grid._marked
    assert row > 20
    assert not isinstance(grid._rows[row], str)
    assert row in [index for index, _drawn in grid.visible()]
    press(stage, sheet, "Return")
    assert len(stage.screen.composer.value()) >= 1


def test_a_word_that_nothing_is_called_finds_nothing(stage: Stage):
    stage.window._pick_for_composer()
    sheet = opened(stage)
    search(stage, sheet, "qqqq")
    press(stage, sheet, "Down", "Right", "Return")
    assert top(stage) is sheet
    assert "no emoji" in sheet._name["text"]
    search(stage, sheet, "")
    assert sheet.grid_.count() > 100


def test_a_category_is_reached_by_its_tab(stage: Stage):
    stage.window._pick_for_composer()
    sheet = opened(stage)
    search(stage, sheet, "fire")
    sheet._tabs.winfo_children()[-1].invoke()
    stage.pump()
    assert sheet.field.get() == ""
    assert sheet.focus_get() is sheet.field
    assert sheet.grid_._at(sheet.grid_._marked).category == 9


def test_any_emoji_can_be_a_reaction(stage: Stage):
    timeline = stage.screen.timeline
    row = timeline._rows[1]
    timeline._acts.react(row)
    sheet = opened(stage)
    search(stage, sheet, "rocket")
    press(stage, sheet, "Return")
    assert stage.asked.of("react") == [(row.seq, "🚀", True)]


def test_after_a_reaction_the_keyboard_is_at_the_message_again(stage: Stage):
    canvas = stage.screen.timeline.canvas
    canvas.focus_force()
    for key in ("<Up>", "<plus>"):
        canvas.event_generate(key)
        stage.pump()
    sheet = opened(stage)
    search(stage, sheet, "fire")
    press(stage, sheet, "Return")
    assert stage.asked.of("react") == [(3, "🔥", True)]
    stage.wait(lambda: stage.window.root.focus_get() is canvas, "the keyboard is elsewhere")
    canvas.event_generate("<r>")
    assert stage.asked.of("reply_to") == [(3,)]


def test_a_reaction_chosen_over_another_look_does_no_harm(stage: Stage):
    row = stage.screen.timeline.rows[2]
    stage.screen.timeline._acts.react(row)
    stage.window.set_theme("dark")
    sheet = opened(stage)
    search(stage, sheet, "fire")
    press(stage, sheet, "Return")
    assert stage.asked.of("react") == [(3, "🔥", True)]


def test_recent_ones_come_first_and_are_few(stage: Stage):
    for number in range(RECENT + 5):
        note_emoji(stage.settings, chr(0x1F600 + number))
    note_emoji(stage.settings, "\U0001f610")
    recent = recent_emoji(stage.settings)
    assert len(recent) == RECENT
    assert recent[0] == "\U0001f610"
    assert len(set(recent)) == RECENT
    assert SettingsFile(stage.settings.folder).settings.recent_emoji == " ".join(recent)
    stage.window._pick_for_composer()
    sheet = opened(stage)
    assert sheet.grid_._rows[0] == "Recent"
    press(stage, sheet, "Return")
    assert stage.screen.composer.value() == "\U0001f610"


def test_without_a_colour_font_only_what_tk_survives_is_offered(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(emoji, "colour_font", lambda: None)
    stage.window._safe.astral = False
    stage.window._pick_for_composer()
    sheet = opened(stage)
    shown = [one.sign for row in sheet.grid_._rows if not isinstance(row, str) for one in row]
    assert shown
    assert all(ord(letter) < 0x10000 for sign in shown for letter in sign)
