"""Making an invitation, showing it as text and as a QR code, and taking back those that are still good: on a sheet, or in a section of one."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from common.ids import Millis
from common.protocol.messages import Invite
from desktop import locale
from desktop.locale import _, n_
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.qr import draw_qr
from desktop.view.scrolled import Scrolled
from desktop.view.sheets.choosing import Choosing

_DAY_MS: Final = 24 * 3600 * 1000
_QR: Final = 190
_LIST: Final = 96


class Made(Struct, frozen=True):
    """An invitation that was just made; its code and link are told this once."""

    invite: Invite
    code: str
    link: str


class Inviting(tk.Frame):
    """Its owner has the button that calls `make`, and names it by `make_label` whenever *on_change* tells."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        create: Callable[[int | None, Millis | None], None],
        revoke: Callable[[int], None],
        on_change: Callable[[], None],
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self._look = look
        self._create = create
        self._revoke = revoke
        self._on_change = on_change
        self.made: Made | None = None
        self.invites: Sequence[Invite] = ()
        self._making = kit.frame(self, look)
        self._making.pack(fill="x")
        uses: Sequence[tuple[int | None, str]] = ((1, _("Once")), (10, _("10 times")), (None, _("Any number of times")))
        self.uses = Choosing[int | None](self._making, look, _("Can be used"), uses, 1)
        self.uses.pack(fill="x", pady=(0, px(10)))
        days: Sequence[tuple[int | None, str]] = ((1, _("A day")), (7, _("A week")), (None, _("No end")))
        self.days = Choosing[int | None](self._making, look, _("Is good for"), days, 7)
        self.days.pack(fill="x")
        self._result = kit.frame(self, look)
        self._picture = kit.label(self._result, look)
        self._picture.pack(side="left", padx=(0, px(16)))
        beside = kit.frame(self._result, look)
        beside.pack(side="left", fill="both", expand=True)
        self._about = kit.paragraph(beside, look, "", "second", look.palette.text2)
        self._about.pack(fill="x", pady=(0, px(8)))
        self.link = kit.entry(beside, look)
        self.link.pack(fill="x", pady=(0, px(8)))
        self._copied = kit.button(beside, look, _("Copy the link"), self.copy, "Primary", icon="copy")
        self._copied.pack(anchor="w")
        self._good = kit.frame(self, look)
        kit.label(self._good, look, _("Links that are still good"), "small_bold", look.palette.text2).pack(
            anchor="w", pady=(px(14), px(4))
        )
        place = kit.fixed_frame(self._good, look, height=_LIST)
        place.pack(fill="x")
        self._list = Scrolled(place, look)
        self._list.pack(fill="both", expand=True)

    @property
    def make_label(self) -> str:
        """What `make` does now."""
        return _("Make a link") if self.made is None else _("Another link")

    def make(self) -> None:
        """Ask for a link; a second press, when one is shown, goes back to the choices."""
        if self.made is not None:
            self.made = None
            self._result.pack_forget()
            self._making.pack(fill="x", before=self._good if self._good.winfo_manager() else None)  # type: ignore[arg-type]
            self._on_change()
            return
        days = self.days.value
        expires = None if days is None else Millis(int(time.time() * 1000) + days * _DAY_MS)
        self._create(self.uses.value, expires)

    def show_made(self, made: Made) -> None:
        """The link is there."""
        self.made = made
        look = self._look
        side = look.px(_QR)
        self._picture.configure(
            image=look.paint.passing_picture(("qr", made.link, side), lambda: draw_qr(made.link, side))
        )
        self._about.configure(
            text=_("Whoever has this link can come in. It is shown this once: {limits}.").format(
                limits=limits_of(made.invite)
            )
        )
        self.link.state(["!readonly"])
        self.link.delete(0, "end")
        self.link.insert(0, made.link)
        self.link.state(["readonly"])
        self._copied.configure(text=" " + _("Copy the link"))
        self._making.pack_forget()
        self._result.pack(fill="x", before=self._good if self._good.winfo_manager() else None)  # type: ignore[arg-type]
        self._on_change()

    def show_list(self, invites: Sequence[Invite], whose: Callable[[Invite], str] = lambda _invite: "") -> None:
        """The invitations that are still good. *whose*: who made it, where that is to be said."""
        self.invites = invites
        look, px = self._look, self._look.px
        for child in self._list.inside.winfo_children():
            child.destroy()
        now = Millis(int(time.time() * 1000))
        for invite in invites:
            row = kit.frame(self._list.inside, look)
            row.pack(fill="x")
            words = " · ".join(
                word for word in (whose(invite), locale.moment(invite.at, now), limits_of(invite)) if word
            )
            number = invite.id
            kit.button(row, look, _("Take back"), lambda number=number: self._revoke(number), "Link").pack(  # type: ignore[misc]
                side="right", padx=(0, px(4))
            )
            kit.paragraph(row, look, words, "second", look.palette.text2).pack(side="left", fill="x", expand=True)
        self._list.listen(self._list.inside)
        if invites:
            self._good.pack(fill="x")
        else:
            self._good.pack_forget()

    def copy(self) -> None:
        """Put the link on the clipboard."""
        if self.made is not None:
            self.clipboard_clear()
            self.clipboard_append(self.made.link)
            self._copied.configure(text=" " + _("Copied"))


def limits_of(invite: Invite) -> str:
    """How often and until when it lets people in."""
    now = Millis(int(time.time() * 1000))
    if invite.uses is None:
        uses = _("any number of times")
    else:
        uses = n_("{n} more time", "{n} more times", invite.uses).format(n=invite.uses)
    if invite.expires is None:
        return uses
    return f"{uses}, {_('until {moment}').format(moment=locale.moment(invite.expires, now))}"
