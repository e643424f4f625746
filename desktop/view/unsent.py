"""What was not sent in conversations that the person is not in any more, as far as the window is concerned: its sheet and what that asks."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.intents import Intents
from desktop.locale import _
from desktop.model.unsent import UnsentRow
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.look import Look
from desktop.view.message_acts import Ask
from desktop.view.sheets.stack import SheetStack


class UnsentShown:
    """Opens the sheet when it is shown something for the first time."""

    def __init__(
        self,
        root: tk.Tk,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        ask: Ask,
        say: Callable[[str], None],
    ) -> None:
        """*look*: the present one; *say*: a short remark."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._say = say

    def show(self, rows: Sequence[UnsentRow]) -> None:
        """As it is now."""
        from desktop.view.sheets.unsent import UnsentActs, UnsentSheet

        sheet = self._sheets.find(UnsentSheet)
        if sheet is not None:
            sheet.show(rows)
            return
        acts = UnsentActs(self._copy, self._save, self._drop, self._intents.hide_unsent)
        self._sheets.open(lambda close: UnsentSheet(self._root, self._look(), close, rows, acts))

    def _copy(self, text: str) -> None:
        self._root.clipboard_clear()
        self._root.clipboard_append(text)
        self._say(_("The text is on the clipboard."))

    def _save(self, row: UnsentRow) -> None:
        from desktop.view.file_dialog import FileDialog

        chosen: Callable[[Path], None] = lambda folder: self._intents.save_unsent(row.group, folder)  # noqa: E731
        FileDialog(self._root, self._look()).folder(_("Save the files…"), Path.home(), chosen)

    def _drop(self, row: UnsentRow) -> None:
        question = Question(
            _("Delete all of it?"),
            _("What you have not sent there is gone then."),
            (Choice("drop", _("Delete"), ChoiceKind.DANGER), Choice("keep", _("Cancel"))),
        )
        self._ask(question, lambda key: self._intents.drop_unsent(row.group) if key == "drop" else None)
