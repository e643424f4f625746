"""The second screen: sign in to the chosen relay, or make an account there. Errors stand beside the field they belong to."""

from __future__ import annotations

import tkinter as tk

from common.protocol import limits
from desktop.events.relays import FoundRelay, Trust
from desktop.intents import Intents
from desktop.locale import _
from desktop.screen import SignInField, SignInMode
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.relay_card import avatar_colour, short_id
from desktop.view.scrolled import Scrolled

_WIDTH = 400
_EDGE = 16


class SignIn(tk.Frame):
    """Two forms in one place; what was typed stays when the person changes between them."""

    def __init__(self, parent: tk.Misc, look: Look, intents: Intents) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._intents = intents
        self._relay: FoundRelay | None = None
        self._mode = SignInMode.SIGN_IN
        self._busy = False
        self._code_known = self._is_owners = self._has_code = False
        px = look.px
        back = kit.button(self, look, _("Relays"), intents.back_to_relays, "Ghost", icon="back")
        back.place(x=px(16), y=px(16))
        scrolled = Scrolled(self, look)
        scrolled.pack(fill="both", expand=True, pady=(look.tx(56), 0))
        back.lift()
        outer = kit.frame(scrolled.inside, look)
        outer.pack(fill="x", pady=(0, px(24)))
        column = kit.frame(outer, look)
        column.pack()
        measure = tk.Frame(column, bg=look.palette.window, height=1, bd=0)
        measure.pack()
        outer.bind(
            "<Configure>",
            lambda event: measure.configure(width=max(1, min(look.tx(_WIDTH), event.width - 2 * px(_EDGE)))),
        )
        self._picture = kit.avatar(column, look, "?", 0, 64, square=True)
        self._picture.pack(pady=(0, px(12)))
        self._title = kit.paragraph(column, look, "", "head")
        self._title.configure(justify="center", anchor="center")
        self._title.pack(fill="x")
        self._subtitle = kit.paragraph(column, look, "", "small", look.palette.text2)
        self._subtitle.configure(justify="center", anchor="center")
        self._subtitle.pack(fill="x", pady=(px(4), px(16)))
        self._form = kit.frame(column, look)
        self._form.pack(fill="x")

        self._username = kit.Field(self._form, look, _("User name"))
        self._display_name = kit.Field(
            self._form, look, _("Name that others see"), hint=_("May stay empty: then the user name is shown.")
        )
        self._password = kit.Field(self._form, look, _("Password"), secret=True)
        self._code = kit.Field(self._form, look, _("Invitation code"))
        self._problem = kit.paragraph(self._form, look, "", "small", look.palette.danger)
        self._submit_button = kit.button(self._form, look, "", self._submit, "Primary")
        self._other = kit.button(self._form, look, "", self._switch, "Link")
        self._code_way = kit.button(self._form, look, _("I have a code"), self._enter_code, "Link")
        self._shown = False
        # A child of the field, not of its head, so that Tab comes to it after the password.
        self._eye = kit.icon_button(self._password, look, "eye", self._toggle_password, _("Show the password"), size=15)
        self._eye.configure(style="Window.Link.TButton", padding=0)
        self._eye.pack(in_=self._password.head, side="right")
        for field in (self._username, self._display_name, self._password, self._code):
            field.entry.bind("<Return>", lambda _event: self._submit())
        self._password.entry.bind("<KeyPress>", self._watch_caps_lock, add="+")
        for widget in (
            back,
            self._submit_button,
            self._other,
            self._code_way,
            *(field.entry for field in self._fields().values()),
        ):
            widget.bind("<Escape>", lambda _event: intents.back_to_relays())
        scrolled.listen(scrolled.inside)

    def show(self, relay: FoundRelay, mode: SignInMode, code: str, username: str, is_owners: bool = False) -> None:
        """The form for *relay*. *code*: one that is known, the owner's with *is_owners*."""
        look = self._look
        self._relay = relay
        name = look.safe.name(relay.name)
        self._picture.configure(image=look.paint.avatar(look.px(64), name, avatar_colour(relay.relay_id), square=True))
        self._title.configure(text=name)
        where = f"[{relay.host}]:{relay.port}" if ":" in relay.host else f"{relay.host}:{relay.port}"
        self._subtitle.configure(text=f"{where} · {short_id(relay.relay_id)}" if relay.trust is Trust.NEW else where)
        self._code_known, self._is_owners = bool(code), is_owners
        if code:
            self._code.put(code)
        if username:
            self._username.put(username)
        self._show_mode(mode)
        (self._password if self._username.text else self._username).entry.focus_set()

    def stay_as(self, old: SignIn) -> None:
        """Offer the fields that *old* did."""
        self._has_code = old._has_code
        self._show_mode(old.mode)

    @property
    def mode(self) -> SignInMode:
        """Which of the two forms is there."""
        return self._mode

    @property
    def is_busy(self) -> bool:
        """Whether the relay was asked and has not answered yet."""
        return self._busy

    def show_busy(self, busy: bool) -> None:
        """The relay was asked; nothing can be pressed until it answers."""
        self._busy = busy
        state = "disabled" if busy else "!disabled"
        for field in (self._username, self._display_name, self._password, self._code):
            field.entry.state([state])
        self._submit_button.state([state])
        self._other.state([state])
        self._code_way.state([state])
        self._submit_button.configure(text=_("One moment…") if busy else self._submit_label())

    def show_problem(self, field: SignInField, message: str) -> None:
        """Beside the field that it is about, which gets the cursor."""
        self.show_busy(False)
        self._clear_problems()
        if field is SignInField.CODE and self._mode is SignInMode.REGISTER and not self._wants_code():
            self._enter_code()
        message = self._look.safe.line(message, 400)
        place = self._fields().get(field)
        if place is not None and place.winfo_manager():
            place.show_problem(message)
            place.entry.focus_set()
            place.entry.selection_range(0, "end")
        else:
            self._problem.configure(text=message)
            self._problem.pack(fill="x", pady=(0, self._look.px(6)), before=self._submit_button)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _fields(self) -> dict[SignInField, kit.Field]:
        return {
            SignInField.USERNAME: self._username,
            SignInField.PASSWORD: self._password,
            SignInField.DISPLAY_NAME: self._display_name,
            SignInField.CODE: self._code,
        }

    def _show_mode(self, mode: SignInMode) -> None:
        px = self._look.px
        self._mode = mode
        registering = mode is SignInMode.REGISTER
        for child in self._form.pack_slaves():
            child.pack_forget()
        wanted = [self._username]
        if registering:
            wanted.append(self._display_name)
        wanted.append(self._password)
        if registering and self._wants_code():
            self._name_code()
            wanted.append(self._code)
        for field in wanted:
            field.pack(fill="x", pady=(0, px(8)))
        self._submit_button.configure(text=self._submit_label())
        self._submit_button.pack(fill="x", pady=(px(4), px(10)))
        may_register = not self._is_closed() or self._code_known or self._has_code
        if registering or may_register:
            self._other.configure(
                text=_("I have an account here already") if registering else _("I am new here: make an account")
            )
            self._other.pack()
        if self._code not in wanted:
            self._code_way.pack()
        self._clear_problems()

    def _wants_code(self) -> bool:
        return self._code_known or self._has_code or self._needs_code()

    def _needs_code(self) -> bool:
        return self._is_closed() or (self._relay is not None and self._relay.registration == "invite")

    def _is_closed(self) -> bool:
        return self._relay is not None and not self._relay.is_silent and self._relay.registration == "closed"

    def _name_code(self) -> None:
        """Say which code it is, as far as that is known."""
        if self._is_owners or self._is_closed():
            self._code.call(_("Owner code"))
            self._code.show_hint(_("It makes you the owner of this relay, once."))
        elif self._code_known:
            self._code.call(_("Invitation code"))
        else:
            self._code.call(_("Invitation or owner code"))

    def _enter_code(self) -> None:
        self._has_code = True
        self._show_mode(SignInMode.REGISTER)
        self._code.entry.focus_set()

    def _submit_label(self) -> str:
        return _("Make an account") if self._mode is SignInMode.REGISTER else _("Sign in")

    def _switch(self) -> None:
        self._show_mode(SignInMode.SIGN_IN if self._mode is SignInMode.REGISTER else SignInMode.REGISTER)
        self._username.entry.focus_set()

    def _submit(self) -> None:
        if self._busy or self._relay is None:
            return
        self._clear_problems()
        username, password = self._username.text.strip(), self._password.text
        if not username:
            self.show_problem(SignInField.USERNAME, _("Please enter a user name."))
        elif len(username) > limits.NAME_CHARACTERS:
            self.show_problem(
                SignInField.USERNAME, _("At most {n} characters, please.").format(n=limits.NAME_CHARACTERS)
            )
        elif not password:
            self.show_problem(SignInField.PASSWORD, _("Please enter a password."))
        elif self._mode is SignInMode.SIGN_IN:
            self._intents.sign_in(self._relay, username, password)
        elif len(password) < limits.PASSWORD_MIN:
            self.show_problem(SignInField.PASSWORD, _("At least {n} characters, please.").format(n=limits.PASSWORD_MIN))
        elif len(self._display_name.text.strip()) > limits.NAME_CHARACTERS:
            self.show_problem(
                SignInField.DISPLAY_NAME, _("At most {n} characters, please.").format(n=limits.NAME_CHARACTERS)
            )
        elif self._needs_code() and not self._code.text.strip():
            closed = _("This relay takes no new people, only its owner by the owner code.")
            asks = _("This relay asks for an invitation code.")
            self.show_problem(SignInField.CODE, closed if self._is_closed() else asks)
        else:
            code = self._code.text.strip() if self._code.winfo_manager() else ""
            self._intents.register(self._relay, username, password, self._display_name.text.strip(), code)

    def _clear_problems(self) -> None:
        self._problem.pack_forget()
        for field in self._fields().values():
            field.show_problem("")

    def _toggle_password(self) -> None:
        self._shown = not self._shown
        self._password.entry.configure(show="" if self._shown else "•")
        colour = self._look.palette.accent_text if self._shown else self._look.palette.text2
        self._eye.configure(image=self._look.icon("eye", 15, colour))

    def _watch_caps_lock(self, event: tk.Event[tk.Misc]) -> None:
        """A letter that came large without Shift, or small with it."""
        letter, shift = event.char, bool(int(event.state) & 0x1)
        if letter.isalpha() and letter.upper() != letter.lower():
            locked = letter.isupper() != shift
            self._password.show_hint(_("Caps Lock is on.") if locked else "")
