"""Other ways to a relay: its address typed in, or an invitation link pasted."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class AddressSheet(Sheet):
    """One field; stays open, with the problem beside the field, until it led somewhere."""

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, invitation: bool, on_enter: Callable[[str], None]
    ) -> None:
        super().__init__(parent, look, on_close, _("Paste an invitation") if invitation else _("Enter an address"))
        self._on_enter = on_enter
        if invitation:
            self.say(_("An invitation is a link that begins with pymessenger:// and carries the relay's identity."))
            self._field = kit.Field(self.body, look, _("Invitation"))
            self._paste()
        else:
            self.say(_("The relay shows its addresses when it starts."))
            self._field = kit.Field(
                self.body, look, _("Address"), hint=_("For example 192.168.1.20, or studio.local:5000")
            )
        self._field.pack(fill="x")
        self._go = self.add_button(_("Go on"), self._enter, "Primary", default=True)
        self.add_button(_("Cancel"), self.close)

    def first_focus(self) -> tk.Misc:
        return self._field.entry

    def show_problem(self, message: str) -> None:
        """What was entered led nowhere."""
        self._go.state(["!disabled"])
        self._field.show_problem(self.look.safe.line(message, 400))
        self._field.entry.focus_set()

    def _enter(self) -> None:
        text = self._field.text.strip()
        if not text:
            self._field.show_problem(_("Please enter something here."))
            return
        self._field.show_problem("")
        self._go.state(["disabled"])
        self._on_enter(text)

    def _paste(self) -> None:
        """An invitation that was just copied need not be pasted by hand."""
        try:
            copied = self.clipboard_get().strip()
        except tk.TclError:  # the clipboard holds no text
            return
        if copied.startswith("pymessenger://") and "\n" not in copied:
            self._field.put(self.look.safe.line(copied, 1000))
