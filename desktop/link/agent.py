"""The link's side of the thread: owns vault, archive, finder and the one account that is signed in, and does what `Link` was asked.

Everything here runs in one event loop. Whatever is asked becomes a call of the method with the same name; what takes long becomes a task
that somebody owns: the attempt to sign in (a newer one ends it), the account, or the agent itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from common.crypto.identity import SCHEME, BadInvitation, parse_invitation
from common.errors import LinkLost, MessengerError
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
    KeyMissing,
    LinkChanged,
    LinkState,
    Offline,
    SignedIn,
    SignedOut,
    SignInFailed,
    WindowWanted,
)
from desktop.events.relays import (
    AddressAnswered,
    AddressFailed,
    ConnectionChecked,
    DiscoveryTrouble,
    Finding,
    FoundRelay,
    OwnerCodeKept,
    RelayForgotten,
    RelaysFound,
)
from desktop.link.account import Account
from desktop.link.acquaintance import addresses_of, with_silent, without
from desktop.link.address import Address, BadAddress, parse_address, parse_addresses
from desktop.link.archive import Archive, KnownRelay
from desktop.link.asking import LINK_LOST
from desktop.link.checkup.check import Sought, check
from desktop.link.claim import Claim, FolderTaken
from desktop.link.connection import Connection
from desktop.link.denied import Denied
from desktop.link.door import ask_any
from desktop.link.exports.exports import Exports
from desktop.link.exports.own_data import OwnDataFetcher
from desktop.link.farewells import Farewells
from desktop.link.files import Files
from desktop.link.finder import Finder
from desktop.link.looking import Looking
from desktop.link.obstacles import in_words
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.link.shelf import Shelf
from desktop.link.transfers.ledger import Ledger
from desktop.link.transfers.moving import Mover
from desktop.link.transfers.sources import Sources
from desktop.link.vault import KeptToken, OwnerCode, Vault, VaultLocked
from desktop.link.wire import TokenRefused
from desktop.locale import _

OF_AGENT: Final = frozenset(
    {
        "check_connection",
        "delete_account",
        "forget_addresses",
        "forget_relay",
        "keep_owner_code",
        "leave",
        "look_for_relays",
        "network_changed",
        "register",
        "resume",
        "sign_in",
        "sign_out",
        "stop",
        "sweep",
        "try_address",
    }
)
"""What `Link` asks of the agent itself; the rest is asked of whoever is signed in, or of their files."""
LOOK_AFTER_S: Final = 2.0
"""A link that is not up by then is looked for on the network too: mostly it comes back where it was."""
ADDRESSES_KEPT: Final = 8
SETTLE_AFTER_S: Final = 3.0
"""When starting is over: only then the keyring is asked whether it takes what is in the file."""
_STORAGE: Final = "storage_unavailable"
_LOCKED: Final = "keyring_locked"
_TAKEN: Final = "folder_taken"
_CALLED: Final = "window_called"
CALLED_EVERY_S: Final = 0.25
"""How long somebody waits at most who starts the client a second time."""
_WRONG_CODE: Final = "invitation_needed"

_log = logging.getLogger(__name__)


class _Present(Struct):
    """The account that is signed in, with its link."""

    kept: KeptToken
    account: Account
    session: PinnedSession
    connection: Connection
    files: Files
    sources: Sources
    running: asyncio.Task[None]


class Agent:
    """Does what the window asks, in the link's thread."""

    def __init__(
        self, home: Path, tell: Callable[[LinkEvent], None], now: Callable[[], Millis], looking: Looking
    ) -> None:
        """Nothing is opened yet."""
        self._home = home
        self._tell = tell
        self._now = now
        self._looking = looking
        self._vault = Vault(home)
        self._farewells = Farewells(self._vault, self._candidates)
        self._claim: Claim | None = None
        self._archive: Archive | None = None
        self._finder: Finder | None = None
        self._is_looking = False
        self._is_connected = False
        self._is_doubted = False
        self._present: _Present | None = None
        self._entering: asyncio.Task[None] | None = None
        self._check: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()
        self._finding = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.stopped = asyncio.Event()

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> bool:
        """Open vault and archive. False: it cannot be, and why was told; or `stop` was called while the keyring was waited for."""
        try:
            self._claim = await Claim.take(self._home)
            if not await self._open_vault():
                self._claim.release()
                return False
            self._archive = await Archive.open(self._home, self._vault.archive_key, self._now)
        except FolderTaken as taken:
            self._tell(CommandRefused("start", _CALLED if taken.is_called else _TAKEN, str(taken)))
            return False
        except (MessengerError, OSError) as error:
            _log.error("the client cannot start: %s", error)
            self._tell(CommandRefused("start", _STORAGE, str(error)))
            if self._claim is not None:
                self._claim.release()
            return False
        self._spawn(self._settle(), "settle")
        self._spawn(self._hear_calls(self._claim), "calls")
        self._spawn(self._farewells.run(), "farewells")
        if self._vault.is_new and await asyncio.to_thread(self._archive.has_older):
            self._tell(KeyMissing(str(self._home)))
        if (kept := self._vault.owner_code) is not None:
            self._tell(OwnerCodeKept(kept.relay_id, kept.code))
        return True

    async def _open_vault(self) -> bool:
        """Open it, however long the keyring's owner takes for the password. False: `stop` was called meanwhile."""
        try:
            await self._vault.open()
        except VaultLocked as locked:
            if not locked.is_asking:
                raise
            self._tell(CommandRefused("start", _LOCKED, str(locked)))
            waits = [asyncio.create_task(wait) for wait in (self._vault.unlocked(), self._until_stopped())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if self.stopped.is_set():
                return False
            await self._vault.open()
            self._tell(DiscoveryTrouble(""))
        return True

    async def _until_stopped(self) -> None:
        await self.stopped.wait()

    async def _hear_calls(self, claim: Claim) -> None:
        while True:
            if await asyncio.to_thread(claim.was_called):
                self._tell(WindowWanted())
            await asyncio.sleep(CALLED_EVERY_S)

    async def _settle(self) -> None:
        await asyncio.sleep(SETTLE_AFTER_S)
        await self._vault.settle()

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
        if self._finder is not None:
            await self._finder.close()
        if self._archive is not None:
            await self._archive.close()
        if self._claim is not None:
            self._claim.release()

    def do(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Call the method *name*, of the account if it is about conversations; a coroutine becomes a task of whom it is asked."""
        if name in OF_AGENT:
            self._start(getattr(self, name), arguments, lambda doing: self._spawn(doing, name))
        elif self._present is not None:
            account, files = self._present.account, self._present.files
            method = files.does.get(name) or account.does[name]
            self._start(method, arguments, lambda doing: account.spawn(doing, name))

    def stop(self) -> None:
        """End the thread."""
        self.stopped.set()

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
            self._tell(CommandRefused(name, _STORAGE, str(error)))
        except Exception as error:
            _log.exception("%s failed", name)
            self._tell(CommandRefused(name, "internal_error", str(error)))

    def _unsaid_damage(self) -> str:
        """What is to be said of the archive, once."""
        damage, self._kept.damage = self._kept.damage, ""
        return damage

    @property
    def _kept(self) -> Archive:
        assert self._archive is not None, "nothing is done before `open`"
        return self._archive

    # -- relays on the network -----------------------------------------------------------------------------------------

    async def look_for_relays(self, on: bool) -> None:
        """Begin or end telling what is found."""
        self._is_looking = on
        await self._look_if_needed()
        if on and self._finder is not None:
            self._tell_relays()
            if damage := self._unsaid_damage():
                self._tell(DiscoveryTrouble(damage))
            self._finder.look_again()

    async def _look_if_needed(self) -> None:
        """Relays are looked for while the list is open, and while a link is wanted and not there."""
        async with self._finding:
            is_linked = self._is_connected and not self._is_doubted
            is_needed = self._is_looking or (self._present is not None and not is_linked)
            if is_needed and self._finder is None:
                self._finder = await self._start_finder()
            elif not is_needed and self._finder is not None:
                finder, self._finder = self._finder, None
                await finder.close()

    async def _look_soon(self) -> None:
        await asyncio.sleep(LOOK_AFTER_S)
        await self._look_if_needed()

    async def _start_finder(self) -> Finder:
        discovers = not self._looking.server
        finder = Finder(
            self._found,
            tuple(self._kept.relays.values()),
            on_trouble=self._trouble,
            interfaces=self._looking.interfaces,
            ports=self._looking.ports,
            multicast=self._looking.multicast and discovers,
            broadcast=self._looking.broadcast and discovers,
        )
        await finder.start()
        return finder

    def _trouble(self, message: str) -> None:
        if self._is_looking:
            self._tell(DiscoveryTrouble(in_words(message)))

    def _found(self, relays: tuple[FoundRelay, ...]) -> None:
        self._tell_relays()
        for relay in relays:
            self._farewells.look(relay.relay_id)
            known = self._kept.relays.get(relay.relay_id)
            if known is not None:
                best = str(Address(relay.host, relay.port))
                self._remember(known, relay.name, (best, *known.addresses))
                if self._present is not None and self._present.kept.relay_id == relay.relay_id:
                    self._present.connection.seen_at([Address(relay.host, relay.port)])

    def _tell_relays(self) -> None:
        if self._is_looking and self._finder is not None:
            self._tell(RelaysFound(with_silent(self._finder.relays, self._kept.relays.values())))

    def _remember(self, known: KnownRelay, name: str, addresses: Sequence[str]) -> None:
        self._kept.remember_relay(
            KnownRelay(known.relay_id, name, tuple(dict.fromkeys(addresses))[:ADDRESSES_KEPT], known.known_since)
        )
        if self._finder is not None and self._kept.relays[known.relay_id] != known:
            self._finder.know(tuple(self._kept.relays.values()))

    async def try_address(self, text: str) -> None:
        """Look at a typed address or an invitation."""
        expected = None
        try:
            if text.strip().strip("<>").lower().startswith(f"{SCHEME}:"):
                invitation = parse_invitation(text)
                address = Address(invitation.host, invitation.port)
                expected, code = invitation.relay_id, invitation.code or ""
            else:
                address, code = parse_address(text), ""
            # Who looks at the list finds what answers there in it as well.
            await self._look_if_needed()
            finder = self._finder or await self._start_finder()
            try:
                found = await finder.add_address(address.host, address.port, expected)
            finally:
                if finder is not self._finder:
                    await finder.close()
        except (BadAddress, BadInvitation, LinkLost) as error:
            self._tell(AddressFailed(text, str(error)))
        else:
            self._tell(AddressAnswered(text, found, code, verified=expected is not None))

    async def sweep(self) -> None:
        """Ask every address of the own networks."""
        if self._finder is not None:
            await self._finder.sweep()

    def check_connection(self) -> None:
        """Find out what keeps relays from being found, or the relay of whoever is signed in from being reached; anew each time."""
        if self._check is not None:
            self._check.cancel()
        self._check = self._spawn(self._checked(), "check_connection")

    async def _checked(self) -> None:
        findings: list[Finding] = []
        async for finding in check(self._sought(), self._looking):
            findings.append(finding)
            self._tell(ConnectionChecked(tuple(findings), False))
        self._tell(ConnectionChecked(tuple(findings), True))

    def _sought(self) -> Sought:
        """The relay of whoever is signed in; else every known one, for anybody may miss any of them."""
        known = self._kept.relays
        if self._present is not None and self._present.kept.relay_id in known:
            return Sought((known[self._present.kept.relay_id],), next(iter(self._server), None))
        return Sought(tuple(known.values()), next(iter(self._server), None))

    async def forget_relay(self, relay_id: RelayId) -> None:
        """Drop everything that is known of a relay."""
        async with self._changing:
            is_present = self._present is not None and self._present.kept.relay_id == relay_id
            if is_present:
                await self._close_present()
            await self._vault.forget(relay_id)
            await self._kept.forget_relay(relay_id)
            self._forgotten(relay_id)
            if is_present:
                self._tell(SignedOut())

    async def forget_addresses(self, relay_id: RelayId, addresses: Sequence[str]) -> None:
        """*addresses* belong to another relay now: the known one is no longer looked for there."""
        known = self._kept.relays.get(relay_id)
        if known is not None:
            self._kept.remember_relay(without(known, addresses))
        self._forgotten(relay_id)

    def _forgotten(self, relay_id: RelayId) -> None:
        if self._finder is not None:
            self._finder.know(tuple(self._kept.relays.values()))
        self._tell_relays()
        self._tell(RelayForgotten(relay_id))

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
            known = self._kept.relays.get(relay.relay_id)
            since = self._now() if known is None else known.known_since
            before = () if known is None else known.addresses
            known = KnownRelay(relay.relay_id, relay.name, (), since)
            self._remember(known, relay.name, (str(address), *before, *relay.addresses))
            kept = KeptToken(relay.relay_id, given.user.id, given.token)
            await self._vault.remember(kept)
            await self._owner_code_used(relay, command)
            shelf = await Shelf.open(self._kept, await self._kept.make_account(relay.relay_id, given.user))
            await self._begin(kept, shelf, offline=False)

    async def _resume(self, relay_id: RelayId | None) -> None:
        async with self._changing:
            kept = self._last_session() if relay_id is None else self._vault.token_of(relay_id)
            account = None if kept is None else await self._kept.account_of(kept.relay_id, kept.user)
            if kept is None or account is None:
                self._tell(SignedOut())
                return
            await self._close_present()
            await self._vault.remember(kept)
            await self._begin(kept, await Shelf.open(self._kept, account), offline=True)

    def _last_session(self) -> KeptToken | None:
        """The device session to go on with; where the settings name a server, only one of a relay that was there before."""
        current = self._vault.current
        if current is None or not self._server:
            return current
        is_there = [one for one in self._kept.relays if set(self._candidates(one)) & set(self._server)]
        if current.relay_id in is_there:
            return current
        return next((kept for one in is_there if (kept := self._vault.token_of(one)) is not None), None)

    async def _begin(self, kept: KeptToken, shelf: Shelf, offline: bool) -> None:
        """Show what is archived and open the link."""
        session = PinnedSession(kept.relay_id)
        account = Account(shelf, self._tell_of_account, self._now, lambda seconds: connection.come_back_after(seconds))
        connection = Connection(
            session,
            kept.token,
            account,
            lambda: self._candidates(kept.relay_id),
            self._state_changed,
            self._identity_changed,
            self._now,
            self._link_doubted,
        )
        known = self._kept.relays.get(kept.relay_id)
        name = "" if known is None else known.name
        self._tell(SignedIn(kept.relay_id, name, shelf.user, self._vault.kept_in, offline))
        account.moved = partial(self._moved, connection, kept.relay_id)
        account.recall()
        if damage := self._unsaid_damage():
            self._tell(CommandRefused("archive", _STORAGE, damage))
        sources = Sources(self._home / f"pasted-{kept.relay_id[:8].lower()}-{kept.user}", self._kept.seals)
        mover = Mover(session, kept.token, lambda: connection.last_address, sources)
        files = Files(account, Ledger(self._kept, kept.relay_id, shelf.user.id), mover, self._tell)
        account.take_in(lambda shelf, asking: Exports(shelf, asking, mover, name, self._tell, self._now))
        account.take_in(lambda shelf, _asking: OwnDataFetcher(shelf, mover, name, self._tell, self._now))
        account.spawn(files.recall(), "files")
        running = asyncio.create_task(self._keep_link(connection, kept), name="connection")
        self._present = _Present(kept, account, session, connection, files, sources, running)
        self._spawn(self._look_soon(), "look_for_relays")

    def _moved(self, connection: Connection, relay_id: RelayId, to: Sequence[str]) -> None:
        """The relay itself says where it is from now on; whether it is there, its certificate tells."""
        if (known := self._kept.relays.get(relay_id)) is not None:
            self._remember(known, known.name, (*to[: ADDRESSES_KEPT // 2], *known.addresses))
        connection.hurry()

    def _identity_changed(self, event: IdentityChanged) -> None:
        """Alarm, unless it is another relay that this client knows: its address was this one's before, and it pretends nothing."""
        if event.found not in self._kept.relays:
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
            await self._kept.forget_account(kept.relay_id, kept.user)
            await asyncio.to_thread(present.sources.sweep, ())
            self._tell(SignedOut(_("Your account was deleted, and this computer has forgotten what it kept of it.")))

    def _end_entering(self) -> None:
        if self._entering is not None:
            self._entering.cancel()

    async def _close_present(self) -> None:
        if self._present is None:
            return
        present, self._present = self._present, None
        present.running.cancel()
        await asyncio.gather(present.running, return_exceptions=True)
        await present.files.close()
        await present.account.close()
        await present.session.close()
        with contextlib.suppress(sqlite3.Error):  # it was logged, and is tried again when the archive closes
            await self._kept.flush()
        self._state_changed(Offline())

    # -- the link ------------------------------------------------------------------------------------------------------

    def _candidates(self, relay_id: RelayId) -> list[Address]:
        """Where that relay may be, best first."""
        known = self._kept.relays.get(relay_id)
        addresses = parse_addresses([] if known is None else known.addresses)
        return sorted(addresses, key=lambda address: address not in self._server)

    @property
    def _server(self) -> list[Address]:
        """Where the settings say that the relay is."""
        return parse_addresses([self._looking.server] if self._looking.server else [])

    def _tell_of_account(self, event: LinkEvent) -> None:
        match event:
            case LinkChanged(state):
                self._state_changed(state)
            case _:
                self._tell(event)

    def _state_changed(self, state: LinkState) -> None:
        was_connected, self._is_connected = self._is_connected, isinstance(state, Connected)
        self._is_doubted = False
        if self._present is not None and self._is_connected:
            self._present.files.link_up()
        elif self._present is not None:
            self._present.files.link_down()
        if self._is_connected and self._present is not None:
            known = self._kept.relays.get(self._present.kept.relay_id)
            address = self._present.connection.last_address
            if known is not None and address is not None:
                self._remember(known, known.name, (str(address), *known.addresses))
        self._tell(LinkChanged(state))
        if self._is_connected or isinstance(state, Offline):
            self._spawn(self._look_if_needed(), "look_for_relays")
        elif was_connected:
            self._spawn(self._look_soon(), "look_for_relays")

    def _link_doubted(self, is_doubted: bool) -> None:
        """The relay does not answer its link: when that ends, it is better known already where it is now."""
        self._is_doubted = is_doubted
        self._spawn(self._look_if_needed(), "look_for_relays")

    def network_changed(self) -> None:
        """Try at once."""
        if self._present is not None:
            self._present.connection.network_changed()
        if self._finder is not None:
            self._finder.look_again()


def _device() -> str:
    """What this device is called in the list of device sessions."""
    return f"{platform.node()} ({platform.system()})"[: limits.DEVICE_CHARACTERS]
