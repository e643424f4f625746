"""Exporting a conversation, as the person sees it: what is to come out and where, how far it is, and what became of it.

The sheet may be closed while an export goes on; its end is then said in passing, and Ctrl+E shows how far it is. Sheets are imported
when they are needed first.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from common.ids import GroupId, Millis
from desktop.export.order import Order, Progress
from desktop.intents import Intents
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack

_REPLACE, _BESIDE, _NO = "replace", "beside", "no"

Ask = Callable[[Question, Callable[[str], None]], None]


class Exporting:
    """Remembers the last export that it was told of, and where the person wanted it."""

    def __init__(self, root: tk.Misc, look: Callable[[], Look], sheets: SheetStack, intents: Intents, ask: Ask) -> None:
        """*look*: the present one."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._folder: Path | None = None
        self.progress: Progress | None = None

    def forget(self) -> None:
        """Another relay, or none."""
        self.progress = None

    # -- what the person does ------------------------------------------------------------------------------------------

    def open(self, group: GroupId, name: str, complete_up_to: Millis | None) -> None:
        """What is to come out of that conversation; while one is under way, how far that is. *complete_up_to*: without the relay."""
        from desktop.view.sheets.export import ExportSheet

        if self._sheets:
            return
        if self.progress is not None and self.progress.is_under_way:
            self._open_progress()
            return
        folder = self._folder or documents()
        order = Order(group, name, folder)
        self._sheets.open(
            lambda close: ExportSheet(self._root, self._look(), close, order, complete_up_to, self._begin)
        )

    def _begin(self, order: Order) -> None:
        self._folder = order.folder
        self._intents.export(order)

    # -- what it is told -----------------------------------------------------------------------------------------------

    def show(self, progress: Progress) -> str:
        """An export goes on, or has ended. What is to be said in passing, as no sheet says it."""
        self.progress = progress
        if progress.phase == "there":
            self._ask_about(progress)
            return ""
        if progress.is_under_way:
            self._show_progress(progress)
            return ""
        return self._show_end(progress)

    def _show_progress(self, progress: Progress) -> None:
        from desktop.view.sheets.export import ExportSheet
        from desktop.view.sheets.export_progress import ExportProgressSheet

        form = self._sheets.find(ExportSheet)
        if form is not None:
            form.close()
            self._open_progress()
        sheet = self._sheets.find(ExportProgressSheet)
        if sheet is not None:
            sheet.show(progress)

    def _open_progress(self) -> None:
        from desktop.view.sheets.export_progress import ExportProgressSheet

        def make(close: Callable[[], None]) -> ExportProgressSheet:
            assert self.progress is not None, "it is open only while there is one"
            return ExportProgressSheet(self._root, self._look(), close, self.progress, self._intents.cancel_export)

        self._sheets.open(make)

    def _show_end(self, progress: Progress) -> str:
        from desktop.view.sheets.export import ExportSheet
        from desktop.view.sheets.export_progress import ExportEndSheet, ExportProgressSheet

        form, sheet = self._sheets.find(ExportSheet), self._sheets.find(ExportProgressSheet)
        if form is not None and progress.phase == "failed":
            form.show_problem(progress.problem)
            return ""
        if sheet is not None:
            sheet.close()
            self._sheets.open(lambda close: ExportEndSheet(self._root, self._look(), close, progress))
            return ""
        name = self._look().safe.name(progress.order.name)
        match progress.phase:
            case "done":
                return _("“{name}” was exported into {folder}.").format(name=name, folder=progress.folder)
            case "failed":
                return _("“{name}” was not exported: {problem}").format(name=name, problem=progress.problem)
            case _:
                return ""

    def _ask_about(self, progress: Progress) -> None:
        replace_it = Choice(_REPLACE, _("Replace it"), ChoiceKind.DANGER)
        text = _("{folder} is there already. It stays until the new export is whole.")
        if not progress.may_replace:
            text = _("{folder} is there already, and it is no export: it stays as it is.")
        choices = (
            Choice(_BESIDE, _("Keep both"), ChoiceKind.PRIMARY),
            *((replace_it,) if progress.may_replace else ()),
            Choice(_NO, _("Cancel")),
        )
        question = Question(_("Export beside what is there?"), text.format(folder=progress.folder), choices)

        def answer(key: str) -> None:
            if key == _REPLACE:
                self._begin(replace(progress.order, if_there="replace"))
            elif key == _BESIDE:
                self._begin(replace(progress.order, if_there="beside"))

        self._ask(question, answer)


def documents() -> Path:
    """Where people look for what they have saved."""
    from platformdirs import user_documents_path

    return user_documents_path()
