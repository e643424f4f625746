"""Reading in a real timeline: where it opens, and that nothing moves what the reader looks at."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from common.ids import Nonce, Seq, UserId
from desktop.model.rows import Bubble, Delivery, GapLine, NewLine, Quote, Reaction, Row, Splice
from desktop.view import keymap, keys, marking
from desktop.view.sheets.forward import ForwardSheet
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, open_main, said

pytestmark = pytest.mark.window


def timeline(stage: Stage) -> Any:
    return stage.screen.timeline


def seen(stage: Stage) -> list[int]:
    return [index for index, _drawn in timeline(stage).visible()]


def where(stage: Stage, rows: list[Row], body: str) -> int:
    """Pixels from the top of the view to the message of that text."""
    index = next(i for i, row in enumerate(rows) if isinstance(row, Bubble) and row.body == body)
    drawn = timeline(stage).drawn(index)
    assert drawn is not None, f"{body} is not drawn"
    return int(timeline(stage).to_view(drawn))


def change(stage: Stage, rows: list[Row], start: int, removed: int, new: list[Row]) -> None:
    rows[start : start + removed] = new
    stage.window.splice_timeline(Splice(start, removed, len(new)))
    stage.pump()


def test_it_opens_at_the_newest_message(stage: Stage):
    open_main(stage, conversation(500))
    assert seen(stage)[-1] == 499
    assert timeline(stage).at_end


def test_it_opens_at_the_line_of_new_messages(stage: Stage):
    rows: list[Row] = [*conversation(100), NewLine(), *conversation(100)]
    open_main(stage, rows, anchor=100)
    line = timeline(stage).drawn(100)
    view = timeline(stage)
    assert view.height / 4 < view.to_view(line) < view.height / 2
    assert not view.at_end


def test_few_messages_stand_at_the_bottom(stage: Stage):
    open_main(stage, conversation(2))
    view = timeline(stage)
    last = view.drawn(1)
    assert view.to_view(last) + last.block.height == view.height - view.look.px(view.END_MARGIN)


def test_only_what_is_near_the_view_exists(stage: Stage):
    open_main(stage, conversation(50_000))
    assert len(timeline(stage).all_drawn()) < 40
    assert len(timeline(stage).canvas.find_all()) < 600


def test_at_the_end_a_new_message_comes_into_view(stage: Stage):
    rows = conversation(50)
    open_main(stage, rows)
    change(stage, rows, 50, 0, [said(51)])
    assert seen(stage)[-1] == 50
    assert timeline(stage).at_end


def test_further_up_a_new_message_moves_nothing(stage: Stage):
    rows = conversation(200)
    open_main(stage, rows)
    timeline(stage).show(100, 30)
    before = where(stage, rows, "message 103")
    change(stage, rows, 200, 0, [said(201)])
    assert where(stage, rows, "message 103") == before
    assert not timeline(stage).at_end


@pytest.mark.parametrize("first", [0, 5, 100])
def test_older_messages_above_move_nothing(stage: Stage, first: int):
    rows = conversation(200)
    open_main(stage, rows)
    timeline(stage).show(first, 0)
    body = f"message {first + 3}"
    before = where(stage, rows, body)
    change(stage, rows, 0, 0, [said(number, f"older {number}") for number in range(150)])
    assert where(stage, rows, body) == before
    timeline(stage).scroll_by(-100)
    assert where(stage, rows, body) == before + 100


def test_a_gap_that_fills_above_moves_nothing(stage: Stage):
    rows: list[Row] = [*conversation(100), GapLine(), *[said(number, f"after {number}") for number in range(100)]]
    open_main(stage, rows)
    timeline(stage).show(101, 60)
    before = where(stage, rows, "after 2")
    change(stage, rows, 100, 1, [said(number, f"filled {number}\n" * 5) for number in range(40)])
    assert where(stage, rows, "after 2") == before


def test_what_was_missed_fills_in_below_the_line_where_one_begins_to_read(stage: Stage):
    after = [said(number, f"after {number}") for number in range(100)]
    rows: list[Row] = [*conversation(100), NewLine(), said(200, "the first new one"), GapLine(), *after]
    open_main(stage, rows)
    timeline(stage).show(100, 40)
    before = where(stage, rows, "the first new one")
    change(stage, rows, 102, 1, [said(number, f"filled {number}") for number in range(40)])
    assert where(stage, rows, "the first new one") == before


def test_a_changed_message_in_view_moves_nothing_above_it(stage: Stage):
    rows = conversation(100)
    open_main(stage, rows)
    timeline(stage).show(50, 0)
    before = where(stage, rows, "message 52")
    change(stage, rows, 54, 1, [said(55, "longer\n" * 8)])
    assert where(stage, rows, "message 52") == before


def test_rows_touch_and_never_overlap_after_many_changes(stage: Stage):
    rows = conversation(120)
    open_main(stage, rows)
    view = timeline(stage)
    for step in range(40):
        view.scroll_by((-1) ** step * step * 37)
        start = (step * 17) % len(rows)
        change(
            stage, rows, start, min(step % 3, len(rows) - start), [said(step, "new\n" * (step % 4 + 1))] * (step % 4)
        )
        drawn = view.all_drawn()
        assert [index for index, _ in drawn] == list(range(drawn[0][0], drawn[0][0] + len(drawn)))
        assert all(one.bottom == two.top for (_, one), (_, two) in pairwise(drawn))
        assert drawn[-1][0] < len(rows)
        for index, one in drawn:
            assert one.block is view.block(index)


def test_the_reader_reaches_both_ends(stage: Stage):
    open_main(stage, conversation(300))
    view = timeline(stage)
    view.scroll_by(-10_000_000)
    while seen(stage)[0] > 0:
        view.scroll_by(-10_000)
    assert view.to_view(view.drawn(0)) == view.look.px(view.START_MARGIN)
    while not view.at_end:
        view.scroll_by(10_000)
    assert seen(stage)[-1] == 299


def test_older_ones_are_asked_for_near_the_top_only(stage: Stage):
    rows = conversation(500)
    open_main(stage, rows)
    stage.asked.calls.clear()
    timeline(stage).show(200)
    stage.pump()
    assert not stage.asked.of("load_older")
    timeline(stage).show(10)
    stage.pump()
    assert stage.asked.of("load_older")


def test_a_gap_in_view_is_asked_for(stage: Stage):
    open_main(stage, [*conversation(100), GapLine(), *conversation(2)])
    assert (100,) in stage.asked.of("load_gap")


def test_only_a_focused_window_reads(stage: Stage):
    rows = conversation(100)
    stage.window._focused = False
    open_main(stage, rows)
    timeline(stage).focus_changed(False)
    stage.asked.calls.clear()
    timeline(stage).scroll_by(-300)
    stage.pump()
    assert not stage.asked.of("read_up_to")
    timeline(stage).focus_changed(True)
    stage.pump()
    (read,) = stage.asked.of("read_up_to")
    assert read[0] == seen(stage)[-1] or read[0] == seen(stage)[-2]


def test_leaving_the_end_is_told_once_and_coming_back_too(stage: Stage):
    open_main(stage, conversation(100))
    stage.asked.calls.clear()
    for _ in range(3):
        timeline(stage).scroll_by(-200)
        stage.pump()
    timeline(stage).go_to_end()
    stage.pump()
    assert stage.asked.of("scrolled") == [(False,), (True,)]


def test_the_button_leads_to_the_newest(stage: Stage):
    open_main(stage, conversation(300))
    view = timeline(stage)
    assert not view.canvas.find_withtag("newest")
    view.show(10)
    stage.window.show_new_count(3)
    labels = [
        view.canvas.itemcget(item, "text")
        for item in view.canvas.find_withtag("newest")
        if view.canvas.type(item) == "text"
    ]
    assert labels == ["3"]
    click(stage, view.width - view.look.px(24 + 21), view.height - view.look.px(20 + 21))
    assert view.at_end
    assert stage.asked.of("jump_to_newest")
    assert not view.canvas.find_withtag("newest")


def click(stage: Stage, x: int, y: int, button: int = 1) -> None:
    canvas = timeline(stage).canvas
    canvas.event_generate("<Motion>", x=x, y=y)
    canvas.event_generate(f"<Button-{button}>", x=x, y=y)
    canvas.event_generate(f"<ButtonRelease-{button}>", x=x, y=y)
    stage.pump()


def drag(stage: Stage, start: tuple[int, int], end: tuple[int, int]) -> None:
    canvas = timeline(stage).canvas
    canvas.event_generate("<Button-1>", x=start[0], y=start[1])
    canvas.event_generate("<B1-Motion>", x=end[0], y=end[1])
    canvas.event_generate("<ButtonRelease-1>", x=end[0], y=end[1])
    stage.pump()


def place_of(stage: Stage, index: int) -> tuple[int, int]:
    """Within the first letter of that message."""
    view = timeline(stage)
    drawn = view.drawn(index)
    run = drawn.block.runs[0]
    return run.x + 1, view.to_view(drawn) + run.y + 5


def test_text_is_selected_across_messages_and_copied_with_its_authors(stage: Stage):
    open_main(stage, conversation(30))
    x, y = place_of(stage, 29)
    drag(stage, place_of(stage, 28), (x + 2000, y))
    assert timeline(stage).canvas.find_all()
    assert timeline(stage).copy()
    lines = stage.window.root.clipboard_get().split("\n")
    assert [line.split("] ")[1] for line in lines] == ["Anna: message 29", "Anna: message 30"]


def test_a_selection_stays_while_messages_come(stage: Stage):
    rows = conversation(30)
    open_main(stage, rows)
    x, y = place_of(stage, 29)
    drag(stage, (x, y), (x + 2000, y))
    change(stage, rows, 0, 0, [said(1, "older")])
    change(stage, rows, 31, 0, [said(31)])
    assert timeline(stage).selected_text() == "message 30"


def test_a_double_click_selects_a_word(stage: Stage):
    open_main(stage, conversation(3))
    x, y = place_of(stage, 2)
    for _ in range(2):
        timeline(stage).canvas.event_generate("<Button-1>", x=x + 3, y=y)
    stage.pump()
    assert timeline(stage).selected_text() == "message"


def test_control_c_copies_under_a_russian_layout_too(stage: Stage):
    open_main(stage, conversation(3))
    view = timeline(stage)
    view.select_all()
    if sys.platform == "linux":
        assert keymap.written(keys.letter("Cyrillic_es", 54), 0x4) == "Ctrl+C"
        view.canvas.focus_force()
        view.canvas.event_generate("<Control-c>")
        assert "message 3" in stage.window.root.clipboard_get()


def test_the_menu_copies_the_message(stage: Stage):
    open_main(stage, conversation(10))
    x, y = place_of(stage, 7)
    click(stage, x, y, button=3)
    menu = timeline(stage)._menu
    assert menu.is_open
    menu.step(1)  # reply
    menu.step(1)  # react
    menu.step(1)
    menu.act()
    assert stage.window.root.clipboard_get() == "message 8"
    assert not menu.is_open


def test_scrolling_and_escape_close_the_menu(stage: Stage):
    open_main(stage, conversation(100))
    view = timeline(stage)
    click(stage, *place_of(stage, 98), button=3)
    view.scroll_by(-50)
    assert not view._menu.is_open
    click(stage, *place_of(stage, 98), button=3)
    view.canvas.focus_force()
    view.canvas.event_generate("<Escape>")
    stage.pump()
    assert not view._menu.is_open


def test_a_failed_message_is_retried_edited_and_deleted_by_its_words(stage: Stage):
    failed = said(9, "lost?", own=True, delivery=Delivery.FAILED, problem="Disk full.")
    open_main(stage, [*conversation(3), failed])
    view = timeline(stage)
    for action in ("retry", "edit", "discard"):
        drawn = view.drawn(3)
        hit = next(hit for hit in drawn.block.hits if hit.action == action)
        click(stage, hit.x + 8, view.to_view(drawn) + hit.y + 5)
    nonce = Nonce(f"{9:032x}")
    assert stage.asked.of("retry") == [(nonce,)]
    assert stage.asked.of("edit_failed") == [(nonce,)]
    assert stage.asked.of("discard") == [(nonce,)]


def test_a_state_that_changes_is_drawn(stage: Stage):
    rows: list[Row] = [*conversation(3), said(4, "on its way", own=True, delivery=Delivery.WAITING)]
    open_main(stage, rows)
    view = timeline(stage)
    before = view.drawn(3).block
    change(stage, rows, 3, 1, [said(4, "on its way", own=True)])
    after = view.drawn(3).block
    assert after is not before
    assert after.height == before.height


def test_a_link_opens_in_the_browser_after_a_question_and_an_invitation_here(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    opened: list[str] = []
    monkeypatch.setattr("desktop.view.opening.webbrowser.open", opened.append)
    asked: list[Any] = []
    monkeypatch.setattr(stage.window, "ask", lambda *question: asked.append(question))
    open_main(stage, [said(1, "http://wiki.lan/x"), said(2, "pymessenger://10.0.0.1:5000/ABC")])
    click(stage, *place_of(stage, 0))
    click(stage, *place_of(stage, 1))
    ((question, answer),) = asked
    assert "http://wiki.lan/x" in question.text
    answer("")
    assert not opened
    answer("open")
    stage.wait(lambda: opened)
    assert opened == ["http://wiki.lan/x"]
    assert stage.asked.of("paste_invitation") == [("pymessenger://10.0.0.1:5000/ABC",)]


def test_a_long_message_unfolds_in_place(stage: Stage):
    long = said(50, "\n".join(f"line {number}" for number in range(100)))
    open_main(stage, [*conversation(20), long, *conversation(20)])
    view = timeline(stage)
    view.show(20, 0)
    drawn = view.drawn(20)
    hit = next(hit for hit in drawn.block.hits if hit.action == "unfold")
    before = drawn.block.height
    view._act(20, hit)
    stage.pump()
    assert view.drawn(20).block.height > before * 2


def test_another_width_keeps_the_reader_s_message(stage: Stage):
    rows: list[Row] = [said(number, f"message {number} " + "word " * 60) for number in range(200)]
    open_main(stage, rows)
    view = timeline(stage)
    view.show(100, 0)
    width = view.width
    stage.window.root.geometry("780x650")
    stage.wait(lambda: view.width != width, "the timeline did not get its new width")
    stage.pump()
    assert seen(stage)[0] in (99, 100)


def test_hostile_messages_are_drawn(stage: Stage):
    bodies = [
        "\u202e" + "x" * 16_000,
        "Z" + "\u0336" * 5000,
        "\0\x1b[31m",
        "\n" * 16_000,
        "😀" * 4000,
        "а" * 16_384,
        "\ud800",
    ]
    open_main(stage, [said(number, body) for number, body in enumerate(bodies, 1)])
    view = timeline(stage)
    for _ in range(60):
        view.scroll_by(-400)
        stage.pump()
    assert seen(stage)[0] == 0


def message(number: int, **fields: Any) -> Bubble:
    return replace(said(number), may_edit=True, may_delete=True, **fields)


def press_key(stage: Stage, key: str) -> None:
    timeline(stage).canvas.focus_force()
    stage.pump()
    timeline(stage).canvas.event_generate(key)
    stage.pump()


def test_a_click_on_a_reaction_puts_or_takes_the_own_one(stage: Stage):
    rows: list[Row] = [message(1, reactions=(Reaction("👍", 2, True), Reaction("🎉", 1, False)))]
    open_main(stage, rows)
    view = timeline(stage)
    drawn = view.drawn(0)
    for hit in [hit for hit in drawn.block.hits if hit.action == "react"]:
        click(stage, hit.x + 5, view.to_view(drawn) + hit.y + 5)
    assert stage.asked.of("react") == [(1, "👍", False), (1, "🎉", True)]


def test_a_conversation_of_two_starts_from_the_name_and_the_picture_at_a_message(stage: Stage):
    open_main(stage, [said(1)])
    view = timeline(stage)
    drawn = view.drawn(0)
    assert drawn is not None
    at_name, at_picture = [hit for hit in drawn.block.hits if hit.action == "person"]
    for hit in (at_name, at_picture):
        click(stage, hit.x + 5, view.to_view(drawn) + hit.y + 5)
        assert view._menu.is_open
        press_key(stage, "<Down>")
        press_key(stage, "<Return>")
    assert stage.asked.of("open_direct") == [(view._rows[0].author,)] * 2


def test_an_own_message_offers_no_conversation_with_oneself(stage: Stage):
    open_main(stage, [said(1, own=True)])
    view = timeline(stage)
    drawn = view.drawn(0)
    assert drawn is not None
    assert "person" not in {hit.action for hit in drawn.block.hits}
    assert "user" not in {choice.icon for choice in view._choices(view._rows[0], None)}


def test_arrows_mark_a_message_and_keys_act_on_it(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []
    open_main(stage, [message(1), NewLine(), message(2, pinned=True), said(3, delivery=Delivery.WAITING, own=True)])
    view = timeline(stage)
    monkeypatch.setattr(view._acts, "_ask", lambda *question: asked.append(question))
    press_key(stage, "<r>")
    assert not stage.asked.of("reply_to")
    press_key(stage, "<Up>")
    press_key(stage, "<r>")
    assert not stage.asked.of("reply_to"), "it is still on its way"
    press_key(stage, "<Up>")
    assert view.canvas.find_withtag("mark")
    for key in ("<r>", "<e>", "<p>", "<Delete>"):
        press_key(stage, key)
    assert stage.asked.of("reply_to") == [(2,)]
    assert stage.asked.of("edit") == [(2,)]
    assert stage.asked.of("pin") == [(2, False)]
    assert not stage.asked.of("delete")
    asked[0][1]("")
    assert not stage.asked.of("delete")
    asked[0][1]("delete")
    assert stage.asked.of("delete") == [(2,)]
    press_key(stage, "<Up>")
    press_key(stage, "<r>")
    assert stage.asked.of("reply_to")[-1] == (1,)
    press_key(stage, "<Escape>")
    assert not view.canvas.find_withtag("mark")


def test_a_message_that_waits_can_be_edited_and_after_a_question_deleted(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []
    waiting = replace(message(1), seq=None, own=True, delivery=Delivery.WAITING)
    assert waiting.nonce is not None
    open_main(stage, [waiting])
    view = timeline(stage)
    monkeypatch.setattr(view._acts, "_ask", lambda *question: asked.append(question))
    lines = {choice.label: choice.act for choice in view._choices(waiting, None)}
    assert list(lines) == ["Copy message", "Edit", "Delete…"]
    lines["Edit"]()
    lines["Delete…"]()
    press_key(stage, "<Up>")
    for key in ("<e>", "<Delete>", "<r>", "<p>"):
        press_key(stage, key)
    assert stage.asked.of("edit_failed") == [(waiting.nonce,)] * 2
    assert [question.text for question, _answer in asked] == ["It is not sent yet, and will not be."] * 2
    asked[1][1]("")
    assert not stage.asked.of("discard")
    asked[1][1]("delete")
    assert stage.asked.of("discard") == [(waiting.nonce,)]
    assert stage.asked.of("reply_to") + stage.asked.of("pin") == []


def test_home_and_end_mark_the_message_that_they_lead_to(stage: Stage):
    open_main(stage, [*conversation(100), NewLine()])
    press_key(stage, "<End>")
    press_key(stage, "<r>")
    press_key(stage, "<Home>")
    press_key(stage, "<r>")
    assert stage.asked.of("reply_to") == [(100,), (1,)]
    assert 0 in seen(stage)


def test_the_keys_that_a_menu_shows_act_while_it_is_open(stage: Stage):
    open_main(stage, [message(1), message(2)])
    press_key(stage, "<Up>")
    press_key(stage, "<Menu>")
    press_key(stage, "<e>")
    assert not timeline(stage)._menu.is_open
    assert stage.asked.of("edit") == [(2,)]
    click(stage, *place_of(stage, 0), button=3)
    press_key(stage, "<p>")
    assert stage.asked.of("pin") == [(1, True)], "of the message whose menu it is, not of the marked one"
    press_key(stage, "<Menu>")
    press_key(stage, "<h>")
    assert timeline(stage)._menu.is_open, "there is no such line"


def test_a_mark_is_seen_only_while_the_messages_have_the_keyboard(stage: Stage):
    open_main(stage, [message(1)])
    view = timeline(stage)
    press_key(stage, "<Up>")
    assert view.canvas.find_withtag("mark")
    stage.screen.composer.focus()
    stage.pump()
    assert not view.canvas.find_withtag("mark")
    press_key(stage, "<p>")
    assert view.canvas.find_withtag("mark")
    assert stage.asked.of("pin") == [(1, True)]


def test_where_somebody_jumps_to_is_pointed_out_for_a_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(marking, "POINTED_MS", 50)
    open_main(stage, conversation(100))
    stage.screen.composer.focus()
    stage.window.show_row(40)
    view = timeline(stage)
    assert view.canvas.find_withtag("mark")
    assert view.height / 4 < view.to_view(view.drawn(40)) < view.height / 2
    stage.wait(lambda: not view.canvas.find_withtag("mark"), "it is not pointed out for ever")


def test_what_calls_nobody_is_not_drawn_like_a_call(stage: Stage):
    rows: list[Row] = [message(1, body="Ask @nobody or @anna"), message(2, body="Ask @nobody or @anna", calls=True)]
    open_main(stage, rows)
    colours = []
    for index in range(2):
        marks = timeline(stage).lay_out(index).marks
        (colour,) = {mark.fill for mark in marks if "@anna" in getattr(mark, "text", "")}
        colours.append(colour)
    assert colours[0] == stage.window.look.palette.text != colours[1]


def test_what_is_not_allowed_is_not_offered(stage: Stage):
    open_main(stage, [said(1), replace(message(2), redacted=True)])
    view = timeline(stage)
    offered = [[choice.icon for choice in view._choices(row, None)] for row in view._rows]
    assert offered == [["reply", "smile", "copy", "user", "forward", "pin", "eye"], ["copy", "user"]]
    assert not view._acts.quick(view._rows[1])


def test_of_an_own_message_keys_and_menu_say_who_has_read_it_and_what_it_said_before(stage: Stage):
    open_main(
        stage, [said(1, own=True), replace(said(2, own=True), edited=True), said(3), replace(said(4), edited=True)]
    )
    view = timeline(stage)
    for _message in range(4):
        press_key(stage, "<Up>")
        press_key(stage, "<w>")
        press_key(stage, "<h>")
    assert stage.asked.of("show_readers") == [(2,), (1,)]
    assert stage.asked.of("show_edits") == [(2,)]
    offered = [[choice.label for choice in view._choices(row, None)] for row in view._rows]
    assert ["Read by…" in labels for labels in offered] == [True, True, False, False]
    assert ["Earlier texts…" in labels for labels in offered] == [False, True, False, False]
    for choice in view._choices(view._rows[1], None):
        if choice.label in ("Read by…", "Earlier texts…"):
            choice.act()
    assert stage.asked.of("show_readers")[2:] == stage.asked.of("show_edits")[1:] == [(2,)]


def test_the_menu_has_emoji_that_keys_and_pointer_reach(stage: Stage):
    open_main(stage, [message(1)])
    view = timeline(stage)
    press_key(stage, "<Up>")
    press_key(stage, "<Menu>")
    press_key(stage, "<Up>")
    press_key(stage, "<Return>")
    assert stage.asked.of("react") == [(1, "👀", True)]
    press_key(stage, "<Menu>")
    left, top, _width = view._menu._place
    click(stage, left - view.canvas.canvasx(0) + 25, top - view.canvas.canvasy(0) + 25)
    assert stage.asked.of("react")[-1] == (1, "👍", True)


def test_a_quote_leads_to_its_message_here_or_elsewhere(stage: Stage):
    rows: list[Row] = [*conversation(100), message(101, quote=Quote(Seq(3), UserId(2), "Anna", "message 3"))]
    open_main(stage, rows)
    view = timeline(stage)

    def click_quote(across: int) -> None:
        drawn = view.drawn(len(rows) - 1)
        hit = next(hit for hit in drawn.block.hits if hit.action == "jump")
        click(stage, hit.x + across, view.to_view(drawn) + hit.y + 5)

    click_quote(5)
    assert 2 in seen(stage)
    assert not stage.asked.of("jump_to")
    change(stage, rows, 0, 50, [])
    view.go_to_end()
    stage.pump()
    click_quote(40)  # twice at the same place would be a double click
    assert stage.asked.of("jump_to") == [(GENERAL.group, 3)]


def test_a_message_is_forwarded_to_the_conversation_that_is_typed(stage: Stage):
    open_main(stage, [message(1)])
    next(choice for choice in timeline(stage)._choices(message(1), None) if choice.icon == "forward").act()
    stage.pump()
    sheet = next(child for child in stage.window.root.winfo_children() if isinstance(child, ForwardSheet))
    sheet._field.put("bUI")
    sheet._seek()
    assert sheet._default is not None
    sheet._default.invoke()
    assert stage.asked.of("forward") == [(1, 3)]
    assert not sheet.winfo_exists()


def test_shift_and_arrows_select_whole_messages_there_and_back(stage: Stage):
    open_main(stage, conversation(30))
    view = timeline(stage)
    view.canvas.focus_force()
    stage.pump()
    for event in ("<Up>", "<Shift-Up>", "<Shift-Up>", "<Shift-Up>"):
        view.canvas.event_generate(event)
        stage.pump()
    lines = view.selected_text().splitlines()
    assert [line.split("] ")[1] for line in lines] == ["Anna: message 28", "Anna: message 29", "Anna: message 30"]
    view.canvas.event_generate("<Shift-Down>")
    assert len(view.selected_text().splitlines()) == 2
    view.canvas.event_generate("<Control-c>")
    assert "message 29" in stage.window.root.clipboard_get()
    view.canvas.event_generate("<Escape>")
    assert view.selected_text() == ""


def test_a_click_with_shift_takes_the_selection_on_to_there(stage: Stage):
    open_main(stage, conversation(30))
    view = timeline(stage)
    x, y = place_of(stage, 27)
    click(stage, x, y)
    drag(stage, (x, y), (x + 40, y))
    far, down = place_of(stage, 29)
    view.canvas.event_generate("<Shift-Button-1>", x=far + 2000, y=down)
    view.canvas.event_generate("<ButtonRelease-1>", x=far + 2000, y=down)
    assert [line[-2:] for line in view.selected_text().splitlines()] == ["28", "29", "30"]


def test_the_view_follows_a_drag_beyond_its_edge(stage: Stage):
    open_main(stage, conversation(60))
    view = timeline(stage)
    x, y = place_of(stage, 59)
    before = view.visible()[0][0]
    view.canvas.event_generate("<Button-1>", x=x + 30, y=y)
    view.canvas.event_generate("<B1-Motion>", x=x, y=-80)
    stage.wait(lambda: view.visible()[0][0] < before - 5, "the view did not follow")
    view.canvas.event_generate("<ButtonRelease-1>", x=x, y=-80)
    stage.pump()
    assert len(view.selected_text().splitlines()) > 5
    assert not view._drag_job
