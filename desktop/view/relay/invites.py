"""Who may come into this relay: its policy as it is, a link for somebody, and the links that are still good."""

from __future__ import annotations

import tkinter as tk
from typing import Final

from msgspec import Struct

from common.ids import Millis
from common.protocol.messages import Answer, Command, CreateInvite, Invited, Invites, ListInvites, RevokeInvite
from desktop.locale import _
from desktop.view import kit
from desktop.view.inviting import Inviting, Made
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel

_KEPT: Final = "invites"


class Known(Struct):
    """What was chosen, and the link that is shown."""

    made: Made | None = None
    uses: int | None = 1
    days: int | None = 7


class InvitesPanel(OwnerPanel):
    """Invitations to the relay alone; those into a group are at the group."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        look, px = self.look, self.look.px
        self._known: Known = desk.kept.setdefault(_KEPT, Known())
        hint = _("Whoever has such a link can make an account here. Links into a group are made at the group.")
        kit.paragraph(self, look, hint, "small", look.palette.text2).pack(fill="x", pady=(0, px(10)))
        self.inviting = Inviting(self, look, self._create, self._revoke, self._changed)
        self.inviting.uses.choose(self._known.uses)
        self.inviting.days.choose(self._known.days)
        self._make = kit.button(self, look, self.inviting.make_label, self._pressed, "Primary")
        self._make.pack(anchor="w", side="bottom", pady=(px(12), 0))
        self.inviting.pack(fill="x")
        if self._known.made is not None:
            self.inviting.show_made(self._known.made)
        self.after_idle(lambda: self.order(ListInvites()))

    def heard(self, command: Command, answer: Answer) -> None:
        """The list, and a new one."""
        match command, answer:
            case ListInvites(group=None), Invites(invites=invites):
                self.inviting.show_list(invites)
            case CreateInvite(group=None), Invited(invite=invite, code=code, link=link):
                self._known.made = Made(invite, code, link)
                self.inviting.show_made(self._known.made)
                self.order(ListInvites())
            case RevokeInvite(), _:
                self.order(ListInvites())
            case _:
                pass

    def _pressed(self) -> None:
        self._known.uses, self._known.days = self.inviting.uses.value, self.inviting.days.value
        self.inviting.make()

    def _create(self, uses: int | None, expires: Millis | None) -> None:
        self.order(CreateInvite(uses=uses, expires=expires))

    def _revoke(self, invite: int) -> None:
        text = _("Nobody comes in by this link any more. Who came in by it stays.")
        order = RevokeInvite(invite=invite)
        self.confirm(_("Take the link back?"), text, _("Take back"), lambda: self.order(order))

    def _changed(self) -> None:
        self._known.made = self.inviting.made
        self._make.configure(text=self.inviting.make_label)


def build(parent: tk.Misc, desk: RelayDesk) -> InvitesPanel:
    """They are asked for as it opens."""
    return InvitesPanel(parent, desk)
