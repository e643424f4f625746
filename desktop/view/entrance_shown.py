"""The window's part that shows the way to a relay: the list of them, the form for signing in, and what keeps one from it.

It remembers what it was told: a screen that is built anew is told it again.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from common.ids import RelayId
from desktop.events.relays import FoundRelay
from desktop.intents import Intents
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Finding, Question, SignInField, SignInMode
from desktop.view.look import Look
from desktop.view.sheets.stack import SheetStack

if TYPE_CHECKING:
    from desktop.view.chooser import Chooser
    from desktop.view.sign_in import SignIn


class ShowsEntrance:
    """Of `desktop.screen.Screen` what comes before the conversations."""

    root: tk.Tk
    look: Look
    _intents: Intents
    _sheets: SheetStack
    _chooser: Chooser | None
    _sign_in: SignIn | None
    _swap: Callable[..., None]
    _reveal: Callable[[], None]
    _forget_main: Callable[[], None]
    _want_to_quit: Callable[[], None]
    open_settings: Callable[..., None]
    show_toast: Callable[[str], None]
    ask: Callable[[Question, Callable[[str], None]], None]

    def __init__(self) -> None:
        self._relays: tuple[Sequence[FoundRelay], str, str, str] = ((), "", "", "")
        self._blocked_by: tuple[str, str] = ("", "")
        self._signing_in: tuple[FoundRelay, SignInMode, str, str, bool] | None = None

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def show_chooser(self) -> None:
        from desktop.view.chooser import Chooser

        self._forget_main()
        chooser = Chooser(
            self.root,
            self.look,
            self._intents,
            lambda: self.open_address(invitation=False),
            lambda: self.open_address(invitation=True),
            self.open_settings,
            self._ask_forget,
        )
        chooser.show_relays(*self._relays)
        self._swap(chooser=chooser)

    def show_relays(self, relays: Sequence[FoundRelay], trouble: str = "", hosting: str = "", sought: str = "") -> None:
        self._relays = (relays, trouble, hosting, sought)
        if self._chooser is not None:
            self._chooser.show_relays(relays, trouble, hosting, sought)

    def show_address_problem(self, message: str) -> None:
        from desktop.view.sheets.address import AddressSheet

        sheet = self._sheets.find(AddressSheet)
        if sheet is not None:
            if message:
                sheet.show_problem(message)
            else:
                sheet.close()
        elif message:
            self.show_toast(message)

    def show_findings(self, findings: Sequence[Finding], done: bool) -> None:
        from desktop.view.sheets.findings import FindingsSheet

        if self._sheets.find(FindingsSheet) is None and not findings and not done:
            self._sheets.open(lambda close: FindingsSheet(self.root, self.look, close, self._intents.check_connection))
        sheet = self._sheets.find(FindingsSheet)
        if sheet is not None:  # else it was closed before all was found
            sheet.show(findings, done)

    def show_recovery_code(self, code: str, on_confirmed: Callable[[], None]) -> None:
        from desktop.view.sheets.security import RecoverySheet

        self._sheets.open(lambda close: RecoverySheet(self.root, self.look, close, code, on_confirmed))
        self._reveal()

    def show_blocked(self, title: str, text: str) -> None:
        from desktop.view.blocked import Blocked

        self._forget_main()
        self._blocked_by = (title, text)
        self._swap(blocked=Blocked(self.root, self.look, title, text, self._want_to_quit))

    def open_address(self, invitation: bool) -> None:
        """The sheet for a typed address or a pasted invitation."""
        from desktop.view.sheets.address import AddressSheet

        on_enter = self._intents.paste_invitation if invitation else self._intents.enter_address
        self._sheets.open(lambda close: AddressSheet(self.root, self.look, close, invitation, on_enter))

    def _ask_forget(self, relay: FoundRelay) -> None:
        text = _(
            "“{name}” will be treated as new: its identity, your sign-in and the messages kept on this computer are dropped. "
            "Messages that were not sent yet are lost."
        )
        question = Question(
            _("Forget this relay?"),
            text.format(name=self.look.safe.name(relay.name)),
            (Choice("forget", _("Forget"), ChoiceKind.DANGER), Choice("keep", _("Cancel"))),
        )
        self.ask(question, lambda key: self._intents.forget_relay(relay.relay_id) if key == "forget" else None)

    # -- signing in ----------------------------------------------------------------------------------------------------

    def show_sign_in(
        self, relay: FoundRelay, mode: SignInMode, code: str = "", username: str = "", *, is_owners: bool = False
    ) -> None:
        from desktop.view.sign_in import SignIn

        self._forget_main()
        self._signing_in = (relay, mode, code, username, is_owners)
        sign_in = SignIn(self.root, self.look, self._intents)
        sign_in.show(relay, mode, code, username, is_owners)
        self._swap(sign_in=sign_in)

    def show_sign_in_busy(self, busy: bool) -> None:
        if self._sign_in is not None:
            self._sign_in.show_busy(busy)

    def show_sign_in_problem(self, field: SignInField, message: str) -> None:
        if self._sign_in is not None:
            self._sign_in.show_problem(field, message)
        else:
            self.show_toast(message)

    def show_identity_alarm(self, relay_name: str, expected: RelayId, found: RelayId) -> None:
        from desktop.view.sheets.security import AlarmSheet

        if self._sheets.find(AlarmSheet) is None:
            self._sheets.open(lambda close: AlarmSheet(self.root, self.look, close, relay_name, expected, found))
            self._reveal()

    def _rebuild_sign_in(self, old: SignIn) -> None:
        from desktop.view.kept import keep, put_back

        relay, _mode, code, username, is_owners = self._signing_in or (None, None, "", "", False)
        assert relay is not None
        done, mode, busy = keep(old), old.mode, old.is_busy
        self.show_sign_in(relay, mode, code, username, is_owners=is_owners)
        assert self._sign_in is not None
        self._sign_in.stay_as(old)
        self._sign_in.update_idletasks()  # what is not there yet cannot take the keyboard
        put_back(self._sign_in, done)
        if busy:
            self._sign_in.show_busy(True)
