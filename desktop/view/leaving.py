"""The window's part that leads out: to the other relays, signed out, or to the end. What is half written is told first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desktop.intents import Intents
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.sheets.stack import SheetStack

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen


class LeadsOut:
    """Each way out, as a button or a key takes it."""

    _intents: Intents
    _sheets: SheetStack
    _main: MainScreen | None
    ask: Callable[[Question, Callable[[str], None]], None]

    def _want_to_close(self) -> None:
        self._flush_draft()
        self._intents.close_window()

    def _want_to_quit(self) -> None:
        self._flush_draft()
        self._intents.quit()

    def _flush_draft(self) -> None:
        if self._main is not None:
            self._main.composer.flush_draft()

    def _ask_sign_out(self) -> None:
        question = Question(
            _("Sign out on this device?"),
            _(
                "To come back you need your password. The messages kept on this computer, and those that were not sent yet, "
                "stay here until then."
            ),
            (Choice("out", _("Sign out"), ChoiceKind.DANGER), Choice("stay", _("Cancel"))),
        )
        self.ask(question, lambda key: self._sign_out() if key == "out" else None)

    def _sign_out(self) -> None:
        self._flush_draft()
        self._sheets.close_all()
        self._intents.sign_out()

    def _leave_for_relays(self) -> None:
        """To the list of relays; this device stays signed in."""
        self._flush_draft()
        self._intents.back_to_relays()
