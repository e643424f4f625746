"""The button that says what is under way, and the list behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from desktop.events.transfers import Transfer
from desktop.model.transfers import TransferList
from desktop.view.files.button import draw_ring, words
from desktop.view.files.transfers_sheet import TransfersSheet
from tests.desktop.view.conftest import Stage
from tests.desktop.view.files.some import MB, file, transfer
from tests.desktop.view.talk import conversation, open_main

pytestmark = pytest.mark.window


def listed(*transfers: Transfer) -> TransferList:
    states = [one.state for one in transfers]
    moving = [one for one in transfers if one.state in ("waiting", "running", "paused")]
    size = sum(one.size for one in moving)
    share = sum(one.done for one in moving) / size if size else None
    return TransferList(tuple(transfers), len(moving), states.count("failed"), states.count("done"), share)


RUNNING = transfer(file(1, "film.mp4", 80 * MB), "running", 20 * MB)
FAILED = transfer(file(2, "song.mp3"), "failed", problem="There is no room.")
DONE = transfer(file(3, "plan.pdf"), "done", 8 * MB)


def show(stage: Stage, *transfers: Transfer) -> None:
    stage.window.show_transfer_list(listed(*transfers))
    stage.pump()


def sheet_of(stage: Stage) -> Any:
    stage.window.files.open_transfers()
    stage.pump()
    sheet = stage.window._sheets.find(TransfersSheet)
    assert sheet is not None
    return sheet


def lines(sheet: Any) -> Sequence[str]:
    canvas = sheet.list.canvas
    return [canvas.itemcget(item, "text") for item in canvas.find_all() if canvas.type(item) == "text"]


def press(stage: Stage, widget: Any, *keys: str) -> None:
    widget.focus_force()
    stage.pump()
    for key in keys:
        widget.event_generate(f"<{key}>")
        stage.pump()


def test_the_button_is_there_only_while_there_is_something_to_say(stage: Stage):
    open_main(stage, conversation(1))
    button = stage.screen.transfers.widget
    assert not button.winfo_ismapped()
    show(stage, RUNNING)
    assert button.winfo_ismapped()
    show(stage)
    assert not button.winfo_ismapped()


def test_in_a_narrow_window_the_button_is_beside_the_conversation(stage: Stage):
    stage.window.root.minsize(1, 1)
    open_main(stage, conversation(1))
    show(stage, RUNNING)
    beside = stage.screen.header.transfers.widget
    assert not beside.winfo_ismapped()
    stage.window.root.geometry("420x600")
    stage.wait(lambda: stage.screen.winfo_width() == 420)
    stage.pump()
    assert beside.winfo_ismapped()
    assert not stage.screen.transfers.widget.winfo_ismapped()
    beside.invoke()
    stage.pump()
    assert stage.window._sheets.find(TransfersSheet) is not None


def test_the_button_opens_the_list_and_so_does_its_key(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING)
    stage.screen.transfers.widget.invoke()
    stage.pump()
    assert stage.window._sheets.find(TransfersSheet) is not None
    stage.window._sheets.close_all()
    press(stage, stage.window.root, "Control-j")
    assert stage.window._sheets.find(TransfersSheet) is not None


def test_its_ring_closes_with_what_has_come():
    shares = [0.0, 0.25, 0.5, 0.75, 1.0]
    filled = [draw_ring(40, share, "#FF0000", "#CCCCCC", "#000000") for share in shares]
    red = [
        sum(image.tobytes()[at : at + 4] == b"\xff\x00\x00\xff" for at in range(0, 4 * 40 * 40, 4)) for image in filled
    ]
    assert red == sorted(red)
    assert red[0] == 0
    assert red[4] > 3 * red[1] > 0


def test_its_words_say_how_many_and_how_far():
    assert words(listed(RUNNING)) == "1 file under way, 25 %"
    assert words(listed(RUNNING, FAILED)) == "1 file under way, 25 % · 1 failed"
    assert words(listed(DONE)) == "All files have arrived"


def test_the_list_says_how_it_stands_with_each(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING, FAILED, DONE)
    shown = lines(sheet_of(stage))
    assert {"film.mp4", "20 of 80 MB", "song.mp3", "There is no room.", "plan.pdf"} <= set(shown)
    assert any(text.startswith("Arrived") for text in shown)


def test_the_list_follows_what_happens_and_keeps_its_place(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING, FAILED)
    sheet = sheet_of(stage)
    press(stage, sheet.list.canvas, "Down")
    assert sheet.list.active == FAILED
    show(stage, DONE, RUNNING, FAILED)
    assert sheet.list.active == FAILED
    show(stage, DONE)
    assert sheet.list.active == DONE
    show(stage)
    assert sheet.list.active is None
    assert sheet._nothing.winfo_ismapped()


def test_keys_stop_go_on_and_give_up(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING, FAILED, DONE)
    sheet = sheet_of(stage)
    press(stage, sheet.list.canvas, "Return", "Down", "space", "Delete", "Down", "Delete")
    assert stage.asked.of("pause_transfer") == [(RUNNING.key,)]
    assert stage.asked.of("resume_transfer") == [(FAILED.key,)]
    assert stage.asked.of("cancel_transfer") == [(FAILED.key,)]
    assert stage.asked.of("clear_transfers") == [(DONE.key,)], "what has come stays where it is"


def test_escape_closes_the_list_that_has_the_keyboard(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING, FAILED)
    stage.screen.composer.text.focus_force()
    press(stage, stage.window.root, "Control-j")
    sheet = stage.window._sheets.find(TransfersSheet)
    assert sheet is not None
    assert stage.window.root.focus_get() is sheet.list.canvas
    sheet.list.canvas.event_generate("<Return>")
    stage.pump()
    assert stage.asked.of("pause_transfer") == [(RUNNING.key,)]
    assert stage.window._sheets.find(TransfersSheet) is sheet, "Return is the list's own"
    sheet.list.canvas.event_generate("<Escape>")
    stage.pump()
    assert stage.window._sheets.find(TransfersSheet) is None


def test_clicks_do_the_same(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING, FAILED)
    sheet = sheet_of(stage)
    rows = sheet.list
    drawn = rows.drawn(1)
    for time, hit in enumerate(drawn.block.hits):
        y = rows.to_view(drawn) + hit.y + hit.height // 2
        rows.canvas.event_generate("<ButtonPress-1>", x=hit.x + hit.width // 2, y=y, time=1000 + 9000 * time)
        stage.pump()
    assert stage.asked.of("resume_transfer") == [(FAILED.key,)]
    assert stage.asked.of("cancel_transfer") == [(FAILED.key,)]


def test_the_failed_are_tried_again_and_the_finished_cleared_all_at_once(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, RUNNING)
    sheet = sheet_of(stage)
    assert sheet.retry.instate(["disabled"])
    assert sheet.clear.instate(["disabled"])
    show(stage, RUNNING, FAILED, DONE)
    sheet.retry.invoke()
    sheet.clear.invoke()
    assert stage.asked.of("retry_transfers") == [()]
    assert stage.asked.of("clear_transfers") == [("",)]


def test_a_name_that_pretends_is_made_safe(stage: Stage):
    open_main(stage, conversation(1))
    show(stage, transfer(file(1, "a\u202etxt.exe\n"), "running"))
    assert "atxt.exe" in lines(sheet_of(stage))
