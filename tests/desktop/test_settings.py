"""The user's choices survive everything that can happen to their file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import asdict, fields

from desktop import settings
from desktop.settings import Settings, SettingsFile


def test_without_a_file_everything_is_standard(tmp_path: Path) -> None:
    assert settings.load(tmp_path) == settings.Kept(Settings(), "")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    chosen = Settings("ru", "dark", 125, "1100x720+80+-4", True, 280, False, True)
    settings.save(tmp_path / "new" / "folder", chosen)
    assert settings.load(tmp_path / "new" / "folder") == settings.Kept(chosen, "")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_damaged_file_gives_the_standard_and_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / settings.FILE_NAME).write_bytes(content)
    kept = settings.load(tmp_path)
    assert kept.settings == Settings()
    assert settings.FILE_NAME in kept.problem


@pytest.mark.parametrize(
    "name,value",
    [
        ("theme", "pink"),
        ("scale", 1000),
        ("scale", True),
        ("geometry", "1x1; exit"),
        ("language", 7),
        ("language", "../.."),
        ("maximized", "yes"),
        ("rail_width", 1.5),
        ("stay_hosting", 1),
        ("notify", 1),
        ("notify_privacy", "everything"),
        ("notify_privacy", ["text"]),
        ("notify_sound", "loud"),
        ("notify_calls_in_dnd", None),
        ("tray", 0),
    ],
)
def test_one_senseless_value_costs_only_itself(tmp_path: Path, name: str, value: object) -> None:
    good = asdict(Settings(theme="dark", scale=110, language="ru", geometry="900x700", rail_width=250))
    (tmp_path / settings.FILE_NAME).write_text(json.dumps({**good, name: value, "of_a_later_version": 1}))
    kept = settings.load(tmp_path)
    standard = Settings()
    for one in fields(Settings):
        expected = getattr(standard, one.name) if one.name == name else good[one.name]
        assert getattr(kept.settings, one.name) == expected, one.name
    assert name in kept.problem
    assert "of_a_later_version" not in kept.problem


def test_every_choice_can_be_kept(tmp_path: Path) -> None:
    assert all(settings._fits(one.name, getattr(Settings(), one.name)) for one in fields(Settings))


def test_a_change_is_kept_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    assert file.change(theme="dark", scale=90) == Settings(theme="dark", scale=90)
    assert settings.load(tmp_path).settings == file.settings
    assert [path.name for path in tmp_path.iterdir()] == [settings.FILE_NAME]


@pytest.mark.parametrize("changes", [{"theme": "pink"}, {"colour": "red"}])
def test_a_change_that_cannot_be_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    file = SettingsFile(tmp_path)
    with pytest.raises(ValueError, match="cannot be"):
        file.change(**changes)
    assert file.settings == Settings()


def test_a_folder_that_cannot_be_written_is_told_and_the_choice_holds(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    file = SettingsFile(tmp_path / "home")
    file.change(theme="light")
    assert file.settings.theme == "light"
    assert "cannot be kept" in file.problem
