"""The way in: choosing a relay, entering its address, running one here, signing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from common.ids import RelayId
from desktop.controller.doors import LinkDoor
from desktop.controller.strangers import Strangers
from desktop.controller.words import field_of, refusal
from desktop.events import LinkEvent
from desktop.events.link import SignInFailed
from desktop.events.relays import (
    AddressAnswered,
    AddressFailed,
    DiscoveryTrouble,
    FoundRelay,
    OwnerCodeKept,
    RelayForgotten,
    RelaysFound,
    Trust,
)
from desktop.hosted import HostingReady
from desktop.locale import _
from desktop.screen import Screen, SignInField, SignInMode

_SEEK_S: Final = 5
"""So long after nobody answered where the settings point, it is tried again."""


class _SigningIn(Struct, frozen=True):
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
        self._strangers = Strangers(screen, link, go_to)
        self._direct = direct
        self._goes_straight = bool(direct)
        """Whoever answers there is gone to at once. Who has been there and came back wants to see the list."""
        self._seek_in_s = 0
        """Seconds until the set address is tried again; 0: no answer is there yet, or none is waited for."""
        self._form: _SigningIn | None = None
        self._is_shown = False
        self._relays: tuple[FoundRelay, ...] = ()
        self._trouble = ""
        self._hosting = ""
        self._owner_codes: dict[RelayId, str] = {}
        """Of the own relay, while nobody has used it."""

    # -- coming and going ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Show the list of relays and look for them; the first time, go straight to the address that was set."""
        self._is_shown = True
        self._form = None
        self._screen.show_chooser()
        self.draw_relays()
        self._link.look_for_relays(True)
        self._seek()

    def close(self) -> None:
        """Somebody is signed in: look no longer."""
        self._is_shown = False
        self._form = None
        self._goes_straight = False
        if self._direct:
            self._trouble = ""
        self._link.look_for_relays(False)

    def draw_relays(self) -> None:
        """Show what was found, if it is wanted now."""
        if self._is_shown and self._form is None:
            self._screen.show_relays(self._relays, self._trouble, self._hosting, self._direct)

    def seek_again(self) -> None:
        """Go to the address that was set, now if it answers."""
        self._goes_straight = True
        self._seek()

    def _seek(self) -> None:
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
                self._trouble = _(message) if message else ""
                self.draw_relays()
            case AddressFailed(address, message):
                self._address_failed(address, message)
            case OwnerCodeKept(relay_id, code):
                self._owner_codes[relay_id] = code
            case RelayForgotten(relay_id):
                self._strangers.given_up(relay_id)
            case AddressAnswered(address, relay, code, verified):
                is_wanted = address != self._direct or self._goes_straight
                if address == self._direct:
                    self._goes_straight, self._trouble, self._seek_in_s = False, "", 0
                    self.draw_relays()
                if self._is_shown and is_wanted:
                    self._screen.show_address_problem("")
                    if verified and relay.trust is Trust.IMPOSTOR:
                        self._strangers.vouch(relay, code)
                    else:
                        self._go_to(relay, code)
            case SignInFailed(code, message, retry_after):
                field = field_of(code) if self._form is not None else SignInField.FORM
                gave_code = self._form is not None and bool(self._form.code)
                self._screen.show_sign_in_problem(field, refusal(code, message, retry_after, gave_code=gave_code))
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
        self._form = _SigningIn(relay, code or self._owner_codes.get(relay.relay_id, ""))
        self._show_form(self._form)

    def explain_impostor(self, relay: FoundRelay) -> None:
        """Say why *relay* is blocked."""
        self._strangers.explain(relay)

    def look_at(self, text: str) -> None:
        """A typed address or a pasted invitation."""
        self._goes_straight |= text.strip() == self._direct
        self._link.try_address(text.strip())

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str, code: str) -> None:
        """Make an account."""
        self._form = _SigningIn(relay, code)
        self._screen.show_sign_in_busy(True)
        self._link.register(relay, username=username, password=password, display_name=display_name, code=code)

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        """Sign in with an account that exists."""
        self._screen.show_sign_in_busy(True)
        self._link.sign_in(relay, username=username, password=password)

    def _show_form(self, form: _SigningIn) -> None:
        relay = form.relay
        is_newcomer = relay.trust is Trust.NEW and (relay.registration != "closed" or bool(form.code))
        mode = SignInMode.REGISTER if is_newcomer else SignInMode.SIGN_IN
        is_owners = bool(form.code) and form.code == self._owner_codes.get(relay.relay_id)
        self._screen.show_sign_in(relay, mode, form.code, is_owners=is_owners)

    # -- the own relay -------------------------------------------------------------------------------------------------

    def keep_owner_code(self, own: HostingReady) -> None:
        """The own relay may just have shown the code that makes its first owner: keep it, whatever the person does next."""
        if own.owner_code:
            self._owner_codes[own.relay_id] = own.owner_code
            self._link.keep_owner_code(own.relay_id, own.owner_code)

    def enter_own(self, address: str) -> None:
        """Go to the relay that runs on this computer at *address*."""
        self._link.try_address(address)

    def show_hosting(self, text: str) -> None:
        """What the own relay does, in words."""
        self._hosting = text
        self.draw_relays()
