"""The window is where it was left, never beyond the screen, and where nobody has put it the desktop puts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.settings import SettingsFile
from desktop.view.placement import Room, fitted
from tests.desktop.view.conftest import Asked, Stage

SMALL = Room(0, 0, 1024, 560)


@pytest.mark.parametrize(
    "kept, shown",
    [
        ("900x500", "900x500"),
        ("1120x760", "1024x560"),
        ("1120x760+400+300", "1024x560+0+0"),
        ("800x500+400+300", "800x500+224+60"),
        ("800x500+100+20", "800x500+100+20"),
        ("800x500+-700+-40", "800x500+0+0"),
        ("", ""),
        ("800x500-5-5", ""),
    ],
)
def test_a_window_fits_the_screen_that_is_there(kept: str, shown: str):
    assert fitted(kept, SMALL) == shown


def test_on_a_screen_to_the_left_it_stays_there():
    assert fitted("800x500+-900+20", Room(-1024, 0, 1024, 560)) == "800x500+-900+20"


@contextmanager
def opened(folder: Path) -> Iterator[Stage]:
    stage = Stage.__new__(Stage)
    stage.asked, stage.settings, stage.failures = Asked(), SettingsFile(folder), []
    from desktop.view.window import Window

    stage.window = Window(stage.asked, stage.settings)
    stage.window.show_chooser()
    stage.pump()
    try:
        yield stage
    finally:
        stage.window.close()


def test_the_least_size_follows_the_interface(display: str, tmp_path: Path):
    SettingsFile(tmp_path).change(geometry="720x520+0+0")
    with opened(tmp_path) as stage:
        root, window = stage.window.root, stage.window
        assert root.minsize() == (720, 520)
        window.set_zoom(150)
        assert root.minsize() == (1080, 780)
        stage.wait(lambda: (root.winfo_width(), root.winfo_height()) == (1080, 780), "it grows with what is in it")
        window.set_zoom(100)
        assert root.minsize() == (720, 520)
        window.set_text(300)
        assert root.minsize() == (1280, 820)
        window.set_zoom(85)
        window.set_text(85)
        assert root.minsize() == (720, 520)
    SettingsFile(tmp_path).change(scale=300, text=100)
    with opened(tmp_path) as stage:
        assert stage.window.root.minsize() == (1280, 820)


def test_keys_in_a_row_enlarge_by_each_of_them_at_once(display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with opened(tmp_path) as stage:
        built: list[int] = []
        monkeypatch.setattr(stage.window._placement, "fit_zoom", lambda: built.append(stage.settings.settings.scale))
        stage.screen.focus_force()
        stage.pump()
        for _press in range(3):
            stage.screen.event_generate("<Control-Key-plus>")
        assert not built
        stage.wait(lambda: built, "they are taken when the fingers rest")
        assert built == [150]
        stage.screen.focus_force()
        stage.pump()
        stage.screen.event_generate("<Control-Key-0>")
        stage.wait(lambda: len(built) > 1)
        assert built == [150, 100]


def test_what_was_kept_on_a_larger_screen_is_whole_on_this_one(display: str, tmp_path: Path):
    SettingsFile(tmp_path).change(geometry="4000x3000+900+700")
    with opened(tmp_path) as stage:
        root = stage.window.root
        assert root.winfo_rootx() + root.winfo_width() <= root.winfo_screenwidth()
        assert root.winfo_rooty() + root.winfo_height() <= root.winfo_screenheight()


def test_a_window_that_was_never_moved_keeps_its_size_alone(display: str, tmp_path: Path):
    with opened(tmp_path) as stage:
        stage.window._placement.keep()
        stage.window.root.geometry("900x640")
        stage.pump()
    assert SettingsFile(tmp_path).settings.geometry == "900x640"
    with opened(tmp_path) as stage:
        stage.window._placement.keep()
        stage.window.root.geometry("+30+40")
        stage.pump()
    assert SettingsFile(tmp_path).settings.geometry == "900x640+30+40"
    with opened(tmp_path) as stage:
        assert stage.window.root.geometry() == "900x640+30+40"
