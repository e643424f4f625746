"""What a file is taken for, and how a long name is shortened."""

from __future__ import annotations

import pytest

from common.protocol.messages import FileInfo
from desktop.view.files import kinds
from desktop.view.icons import ICONS
from tests.desktop.view.letters import EvenLetters


@pytest.mark.parametrize(
    "name",
    [
        "setup.exe",
        "SETUP.EXE",
        "photo.jpg.scr",
        "a.sh",
        "report.docm",
        "x.lnk",
        "page.html",
        "trailing.exe. .",
        "a.desktop",
    ],
)
def test_what_may_run_is_known_by_its_last_ending(name: str):
    assert kinds.runs(name)
    assert kinds.icon(name, "image/png") == "program"


@pytest.mark.parametrize("name", ["photo.jpg", "report.pdf", "exe", ".exe", "notes", "a.exe.txt", ""])
def test_what_only_shows_something_does_not_run(name: str):
    assert not kinds.runs(name)


@pytest.mark.parametrize(
    "name, mime, icon",
    [
        ("a.tar.gz", "", "box"),
        ("a.mp3", "", "sound"),
        ("a.mkv", "", "film"),
        ("a.png", "", "picture"),
        ("strange", "video/mp4", "film"),
        ("a.pdf", "application/pdf", "file"),
        ("", "", "file"),
    ],
)
def test_the_icon_says_what_it_is(name: str, mime: str, icon: str):
    assert kinds.icon(name, mime) == icon
    assert icon in ICONS


def picture(mime: str = "image/png", width: int = 100, height: int = 50) -> FileInfo:
    return FileInfo("a" * 32, "a", 10, mime, width, height)


def test_only_pictures_of_a_known_kind_and_size_stand_in_the_message():
    assert kinds.is_shown(picture())
    assert kinds.is_shown(picture("IMAGE/JPEG"))
    assert not kinds.is_shown(picture("image/svg+xml"))
    assert not kinds.is_shown(picture("text/plain"))
    assert not kinds.is_shown(picture(width=0))
    assert not kinds.is_shown(picture(height=0))


def test_one_without_a_size_can_be_looked_at_and_a_huge_one_cannot():
    assert kinds.is_picture(picture(width=0, height=0))
    assert not kinds.is_picture(picture(width=50_000, height=50_000))


@pytest.mark.parametrize("width", range(20, 400, 10))
def test_a_long_name_keeps_its_ending_and_fits(width: int):
    letters = EvenLetters()
    name = "a very long name that nobody can read to its end.tar.gz"
    shown = kinds.fit_name(letters, "second", name, width)
    assert shown == name or "…" in shown
    if width >= 80:
        assert shown.endswith(".gz")
        assert letters.width("second", shown) <= width
        assert shown == name or letters.width("second", shown) > width - 40


def test_a_short_name_stays_as_it_is():
    assert kinds.fit_name(EvenLetters(), "second", "plan.pdf", 500) == "plan.pdf"
