"""The link's side of the thread: owns the client's folder, the lookout for relays and the one account that is signed in, and does what
`Link` was asked.

Everything here runs in one event loop. Whatever is asked becomes a call of the method with the same name; what takes long becomes a task
that somebody owns: the attempt to sign in (a newer one ends it), the account, or the agent itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from common.errors import LinkLost
from common.ids import Millis, RelayId
from common.protocol import limits
from common.protocol.messages import DeleteAccount, Fate, Login, Register
from common.protocol.messages import SignedIn as TokenGiven
from desktop.events import LinkEvent
from desktop.events.link import (
    ACCOUNT_DELETION,
    CommandRefused,
    Connected,
    IdentityChanged,
    LinkChanged,
    LinkState,
    Offline,
    SignedOut,
    SignInFailed,
)
from desktop.events.relays import (
    FoundRelay,
    OwnerCodeKept,
)
from desktop.link.acquaintance import addresses_of
from desktop.link.address import Address
from desktop.link.archive import KnownRelay
from desktop.link.asking import LINK_LOST
from desktop.link.connection import Connection
from desktop.link.denied import Denied
from desktop.link.door import ask_any
from desktop.link.farewells import Farewells
from desktop.link.home import STORAGE, Home
from desktop.link.looking import Looking
from desktop.link.lookout import Lookout
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.link.present import Present
from desktop.link.shelf import Shelf
from desktop.link.vault import KeptToken, OwnerCode
from desktop.link.wire import TokenRefused
from desktop.locale import _

_WRONG_CODE: Final = "invitation_needed"

_log = logging.getLogger(__name__)


class Agent:
    """Does what the window asks, in the link's thread."""

    def __init__(
        self, home: Path, tell: Callable[[LinkEvent], None], now: Callable[[], Millis], looking: Looking
    ) -> None:
        """Nothing is opened yet."""
        self._tell = tell
        self._now = now
        self._home = Home(home, tell, now, self._spawn)
        self._vault = self._home.vault
        self._lookout = Lookout(looking, tell, self._home, self._wanted, self._answers, self._spawn)
        self._farewells = Farewells(self._vault, self._lookout.candidates)
        self._present: Present | None = None
        self._entering: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "delete_account": self.delete_account,
            "forget_relay": self.forget_relay,
            "keep_owner_code": self.keep_owner_code,
            "leave": self.leave,
            "network_changed": self.network_changed,
            "register": self.register,
            "resume": self.resume,
            "sign_in": self.sign_in,
            "sign_out": self.sign_out,
            "stop": self.stop,
            **self._lookout.does,
        }
        """What `Link` asks whoever is signed in; the rest is asked of their account, or of their files."""

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> bool:
        """Open vault and archive. False: it cannot be, and why was told; or `stop` was called while the keyring was waited for."""
        if not await self._home.open():
            return False
        self._spawn(self._farewells.run(), "farewells")
        return True

    @property
    def stopped(self) -> asyncio.Event:
        """Set once the thread is to end."""
        return self._home.stopped

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that everything here runs in; asked for in it."""
        return asyncio.get_running_loop()

    async def close(self) -> None:
        """End everything, the archive last."""
        for task in (self._entering, *self._tasks):
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, (self._entering, *self._tasks)), return_exceptions=True)
        await self._close_present()
        await self._lookout.close()
        await self._home.close()

    def do(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Call the method *name*, of the account if it is about conversations; a coroutine becomes a task of whom it is asked."""
        if name in self.does:
            self._start(self.does[name], arguments, lambda doing: self._spawn(doing, name))
        elif self._present is not None:
            account, files = self._present.account, self._present.files
            method = files.does.get(name) or account.does[name]
            self._start(method, arguments, lambda doing: account.spawn(doing, name))

    def stop(self) -> None:
        """End the thread."""
        self._home.stopped.set()

    def _start(
        self,
        method: Callable[..., Coroutine[Any, Any, None] | None],
        arguments: tuple[Any, ...],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        doing = method(*arguments)
        if doing is not None:
            spawn(doing)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(self._guarded(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _ended: work.close())  # cancelled before its first step, it was never begun
        return task

    async def _guarded(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except (sqlite3.Error, OSError) as error:
            _log.error("%s failed: %s", name, error)
            self._tell(CommandRefused(name, STORAGE, str(error)))
        except Exception as error:
            _log.exception("%s failed", name)
            self._tell(CommandRefused(name, "internal_error", str(error)))

    # -- relays on the network -----------------------------------------------------------------------------------------

    def _wanted(self) -> RelayId | None:
        """The relay of whoever is signed in."""
        return None if self._present is None else self._present.kept.relay_id

    def _answers(self, relay: FoundRelay) -> None:
        self._farewells.look(relay.relay_id)
        if self._present is not None and self._present.kept.relay_id == relay.relay_id:
            self._present.connection.seen_at([Address(relay.host, relay.port)])

    async def forget_relay(self, relay_id: RelayId) -> None:
        """Drop everything that is known of a relay."""
        async with self._changing:
            is_present = self._present is not None and self._present.kept.relay_id == relay_id
            if is_present:
                await self._close_present()
            await self._vault.forget(relay_id)
            await self._home.archive.forget_relay(relay_id)
            self._lookout.forgotten(relay_id)
            if is_present:
                self._tell(SignedOut())

    # -- signing in ----------------------------------------------------------------------------------------------------

    def register(self, relay: FoundRelay, username: str, password: str, display_name: str, code: str) -> None:
        """Make an account and sign in."""
        command = Register(
            username=username,
            password=password,
            display_name=display_name or None,
            code=code or None,
            device=_device(),
        )
        self._enter(self._sign_in(relay, command))

    def sign_in(self, relay: FoundRelay, username: str, password: str) -> None:
        """Sign in with an account that exists."""
        self._enter(self._sign_in(relay, Login(username=username, password=password, device=_device())))

    async def keep_owner_code(self, relay_id: RelayId, code: str) -> None:
        """The relay on this computer has shown its owner code: keep it until it is used."""
        await self._vault.keep_owner_code(OwnerCode(relay_id, code))
        self._tell(OwnerCodeKept(relay_id, code))

    async def _owner_code_used(self, relay: FoundRelay, command: Register | Login) -> None:
        """The relay has taken the code in *command*, or knows it no longer."""
        kept = self._vault.owner_code
        if kept is not None and isinstance(command, Register) and kept == OwnerCode(relay.relay_id, command.code or ""):
            await self._vault.keep_owner_code(None)
            self._tell(OwnerCodeKept(relay.relay_id, ""))

    def resume(self, relay_id: RelayId | None) -> None:
        """Go on with a device session that was kept."""
        self._enter(self._resume(relay_id))

    def _enter(self, entering: Coroutine[Any, Any, None]) -> None:
        """One attempt at a time: a newer one ends the older."""
        if self._entering is not None:
            self._entering.cancel()
        self._entering = asyncio.create_task(self._guarded(entering, "sign_in"), name="entering")
        self._entering.add_done_callback(lambda _ended: entering.close())

    async def _sign_in(self, relay: FoundRelay, command: Register | Login) -> None:
        session = PinnedSession(relay.relay_id)
        try:
            given, address = await ask_any(session, addresses_of(relay), command, TokenGiven)
        except WrongIdentity as error:
            self._tell(IdentityChanged(error.expected, error.found))
            self._tell(SignInFailed(LINK_LOST, str(error)))
            return
        except Denied as denied:
            if denied.code == _WRONG_CODE:
                await self._owner_code_used(relay, command)
            self._tell(SignInFailed(denied.code, denied.message, denied.retry_after))
            return
        except LinkLost as error:
            self._tell(SignInFailed(LINK_LOST, str(error)))
            return
        finally:
            await session.close()
        async with self._changing:
            await self._close_present()
            known = self._home.archive.relays.get(relay.relay_id)
            since = self._now() if known is None else known.known_since
            before = () if known is None else known.addresses
            known = KnownRelay(relay.relay_id, relay.name, (), since)
            self._lookout.remember(known, relay.name, (str(address), *before, *relay.addresses))
            kept = KeptToken(relay.relay_id, given.user.id, given.token)
            await self._vault.remember(kept)
            await self._owner_code_used(relay, command)
            shelf = await Shelf.open(
                self._home.archive, await self._home.archive.make_account(relay.relay_id, given.user)
            )
            await self._begin(kept, shelf, offline=False)

    async def _resume(self, relay_id: RelayId | None) -> None:
        async with self._changing:
            kept = self._last_session() if relay_id is None else self._vault.token_of(relay_id)
            account = None if kept is None else await self._home.archive.account_of(kept.relay_id, kept.user)
            if kept is None or account is None:
                self._tell(SignedOut())
                return
            await self._close_present()
            await self._vault.remember(kept)
            await self._begin(kept, await Shelf.open(self._home.archive, account), offline=True)

    def _last_session(self) -> KeptToken | None:
        """The device session to go on with; where the settings name a server, only one of a relay that was there before."""
        current = self._vault.current
        if current is None or not self._lookout.server:
            return current
        is_there = [
            one for one in self._home.archive.relays if set(self._lookout.candidates(one)) & set(self._lookout.server)
        ]
        if current.relay_id in is_there:
            return current
        return next((kept for one in is_there if (kept := self._vault.token_of(one)) is not None), None)

    async def _begin(self, kept: KeptToken, shelf: Shelf, offline: bool) -> None:
        """Show what is archived and open the link."""
        present = Present(
            kept, shelf, self._home, self._lookout, self._tell, self._now, self._state_changed, self._identity_changed
        )
        present.recall(offline)
        present.running = asyncio.create_task(self._keep_link(present.connection, kept), name="connection")
        self._present = present
        self._lookout.link_wanted()

    def _identity_changed(self, event: IdentityChanged) -> None:
        """Alarm, unless it is another relay that this client knows: its address was this one's before, and it pretends nothing."""
        if event.found not in self._home.archive.relays:
            self._tell(event)

    async def _keep_link(self, connection: Connection, kept: KeptToken) -> None:
        try:
            await connection.run()
        except TokenRefused as refused:
            self._spawn(self._token_refused(kept, str(refused)), "sign_out")
        except Exception as error:
            _log.exception("the connection failed")
            self._tell(CommandRefused("connect", "internal_error", str(error)))

    async def _token_refused(self, kept: KeptToken, reason: str) -> None:
        async with self._changing:
            if self._present is None or self._present.kept != kept:
                return
            await self._close_present()
            await self._vault.forget(kept.relay_id)
            self._tell(SignedOut(reason))

    async def leave(self) -> None:
        """Close the link and stay signed in."""
        self._end_entering()
        async with self._changing:
            await self._close_present()
            await self._vault.leave()

    async def sign_out(self) -> None:
        """End this device's session: here at once, at the relay as soon as it answers."""
        self._end_entering()
        async with self._changing:
            present = self._present
            if present is None:
                return
            await self._close_present()
            await self._vault.sign_out(present.kept)
            self._tell(SignedOut())
        self._farewells.look()

    async def delete_account(self, password: str, messages: Fate) -> None:
        """Delete the account at the relay, and then all that is kept of it here; the relay stays known."""
        async with self._changing:
            present = self._present
            if present is None:
                return
            try:
                await present.account.ask(DeleteAccount(password=password, messages=messages))
            except (Denied, LinkLost) as error:
                code = error.code if isinstance(error, Denied) else LINK_LOST
                self._tell(CommandRefused(ACCOUNT_DELETION, code, str(error)))
                return
            kept = present.kept
            await self._close_present()
            await self._vault.forget(kept.relay_id)
            await self._home.archive.forget_account(kept.relay_id, kept.user)
            await asyncio.to_thread(present.sources.sweep, ())
            self._tell(SignedOut(_("Your account was deleted, and this computer has forgotten what it kept of it.")))

    def _end_entering(self) -> None:
        if self._entering is not None:
            self._entering.cancel()

    async def _close_present(self) -> None:
        if self._present is None:
            return
        present, self._present = self._present, None
        await present.close()
        with contextlib.suppress(sqlite3.Error):  # it was logged, and is tried again when the archive closes
            await self._home.archive.flush()
        self._state_changed(Offline())

    # -- the link ------------------------------------------------------------------------------------------------------

    def _state_changed(self, state: LinkState) -> None:
        is_connected = isinstance(state, Connected)
        if self._present is not None and is_connected:
            self._present.files.link_up()
        elif self._present is not None:
            self._present.files.link_down()
        if is_connected and self._present is not None:
            known = self._home.archive.relays.get(self._present.kept.relay_id)
            address = self._present.connection.last_address
            if known is not None and address is not None:
                self._lookout.remember(known, known.name, (str(address), *known.addresses))
        self._tell(LinkChanged(state))
        self._lookout.link_changed(state)

    def network_changed(self) -> None:
        """Try at once."""
        if self._present is not None:
            self._present.connection.network_changed()
        self._lookout.network_changed()


def _device() -> str:
    """What this device is called in the list of device sessions."""
    return f"{platform.node()} ({platform.system()})"[: limits.DEVICE_CHARACTERS]
