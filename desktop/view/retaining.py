"""How much of a conversation's past is kept: opens its sheet for who may say so, and leads the relay's answers there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.protocol.messages import Answer, Command, User
from desktop.intents import Intents
from desktop.model.rows import Header
from desktop.screen import Question
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack


class Retaining:
    """One for the window's life."""

    def __init__(
        self,
        root: tk.Misc,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        ask: Callable[[Question, Callable[[str], None]], None],
        say: Callable[[str], None],
    ) -> None:
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._say = say

    def open(self, header: Header, user: User | None) -> None:
        """The sheet for that conversation."""
        from desktop.view.sheets.retention import RetentionSheet

        owns = user is not None and user.role == "owner"
        order, ask = self._intents.order, self._ask
        if not self._sheets:
            self._sheets.open(
                lambda close: RetentionSheet(self._root, self._look(), close, header, owns, order, ask, self._say)
            )

    def show(self, command: Command, answer: Answer | None, problem: str) -> bool:
        """What came of *command*; whether there is anybody to tell."""
        if not self._sheets:
            return False
        from desktop.view.sheets.retention import RetentionSheet

        sheet = self._sheets.find(RetentionSheet)
        if sheet is not None:
            sheet.answered(command, answer, problem)
        return sheet is not None


def may_change(header: Header, user: User | None) -> bool:
    """Whether the person says how much of that conversation is kept: who leads the group, or the relay while they are in it."""
    leads_relay = user is not None and user.role in ("owner", "admin")
    return header.may_rename or (leads_relay and header.joined and header.kind != "direct")
