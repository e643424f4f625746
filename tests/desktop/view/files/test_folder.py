"""Where downloads go, in the settings; and the dialogs that ask for a place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog
from typing import Any

import pytest

from desktop.settings import SettingsFile, downloads_folder
from desktop.view.file_dialog import FileDialog
from desktop.view.files import handing_over
from desktop.view.files.files import name_for_disk
from desktop.view.settings.files import FilesPanel
from tests.desktop.view.conftest import Stage
from tests.desktop.view.talk import conversation, open_main

pytestmark = pytest.mark.window


def panel_of(stage: Stage) -> Any:
    open_main(stage, conversation(1))
    stage.window.open_settings("files")
    stage.pump()
    panel = stage.window._sheets.top.panel(FilesPanel)  # type: ignore[union-attr]
    assert panel is not None
    return panel


def test_the_folder_is_chosen_kept_and_given_back(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    panel = panel_of(stage)
    usual = str(downloads_folder(stage.settings.settings))
    assert panel.path["text"] == usual
    assert panel.usual.instate(["disabled"])
    asked: list[Path] = []

    def answers(_title: str, present: Path, on_chosen: Callable[[Path], None]) -> None:
        asked.append(present)
        on_chosen(tmp_path)

    monkeypatch.setattr(panel.dialog, "folder", answers)
    panel.choose()
    assert asked == [Path(usual)]
    assert panel.path["text"] == str(tmp_path)
    assert SettingsFile(stage.settings.folder).settings.downloads == str(tmp_path)
    panel.usual.invoke()
    assert panel.path["text"] == usual
    assert stage.settings.settings.downloads == ""


def test_a_folder_that_is_gone_is_shown_as_far_as_it_is_there(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shown: list[Path] = []
    monkeypatch.setattr(handing_over, "open_file", shown.append)
    stage.settings.change(downloads=str(tmp_path / "gone" / "deeper"))
    panel_of(stage)._show_folder()
    assert shown == [tmp_path]


@pytest.mark.parametrize("value", ["relative/folder", "x" * 5000, 7])
def test_a_folder_that_is_none_is_not_taken(stage: Stage, value: object):
    with pytest.raises(ValueError, match="downloads"):
        stage.settings.change(downloads=value)


@pytest.mark.parametrize(
    "name, proposed",
    [
        ("plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "etcpasswd"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\nb\x00c", "abc"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_the_proposed_name_is_no_path_and_has_nothing_unseen(name: str, proposed: str):
    assert name_for_disk(name) == proposed


@pytest.mark.parametrize("program", ["zenity", "kdialog"])
def test_the_desktop_s_own_dialog_says_where(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
):
    script = tmp_path / program
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$0.asked"\nprintf "%s\\n" /x/chosen.pdf\n')
    script.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(script) if name == program else None)
    dialog = FileDialog(stage.window.root, stage.window.look)
    chosen: list[Path] = []
    dialog.save("Save as…", "plan.pdf", chosen.append)
    stage.wait(lambda: chosen)
    dialog.folder("Where", tmp_path, chosen.append)
    stage.wait(lambda: len(chosen) == 2)
    assert chosen == [Path("/x/chosen.pdf")] * 2
    assert f"{tmp_path}/" in (tmp_path / f"{program}.asked").read_text()


def test_tk_s_own_dialog_is_asked_where_there_is_none(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    asked: list[dict[str, Any]] = []
    answers = iter([str(tmp_path / "a.pdf"), ""])

    def answer(**options: Any) -> str:
        asked.append(options)
        return next(answers)

    monkeypatch.setattr(filedialog, "asksaveasfilename", answer)
    dialog = FileDialog(stage.window.root, stage.window.look)
    chosen: list[Path] = []
    dialog.save("Save as…", "a.pdf", chosen.append)
    dialog.save("Save as…", "b.pdf", chosen.append)
    assert chosen == [tmp_path / "a.pdf"], "who leaves the dialog chooses nothing"
    assert [one["initialfile"] for one in asked] == ["a.pdf", "b.pdf"]
    assert asked[1]["initialdir"] == str(tmp_path), "it begins where the person chose last"
