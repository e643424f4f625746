"""Joins link, models and window: intents in, changes out. Knows no Tk, no socket and no file, so that its tests are lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from common.ids import Millis, Nonce, RelayId, UserId
from common.protocol.messages import Fate, User
from desktop import locale
from desktop.autostart.seen import AutostartSeen
from desktop.controller.autostart import StartingAtSignIn
from desktop.controller.doors import AutostartDoor, HostingDoor, LinkDoor, MovingDoor, NotifierDoor
from desktop.controller.entrance import Entrance
from desktop.controller.hindered import ask_about_key, cannot_begin
from desktop.controller.moving import MovingHere
from desktop.controller.notifying import Notifying
from desktop.controller.own_relay import OwnRelay
from desktop.controller.talking import Talking
from desktop.controller.words import refusal
from desktop.events import LinkEvent
from desktop.events.link import (
    CommandRefused,
    IdentityChanged,
    KeyMissing,
    LinkChanged,
    SignedIn,
    SignedOut,
    Waiting,
    WindowWanted,
)
from desktop.events.relays import ConnectionChecked, DiscoveryTrouble, FoundRelay, Trust
from desktop.hosted import HostingEvent, HostingFailed, HostingReady, HostingStands, HostingStarting, HostingStopped
from desktop.locale import _
from desktop.model.idleness import Idleness
from desktop.moves import MoveAllowed, MoveEvent, MoveShown
from desktop.notifications import (
    BellWanted,
    NotificationClicked,
    NotifierEvent,
    ServiceSeen,
    TestShown,
    TrayPressed,
    TraySeen,
)
from desktop.screen import Choice, ChoiceKind, Place, Question, Screen, Tone
from desktop.settings import SettingsFile, downloads_folder

if TYPE_CHECKING:
    from desktop.controller.talk import Talk

__all__ = ["Controller", "HostingDoor", "LinkDoor"]

_STOP: Final = "stop"
_STAY: Final = "stay"
_ALWAYS: Final = "always"
_CANCEL: Final = "cancel"
_KEYRING: Final = "keyring"
_NOBODY: Final = User(UserId(0), "", "", "member")


class Controller(Talking, Notifying, OwnRelay, MovingHere, StartingAtSignIn):
    """What happens when a person asks for something, and when the link tells something. All in the window's thread.

    It is the window's `desktop.intents.Intents`; the methods of that protocol are described there.
    """

    def __init__(
        self,
        link: LinkDoor,
        hosting: HostingDoor,
        settings: SettingsFile,
        notifier: NotifierDoor,
        moving: MovingDoor,
        autostart: AutostartDoor,
        *,
        now: Callable[[], Millis],
        new_nonce: Callable[[], Nonce],
        direct: str = "",
        plain: Callable[[str], str] = str,
    ) -> None:
        """*direct*: an address that was set to go to, instead of looking around. *plain*: a text of others as it may go to the system.

        `begin` gives the screen.
        """
        Notifying.__init__(self, notifier)
        self._link = link
        self._hosting = hosting
        self._settings = settings
        self._now = now
        self._new_nonce = new_nonce
        self._direct = direct
        self._plain = plain
        self._screen: Screen
        self._entrance: Entrance
        self._talk: Talk | None = None
        self._wanted: FoundRelay | None = None
        OwnRelay.__init__(self, settings)
        MovingHere.__init__(self, moving)
        StartingAtSignIn.__init__(self, autostart)
        self._focused = False
        self._idleness = Idleness(now())
        self._was_idle = False

    # -- life ----------------------------------------------------------------------------------------------------------

    def begin(self, screen: Screen, *, remembered: bool, in_background: bool = False) -> None:
        """Go in front of the person. *remembered*: this device may be signed in somewhere, so wait for what the link has kept.

        *in_background*: nobody has asked for the window yet; it goes away as soon as there is an icon to bring it back by.
        """
        self._goes_away = in_background
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

    def fold(self, event: LinkEvent | HostingEvent | MoveEvent | NotifierEvent | AutostartSeen) -> None:
        """Take *event* to where it belongs."""
        match event:
            case SignedIn():
                self._signed_in(event)
            case SignedOut(reason):
                self._signed_out(reason)
            case HostingStarting() | HostingReady() | HostingStands() | HostingFailed() | HostingStopped():
                self.fold_hosting(event)
            case AutostartSeen():
                self.fold_autostart(event)
            case MoveAllowed() | MoveShown():
                self.fold_move(event)
            case CommandRefused("start", "keyring_locked", message):
                # It goes on by itself once that is open.
                self._entrance.open()
                self._entrance.fold(DiscoveryTrouble(message))
            case CommandRefused("start", code, message):
                cannot_begin(self._screen, code, message)
            case CommandRefused("delete_account", code, message):
                self._screen.show_not_deleted(code, refusal(code, message))
            case KeyMissing(folder):
                ask_about_key(self._screen, folder)
            case WindowWanted():
                self._screen.come_to_front("")
            case IdentityChanged(expected, found):
                self._screen.show_identity_alarm(self._name_of(expected), expected, found)
            case LinkChanged(Waiting()):
                self.start_own_relay()
                self._fold_further(event)
            case ConnectionChecked(findings, done):
                self._screen.show_findings(findings, done)
            case NotificationClicked() | BellWanted() | ServiceSeen() | TestShown() | TraySeen() | TrayPressed():
                self.fold_notifier(event)
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
        self._tell_idle()
        self._entrance.tick()
        self.look_for_own_relay()
        self.mend_autostart()
        if self._talk is not None:
            self._talk.tick()

    def _name_of(self, relay_id: RelayId) -> str:
        if self._talk is not None and self._talk.relay_id == relay_id:
            return self._talk.relay_name
        return self._entrance.name_of(relay_id)

    def _signed_in(self, event: SignedIn) -> None:
        # The first window is painted without them.
        from desktop.controller.talk import Talk
        from desktop.controller.telling import Telling

        if self._talk is not None and self._talk.is_of(event):
            return
        self._wanted = None
        self._entrance.close()
        self._end_talk()
        self._talk = Talk(
            self._screen,
            self._link,
            event,
            now=self._now,
            new_nonce=self._new_nonce,
            focused=self._focused,
            members_wanted=self._settings.settings.show_members,
            telling=lambda conversations, roster: Telling(
                self._screen,
                self._notifier,
                self._settings,
                event.relay_id,
                conversations,
                roster,
                now=self._now,
                plain=self._plain,
            ),
            downloads=lambda: downloads_folder(self._settings.settings),
            reactions_told=lambda: self._settings.settings.reactions_told,
        )
        self._screen.show_place(Place(event.relay_id, event.relay_name, event.token_kept_in))
        self._talk.draw()
        self._link.set_idle(self._was_idle)
        if not event.offline and event.token_kept_in != _KEYRING:
            self._screen.show_toast(
                _("You stay signed in: the key for that is in {path}, for nobody else to read.").format(
                    path=event.token_kept_in
                )
            )

    def _end_talk(self) -> None:
        if self._talk is not None:
            self._talk.telling.end()
            self._talk = None

    def _signed_out(self, reason: str) -> None:
        self._end_talk()
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

    def delete_account(self, password: str, messages: Fate) -> None:
        self._link.delete_account(password, messages)

    def sign_out(self) -> None:
        self._link.sign_out()

    def back_to_relays(self) -> None:
        if self._talk is not None:
            self._end_talk()
            self._link.leave()
        self._entrance.open()

    # -- the panes -----------------------------------------------------------------------------------------------------

    def show_members(self, wanted: bool) -> None:
        self._settings.change(show_members=wanted)
        if self._talk is not None:
            self._talk.show_members(wanted)

    # -- the window ----------------------------------------------------------------------------------------------------

    def set_theme(self, theme: str) -> None:
        self._settings.change(theme=theme)

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
        self.active()
        if self._talk is not None:
            self._talk.window_focused(focused)

    def active(self) -> None:
        self._idleness.touched(self._now())
        self._tell_idle()

    def _tell_idle(self) -> None:
        is_idle = self._idleness.is_idle(self._now())
        if is_idle != self._was_idle:
            self._was_idle = is_idle
            self._link.set_idle(is_idle)

    def close_window(self) -> None:
        if not self._hides():
            self.quit()

    def quit(self) -> None:
        if not self._hosting.is_running:
            self._screen.close()
            return
        always = Choice(_ALWAYS, _("Let it stay, and start at sign-in"))
        question = Question(
            _("Stop the relay as well?"),
            _(
                "The relay on this computer runs. If it stops, nobody can talk until you start it again; what was said stays. "
                "If it stays, it goes on without this window."
            ),
            (
                Choice(_STAY, _("Let it stay"), ChoiceKind.PRIMARY),
                *(() if self._starts is None or self._starts.relay else (always,)),
                Choice(_STOP, _("Stop it")),
                Choice(_CANCEL, _("Cancel")),
            ),
        )
        self._screen.ask(question, self._close_after)

    def _close_after(self, answer: str) -> None:
        if answer == _CANCEL:
            return
        stays = answer in (_STAY, _ALWAYS)
        self._settings.change(stay_hosting=stays)
        if stays:
            self._hosting.let_stay()
        if answer == _ALWAYS:
            self._autostart.set_relay(True)
        self._screen.close()
