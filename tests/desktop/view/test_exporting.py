"""Exporting in the window: what is asked before, how far it is, what became of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from pathlib import Path
from tkinter import filedialog, ttk

import pytest
from msgspec.structs import replace

from common.ids import GroupId, Millis
from desktop.export.order import Order, Progress
from desktop.view import exporting
from desktop.view.links import Address, Kind
from desktop.view.sheets import export_progress
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import GENERAL, conversation, open_main
from tests.desktop.view.test_window import press, texts, top

pytestmark = pytest.mark.window

ORDER = Order(GroupId(4), "General", Path("/somewhere/Documents"))
FOLDER = Path("/somewhere/Documents/General 2026-11-27")
READING = Progress(ORDER, FOLDER, "reading", done=1200, total=20_000)


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "documents", lambda: ORDER.folder)


def ask_for_it(stage: Stage) -> None:
    """The sheet is open, by its key."""
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    stage.screen.composer.text.focus_force()
    stage.pump()
    stage.screen.composer.text.event_generate("<Control-KeyPress>", keysym="e")
    stage.pump()


def begin(stage: Stage) -> None:
    """It was asked for and has begun."""
    ask_for_it(stage)
    press(stage, "Export")
    stage.window.show_export(READING)


def switch(stage: Stage, label: str) -> None:
    (found,) = [widget for widget in everything(top(stage)) if str(widget.cget("text")) == label]
    found.invoke()
    stage.pump()


def everything(widget: tk.Misc) -> Iterator[ttk.Checkbutton]:
    for child in widget.winfo_children():
        if isinstance(child, ttk.Checkbutton):
            yield child
        yield from everything(child)


def test_its_key_asks_what_is_to_come_out_and_says_that_the_copy_is_not_sealed(stage: Stage):
    ask_for_it(stage)
    words = texts(stage)
    for part in ("Export the conversation", "“General”", "/somewhere/Documents", "The copy is not sealed"):
        assert part in words
    assert "The relay is not there" not in words
    assert not stage.asked.of("export")
    top(stage).focus_get().event_generate("<Return>")
    stage.pump()
    assert stage.asked.of("export") == [(ORDER,)]


def test_its_key_works_under_a_russian_layout(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.root.focus_force()
    stage.pump()
    stage.window.root.event_generate("<Control-KeyPress>", keysym="Cyrillic_u", keycode=26)
    stage.pump()
    assert "Export the conversation" in texts(stage)


def test_what_is_switched_off_does_not_come_out_and_nothing_at_all_cannot_be_asked_for(stage: Stage):
    ask_for_it(stage)
    switch(stage, "The attached files too")
    switch(stage, "Pages to read and print (HTML)")
    switch(stage, "Lines for programs (JSON)")
    press(stage, "Export")
    assert not stage.asked.of("export")
    switch(stage, "Lines for programs (JSON)")
    press(stage, "Export")
    assert stage.asked.of("export") == [(replace(ORDER, html=False, files=False),)]


def test_another_place_is_chosen_and_remembered(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(filedialog, "askdirectory", lambda **_options: str(tmp_path))
    ask_for_it(stage)
    press(stage, "Another place…")
    assert str(tmp_path) in texts(stage)
    press(stage, "Export")
    assert stage.asked.of("export") == [(replace(ORDER, folder=tmp_path),)]
    press(stage, "Cancel")
    stage.window._around.export()
    assert str(tmp_path) in texts(stage)


def test_a_new_look_keeps_what_was_chosen(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(filedialog, "askdirectory", lambda **_options: str(tmp_path))
    ask_for_it(stage)
    press(stage, "Another place…")
    switch(stage, "The attached files too")
    stage.window.set_theme("dark")
    press(stage, "Export")
    assert stage.asked.of("export") == [(replace(ORDER, folder=tmp_path, files=False),)]


def test_a_problem_is_said_where_the_place_was_chosen(stage: Stage):
    ask_for_it(stage)
    press(stage, "Export")
    stage.window.show_export(Progress(ORDER, FOLDER, "failed", problem="It is full."))
    assert "It is full." in texts(stage)
    assert "Export the conversation" in texts(stage)


def test_without_the_relay_it_is_said_what_comes_out(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_header(replace(GENERAL, complete_up_to=Millis(1_700_000_000_000)))
    stage.window._around.export()
    assert "what this computer has comes out, up to 14 November 2023" in texts(stage)


def test_how_far_it_is_is_seen(stage: Stage):
    begin(stage)
    assert "Exporting “General”" in texts(stage)
    assert "Reading: 1200 of 20000" in texts(stage)
    assert int(top(stage).bar.cget("value")) == 60
    files = Progress(ORDER, FOLDER, "files", 600_000_000, 1_200_000_000, left_s=75.0, files_done=12, files=34)
    stage.window.show_export(files)
    assert "Files: 12 of 34, 572 MB of 1.1 GB" in texts(stage)
    assert "1 minute left" in texts(stage)
    stage.window.show_export(replace(files, waiting=True))
    assert "It goes on by itself when the relay is back." in texts(stage)
    stage.window.show_export(Progress(ORDER, FOLDER, "writing", 500, 20_000, left_s=7.2))
    assert "Writing the pages: 500 of 20000" in texts(stage)
    assert "7 seconds left" in texts(stage)


def test_a_new_look_keeps_how_far_it_is(stage: Stage):
    begin(stage)
    stage.window.show_export(replace(READING, done=2000))
    stage.window.set_theme("dark")
    assert "Reading: 2000 of 20000" in texts(stage)


def test_it_can_be_given_up(stage: Stage):
    begin(stage)
    press(stage, "Give it up")
    assert stage.asked.of("cancel_export") == [()]
    stage.window.show_export(replace(READING, phase="cancelled"))
    assert "Nothing of it is left." in texts(stage)
    press(stage, "Close")
    assert top(stage) is None


def test_it_goes_on_in_the_background_and_its_key_shows_it_again(stage: Stage):
    begin(stage)
    press(stage, "Go on in the background")
    assert top(stage) is None
    stage.window.show_export(replace(READING, done=3000))
    assert top(stage) is None
    stage.window._around.export()
    assert "Reading: 3000 of 20000" in texts(stage)
    press(stage, "Go on in the background")
    stage.window.show_export(replace(READING, phase="done"))
    assert top(stage) is None
    assert f"“General” was exported into {FOLDER}." in texts(stage)


def test_at_the_end_it_is_said_what_is_where_and_what_is_missing(stage: Stage):
    begin(stage)
    missing = tuple(f"plan{number}.txt" for number in range(8))
    end = Progress(ORDER, FOLDER, "done", files=34, messages=20_000, missing=missing, missing_count=9)
    stage.window.show_export(end)
    words = texts(stage)
    assert f"20000 messages and 25 files: {FOLDER}" in words
    assert "9 files could not be fetched" in words
    assert "plan5.txt …" in words
    assert "print" in words


def test_at_the_end_it_is_opened_in_the_browser_or_its_folder_is_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    opened: list[Address] = []
    monkeypatch.setattr(export_progress, "open_address", opened.append)
    begin(stage)
    stage.window.show_export(Progress(ORDER, FOLDER, "done", messages=1))
    press(stage, "Open in the browser")
    press(stage, "Show the folder")
    assert opened[0] == Address(Kind.WEB, "file:///somewhere/Documents/General%202026-11-27/index.html")
    assert (opened[1].kind, opened[1].path) == (Kind.PLACE, str(FOLDER / "index.html"))


def test_lines_for_programs_alone_are_not_opened_in_a_browser(stage: Stage):
    begin(stage)
    stage.window.show_export(Progress(replace(ORDER, html=False), FOLDER, "done", messages=1))
    assert "Open in the browser" not in texts(stage)


@pytest.mark.parametrize(
    "answer, wanted", [("Replace it", "replace"), ("Keep both", "beside"), ("Cancel", None)], ids=str
)
def test_what_is_there_already_is_asked_about(stage: Stage, answer: str, wanted: str | None):
    ask_for_it(stage)
    press(stage, "Export")
    stage.window.show_export(Progress(ORDER, FOLDER, "there", may_replace=True))
    assert f"{FOLDER} is there already" in texts(stage)
    press(stage, answer)
    asked = [order.if_there for (order,) in stage.asked.of("export")]
    assert asked == ["ask", *([wanted] if wanted else [])]


def test_what_is_no_export_is_not_offered_to_be_replaced(stage: Stage):
    ask_for_it(stage)
    stage.window.show_export(Progress(ORDER, FOLDER, "there", may_replace=False))
    assert "it is no export: it stays as it is" in texts(stage)
    assert "Replace it" not in texts(stage)


def test_it_is_in_the_sheet_about_the_conversation_in_the_list_and_among_the_keys(stage: Stage):
    open_main(stage, conversation(3))
    stage.window._around.open_info()
    press(stage, "Export")
    assert "Export the conversation" in texts(stage)
    press(stage, "Cancel")
    row = stage.window._shown.rail[0][1]
    (line,) = [line for line in stage.window._around.rail_menu(row) if line.label == "Export"]
    line.act()
    assert f"“{row.name}”" in texts(stage)
    press(stage, "Cancel")
    stage.window.open_keys()
    assert "Ctrl+E" in texts(stage)


def test_who_only_looks_at_a_group_exports_nothing(stage: Stage):
    open_main(stage, conversation(3))
    stage.window.show_header(replace(GENERAL, joined=False))
    stage.window._around.export()
    assert top(stage) is None
