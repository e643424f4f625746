"""Inviting people by a link, to a group or to the relay."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.ids import Millis
from common.protocol.messages import Invite
from desktop.locale import _
from desktop.view import kit
from desktop.view.inviting import Inviting
from desktop.view.inviting import Made as Made
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class InvitesSheet(Sheet):
    """For a group, or for the relay."""

    WIDTH = 500

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        name: str,
        create: Callable[[int | None, Millis | None], None],
        revoke: Callable[[int], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Invite to “{name}”").format(name=look.safe.name(name)))
        self.inviting = Inviting(self.body, look, create, revoke, self._changed)
        self.inviting.pack(fill="x")
        self.link = self.inviting.link
        self._make = self.add_button(self.inviting.make_label, self.inviting.make, "Primary")
        self.add_button(_("Close"), self.close)

    def show_made(self, made: Made) -> None:
        """The link is there."""
        self.inviting.show_made(made)

    def show_list(self, invites: Sequence[Invite]) -> None:
        """The invitations that are still good."""
        self.inviting.show_list(invites)
        self.hear(self.inviting)

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, InvitesSheet)
        self.inviting.uses.choose(old.inviting.uses.value)
        self.inviting.days.choose(old.inviting.days.value)
        super().take_over(old)
        if old.inviting.invites:
            self.show_list(old.inviting.invites)
        if old.inviting.made is not None:
            self.show_made(old.inviting.made)

    def first_focus(self) -> tk.Misc:
        return self._make

    def _changed(self) -> None:
        self._make.configure(text=self.inviting.make_label)
