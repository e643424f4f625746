"""What a person says of themselves: here or not, a few words, and whether others are told how far they have read."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.protocol import limits
from desktop.events.conversations import OwnState, OwnStatus
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.choosing import Choosing


class StatusPanel(tk.Frame):
    """Every choice takes effect at once; the words when Return is pressed or the keyboard leaves their field."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        status: OwnStatus,
        set_presence: Callable[[OwnState, str], None],
        set_receipts: Callable[[bool], None],
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self._set_presence = set_presence
        self._set_receipts = set_receipts
        self._receipts = status.receipts
        self._said = (status.state, look.safe.drawable(status.text))
        states: Sequence[tuple[OwnState, str]] = (
            ("online", _("Online")),
            ("away", _("Away")),
            ("dnd", _("Do not disturb")),
        )
        self.state_choice = Choosing[OwnState](
            self, look, _("Others see you as"), states, status.state, lambda _state: self._state_chosen()
        )
        self.state_choice.pack(fill="x", pady=(0, px(12)))
        self.text = kit.Field(self, look, _("In your words"), hint=_("As “at lunch until two”; may stay empty."))
        self.text.put(look.safe.drawable(status.text))
        self.text.pack(fill="x", pady=(0, px(12)))
        self.text.entry.bind("<Return>", self._return)
        self.text.entry.bind("<FocusOut>", lambda _event: self.say() and None, add="+")
        kit.switch(self, look, _("Tell others how far I have read"), status.receipts, self._switched).pack(fill="x")
        hint = _("When it is off, you are not told how far others have read either.")
        kit.paragraph(self, look, hint, "small", look.palette.text3).pack(fill="x", pady=(px(4), 0))

    def say(self) -> bool:
        """Tell others, if anything has changed; whether all is well."""
        text = self.text.text.strip()
        if len(text) > limits.STATUS_CHARACTERS:
            self.text.show_problem(_("At most {n} characters, please.").format(n=limits.STATUS_CHARACTERS))
            return False
        said = (self.state_choice.value, text)
        if said != self._said:
            self._said = said
            self._set_presence(*said)
        return True

    def _return(self, _event: tk.Event[tk.Misc]) -> str:
        self.say()
        return "break"  # the sheet stays

    def _state_chosen(self) -> None:
        self.say()

    def _switched(self, on: bool) -> None:
        if on != self._receipts:
            self._receipts = on
            self._set_receipts(on)
