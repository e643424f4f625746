"""Who has an account on this relay: found by name, and each with what can be done with them."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from common.ids import Millis, UserId
from common.protocol.messages import (
    Account,
    Accounts,
    Answer,
    Command,
    DisableUser,
    LimitName,
    ListAccounts,
    ListLimits,
    ListSessions,
    PasswordMade,
    PersonLimits,
    Promote,
    ResetPassword,
    RevokeSessions,
    Role,
    Session,
    Sessions,
    SetLimit,
)
from desktop import locale
from desktop.locale import _, n_
from desktop.view import kit
from desktop.view.fuzzy import NO_FIT, fitness
from desktop.view.picklist import Line, PickList
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel
from desktop.view.relay.person import PersonActs, PersonPart

_LIST: Final = 290
_KEPT: Final = "people"


class Known(Struct):
    """What the relay has told, and where the owner is. *opened*: whose account is looked at; *password*: one that was made for them."""

    accounts: Sequence[Account] | None = None
    opened: UserId | None = None
    sessions: dict[UserId, Sequence[Session]] = field(default_factory=dict)
    password: tuple[UserId, str] | None = None


class PeoplePanel(OwnerPanel):
    """A list with a field to find somebody, or one person's account in its place."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        look, px = self.look, self.look.px
        self.known: Known = desk.kept.setdefault(_KEPT, Known())
        self._rows: Sequence[Account] = ()
        self._everybody = kit.frame(self, look)
        self._count = kit.paragraph(self._everybody, look, "", "second", look.palette.text2)
        self._count.pack(fill="x", pady=(0, px(8)))
        kit.label(self._everybody, look, _("Find by name"), "small_bold", look.palette.text2).pack(
            anchor="w", pady=(0, px(5))
        )
        self.field = kit.entry(self._everybody, look)
        self.field.configure(validate="key", validatecommand=(self.register(self._typed), "%P"))
        self.field.pack(fill="x", pady=(0, px(8)))
        place = kit.fixed_frame(self._everybody, look, height=_LIST)
        place.pack(fill="x")
        self.list = PickList(place, look, self._chosen)
        self.list.pack(fill="both", expand=True)
        self.list.listen(self.field)
        self._person: PersonPart | None = None
        self._was_set: LimitName | None = None
        self._draw()
        self.after_idle(lambda: self.order(ListAccounts()))
        if self.known.opened is not None:
            user = self.known.opened
            self.after_idle(lambda: self.order(ListSessions(user=user)))

    # -- what the relay says -------------------------------------------------------------------------------------------

    def heard(self, command: Command, answer: Answer) -> None:
        """Lists, a new password; after anything else that was done the lists are asked for again."""
        match command, answer:
            case ListAccounts(), Accounts(accounts=accounts):
                self.known.accounts = accounts
                self._draw()
            case ListSessions(user=user), Sessions(sessions=sessions):
                self.known.sessions[UserId(user)] = sessions
                self._draw()
            case ResetPassword(user=user), PasswordMade(password=password):
                self.known.password = (UserId(user), password)
                self._ask_again(user)
                if self._person is not None:
                    self._person.point_out()
            case ListLimits(user=user), PersonLimits():
                if self._person is not None and self._person.user == user:
                    self._person.allowance.show(answer, self._was_set)
                    self._was_set = None
            case SetLimit(user=user, limit=name), _ if user is not None and user == self.known.opened:
                self._was_set = name
                self.order(ListLimits(user=user))
            case ((DisableUser(user=user) | Promote(user=user) | RevokeSessions(user=user)), _):
                self._ask_again(user)
            case _:
                pass

    def refused(self, command: Command, words: str) -> None:
        """Of a limit beside its field, where there is one."""
        form = self._person.allowance.form if isinstance(command, SetLimit) and self._person is not None else None
        if form is None or not form.say(words):
            super().refused(command, words)

    def _ask_again(self, user: int) -> None:
        self._draw()
        self.order(ListAccounts())
        if self.known.opened == user:
            self.order(ListSessions(user=user))

    # -- everybody -----------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        account = self._opened()
        if account is None:
            self._draw_everybody()
        else:
            self._draw_person(account)

    def _opened(self) -> Account | None:
        return next((each for each in self.known.accounts or () if each.user.id == self.known.opened), None)

    def _draw_everybody(self) -> None:
        if self._person is not None:
            self._person.destroy()
            self._person = None
        if not self._everybody.winfo_manager():
            self._everybody.pack(fill="x")
        self._draw_list(self.field.get())

    def _draw_list(self, sought: str) -> None:
        accounts = self.known.accounts
        if accounts is None:
            self._count.configure(text=_("Asking the relay…"))
            return
        here = sum(account.online for account in accounts)
        people = n_("{n} person has an account", "{n} people have an account", len(accounts)).format(n=len(accounts))
        self._count.configure(text=_("{people}, {n} here now.").format(people=people, n=here))
        self._rows = _found(accounts, sought)
        now = Millis(int(time.time() * 1000))
        self.list.show_lines([_line(account, now) for account in self._rows])
        if not self._rows:
            self._count.configure(text=_("Nobody is called so."))

    def _typed(self, text: str) -> bool:
        self._draw_list(text)
        return True

    def _chosen(self, index: int) -> None:
        user = self._rows[index].user.id
        self.known.opened = user
        self._draw()
        self.order(ListSessions(user=user))
        if self._person is not None:
            self._person.first_focus().focus_set()

    def _back(self) -> None:
        self.known.opened = self.known.password = None
        self.say_problem("")
        self._draw()
        self.field.focus_set()

    # -- one of them ---------------------------------------------------------------------------------------------------

    def _draw_person(self, account: Account) -> None:
        user = account.user
        sessions = self.known.sessions.get(user.id)
        password = self.known.password[1] if self.known.password and self.known.password[0] == user.id else ""
        if self._person is None or self._person.user != user.id:
            self._everybody.pack_forget()
            if self._person is not None:
                self._person.destroy()
            acts = PersonActs(
                self._back,
                self._promote,
                self._disable,
                self._reset,
                self._revoke,
                self._look_at_limits,
                self._set_limit,
                self.desk.ask,
            )
            self._person = PersonPart(self, self.look, account, is_me=user.id == self.desk.user.id, acts=acts)
            self._person.pack(fill="x")
        self._person.show(account, sessions, password)

    def _promote(self, account: Account, role: Role) -> None:
        name, is_me = self._name_of(account), account.user.id == self.desk.user.id
        texts = {
            "owner": _("“{name}” will do everything on this relay that you can, and nobody can undo it but an owner."),
            "admin": _("“{name}” will shut out and let in members, give them new passwords, and invite people."),
            "member": _("“{name}” will no longer act on other people's accounts, and invite nobody to the relay."),
        }
        titles = {
            "owner": _("Make an owner of this relay?"),
            "admin": _("Make an administrator of this relay?"),
            "member": _("Make a member of this relay?"),
        }
        text = _("You will own this relay no more, and only another owner can undo that.") if is_me else texts[role]
        order = Promote(user=account.user.id, role=role)
        self.confirm(titles[role], text.format(name=name), _("Yes"), lambda: self.order(order))

    def _disable(self, account: Account) -> None:
        order = DisableUser(user=account.user.id, on=not account.disabled)
        if account.disabled:
            self.order(order)
            return
        text = _(
            "“{name}” is signed out everywhere at once and cannot come in until you let them. What they wrote stays; their invitations "
            "and the scripts that use their access tokens stop working."
        )
        self.confirm(_("Shut out?"), text.format(name=self._name_of(account)), _("Shut out"), lambda: self.order(order))

    def _reset(self, account: Account) -> None:
        text = _(
            "“{name}” is signed out everywhere, and can only come in with the new password, which you see once and tell them."
        )
        order = ResetPassword(user=account.user.id)
        title, yes = _("Make a new password?"), _("New password")
        self.confirm(title, text.format(name=self._name_of(account)), yes, lambda: self.order(order))

    def _revoke(self, account: Account, session: Session | None) -> None:
        order = RevokeSessions(user=account.user.id, session=None if session is None else session.id)
        name = self._name_of(account)
        if session is None:
            text = _("“{name}” has to sign in again on every device, and their access tokens stop working.")
            words = text.format(name=name)
        else:
            text = _("“{name}” has to sign in again there: {device}.")
            words = text.format(name=name, device=self.look.safe.line(session.device) or _("a device without a name"))
        self.confirm(_("Sign them out?"), words, _("Sign them out"), lambda: self.order(order))

    def _look_at_limits(self, account: Account) -> None:
        self.order(ListLimits(user=account.user.id))

    def _set_limit(self, account: Account, name: LimitName, value: int | None) -> None:
        self.order(SetLimit(limit=name, value=value, user=account.user.id))

    def _name_of(self, account: Account) -> str:
        return self.look.safe.name(account.user.display_name or account.user.username)


