"""One person's account on this relay: role, devices, password, and shutting out."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from msgspec import Struct

from common.ids import Millis
from common.protocol.messages import Account, LimitName, Role, Session
from desktop import locale
from desktop.locale import _
from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.limits_form import Ask
from desktop.view.look import Look
from desktop.view.relay.allowance import AllowancePart


class PersonActs(Struct, frozen=True):
    """What the owner may do; each asks before harm. *disable* also lets in again; *revoke*: a session, or (None) all."""

    back: Callable[[], None]
    promote: Callable[[Account, Role], None]
    disable: Callable[[Account], None]
    reset: Callable[[Account], None]
    revoke: Callable[[Account, Session | None], None]
    look_at_limits: Callable[[Account], None]
    set_limit: Callable[[Account, LimitName, int | None], None]
    ask: Ask


class PersonPart(tk.Frame):
    """Made for one person; `show` tells how it stands with them."""

    def __init__(self, parent: tk.Misc, look: Look, account: Account, *, is_me: bool, acts: PersonActs) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self._look = look
        self._acts = acts
        self._account = account
        self._is_me = is_me
        self._shown: tuple[Account, Sequence[Session] | None, str] | None = None
        self.user = account.user.id
        self._back = kit.button(self, look, _("All people"), acts.back, "Link", icon="back")
        self._back.pack(anchor="w", pady=(0, px(8)))
        head = kit.frame(self, look)
        head.pack(fill="x", pady=(0, px(12)))
        name = look.safe.name(account.user.display_name or account.user.username)
        kit.avatar(head, look, name, account.user.id, 44).pack(side="left", anchor="n", padx=(0, px(12)))
        words = kit.frame(head, look)
        words.pack(side="left", fill="x", expand=True)
        kit.paragraph(words, look, name, "title").pack(fill="x")
        self._facts = kit.paragraph(words, look, "", "second", look.palette.text2)
        self._facts.pack(fill="x")
        self._secret = kit.frame(self, look)
        self._role_title = kit.label(self, look, _("On this relay"), "small_bold", look.palette.text2)
        self._role_title.pack(anchor="w", pady=(0, px(5)))
        roles = Flow(self, look)
        roles.pack(fill="x", pady=(0, px(12)))
        titles: Sequence[tuple[Role, str]] = (
            ("owner", _("Owner")),
            ("admin", _("Administrator")),
            ("member", _("Member")),
        )
        self._roles: dict[Role, ttk.Button] = {}
        for role, title in titles:
            made = kit.button(roles, look, title, lambda role=role: self._choose(role))  # type: ignore[misc]
            made.configure(padding=(px(11), px(7)))
            roles.put(made)
            self._roles[role] = made
        kit.label(self, look, _("Signed in"), "small_bold", look.palette.text2).pack(anchor="w", pady=(0, px(5)))
        self._sessions = kit.frame(self, look)
        self._sessions.pack(fill="x", pady=(0, px(12)))
        self._doing = Flow(self, look)
        self._doing.pack(fill="x")
        self._copy: ttk.Button | None = None
        self._disable = kit.button(self._doing, look, "", lambda: acts.disable(self._account))
        if not is_me:
            self._doing.put(
                kit.button(self._doing, look, _("New password"), lambda: acts.reset(self._account), icon="key")
            )
            self._doing.put(self._disable)
        self.allowance = AllowancePart(
            self,
            look,
            lambda: acts.look_at_limits(self._account),
            acts.ask,
            lambda name, value: acts.set_limit(self._account, name, value),
        )
        self.allowance.pack(fill="x", pady=(px(14), 0))

    def first_focus(self) -> tk.Misc:
        """Where the keyboard goes when it appears."""
        return self._back

    def point_out(self) -> None:
        """A password has just been made: the keyboard goes to its button, which brings it into view."""
        self.update_idletasks()
        if self._copy is not None:
            self._copy.focus_set()

    def show(self, account: Account, sessions: Sequence[Session] | None, password: str) -> None:
        """How it stands. *sessions*: None while they are being asked for; *password*: one that was just made, else empty."""
        if self._shown == (account, sessions, password):
            return
        before, self._shown = self._shown, (account, sessions, password)
        self._account = account
        look = self._look
        now = Millis(int(time.time() * 1000))
        since = _("since {moment}").format(moment=locale.moment(account.at, now))
        state = _("shut out") if account.disabled else _("here now") if account.online else _("not here")
        self._facts.configure(text=f"@{look.safe.name(account.user.username)} · {since} · {state}")
        for role, button in self._roles.items():
            button.configure(style=f"Window.{'Primary' if role == account.user.role else 'Plain'}.TButton")
        label = _("Let in again") if account.disabled else _("Shut out")
        self._disable.configure(text=label, style=f"Window.{'Plain' if account.disabled else 'Danger'}.TButton")
        if before is None or before[1] != sessions:
            self._show_sessions(sessions)
        if before is None or before[2] != password:
            self._show_password(password)

    def _choose(self, role: Role) -> None:
        if role != self._account.user.role:
            self._acts.promote(self._account, role)

    def _show_sessions(self, sessions: Sequence[Session] | None) -> None:
        look = self._look
        had_keyboard = str(self.focus_lastfor()).startswith(f"{self._sessions}.")
        for child in self._sessions.winfo_children():
            child.destroy()
        if not sessions:
            words = _("Asking the relay…") if sessions is None else _("Signed in nowhere.")
            kit.paragraph(self._sessions, look, words, "second", look.palette.text3).pack(fill="x")
        else:
            for session in sessions:
                self._line(session)
            if len(sessions) > 1 and not self._is_me:
                everywhere = lambda: self._acts.revoke(self._account, None)  # noqa: E731
                kit.button(self._sessions, look, _("Sign out everywhere"), everywhere, "Link", icon="leave").pack(
                    anchor="w"
                )
        if had_keyboard:
            self._back.focus_set()

    def _line(self, session: Session) -> None:
        look, px = self._look, self._look.px
        row = kit.frame(self._sessions, look)
        row.pack(fill="x", pady=(0, px(6)))
        now = Millis(int(time.time() * 1000))
        name = look.safe.line(session.device) or _("a device without a name")
        seen = _("last here {moment}").format(moment=locale.moment(session.seen, now))
        if session.scopes is not None:
            name = _("Access token “{name}”").format(name=name)
            seen = _("last used {moment}").format(moment=locale.moment(session.seen, now))
        if session.own:
            kit.label(row, look, _("this device"), "small", look.palette.text3).pack(side="right", padx=(px(8), 0))
        else:
            sign_out = lambda: self._acts.revoke(self._account, session)  # noqa: E731
            kit.button(row, look, _("Sign out there"), sign_out, "Link").pack(side="right", anchor="n")
        kit.paragraph(row, look, name).pack(fill="x")
        kit.paragraph(row, look, seen, "small", look.palette.text3).pack(fill="x")

    def _show_password(self, password: str) -> None:
        look, px = self._look, self._look.px
        for child in self._secret.winfo_children():
            child.destroy()
        self._copy = None
        if not password:
            self._secret.pack_forget()
            return
        hint = _("The new password. It is shown this once: tell it to them in person, or over a way that you trust.")
        kit.paragraph(self._secret, look, hint, "small", look.palette.warn_text).pack(fill="x", pady=(0, px(4)))
        row = kit.frame(self._secret, look)
        row.pack(fill="x", pady=(0, px(14)))
        self._copy = kit.button(row, look, _("Copy"), lambda: self._copied(password), icon="copy")
        self._copy.pack(side="right", padx=(px(8), 0))
        entry = kit.entry(row, look)
        entry.configure(font=look.font("code"))
        entry.insert(0, password)
        entry.state(["readonly"])
        entry.pack(side="left", fill="x", expand=True)
        self._secret.pack(fill="x", before=self._role_title)

    def _copied(self, password: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(password)
        if self._copy is not None:
            self._copy.configure(text=f" {_('Copied')}")
