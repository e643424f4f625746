"""The link as the window sees it: a thread of its own, commands in, events out, nothing that blocks.

Everything the link tells goes to one callback, called in the link's thread. Every method here may be called from any thread and
returns at once; what comes of it is told. The thread imports what is heavy (HTTP, crypto, SQLite) by itself, so that the window can
paint meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.ids import GroupId, Millis, Nonce, RelayId, Seq, UserId
from common.protocol.messages import Command, Fate, FileId, FileInfo, Role, Scope
from desktop.events import LinkEvent
from desktop.events.conversations import GroupChoice, OwnStatus
from desktop.events.link import CommandRefused
from desktop.events.outbox import OutboxItem
from desktop.events.relays import FoundRelay
from desktop.export.order import Order
from desktop.link.looking import EVERYWHERE, Looking

if TYPE_CHECKING:
    import asyncio

    from desktop.link.agent import Agent

STOP_S: Final = 3.0

_log = logging.getLogger(__name__)


class Link:
    """The façade of the link. `start` it once, `stop` it once."""

    def __init__(
        self,
        home: Path,
        tell: Callable[[LinkEvent], None],
        now: Callable[[], Millis],
        looking: Looking = EVERYWHERE,
    ) -> None:
        """*home*: the client's folder. *looking*: how relays are found."""
        self._home = home
        self._tell = tell
        self._now = now
        self._looking = looking
        self._thread = threading.Thread(target=self._main, name="link", daemon=True)
        self._turn = threading.Lock()
        self._waiting: list[tuple[str, tuple[Any, ...]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._agent: Agent | None = None
        self._is_open = False
        self._is_stopped = False

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = STOP_S) -> None:
        """End the link, with the archive written; waits at most *timeout_s*."""
        self._call("stop")
        with self._turn:
            self._is_stopped = True
            if self._loop is not None and self._agent is not None and not self._is_open:
                self._loop.call_soon_threadsafe(self._agent.stop)  # it may be waiting for the keyring's owner
        if self._thread.is_alive():
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                _log.error("the link did not end within %s s", timeout_s)

    def _main(self) -> None:
        try:
            import asyncio

            from desktop.link.agent import Agent

            asyncio.run(self._live(Agent(self._home, self._tell, self._now, self._looking)))
        except Exception as error:
            _log.exception("the link has ended")
            self._tell(CommandRefused("start", "internal_error", str(error)))

    async def _live(self, agent: Agent) -> None:
        with self._turn:
            self._loop, self._agent = agent.loop, agent
            if self._is_stopped:
                agent.stop()
        try:
            is_open = await agent.open()
        finally:
            with self._turn:
                self._loop = None
        if not is_open:
            return
        try:
            with self._turn:
                self._loop, self._is_open = agent.loop, True
                waiting, self._waiting = self._waiting, []
            for name, arguments in waiting:
                agent.do(name, arguments)
            await agent.stopped.wait()
        finally:
            with self._turn:
                self._is_stopped, self._loop = True, None
            await agent.close()

    def _call(self, name: str, *arguments: Any) -> None:
        with self._turn:
            if self._is_stopped:
                return
            if not self._is_open:
                self._waiting.append((name, arguments))
            elif self._loop is not None and self._agent is not None:
                self._loop.call_soon_threadsafe(self._agent.do, name, arguments)

    # -- relays --------------------------------------------------------------------------------------------------------

    def look_for_relays(self, on: bool) -> None:
        """Begin or end telling `RelaysFound`."""
        self._call("look_for_relays", on)

    def try_address(self, text: str) -> None:
        """Look at a typed address or an invitation: told in `RelaysFound` or `AddressFailed`."""
        self._call("try_address", text)

    def sweep(self) -> None:
        """Ask every address of the own networks, because the person pressed for it."""
        self._call("sweep")

    def check_connection(self) -> None:
        """Find out what keeps relays from being found: told by `ConnectionChecked`, more and more."""
        self._call("check_connection")

    def forget_addresses(self, relay_id: RelayId, addresses: Sequence[str]) -> None:
        """A known relay is no longer at *addresses*, which are another's: told in `RelayForgotten`."""
        self._call("forget_addresses", relay_id, addresses)

    def delete_account(self, password: str, messages: Fate) -> None:
        """Delete the account for good, and what is kept of it here: told by `SignedOut`, or `CommandRefused` of `ACCOUNT_DELETION`."""
        self._call("delete_account", password, messages)

    def forget_relay(self, relay_id: RelayId) -> None:
        """Drop a relay's pin, token and everything archived of it."""
        self._call("forget_relay", relay_id)

    # -- signing in ----------------------------------------------------------------------------------------------------

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str = "", code: str = "") -> None:
        """Make an account and sign in: told by `SignedIn` or `SignInFailed`. Ends an attempt that is still under way."""
        self._call("register", relay, username, password, display_name, code)

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        """Sign in: told by `SignedIn` or `SignInFailed`. Ends an attempt that is still under way."""
        self._call("sign_in", relay, username, password)

    def keep_owner_code(self, relay_id: RelayId, code: str) -> None:
        """Keep what makes the first owner of the relay on this computer until it is used: told by `OwnerCodeKept`, when it is kept and when it is used."""
        self._call("keep_owner_code", relay_id, code)

    def resume(self, relay_id: RelayId | None = None) -> None:
        """Go on with the last device session, or the one at *relay_id*.

        Told by `SignedIn` (offline) and everything archived, then the link; or by `SignedOut` without a reason, when this
        device is not signed in there.
        """
        self._call("resume", relay_id)

    def leave(self) -> None:
        """Close the link and stay signed in; the next start does not resume. Told by `LinkChanged(Offline)`."""
        self._call("leave")

    def sign_out(self) -> None:
        """End this device's session: told by `SignedOut`."""
        self._call("sign_out")

    # -- conversations -------------------------------------------------------------------------------------------------

    def act(self, item: OutboxItem) -> None:
        """Do what *item* says: durable in the outbox first, then sent until it is answered. Told by `OutboxListed`, `EntriesKnown`.

        What is refused: a message as failed in `OutboxListed`, any other act by `CommandRefused` of its kind.
        """
        self._call("act", item)

    def retry(self, nonce: Nonce) -> None:
        """Send a failed message again."""
        self._call("retry", nonce)

    def discard(self, nonce: Nonce) -> None:
        """Give a message up. When it is an entry by now: told by `AlreadySaid`, or by `SaidAllTheSame` once that turns out."""
        self._call("discard", nonce)

    def take_back(self, nonce: Nonce) -> None:
        """As `discard`; its files are attached to the draft of its group again, told by `DraftFilesKnown`."""
        self._call("take_back", nonce)

    def cancel_upload(self, nonce: Nonce, key: str) -> None:
        """Take one file out of a message that waits for it; without any file left the message is dropped."""
        self._call("cancel_upload", nonce, key)

    def save_draft(self, group: GroupId, text: str) -> None:
        """Keep unsent text."""
        self._call("save_draft", group, text)

    def open_group(self, group: GroupId) -> None:
        """Tell the end of a conversation (from the archive, then from the relay), its outbox and its members."""
        self._call("open_group", group)

    def load_around(self, group: GroupId, seq: Seq) -> None:
        """Tell the entries around *seq*; `CommandRefused("load_before", …)` as `load_before`."""
        self._call("load_around", group, seq)

    def load_before(self, group: GroupId, seq: Seq) -> None:
        """Tell entries before *seq*; `CommandRefused("load_before", …)` when neither archive nor relay has them now."""
        self._call("load_before", group, seq)

    def fill_gap(self, group: GroupId, after: Seq, before: Seq) -> None:
        """Tell entries between the two seqs, those next to *before* first; repeat until nothing is missing."""
        self._call("fill_gap", group, after, before)

    def mark_read(self, group: GroupId, seq: Seq) -> None:
        """The person has read up to *seq*."""
        self._call("mark_read", group, seq)

    def create_group(self, name: str, topic: str = "", private: bool = False) -> None:
        """Make a group: told by `GroupSeen` or `CommandRefused`."""
        self._call("create_group", name, topic, private)

    def join_group(self, group: GroupId) -> None:
        """Become a member: told by `GroupSeen` or `CommandRefused`."""
        self._call("join_group", group)

    def leave_group(self, group: GroupId) -> None:
        """Stop being a member: told by `GroupSeen`, `GroupLost` or `CommandRefused`."""
        self._call("leave_group", group)

    def rename_group(self, group: GroupId, name: str) -> None:
        """Give a group another name: told by `GroupSeen` or `CommandRefused`."""
        self._call("rename_group", group, name)

    def list_members(self, group: GroupId) -> None:
        """Tell `MembersListed`, now and after each reconnect."""
        self._call("list_members", group)

    def choose(self, group: GroupId, choice: GroupChoice) -> None:
        """Keep how the person wants that conversation: told by `ChoicesKnown`."""
        self._call("choose", group, choice)

    # -- files ---------------------------------------------------------------------------------------------------------

    def attach(self, group: GroupId, paths: Sequence[Path]) -> None:
        """Attach what can be sent of *paths* to the draft of *group*: told by `DraftFilesKnown`, then `FilesLookedAt`."""
        self._call("attach", group, paths)

    def attach_picture(self, group: GroupId, content: bytes, name: str) -> None:
        """Attach what was pasted, the bytes of a file that would be called *name*: told as `attach`."""
        self._call("attach_picture", group, content, name)

    def detach(self, group: GroupId, key: str) -> None:
        """Take a file out of the draft: told by `DraftFilesKnown`."""
        self._call("detach", group, key)

    def save_unsent(self, group: GroupId, folder: Path) -> None:
        """Copy the files that were not sent in *group* into *folder*: told by `UnsentSaved`."""
        self._call("save_unsent", group, folder)

    def drop_unsent(self, group: GroupId) -> None:
        """Give up all that was not sent in *group*: told by `OutboxListed` and `DraftFilesKnown`."""
        self._call("drop_unsent", group)

    def send_file(self, key: str, group: GroupId, path: Path, mime: str = "", width: int = 0, height: int = 0) -> None:
        """Upload a file; *key* is the caller's name for it. Told by `TransferChanged`, with the id to post once it is done."""
        self._call("send_file", key, group, path, mime, width, height)

    def fetch_file(self, key: str, group: GroupId, file: FileInfo, folder: Path) -> None:
        """Download a file into *folder* under a safe and free name: told by `TransferChanged`."""
        self._call("fetch_file", key, group, file, folder)

    def save_file(self, key: str, group: GroupId, file: FileInfo, path: Path) -> None:
        """Download a file to *path*, in the place of what may be there: told by `TransferChanged`."""
        self._call("save_file", key, group, file, path)

    def pause_transfer(self, key: str) -> None:
        """Stop a transfer until it is resumed; what has arrived stays."""
        self._call("pause_transfer", key)

    def resume_transfer(self, key: str) -> None:
        """Go on with a transfer that is paused or has failed."""
        self._call("resume_transfer", key)

    def retry_transfers(self) -> None:
        """Go on with all transfers that have failed, and with no others."""
        self._call("retry_transfers")

    def cancel_transfer(self, key: str) -> None:
        """Give a transfer up, or forget one that is done: told by `TransferEnded`."""
        self._call("cancel_transfer", key)

    def export(self, order: Order) -> None:
        """Export a conversation into files: told by `ExportChanged`. One at a time."""
        self._call("export", order)

    def fetch_own_data(self, folder: Path) -> None:
        """All that the relay holds about the person, as a ZIP into *folder*: told by `OwnDataChanged`. One at a time."""
        self._call("fetch_own_data", folder)

    def cancel_own_data(self) -> None:
        """Give that up; nothing of it is left."""
        self._call("cancel_own_data")

    def cancel_export(self) -> None:
        """Give up the export that is under way; nothing of it is left."""
        self._call("cancel_export")

    def fetch_picture(self, key: str, file: FileId, path: Path | None, edge: int) -> None:
        """Decode a picture, the one at *path* on this computer or else the relay's *file*, at most *edge* pixels wide and high.

        Nothing of it gets to the disk. Told by `PictureKnown` with the same *key*.
        """
        self._call("fetch_picture", key, file, path, edge)

    # -- about messages ------------------------------------------------------------------------------------------------

    def list_pins(self, group: GroupId) -> None:
        """Tell `PinsListed` or `CommandRefused`."""
        self._call("list_pins", group)

    def count_pins(self, group: GroupId) -> None:
        """Tell `PinsCounted` or `CommandRefused`."""
        self._call("count_pins", group)

    def list_readers(self, group: GroupId, seq: Seq) -> None:
        """Tell `ReadersListed` or `CommandRefused`."""
        self._call("list_readers", group, seq)

    def list_edits(self, group: GroupId, target: Seq) -> None:
        """Tell `EditsListed` or `CommandRefused`."""
        self._call("list_edits", group, target)

    def search(self, query: str, group: GroupId | None = None, before: Millis | None = None) -> None:
        """Tell `HitsFound` or `CommandRefused`."""
        self._call("search", query, group, before)

    # -- people --------------------------------------------------------------------------------------------------------

    def typing(self, group: GroupId) -> None:
        """The person is writing in *group*; of use only if there is a link now."""
        self._call("typing", group)

    def set_status(self, status: OwnStatus) -> None:
        """What the person says of themselves from now on, on every link: told by `OwnStatusKnown`."""
        self._call("set_status", status)

    def set_idle(self, is_idle: bool) -> None:
        """The person has not touched this computer for a while, or does again."""
        self._call("set_idle", is_idle)

    def open_direct(self, user: UserId) -> None:
        """The conversation with *user*: told by `GroupSeen` and `GroupWanted`, or `CommandRefused`."""
        self._call("open_direct", user)

    def join_by_code(self, code: str) -> None:
        """Become a member of an invitation's group: told by `GroupSeen` and `GroupWanted`, or `CommandRefused`."""
        self._call("join_by_code", code)

    def add_member(self, group: GroupId, user: UserId) -> None:
        """Put somebody into a group: seen in its log, or `CommandRefused`."""
        self._call("add_member", group, user)

    def remove_member(self, group: GroupId, user: UserId) -> None:
        """Take somebody out of a group: seen in its log, or `CommandRefused`."""
        self._call("remove_member", group, user)

    def ban_member(self, group: GroupId, user: UserId, on: bool) -> None:
        """Take somebody out for good, or let them come back: seen in its log, or `CommandRefused`."""
        self._call("ban_member", group, user, on)

    def create_token(self, name: str, scope: Scope, expires: Millis | None) -> None:
        """Tell `KeyMade` and `TokensListed`, or `CommandRefused`."""
        self._call("create_token", name, scope, expires)

    def list_tokens(self) -> None:
        """Tell `TokensListed` or `CommandRefused`."""
        self._call("list_tokens")

    def revoke_token(self, token: int) -> None:
        """Tell `TokensListed` or `CommandRefused`."""
        self._call("revoke_token", token)

    def create_webhook(self, group: GroupId, name: str) -> None:
        """Tell `HookMade` and `HooksListed`, or `CommandRefused`."""
        self._call("create_webhook", group, name)

    def list_webhooks(self, group: GroupId) -> None:
        """Tell `HooksListed` or `CommandRefused`."""
        self._call("list_webhooks", group)

    def revoke_webhook(self, group: GroupId, webhook: int) -> None:
        """Tell `HooksListed` or `CommandRefused`."""
        self._call("revoke_webhook", group, webhook)

    def list_bans(self, group: GroupId) -> None:
        """Tell `BansListed` or `CommandRefused`."""
        self._call("list_bans", group)

    def set_role(self, group: GroupId, user: UserId, role: Role) -> None:
        """Make somebody owner, admin or member: seen in its log, or `CommandRefused`."""
        self._call("set_role", group, user, role)

    def set_topic(self, group: GroupId, topic: str) -> None:
        """Say what a group is about: told by `GroupSeen` or `CommandRefused`."""
        self._call("set_topic", group, topic)

    def create_invite(self, group: GroupId | None, uses: int | None, expires: Millis | None) -> None:
        """Make an invitation to *group*, or to the relay: told by `InviteMade` or `CommandRefused`."""
        self._call("create_invite", group, uses, expires)

    def list_invites(self, group: GroupId | None) -> None:
        """Tell `InvitesListed` or `CommandRefused`."""
        self._call("list_invites", group)

    def revoke_invite(self, group: GroupId | None, invite: int) -> None:
        """Make an invitation worthless: told by `InvitesListed` or `CommandRefused`."""
        self._call("revoke_invite", group, invite)

    def order(self, command: Command) -> None:
        """Ask the relay what its owners and admins may: told by `Ordered`."""
        self._call("order", command)

    def network_changed(self) -> None:
        """Something outside noticed another network: try at once."""
        self._call("network_changed")
