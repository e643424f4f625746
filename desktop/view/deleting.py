"""Deleting one's own account: opens its sheet, and says there why it was not done. When it was, the person is signed out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.protocol.messages import User
from desktop.intents import Intents
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack


class Deleting:
    """One for the window's life."""

    def __init__(
        self,
        root: tk.Misc,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        download: Callable[[], None],
    ) -> None:
        """*download*: opens the sheet for the person's data."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._download = download
        self._relay_name = ""
        self._user: User | None = None

    def signed_in(self, relay_name: str, user: User | None) -> None:
        """Who is there now, and where. With who is not there any more their sheets go: this one, and the settings below it."""
        self._relay_name, self._user = relay_name, user
        if user is None and self._sheets:
            from desktop.view.sheets.deleting import DeleteAccountSheet

            if self._sheets.find(DeleteAccountSheet) is not None:
                self._sheets.close_all()

    def open(self) -> None:
        """What happens then, and whether it is really wanted."""
        from desktop.view.sheets.deleting import DeleteAccountSheet

        user, relay_name = self._user, self._relay_name
        if user is None or self._sheets.find(DeleteAccountSheet) is not None:
            return
        delete = self._intents.delete_account
        self._sheets.open(
            lambda close: DeleteAccountSheet(
                self._root, self._look(), close, relay_name, user.username, self._download, delete
            )
        )

    def show_refused(self, code: str, problem: str) -> bool:
        """It was not done; whether there is anybody to tell."""
        from desktop.view.sheets.deleting import DeleteAccountSheet

        sheet = self._sheets.find(DeleteAccountSheet)
        if sheet is not None:
            sheet.refused(problem, is_password=code == "wrong_credentials")
        return sheet is not None