def _found(accounts: Sequence[Account], sought: str) -> list[Account]:
    """Who is called like *sought*, best fit first; without it everybody, owners and admins first."""
    if sought.strip():
        fits = {
            each.user.id: max(fitness(sought, each.user.display_name), fitness(sought, each.user.username))
            for each in accounts
        }
        return sorted((each for each in accounts if fits[each.user.id] != NO_FIT), key=lambda each: -fits[each.user.id])
    ranks = {"owner": 0, "admin": 1, "member": 2}
    return sorted(accounts, key=lambda each: (ranks[each.user.role], each.user.display_name.casefold()))


def _line(account: Account, now: Millis) -> Line:
    user = account.user
    below = (f"@{user.username}", role_name(user.role), state_of(account, now))
    return Line(
        user.display_name or user.username,
        " · ".join(words for words in below if words),
        user.id,
        presence="online" if account.online else "offline",
    )


def role_name(role: Role) -> str:
    """What somebody is on the relay."""
    return {"owner": _("owner"), "admin": _("administrator"), "member": ""}[role]


def state_of(account: Account, now: Millis) -> str:
    """Whether and when they are here, in words."""
    if account.disabled:
        return _("shut out")
    if account.online:
        devices = n_("{n} device", "{n} devices", account.devices).format(n=account.devices)
        return _("here now, {devices}").format(devices=devices)
    if account.seen is None:
        return _("signed in nowhere")
    return _("last here {moment}").format(moment=locale.moment(account.seen, now))


def build(parent: tk.Misc, desk: RelayDesk) -> PeoplePanel:
    """They are asked for as it opens."""
    return PeoplePanel(parent, desk)
