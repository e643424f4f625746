"""What a person can ask for in the window. The controller does it; the view only says that it was asked.

None of these block: they return at once, and what comes of them arrives through `desktop.screen.Screen`.
"""

from __future__ import annotations

from typing import Protocol

from common.ids import GroupId, Nonce, RelayId
from desktop.events import FoundRelay


class Intents(Protocol):
    """One method for each thing a person can do."""

    # -- choosing a relay ----------------------------------------------------------------------------------------------

    def choose_relay(self, relay: FoundRelay) -> None:
        """Go on with that relay: sign in, or straight in when this device is signed in there. Never called for an impostor."""

    def explain_impostor(self, relay: FoundRelay) -> None:
        """Show why that relay is blocked."""

    def enter_address(self, text: str) -> None:
        """Look for a relay at a typed address: ``host``, ``host:port``, ``[v6]:port``."""

    def seek_again(self) -> None:
        """Look once more, and now, at the address that the settings name."""

    def paste_invitation(self, text: str) -> None:
        """Go where an invitation link leads (``pymessenger://…``)."""

    def start_relay(self) -> None:
        """Run a relay on this computer."""

    def sweep(self) -> None:
        """Ask every address of the own network."""

    def check_connection(self) -> None:
        """Say in words what keeps relays from being found."""

    def forget_relay(self, relay_id: RelayId) -> None:
        """Drop what is known of a relay: its pin, the token, everything archived. Asked and confirmed before."""

    # -- signing in ----------------------------------------------------------------------------------------------------

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str, code: str) -> None:
        """Make an account. *display_name* and *code* may be empty."""

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        """Sign in with an account that exists."""

    def sign_out(self) -> None:
        """End this device's session."""

    def back_to_relays(self) -> None:
        """Leave the sign-in screen or the present relay for the list of relays."""

    # -- talking -------------------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        """Show that conversation (its preview, when the person is not in it yet)."""

    def close_group(self) -> None:
        """Show no conversation."""

    def send(self, text: str) -> None:
        """Post *text* into the open conversation; never empty or only blanks, within the limit."""

    def retry(self, nonce: Nonce) -> None:
        """Try a failed message again."""

    def discard(self, nonce: Nonce) -> None:
        """Drop a failed message."""

    def edit_failed(self, nonce: Nonce) -> None:
        """Take a failed message back into the composer."""

    def draft_changed(self, text: str) -> None:
        """The composer of the open conversation holds *text* now. Called at most a few times a second."""

    def load_older(self) -> None:
        """The reader nears the beginning of what is there. May be called again and again."""

    def load_gap(self, index: int) -> None:
        """The gap line at row *index* came into view. May be called again and again."""

    def read_up_to(self, index: int) -> None:
        """Rows up to *index* have been in view while the window had the focus."""

    def scrolled(self, at_end: bool) -> None:
        """The reader arrived at the newest row, or left it; the count of the "N new" button follows from it."""

    def jump_to_newest(self) -> None:
        """The "N new" button or its key was pressed; the view has already gone to the end of the rows that it has."""

    # -- groups --------------------------------------------------------------------------------------------------------

    def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group and open it."""

    def join_group(self, group: GroupId) -> None:
        """Become a member."""

    def leave_group(self, group: GroupId) -> None:
        """Stop being a member. Asked and confirmed before."""

    def rename_group(self, group: GroupId, name: str) -> None:
        """Give it another name."""

    def show_members(self, wanted: bool) -> None:
        """The members pane was opened or closed."""

    # -- the window ----------------------------------------------------------------------------------------------------

    def set_theme(self, theme: str) -> None:
        """``light``, ``dark`` or ``system``. The window has already changed and kept it in the settings."""

    def set_language(self, language: str) -> None:
        """A code of `desktop.locale.languages()`, or ``""`` for the system's.

        The controller keeps it in the settings, puts it to use, calls `Screen.redraw` and shows its own texts again.
        """

    def set_scale(self, percent: int) -> None:
        """Zoom, 85 to 150. The window has already changed and kept it in the settings."""

    def window_focused(self, focused: bool) -> None:
        """The window got or lost the keyboard."""

    def close_window(self) -> None:
        """The person wants to quit; the controller asks what is to be asked and then calls `Screen.close`."""
