"""The way in: choosing a relay, entering its address, running one here, signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from common.crypto.identity import show_relay_id
from common.ids import RelayId
from desktop.controller.doors import LinkDoor
from desktop.controller.words import field_of, refusal
from desktop.events import (
    AddressAnswered,
    AddressFailed,
    DiscoveryTrouble,
    FoundRelay,
    HostingReady,
    LinkEvent,
    RelaysFound,
    SignInFailed,
    Trust,
)
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question, Screen, SignInField, SignInMode

_UNDERSTOOD: Final = "understood"
_SEEK_S: Final = 5
"""So long after nobody answered where the settings point, it is tried again."""


@dataclass(frozen=True, slots=True)
class _SigningIn:
    """The form for *relay* is on the screen. *code*: an invitation or owner code that is already known."""

    relay: FoundRelay
    code: str = ""


class Entrance:
    """What is on the screen while nobody is signed in."""

    def __init__(
        self, screen: Screen, link: LinkDoor, go_to: Callable[[FoundRelay, str], None], direct: str = ""
    ) -> None:
        """*go_to* is called when an address has led to a relay, with the code for it. *direct*: an address that was set to
        go to, instead of looking around.
        """
        self._screen = screen
        self._link = link
        self._go_to = go_to
        self._direct = direct
        self._seek_in_s = 0
        """Seconds until the set address is tried again; 0: no answer is there yet, or none is waited for."""
        self._form: _SigningIn | None = None
        self._is_shown = False
        self._relays: tuple[FoundRelay, ...] = ()
        self._trouble = ""
        self._hosting = ""
        self._owner_codes: dict[str, str] = {}

    # -- coming and going ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the list of relays and look for them; the first time, go straight to the address that was set."""
        self._is_shown = True
        self._form = None
        self._screen.show_chooser()
        self.seek_again()
        self.draw_relays()
        self._link.look_for_relays(True)

    def close(self) -> None:
        """Somebody is signed in: look no longer."""
        self._is_shown = False
        self._form = None
        if self._direct:
            self._direct = self._trouble = ""
        self._link.look_for_relays(False)

    def draw_relays(self) -> None:
        """Show what was found, if it is wanted now."""
        if self._is_shown and self._form is None:
            self._screen.show_relays(self._relays, self._trouble, self._hosting, self._direct)

    def seek_again(self) -> None:
        """Look at the address that was set, if there is one that has not answered yet."""
        if self._direct and self._is_shown:
            self._seek_in_s = 0
            self._trouble = ""
            self._link.try_address(self._direct)
            self.draw_relays()

    def tick(self) -> None:
        """A second has passed."""
        if self._seek_in_s:
            self._seek_in_s -= 1
            if not self._seek_in_s and self._direct and self._is_shown:
                # What was said about it stays: it is most likely still true.
                self._link.try_address(self._direct)

    # -- what the link tells -------------------------------------------------------------------------------------------

    def fold(self, event: LinkEvent) -> None:
        """Take *event* to the screen."""
        match event:
            case RelaysFound(relays):
                self._relays = relays
                self.draw_relays()
            case DiscoveryTrouble(message):
                self._trouble = _(message)
                self.draw_relays()
            case AddressFailed(address, message):
                self._address_failed(address, message)
            case AddressAnswered(address, relay, code):
                if address == self._direct:
                    self._direct = self._trouble = ""
                if self._is_shown:
                    self._screen.show_address_problem("")
                    self._go_to(relay, code or self._owner_codes.pop(address, ""))
            case SignInFailed(code, message, retry_after):
                field = field_of(code) if self._form is not None else SignInField.FORM
                self._screen.show_sign_in_problem(field, refusal(code, message, retry_after))
            case _:
                pass

    def _address_failed(self, address: str, message: str) -> None:
        if address != self._direct:
            self._screen.show_address_problem(message)
            return
        # Where the settings point nobody answers: that is said, and it is tried again until somebody does.
        self._trouble = message
        self._seek_in_s = _SEEK_S
        self.draw_relays()

    def name_of(self, relay_id: RelayId) -> str:
        """What that relay was last seen to be called; empty when it is not in sight."""
        return next((relay.name for relay in self._relays if relay.relay_id == relay_id), "")

    # -- what the person asks ------------------------------------------------------------------------------------------

    def enter(self, relay: FoundRelay, code: str = "") -> None:
        """Go on with *relay*: to its form, but never to an impostor's."""
        if relay.trust is Trust.IMPOSTOR:
            self.explain_impostor(relay)
            return
        self._form = _SigningIn(relay, code)
        self._show_form(self._form)

    def explain_impostor(self, relay: FoundRelay) -> None:
        """Say why *relay* is blocked."""
        lines = [
            _(
                "“{name}” at {host} shows the name or the address of a relay that you know, but it is another one. Somebody may "
                "be trying to read along, or the relay was set up anew without its backup."
            ).format(name=relay.name, host=relay.host),
            _("Its identity: {relay_id}").format(relay_id=_in_lines(relay.relay_id)),
        ]
        if relay.conflicts_with is not None:
            lines.append(_("The one that you know: {relay_id}").format(relay_id=_in_lines(relay.conflicts_with)))
        lines.append(
            _(
                "Ask whoever runs the relay. If it really was set up anew, forget the old one first; then this one is new to you."
            )
        )
        choices = (Choice(_UNDERSTOOD, _("I understand"), ChoiceKind.PRIMARY),)
        self._screen.ask(
            Question(_("This is not the relay that you know"), "\n\n".join(lines), choices), lambda _key: None
        )

    def look_at(self, text: str) -> None:
        """A typed address or a pasted invitation."""
        self._link.try_address(text.strip())

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str, code: str) -> None:
        """Make an account."""
        known = self._form.code if self._form is not None else ""
        self._form = _SigningIn(relay, code or known)
        self._screen.show_sign_in_busy(True)
        self._link.register(relay, username=username, password=password, display_name=display_name, code=code or known)

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        """Sign in with an account that exists."""
        self._screen.show_sign_in_busy(True)
        self._link.sign_in(relay, username=username, password=password)

    def _show_form(self, form: _SigningIn) -> None:
        relay = form.relay
        is_newcomer = relay.trust is Trust.NEW and (relay.registration != "closed" or bool(form.code))
        self._screen.show_sign_in(relay, SignInMode.REGISTER if is_newcomer else SignInMode.SIGN_IN, form.code)

    # -- the own relay -------------------------------------------------------------------------------------------------

    def enter_own(self, own: HostingReady, address: str) -> None:
        """Go to the relay that runs on this computer at *address*."""
        self._owner_codes[address] = own.owner_code
        self._link.try_address(address)

    def show_hosting(self, text: str) -> None:
        """What the own relay does, in words."""
        self._hosting = text
        self.draw_relays()


def _in_lines(relay_id: RelayId) -> str:
    """Its groups of four in two lines of their own, so that none is torn apart and two ids can be compared."""
    groups = show_relay_id(relay_id).split("-")
    return "\n" + "-".join(groups[:7]) + "-\n" + "-".join(groups[7:])
