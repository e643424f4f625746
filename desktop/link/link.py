"""The link as the window sees it: a thread of its own, commands in, events out, nothing that blocks.

Everything the link tells goes to one callback, called in the link's thread. Every method here may be called from any thread and
returns at once; what comes of it is told. The thread imports what is heavy (HTTP, crypto, SQLite) by itself, so that the window can
paint meanwhile.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from common.ids import GroupId, Millis, Nonce, RelayId, Seq
from desktop.events import CommandRefused, FoundRelay, LinkEvent
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
        if not await agent.open():
            return
        try:
            with self._turn:
                self._loop, self._agent = agent.loop, agent
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
            if self._loop is None or self._agent is None:
                self._waiting.append((name, arguments))
            else:
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

    def post(self, group: GroupId, nonce: Nonce, body: str) -> None:
        """Say *body*: durable in the outbox first, then sent until it is answered. Told by `OutboxListed`, `EntriesKnown`."""
        self._call("post", group, nonce, body)

    def retry(self, nonce: Nonce) -> None:
        """Send a failed message again."""
        self._call("retry", nonce)

    def discard(self, nonce: Nonce) -> None:
        """Give a message up."""
        self._call("discard", nonce)

    def edit_failed(self, nonce: Nonce) -> None:
        """Move a message from the outbox into its group's draft: told by `DraftsKnown` and `OutboxListed`."""
        self._call("edit_failed", nonce)

    def save_draft(self, group: GroupId, text: str) -> None:
        """Keep unsent text."""
        self._call("save_draft", group, text)

    def open_group(self, group: GroupId) -> None:
        """Tell the end of a conversation (from the archive, then from the relay), its outbox and its members."""
        self._call("open_group", group)

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

    def network_changed(self) -> None:
        """Something outside noticed another network: try at once."""
        self._call("network_changed")
