"""What a person can ask for in the window. The controller does it; the view only says that it was asked.

None of these block: they return at once, and what comes of them arrives through `desktop.screen.Screen`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from common.ids import GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Command, Fate, FileId, FileInfo, NotifyLevel, Role, Scope
from desktop.events.conversations import OwnState
from desktop.events.relays import FoundRelay
from desktop.export.order import Order
from desktop.notifications import Wishes


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

    def delete_account(self, password: str, messages: Fate) -> None:
        """Delete the person's account for good. Asked and confirmed before; why it was not done comes by `Screen.show_not_deleted`."""

    def back_to_relays(self) -> None:
        """Leave the sign-in screen or the present relay for the list of relays."""

    # -- talking -------------------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        """Show that conversation (its preview, when the person is not in it yet)."""

    def close_group(self) -> None:
        """Show no conversation."""

    def send(self, text: str, mentions: tuple[UserId, ...] = ()) -> None:
        """Post *text* into the open conversation, with what is attached; within the limit. *mentions*: 0 for everybody.

        It is never empty or only blanks, unless something is attached.

        What comes of it depends on the composer's mode: while a message is being edited, this is `send_edit`.
        """

    def retry(self, nonce: Nonce) -> None:
        """Try a failed message again."""

    def discard(self, nonce: Nonce) -> None:
        """Drop a message that failed or waits; one that was said in the meantime is deleted. Asked before, unless it failed."""

    def show_unsent(self) -> None:
        """Show what was not sent in conversations that one is not in any more."""

    def hide_unsent(self) -> None:
        """Nobody looks at that any more."""

    def save_unsent(self, group: GroupId, folder: Path) -> None:
        """Put copies of the files that were not sent in that one into *folder*."""

    def drop_unsent(self, group: GroupId) -> None:
        """Give up all that was not sent in that one. Asked and confirmed before."""

    def edit_failed(self, nonce: Nonce) -> None:
        """Take a message that failed or waits back into the composer, with its files and what it answers.

        It is not sent then, until it is sent again; one that was said in the meantime is edited where it is.
        """

    def attach(self, paths: Sequence[Path]) -> None:
        """Attach files to what is being written here: come by `Screen.show_attachments`, or a remark says why not."""

    def attach_picture(self, content: bytes, mime: str) -> None:
        """Attach a picture that has no file: the bytes of one as *mime* says."""

    def detach(self, key: str) -> None:
        """Take an attached file away again."""

    def cancel_upload(self, nonce: Nonce, key: str) -> None:
        """Take one file out of a message that waits for it; without any file left, its words go back into the composer."""

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

    def typing(self) -> None:
        """Something was typed into the composer. May be called at every key."""

    # -- what can be done with a message (of the open conversation, by its seq) -------------------------------------------

    def reply_to(self, seq: Seq) -> None:
        """The composer answers that message from now on."""

    def cancel_reply(self) -> None:
        """The composer answers nothing and edits nothing any more."""

    def edit(self, seq: Seq) -> None:
        """Take the text of that own message into the composer, to give it another."""

    def edit_last(self) -> None:
        """As `edit` or `edit_failed`, with the newest own message that may be edited; nothing happens when there is none."""

    def send_edit(self, text: str, mentions: tuple[UserId, ...] = ()) -> None:
        """The message that is being edited has this text from now on."""

    def delete(self, seq: Seq) -> None:
        """Take that message back for everyone. Asked and confirmed before."""

    def forward(self, seq: Seq, group: GroupId) -> None:
        """Say that message again in *group*."""

    def react(self, seq: Seq, emoji: str, on: bool) -> None:
        """Put an emoji to that message, or take the own one away."""

    def pin(self, seq: Seq, on: bool) -> None:
        """Put that message on the group's list of pinned ones, or take it off."""

    def show_pins(self) -> None:
        """The list of pinned messages is wanted: comes by `Screen.show_pins`."""

    def dismiss_reactions(self) -> None:
        """The note about reactions has been seen."""

    def mark_unread(self, seq: Seq) -> None:
        """That message and what follows is to be unread again."""

    def show_readers(self, seq: Seq) -> None:
        """Who has read that own message: comes by `Screen.show_readers`."""

    def show_edits(self, seq: Seq) -> None:
        """The texts that that own message had: come by `Screen.show_edits`."""

    def jump_to(self, group: GroupId, seq: Seq) -> None:
        """Show that message in its place, in the open conversation or another: comes by `Screen.show_row`."""

    # -- files ---------------------------------------------------------------------------------------------------------

    def download(self, file: FileInfo) -> None:
        """Fetch that file into the folder for downloads. How far it is comes by `Screen.show_transfers`."""

    def save_file(self, file: FileInfo, path: Path) -> None:
        """Fetch that file to *path*, in the place of what may be there: the person has said so."""

    def pause_transfer(self, key: str) -> None:
        """Stop a transfer until it is resumed."""

    def resume_transfer(self, key: str) -> None:
        """Go on with a transfer that is paused or has failed."""

    def cancel_transfer(self, key: str) -> None:
        """Give a transfer up, or forget one that is done."""

    def retry_transfers(self) -> None:
        """Go on with all transfers that have failed."""

    def clear_transfers(self, key: str) -> None:
        """List no longer that transfer, which is done; all that are with an empty *key*. The files stay."""

    def want_picture(self, key: str, file: FileId, path: Path | None, edge: int) -> None:
        """A picture came into view: the one at *path* on this computer, else the relay's *file*. It comes by `Screen.show_picture`.

        May be called again and again. *edge*: how many pixels it may be wide and high.
        """

    # -- finding -------------------------------------------------------------------------------------------------------

    def search(self, query: str, group: GroupId | None, before: Millis | None = None) -> None:
        """Look for messages, everywhere or in one group: come by `Screen.show_hits`. *before*: further ones, after the last hit's time."""

    def seek_people(self, text: str, group: GroupId | None) -> None:
        """People whose name or user name has a word that begins so; of *group*, or of the whole relay: come by `Screen.show_people`."""

    # -- keeping a copy ------------------------------------------------------------------------------------------------

    def export(self, order: Order) -> None:
        """Make files of a conversation: how far it is comes by `Screen.show_export`. One at a time."""

    def cancel_export(self) -> None:
        """Give up the export that is under way."""

    def fetch_own_data(self, folder: Path) -> None:
        """All that the relay holds about the person, as a ZIP into *folder*: comes by `Screen.show_own_data`. One at a time."""

    def cancel_own_data(self) -> None:
        """Give that up."""

    # -- the person themselves ----------------------------------------------------------------------------------------

    def set_presence(self, state: OwnState, text: str) -> None:
        """What to say of oneself to others, until it is changed. Away by idleness comes on top of ``online`` by itself."""

    def set_receipts(self, on: bool) -> None:
        """Tell others how far one has read, or not (and then not be told either)."""

    def active(self) -> None:
        """The person does something in the window: a key, the mouse. May be called at every event."""

    # -- groups --------------------------------------------------------------------------------------------------------

    def open_direct(self, user: UserId) -> None:
        """Open the conversation with that person; with oneself: the notes."""

    def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group and open it."""

    def join_group(self, group: GroupId) -> None:
        """Become a member."""

    def leave_group(self, group: GroupId) -> None:
        """Stop being a member. Asked and confirmed before."""

    def rename_group(self, group: GroupId, name: str) -> None:
        """Give it another name."""

    def add_member(self, group: GroupId, user: UserId) -> None:
        """Put somebody into a group."""

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """Take somebody out of a group. Asked and confirmed before."""

    def ban_member(self, group: GroupId, user: UserId, on: bool) -> None:
        """Take somebody out for good (asked and confirmed before), or let them come back."""

    def create_token(self, name: str, scope: Scope, expires: Millis | None) -> None:
        """Make a key for a script: comes by `Screen.show_token_made`, and the list by `Screen.show_tokens`."""

    def list_tokens(self) -> None:
        """The own keys for scripts are wanted: come by `Screen.show_tokens`."""

    def revoke_token(self, token: int) -> None:
        """Make one worthless. Asked and confirmed before."""

    def create_webhook(self, group: GroupId, name: str) -> None:
        """Make an address that posts into *group*: comes by `Screen.show_hook_made`, and the list by `Screen.show_hooks`."""

    def list_webhooks(self, group: GroupId) -> None:
        """The addresses that post into *group* are wanted: come by `Screen.show_hooks`."""

    def revoke_webhook(self, group: GroupId, webhook: int) -> None:
        """Make one worthless. Asked and confirmed before."""

    def list_bans(self, group: GroupId) -> None:
        """Who may not come back is wanted: comes by `Screen.show_bans`, again when one of them may."""

    def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        """Make somebody owner, admin or member of a group."""

    def set_topic(self, group: GroupId, topic: str) -> None:
        """Say what a group is about."""

    def create_invite(self, group: GroupId | None, uses: int | None, expires: Millis | None) -> None:
        """Make an invitation to a group, or (None) to the relay: comes by `Screen.show_invite`."""

    def list_invites(self, group: GroupId | None) -> None:
        """The invitations that are still good: come by `Screen.show_invites`."""

    def revoke_invite(self, group: GroupId | None, invite: int) -> None:
        """Make an invitation worthless."""

    def order(self, command: Command) -> None:
        """Ask the relay something that only its owners and admins may: what comes of it comes by `Screen.show_ordered`."""

    def cancel_move(self) -> None:
        """Call the move of the relay to this computer off; where it stands comes by `Screen.show_move`."""

    def finish_move(self) -> None:
        """Go on with a move that was broken off at its last step."""

    def forget_move(self) -> None:
        """Delete what such a move has fetched."""

    def look_for_move(self) -> None:
        """Find out whether there is such a move."""

    def join_by_code(self, code: str) -> None:
        """Become a member of the group that an invitation's code is for, and open it."""

    def mute(self, group: GroupId, level: NotifyLevel) -> None:
        """Of what in that conversation to be told: everything, mentions, nothing."""

    def hide(self, group: GroupId, on: bool) -> None:
        """Put a conversation out of sight, or back; a message that one would be told of brings it back."""

    def show_members(self, wanted: bool) -> None:
        """The members pane was opened or closed."""

    # -- the window ----------------------------------------------------------------------------------------------------

    def set_theme(self, theme: str) -> None:
        """``light``, ``dark`` or ``system``. The window has already changed and kept it in the settings."""

    def set_language(self, language: str) -> None:
        """A code of `desktop.locale.languages()`, or ``""`` for the system's.

        The controller keeps it in the settings, puts it to use, calls `Screen.redraw` and shows its own texts again.
        """

    def window_focused(self, focused: bool) -> None:
        """The window got or lost the keyboard."""

    def close_window(self) -> None:
        """The window's own button was pressed: it is put away where the person chose so, else this is `quit`."""

    def quit(self) -> None:
        """The person wants to quit; the controller asks what is to be asked and then calls `Screen.close`."""

    # -- the system around the window ----------------------------------------------------------------------------------

    def look_at_autostart(self) -> None:
        """What starts at sign-in is wanted: comes by `Screen.show_autostart`."""

    def start_client_at_sign_in(self, on: bool) -> None:
        """Start this client when the person signs in to the computer, or not any more."""

    def start_relay_at_sign_in(self, on: bool) -> None:
        """Start the relay on this computer then, or not any more; one that runs goes on."""

    def look_at_notifier(self) -> None:
        """What the system's notifications can do here is wanted: comes by `Screen.show_notifier`."""

    def set_wishes(self, wishes: Wishes) -> None:
        """How the person wants to be told of messages."""

    def set_tray(self, on: bool) -> None:
        """Closing the window leaves an icon beside the clock, or ends the client."""

    def test_notification(self) -> None:
        """Show one, to see whether it is seen: what comes of it comes by `Screen.show_notifier`."""
