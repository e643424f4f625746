"""Access tokens: keys with which scripts do in the person's name what each allows."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from typing import Final

from common.ids import Millis
from common.protocol import limits
from common.protocol.messages import AccessToken, Scope
from desktop import locale
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view import kit
from desktop.view.secret_shown import SecretShown, Shown
from desktop.view.settings.desk import Desk
from desktop.view.sheets.choosing import Choosing

_DAY_MS: Final = 24 * 3600 * 1000


class TokensPanel(tk.Frame):
    """Makes one, shows it once, lists and revokes those that are good."""

    def __init__(self, parent: tk.Misc, desk: Desk) -> None:
        look, px = desk.look, desk.look.px
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._desk = desk
        hint = _(
            "With an access token a script does what you may, as far as the token goes, until it ends or you revoke it."
        )
        kit.paragraph(self, look, hint, "small", look.palette.text2).pack(fill="x", pady=(0, px(10)))
        self._made: SecretShown | None = None
        self.name = kit.Field(self, look, _("Name of the script"))
        self.name.pack(fill="x", pady=(0, px(8)))
        self.name.entry.bind("<Return>", self._return)
        scopes: Sequence[tuple[Scope, str]] = (
            ("read", _("Read")),
            ("write", _("Read and write")),
            ("manage", _("Also act on groups")),
        )
        self.scope = Choosing[Scope](self, look, _("It may"), scopes, "write")
        self.scope.pack(fill="x", pady=(0, px(8)))
        days: Sequence[tuple[int | None, str]] = ((30, _("A month")), (365, _("A year")), (None, _("No end")))
        self.days = Choosing[int | None](self, look, _("Is good for"), days, 365)
        self.days.pack(fill="x", pady=(0, px(10)))
        kit.button(self, look, _("Make a token"), self.make, "Primary").pack(anchor="w")
        self._list = kit.frame(self, look)
        self._list.pack(fill="x", pady=(px(14), 0))
        if desk.made is not None:
            self.show_made(desk.made)

    def make(self) -> None:
        """Ask for one."""
        name = self.name.text.strip()
        if not name:
            self.name.show_problem(_("Please enter something here."))
        elif len(name) > limits.NAME_CHARACTERS:
            self.name.show_problem(_("At most {n} characters, please.").format(n=limits.NAME_CHARACTERS))
        else:
            days = self.days.value
            expires = None if days is None else Millis(int(time.time() * 1000) + days * _DAY_MS)
            self._desk.intents.create_token(name, self.scope.value, expires)

    def point_out(self) -> None:
        """Lead to the one that has just been made."""
        if self._made is not None:
            self._made.point_out()

    def show_made(self, shown: Shown) -> None:
        """One was made."""
        if self._made is not None:
            self._made.destroy()
        self.name.put("")
        self._made = SecretShown(self, self._desk.look, shown)
        self._made.pack(fill="x", pady=(self._desk.look.px(12), 0), before=self._list)

    def show_tokens(self, tokens: Sequence[AccessToken]) -> None:
        """Those that are good."""
        look, px, safe = self._desk.look, self._desk.look.px, self._desk.look.safe
        for child in self._list.winfo_children():
            child.destroy()
        if tokens:
            title = _("Tokens that are good")
            kit.label(self._list, look, title, "small_bold", look.palette.text2).pack(anchor="w", pady=(0, px(4)))
        for token in tokens:
            row = kit.frame(self._list, look)
            row.pack(fill="x", pady=(0, px(4)))
            kit.button(row, look, _("Revoke"), lambda token=token: self._revoke(token), "Link").pack(side="right")  # type: ignore[misc]
            words = f"{safe.name(token.name)} · {_about(token)}"
            kit.paragraph(row, look, words).pack(side="left", fill="x", expand=True)

    def _revoke(self, token: AccessToken) -> None:
        name = self._desk.look.safe.name(token.name)
        question = Question(
            _("Revoke the token?"),
            _("The script that uses “{name}” stops working at once. That cannot be undone.").format(name=name),
            (Choice("revoke", _("Revoke"), ChoiceKind.DANGER), Choice("keep", _("Cancel"))),
        )
        self._desk.ask(question, lambda key: self._desk.intents.revoke_token(token.id) if key == "revoke" else None)

    def _return(self, _event: tk.Event[tk.Misc]) -> str:
        self.make()
        return "break"


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """The tokens are asked for; they come by `TokensPanel.show_tokens`."""
    panel = TokensPanel(parent, desk)
    panel.after_idle(desk.intents.list_tokens)
    return panel


def _about(token: AccessToken) -> str:
    now = Millis(int(time.time() * 1000))
    scopes = {"read": _("may read"), "write": _("may read and write"), "manage": _("may also act on groups")}
    said = ", ".join(scopes[scope] for scope in token.scopes)
    used = _("last used {moment}").format(moment=locale.moment(token.seen, now))
    if token.expires is None:
        return f"{said} · {used}"
    return f"{said} · {_('until {moment}').format(moment=locale.moment(token.expires, now))} · {used}"
