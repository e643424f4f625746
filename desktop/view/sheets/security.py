"""What must be read before going on: the recovery code of the own relay, and the alarm about another identity."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Final

from common.ids import RelayId
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.relay_card import short_id
from desktop.view.sheets.base import Sheet

_GROUPS_PER_LINE: Final = 7
"""Of four characters; a line never tears one apart."""


class RecoverySheet(Sheet):
    """The recovery code, shown once. Goes only when the person says that it is written down."""

    WIDTH = 460
    CLOSABLE = False

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, code: str, on_confirmed: Callable[[], None]
    ) -> None:
        super().__init__(parent, look, on_close, _("Write down the recovery code"))
        self._code = code
        self._on_confirmed = on_confirmed
        self.say(
            _(
                "Everything on your relay is encrypted. If its key file is ever lost, this code is the only way back "
                "to the messages. It is shown only now: write it down and keep it away from this computer."
            )
        )
        shown = tk.Label(
            self.body,
            text=_in_lines(code),
            font=look.font("code_large"),
            fg=look.palette.text,
            bg=look.palette.field,
            padx=look.px(12),
            pady=look.px(14),
            width=1,
        )
        shown.bind(
            "<Configure>", lambda event: shown.configure(wraplength=max(look.px(200), event.width - 2 * look.px(12)))
        )
        shown.pack(fill="x", pady=(0, look.px(10)))
        row = kit.frame(self.body, look)
        row.pack(fill="x")
        self._copy_button = kit.button(row, look, _("Copy"), self._copy, icon="copy")
        self._copy_button.pack(side="left")
        self._done = self.add_button(_("I have written it down"), self._confirm, "Primary")

    def first_focus(self) -> tk.Misc:
        return self._copy_button

    def _copy(self) -> None:
        self.clipboard_clear()
        self.clipboard_append(self._code)
        self._copy_button.configure(text=f" {_('Copied')}")

    def _confirm(self) -> None:
        self.close()
        self._on_confirmed()


class AlarmSheet(Sheet):
    """Another identity answers where the known relay should be. There is no button that goes there."""

    WIDTH = 500

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, relay_name: str, expected: RelayId, found: RelayId
    ) -> None:
        name = look.safe.name(relay_name)
        super().__init__(parent, look, on_close, _("This is not the relay that you know"))
        self.say(
            _(
                "Something that calls itself “{name}” answers with another identity. Either somebody is pretending to be your "
                "relay, or the relay was set up anew. Nothing was sent there, and this client will not connect to it."
            ).format(name=name)
        )
        self._identity(_("The relay that you know"), expected, look.palette.ok_text)
        self._identity(_("What answers now"), found, look.palette.danger)
        self.say(
            _(
                "Ask whoever runs the relay. If it really was set up anew, ask for an invitation, or forget the known relay in "
                "the list of relays: the new one can then be chosen like any other."
            )
        )
        self.add_button(_("Close"), self.close, "Primary", default=True)

    def _identity(self, title: str, relay_id: RelayId, colour: str) -> None:
        look = self.look
        kit.label(self.body, look, title, "small_bold", look.palette.text3).pack(anchor="w")
        half = 4 * _GROUPS_PER_LINE
        shown = f"{short_id(RelayId(relay_id[:half]), half)}-\n{short_id(RelayId(relay_id[half:]), half)}"
        ident = kit.label(self.body, look, shown, "code", colour)
        ident.pack(anchor="w", pady=(look.px(2), look.px(12)))


def _in_lines(code: str) -> str:
    """Groups of the code, four to a line when there are many."""
    groups = code.split("-")
    if len(groups) < 5:
        return code
    return "\n".join("  ".join(groups[at : at + 4]) for at in range(0, len(groups), 4))
