"""Downloading one's own data, in a real window: from the settings, in the background, given up, and where it is in the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from desktop.own_data import OwnDataProgress
from desktop.view.links import Address
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import conversation, open_main
from tests.desktop.view.test_window import press, texts, top

pytestmark = pytest.mark.window

PATH = Path("/home/peter/Documents/Office peter 2026-11-27.zip")
FETCHING = OwnDataProgress(PATH, "fetching", 1_500_000, 62_000_000)


@pytest.fixture(autouse=True)
def documents(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("desktop.view.own_data.documents", lambda: PATH.parent)
    return PATH.parent


def arrive(stage: Stage) -> None:
    open_main(stage, conversation(3))
    stage.window.open_settings("you")
    press(stage, "Download my data…")


def shown(stage: Stage, **changes: object) -> str:
    stage.window.show_own_data(replace(FETCHING, **changes))
    return texts(stage)


def test_what_it_is_and_where_it_goes_is_said_before_it_begins(stage: Stage):
    arrive(stage)
    words = texts(stage)
    for part in ("Everything that the relay holds about you", str(PATH.parent), "not sealed"):
        assert part in words
    assert stage.asked.of("fetch_own_data") == []
    press(stage, "Download")
    assert stage.asked.of("fetch_own_data") == [(PATH.parent,)]


def test_another_place_is_taken_and_remembered(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("desktop.view.sheets.own_data.filedialog.askdirectory", lambda **_more: "/mnt/usb")
    arrive(stage)
    press(stage, "Another place…")
    assert "/mnt/usb" in texts(stage)
    press(stage, "Close")
    press(stage, "Download my data…")
    press(stage, "Download")
    assert stage.asked.of("fetch_own_data") == [(Path("/mnt/usb"),)]


def test_how_far_it_is_is_said_while_it_goes_on(stage: Stage):
    arrive(stage)
    assert "1.4 MB of about 59 MB" in shown(stage)
    assert top(stage)._bar.cget("value") == pytest.approx(24, abs=1)
    assert "It goes on by itself." in shown(stage, waiting=True)
    assert "Looking whether all of it has come…" in shown(stage, phase="checking")


def test_it_can_be_given_up(stage: Stage):
    arrive(stage)
    shown(stage)
    press(stage, "Give it up")
    assert stage.asked.of("cancel_own_data") == [()]
    assert "Nothing of it is left." in shown(stage, phase="cancelled")
    press(stage, "Download")
    assert stage.asked.of("fetch_own_data") == [(PATH.parent,)]


def test_in_the_end_it_is_said_where_it_is(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    opened: list[Address] = []
    monkeypatch.setattr("desktop.view.sheets.own_data.open_address", opened.append)
    arrive(stage)
    shown(stage)
    words = shown(stage, phase="done")
    assert str(PATH) in words
    assert "Give it up" not in words.splitlines()
    press(stage, "Show the folder")
    assert [address.path for address in opened] == [str(PATH)]


def test_why_it_failed_is_said_and_it_can_be_tried_again(stage: Stage):
    arrive(stage)
    shown(stage)
    assert "There is no room." in shown(stage, phase="failed", problem="There is no room.")
    press(stage, "Download")
    assert stage.asked.of("fetch_own_data") == [(PATH.parent,)]


def test_it_goes_on_when_the_sheet_is_closed_and_its_end_is_said_in_passing(stage: Stage):
    arrive(stage)
    shown(stage)
    press(stage, "Close")
    press(stage, "Done")
    assert top(stage) is None
    assert "Your data" not in shown(stage, done=2_000_000)
    assert f"Your data is in {PATH}." in shown(stage, phase="done")


def test_the_settings_show_how_far_it_is_when_they_are_opened_again(stage: Stage):
    arrive(stage)
    shown(stage)
    press(stage, "Close")
    press(stage, "Download my data…")
    assert "1.4 MB of about 59 MB" in texts(stage)
    stage.window.redraw()
    assert "1.4 MB of about 59 MB" in texts(stage)
