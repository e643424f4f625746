"""“This relay”: opens its sheet for who owns the relay, and leads the relay's answers there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from common.protocol.messages import Answer, Command, User
from desktop.intents import Intents
from desktop.screen import Question
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack

if TYPE_CHECKING:
    from desktop.view.relay.desk import RelayDesk


class Owning:
    """One for the window's life."""

    def __init__(
        self,
        root: tk.Misc,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        ask: Callable[[Question, Callable[[str], None]], None],
    ) -> None:
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._user: User | None = None
        self._relay_name = ""

    def signed_in(self, relay_name: str, user: User | None) -> None:
        """Who is there now, and where. The sheet goes with who owns the relay no more."""
        self._user, self._relay_name = user, relay_name
        if not self.may and self._sheets:
            from desktop.view.sheets.this_relay import ThisRelaySheet

            if (sheet := self._sheets.find(ThisRelaySheet)) is not None:
                sheet.close()

    @property
    def may(self) -> bool:
        """Whether the person owns the relay."""
        return self._user is not None and self._user.role == "owner"

    def open(self, section: str = "") -> None:
        """The sheet, at the section of that name."""
        from desktop.view.sheets.this_relay import ThisRelaySheet

        if self.may and not self._sheets:
            kept: dict[str, Any] = {}
            self._sheets.open(lambda close: ThisRelaySheet(self._root, self._look(), close, self._desk(kept), section))

    def show(self, command: Command, answer: Answer | None, problem: str) -> bool:
        """What came of *command*; whether there is anybody to tell."""
        from desktop.view.sheets.this_relay import ThisRelaySheet

        sheet = self._sheets.find(ThisRelaySheet)
        if sheet is not None:
            sheet.answered(command, answer, problem)
        return sheet is not None

    def _desk(self, kept: dict[str, Any]) -> RelayDesk:
        from desktop.view.relay.desk import RelayDesk

        assert self._user is not None, "the sheet goes with who is signed in"
        return RelayDesk(self._look(), self._intents, self._user, self._relay_name, self._ask, kept)
