"""Where relays are: who is there on the network, and what is known of those where somebody was signed in.

They are looked for while the list of them is open, and while a link is wanted and not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from common.crypto.identity import SCHEME, BadInvitation, parse_invitation
from common.errors import LinkLost
from common.ids import RelayId
from desktop.events import LinkEvent
from desktop.events.link import Connected, LinkState, Offline
from desktop.events.relays import (
    AddressAnswered,
    AddressFailed,
    ConnectionChecked,
    DiscoveryTrouble,
    Finding,
    FoundRelay,
    RelayForgotten,
    RelaysFound,
)
from desktop.link.acquaintance import with_silent, without
from desktop.link.address import Address, BadAddress, parse_address, parse_addresses
from desktop.link.archive import Archive, KnownRelay
from desktop.link.checkup.check import Sought, check
from desktop.link.finder import Finder
from desktop.link.home import Home
from desktop.link.looking import Looking
from desktop.link.obstacles import in_words

LOOK_AFTER_S: Final = 2.0
"""A link that is not up by then is looked for on the network too: mostly it comes back where it was."""
ADDRESSES_KEPT: Final = 8


class Lookout:
    """Looks for relays, and remembers where they were."""

    def __init__(
        self,
        looking: Looking,
        tell: Callable[[LinkEvent], None],
        home: Home,
        wanted: Callable[[], RelayId | None],
        answers: Callable[[FoundRelay], None],
        spawn: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
    ) -> None:
        """*home*: where what is known is kept. *wanted*: the relay of whoever is signed in. *answers*: told of each one that does.

        *spawn*: makes a task that somebody ends.
        """
        self._looking = looking
        self._tell = tell
        self._home = home
        self._wanted = wanted
        self._answers = answers
        self._spawn = spawn
        self._finder: Finder | None = None
        self._is_looking = False
        self._is_connected = False
        self._is_doubted = False
        self._check: asyncio.Task[None] | None = None
        self._finding = asyncio.Lock()
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "check_connection": self.check_connection,
            "forget_addresses": self.forget_addresses,
            "look_for_relays": self.look_for_relays,
            "sweep": self.sweep,
            "try_address": self.try_address,
        }

    async def close(self) -> None:
        """Look no longer."""
        if self._finder is not None:
            await self._finder.close()

    @property
    def _kept(self) -> Archive:
        return self._home.archive

    # -- what the person asks ------------------------------------------------------------------------------------------

    async def look_for_relays(self, on: bool) -> None:
        """Begin or end telling what is found."""
        self._is_looking = on
        await self._look_if_needed()
        if on and self._finder is not None:
            self._tell_relays()
            if damage := self._home.unsaid_damage():
                self._tell(DiscoveryTrouble(damage))
            self._finder.look_again()

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
        wanted = self._wanted()
        if wanted is not None and wanted in known:
            return Sought((known[wanted],), next(iter(self.server), None))
        return Sought(tuple(known.values()), next(iter(self.server), None))

    async def forget_addresses(self, relay_id: RelayId, addresses: Sequence[str]) -> None:
        """*addresses* belong to another relay now: the known one is no longer looked for there."""
        known = self._kept.relays.get(relay_id)
        if known is not None:
            self._kept.remember_relay(without(known, addresses))
        self.forgotten(relay_id)

    # -- the link ------------------------------------------------------------------------------------------------------

    def link_wanted(self) -> None:
        """A link is being opened: if it is not up soon, its relay is looked for."""
        self._spawn(self._look_soon(), "look_for_relays")

    def link_changed(self, state: LinkState) -> None:
        """The link came up, went, or waits."""
        was_connected, self._is_connected = self._is_connected, isinstance(state, Connected)
        self._is_doubted = False
        if self._is_connected or isinstance(state, Offline):
            self._spawn(self._look_if_needed(), "look_for_relays")
        elif was_connected:
            self._spawn(self._look_soon(), "look_for_relays")

    def link_doubted(self, is_doubted: bool) -> None:
        """The relay does not answer its link: when that ends, it is better known already where it is now."""
        self._is_doubted = is_doubted
        self._spawn(self._look_if_needed(), "look_for_relays")

    def network_changed(self) -> None:
        """Look at once."""
        if self._finder is not None:
            self._finder.look_again()

    # -- what is known -------------------------------------------------------------------------------------------------

    def remember(self, known: KnownRelay, name: str, addresses: Sequence[str]) -> None:
        """*known* is called *name* now, and where it may be are *addresses*, best first; the first few are kept."""
        self._kept.remember_relay(
            KnownRelay(known.relay_id, name, tuple(dict.fromkeys(addresses))[:ADDRESSES_KEPT], known.known_since)
        )
        if self._finder is not None and self._kept.relays[known.relay_id] != known:
            self._finder.know(tuple(self._kept.relays.values()))

    def forgotten(self, relay_id: RelayId) -> None:
        """That relay, or where it was, is known no longer: say so."""
        if self._finder is not None:
            self._finder.know(tuple(self._kept.relays.values()))
        self._tell_relays()
        self._tell(RelayForgotten(relay_id))

    def candidates(self, relay_id: RelayId) -> list[Address]:
        """Where that relay may be, best first."""
        known = self._kept.relays.get(relay_id)
        addresses = parse_addresses([] if known is None else known.addresses)
        return sorted(addresses, key=lambda address: address not in self.server)

    @property
    def server(self) -> list[Address]:
        """Where the settings say that the relay is."""
        return parse_addresses([self._looking.server] if self._looking.server else [])

    # -- looking -------------------------------------------------------------------------------------------------------

    async def _look_if_needed(self) -> None:
        """Relays are looked for while the list is open, and while a link is wanted and not there."""
        async with self._finding:
            is_linked = self._is_connected and not self._is_doubted
            is_needed = self._is_looking or (self._wanted() is not None and not is_linked)
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
            known = self._kept.relays.get(relay.relay_id)
            if known is not None:
                best = str(Address(relay.host, relay.port))
                self.remember(known, relay.name, (best, *known.addresses))
            self._answers(relay)

    def _tell_relays(self) -> None:
        if self._is_looking and self._finder is not None:
            self._tell(RelaysFound(with_silent(self._finder.relays, self._kept.relays.values())))
