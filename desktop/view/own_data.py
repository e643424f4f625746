"""Downloading what the relay holds about the person: opens its sheet, and says the end in passing where that is closed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from desktop.intents import Intents
from desktop.locale import _
from desktop.own_data import OwnDataProgress
from desktop.view.exporting import documents
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack


class OwnDataShown:
    """Remembers how far it is, and where the person wanted it."""

    def __init__(self, root: tk.Misc, look: Callable[[], Look], sheets: SheetStack, intents: Intents) -> None:
        """*look*: the present one."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._folder: Path | None = None
        self.progress: OwnDataProgress | None = None

    def forget(self) -> None:
        """Another relay, or none."""
        self.progress = None

    def open(self) -> None:
        """Where it is to be put; while it is under way, how far that is."""
        from desktop.view.sheets.own_data import OwnDataSheet

        if self._sheets.find(OwnDataSheet) is not None:
            return
        if self.progress is not None and not self.progress.is_under_way:
            self.progress = None
        if self._folder is None:
            self._folder = documents()

        def make(close: Callable[[], None]) -> OwnDataSheet:
            assert self._folder is not None, "it was chosen above"
            return OwnDataSheet(
                self._root,
                self._look(),
                close,
                self._folder,
                self._choose,
                self._intents.fetch_own_data,
                self._intents.cancel_own_data,
                self.progress,
            )

        self._sheets.open(make)

    def show(self, progress: OwnDataProgress) -> str:
        """It goes on, or has ended. What is to be said in passing, as no sheet says it."""
        from desktop.view.sheets.own_data import OwnDataSheet

        self.progress = progress
        sheet = self._sheets.find(OwnDataSheet)
        if sheet is not None:
            sheet.show(progress)
            return ""
        match progress.phase:
            case "done":
                return _("Your data is in {path}.").format(path=progress.path)
            case "failed":
                return _("Your data was not downloaded: {problem}").format(problem=progress.problem)
            case _:
                return ""

    def _choose(self, folder: Path) -> None:
        self._folder = folder
