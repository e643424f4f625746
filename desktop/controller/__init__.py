"""Joins link, models and window: intents in, changes out. Knows no Tk, no socket and no file, so that its tests are lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from common.ids import GroupId, Millis, Nonce, RelayId, UserId
from common.protocol.messages import User
from desktop import locale
from desktop.controller.doors import HostingDoor, LinkDoor
from desktop.controller.entrance import Entrance
from desktop.controller.talk import Talk
from desktop.events import (
    CommandRefused,
    ConnectionChecked,
    DiscoveryTrouble,
    FoundRelay,
    HostingEvent,
    HostingFailed,
    HostingReady,
    HostingStarting,
    HostingStopped,
    IdentityChanged,
    LinkChanged,
    LinkEvent,
    SignedIn,
    SignedOut,
    Trust,
    Waiting,
)
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question, Screen, Tone
from desktop.settings import SettingsFile

__all__ = ["Controller", "HostingDoor", "LinkDoor"]

_START: Final = "start"
_STOP: Final = "stop"
_STAY: Final = "stay"
_CANCEL: Final = "cancel"
_KEYRING: Final = "keyring"
_NOBODY: Final = User(UserId(0), "", "", "member")
_LOOPBACK: Final = "127.0.0.1"


class Controller:
    """What happens when a person asks for something, and when the link tells something. All in the window's thread.

    It is the window's `desktop.intents.Intents`; the methods of that protocol are described there.
    """

    def __init__(
        self,
        link: LinkDoor,
        hosting: HostingDoor,
        settings: SettingsFile,
        *,
        now: Callable[[], Millis],
        new_nonce: Callable[[], Nonce],
        direct: str = "",
    ) -> None:
        """*direct*: an address that was set to go to, instead of looking around. `begin` gives the screen."""
        self._link = link
        self._hosting = hosting
        self._settings = settings
        self._now = now
        self._new_nonce = new_nonce
        self._direct = direct
        self._screen: Screen
        self._entrance: Entrance
        self._talk: Talk | None = None
        self._wanted: FoundRelay | None = None
        self._own_relay: HostingReady | None = None
        self._may_start_own_relay = True
        self._focused = False

    # -- life ----------------------------------------------------------------------------------------------------------

    def begin(self, screen: Screen, *, remembered: bool) -> None:
        """Go in front of the person. *remembered*: this device may be signed in somewhere, so wait for what the link has kept."""
        self._screen = screen
        self._entrance = Entrance(screen, self._link, self._go_to, self._direct)
        if remembered:
            # The conversations take their place before they are read: most likely they come in a moment.
            screen.show_main("", _NOBODY)
            screen.show_status(_("Opening…"), Tone.BUSY)
            self._link.resume()
        else:
            self._entrance.open()
        if self._settings.problem:
            screen.show_toast(self._settings.problem)

    def fold(self, event: LinkEvent | HostingEvent) -> None:
        """Take *event* to where it belongs."""
        match event:
            case SignedIn():
                self._signed_in(event)
            case SignedOut(reason):
                self._signed_out(reason)
            case HostingStarting() | HostingReady() | HostingFailed() | HostingStopped():
                self._hosting_changed(event)
            case CommandRefused("start", _code, message):
                # The archive cannot be opened: say why, on the screen where there is something to do about it.
                self._entrance.open()
                self._entrance.fold(DiscoveryTrouble(message))
            case IdentityChanged(expected, found):
                self._screen.show_identity_alarm(self._name_of(expected), expected, found)
            case LinkChanged(Waiting()):
                self._start_own_relay()
                self._fold_further(event)
            case ConnectionChecked(findings, done):
                self._screen.show_findings(findings, done)
            case _:
                self._fold_further(event)

    def _fold_further(self, event: LinkEvent) -> None:
        self._entrance.fold(event)
        if self._talk is not None:
            self._talk.fold(event)

    def settle(self) -> None:
        """All events of a turn were folded: draw."""
        if self._talk is not None:
            self._talk.settle()

    def tick(self) -> None:
        """A second has passed."""
        self._entrance.tick()
        if self._talk is not None:
            self._talk.tick()

    def _name_of(self, relay_id: RelayId) -> str:
        if self._talk is not None and self._talk.relay_id == relay_id:
            return self._talk.relay_name
        return self._entrance.name_of(relay_id)

    def _signed_in(self, event: SignedIn) -> None:
        if self._talk is not None and self._talk.is_of(event):
            return
        self._wanted = None
        self._entrance.close()
        self._talk = Talk(
            self._screen,
            self._link,
            event,
            now=self._now,
            new_nonce=self._new_nonce,
            focused=self._focused,
            members_wanted=self._settings.settings.show_members,
        )
        self._talk.draw()
        if not event.offline and event.token_kept_in != _KEYRING:
            self._screen.show_toast(
                _("You stay signed in: the key for that is in {path}, for nobody else to read.").format(
                    path=event.token_kept_in
                )
            )

    def _signed_out(self, reason: str) -> None:
        self._talk = None
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._entrance.enter(wanted)
            return
        self._entrance.open()
        if reason:
            self._screen.show_toast(reason)

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def choose_relay(self, relay: FoundRelay) -> None:
        self._go_to(relay, "")

    def _go_to(self, relay: FoundRelay, code: str) -> None:
        """Straight in where this device is signed in, else to the form. *code*: an invitation or owner code."""
        if relay.trust is Trust.KNOWN and not code:
            self._wanted = relay
            self._link.resume(relay.relay_id)
        else:
            self._wanted = None
            self._entrance.enter(relay, code)

    def explain_impostor(self, relay: FoundRelay) -> None:
        self._entrance.explain_impostor(relay)

    def enter_address(self, text: str) -> None:
        self._entrance.look_at(text)

    def seek_again(self) -> None:
        self._entrance.seek_again()

    def paste_invitation(self, text: str) -> None:
        self._entrance.look_at(text)

    def start_relay(self) -> None:
        self._hosting.start()

    def sweep(self) -> None:
        self._link.sweep()

    def check_connection(self) -> None:
        self._screen.show_findings((), done=False)
        self._link.check_connection()

    def forget_relay(self, relay_id: RelayId) -> None:
        self._link.forget_relay(relay_id)

    # -- signing in ----------------------------------------------------------------------------------------------------

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str, code: str) -> None:
        self._entrance.register(relay, username, password, display_name, code)

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        self._entrance.sign_in(relay, username, password)

    def sign_out(self) -> None:
        self._link.sign_out()

    def back_to_relays(self) -> None:
        if self._talk is not None:
            self._talk = None
            self._link.leave()
        self._entrance.open()

    # -- talking -------------------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        if self._talk is not None:
            self._talk.open_group(group)

    def close_group(self) -> None:
        if self._talk is not None:
            self._talk.close_group()

    def send(self, text: str) -> None:
        if self._talk is not None:
            self._talk.send(text)

    def retry(self, nonce: Nonce) -> None:
        self._link.retry(nonce)

    def discard(self, nonce: Nonce) -> None:
        self._link.discard(nonce)

    def edit_failed(self, nonce: Nonce) -> None:
        if self._talk is not None:
            self._talk.edit_failed(nonce)

    def draft_changed(self, text: str) -> None:
        if self._talk is not None:
            self._talk.draft_changed(text)

    def load_older(self) -> None:
        if self._talk is not None:
            self._talk.load_older()

    def load_gap(self, index: int) -> None:
        if self._talk is not None:
            self._talk.load_gap(index)

    def read_up_to(self, index: int) -> None:
        if self._talk is not None:
            self._talk.read_up_to(index)

    def scrolled(self, at_end: bool) -> None:
        if self._talk is not None:
            self._talk.scrolled(at_end)

    def jump_to_newest(self) -> None:
        if self._talk is not None:
            self._talk.jump_to_newest()

    # -- groups --------------------------------------------------------------------------------------------------------

    def create_group(self, name: str, topic: str, private: bool) -> None:
        if self._talk is not None:
            self._talk.create_group(name, topic, private)

    def join_group(self, group: GroupId) -> None:
        self._link.join_group(group)

    def leave_group(self, group: GroupId) -> None:
        self._link.leave_group(group)

    def rename_group(self, group: GroupId, name: str) -> None:
        self._link.rename_group(group, name)

    def show_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)
        if self._talk is not None:
            self._talk.show_members(wanted)

    # -- the window ----------------------------------------------------------------------------------------------------

    def set_theme(self, theme: str) -> None:
        self._settings.change(theme=theme)

    def set_scale(self, percent: int) -> None:
        self._settings.change(scale=percent)

    def set_language(self, language: str) -> None:
        self._settings.change(language=language)
        locale.use(language or locale.system_language())
        self._screen.redraw()
        if self._talk is not None:
            self._talk.draw_words()
        else:
            self._entrance.draw_relays()

    def window_focused(self, focused: bool) -> None:
        self._focused = focused
        if self._talk is not None:
            self._talk.window_focused(focused)

    def close_window(self) -> None:
        if not self._hosting.is_running:
            self._screen.close()
            return
        question = Question(
            _("Stop the relay as well?"),
            _(
                "The relay on this computer runs. If it stops, nobody can talk until you start it again; what was said stays. "
                "If it stays, it goes on without this window."
            ),
            (
                Choice(_STAY, _("Let it stay"), ChoiceKind.PRIMARY),
                Choice(_STOP, _("Stop it")),
                Choice(_CANCEL, _("Cancel")),
            ),
        )
        self._screen.ask(question, self._close_after)

    def _close_after(self, answer: str) -> None:
        if answer == _CANCEL:
            return
        self._settings.change(stay_hosting=answer == _STAY)
        if answer == _STAY:
            self._hosting.let_stay()
        self._screen.close()

    # -- the own relay -------------------------------------------------------------------------------------------------

    def _hosting_changed(self, event: HostingEvent) -> None:
        match event:
            case HostingStarting():
                self._entrance.show_hosting(_("Starting a relay on this computer…"))
            case HostingReady():
                self._own_relay = event
                self._settings.change(own_relay=event.relay_id)
                self._link.network_changed()
                self._entrance.show_hosting(_("“{name}” runs on this computer.").format(name=event.name))
                if event.recovery_code:
                    self._screen.show_recovery_code(event.recovery_code, self._enter_own_relay)
                else:
                    self._enter_own_relay()
            case HostingFailed(message):
                self._own_relay = None
                self._entrance.show_hosting(message)
                if self._is_at_own_relay():
                    self._ask_to_start_again(message)
                elif self._talk is not None:
                    self._screen.show_toast(message)
            case HostingStopped():
                self._own_relay = None
                self._entrance.show_hosting("")

    def _start_own_relay(self) -> None:
        """Who comes back to the relay on this computer finds it as they left it: running. Tried once, so that a crash is seen."""
        if self._is_at_own_relay() and self._may_start_own_relay and not self._hosting.is_running:
            self._may_start_own_relay = False
            self._hosting.start()

    def _is_at_own_relay(self) -> bool:
        return self._talk is not None and self._talk.relay_id == self._settings.settings.own_relay

    def _ask_to_start_again(self, message: str) -> None:
        choices = (Choice(_START, _("Start it again"), ChoiceKind.PRIMARY), Choice(_CANCEL, _("Not now")))
        question = Question(_("The relay on this computer does not run"), message, choices)
        self._screen.ask(question, lambda answer: self._hosting.start() if answer == _START else None)

    def _enter_own_relay(self) -> None:
        """Go to the relay on this computer, with its owner code."""
        if self._own_relay is not None and self._talk is None:
            self._entrance.enter_own(self._own_relay, f"{_LOOPBACK}:{self._own_relay.port}")
