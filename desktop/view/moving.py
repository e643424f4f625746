"""The relay moves to this computer, as its owner sees it: how far it is, what became of it, and what can be done then.

Its sheet may be closed while it goes on; its end is shown all the same. Sheets are imported when they are needed first.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from desktop.intents import Intents
from desktop.locale import _
from desktop.moves import MoveShown
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack


class MovingShown:
    """Remembers how the move stands that it was told of last."""

    def __init__(self, root: tk.Misc, look: Callable[[], Look], sheets: SheetStack, intents: Intents) -> None:
        """*look*: the present one."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self.shown: MoveShown | None = None

    def show(self, shown: MoveShown) -> str:
        """It goes on, or has ended. What is to be said in passing, where no sheet says it."""
        from desktop.view.sheets.moving import MovingSheet
        from desktop.view.sheets.this_relay import ThisRelaySheet

        is_new, self.shown = self.shown is None or not self.shown.is_under_way, shown
        sheet, asked = self._sheets.find(MovingSheet), self._sheets.find(ThisRelaySheet)
        if sheet is not None:
            sheet.show(shown)
            return ""
        if asked is not None and shown.phase == "in_doubt" and not shown.problem:
            asked.told_of_move(shown)  # it has just looked whether there is one
            return ""
        if shown.is_under_way and not is_new:
            return ""
        if asked is not None:
            asked.close()
        if self._sheets:  # something else is being done: it is not taken away
            return "" if shown.is_under_way else _("The move of the relay has ended; look under “This relay”.")
        self._open(shown)
        return ""

    def _open(self, shown: MoveShown) -> None:
        from desktop.view.sheets.moving import MovingSheet

        self._sheets.open(lambda close: MovingSheet(self._root, self._look(), close, shown, self._intents))
