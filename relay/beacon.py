"""Keeps the announcement of this relay true while addresses change, the machine sleeps, and the network comes and goes.

Whatever happens to the network, the relay goes on serving: every failure ends as a sentence in `Beacon.state`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from common.awake import Sleep
from common.discovery.adapters import LocalAddress, announced_addresses, local_addresses, unknown_interfaces
from common.discovery.broadcast import Answerer
from common.discovery.mdns.announcer import NO_ADDRESS, Announced, Announcer, AnnounceState, Registering, Silent
from common.discovery.record import ADDRESSES_MAX, Announcement
from common.protocol.messages import Registration

POLL_S: Final = 1.0
REFRESH_S: Final = 10.0
"""How often a silent announcer tries again, and sockets that did not open are opened."""
CONFIRM_S: Final = 1.5
"""A changed record is announced once more after this: listeners keep an address that they heard less than a second before its
successor (RFC 6762, 10.2), and one announcement may be lost."""
SLEPT_S: Final = 30.0
"""A poll that is this late means that the machine slept (or its clock was set, where announcing again does no harm)."""
ANNOUNCE_S: Final = 15.0
STOP_S: Final = 1.0

_log = logging.getLogger(__name__)

Addresses = tuple[LocalAddress, ...]


class BeaconState(Struct, frozen=True):
    """*mdns*: what multicast DNS says. *addresses*: where neighbours reach this relay, best first. *troubles*: for people."""

    mdns: AnnounceState
    addresses: tuple[str, ...]
    troubles: tuple[str, ...]


class Steady:
    """Addresses count once they were seen twice in a row: they flap while a Wi-Fi hands over. The first ones count at once."""

    def __init__(self) -> None:
        self.value: Addresses | None = None
        self._last: Addresses | None = None

    def see(self, seen: Addresses) -> Addresses:
        """Take note of what a poll saw; returns what counts now."""
        if self.value is None or seen == self._last:
            self.value = seen
        self._last = seen
        return self.value


class Beacon:
    """Announces one relay from `start` to `stop`."""

    def __init__(
        self,
        announcement: Announcement,
        *,
        host: str = "",
        interfaces: Sequence[str] = (),
        announce: bool = True,
        answer_broadcast: bool = True,
        broadcast_ports: Sequence[int] | None = None,
        elsewhere: Sequence[str] = (),
        poll_s: float = POLL_S,
        read_addresses: Callable[[], Addresses] = local_addresses,
    ) -> None:
        """*announcement*: without addresses; *host*: where the relay listens (empty: everywhere); *interfaces*: as configured.

        *announce*: by multicast DNS; *answer_broadcast*: on *broadcast_ports* (UDP; the relay's own and 5000 when None).
        *elsewhere*: the relay's addresses, when it is on another computer than this one. *read_addresses* may block.
        """
        self._announcement = replace(announcement, addresses=())
        self._host = host
        self._interfaces = tuple(interfaces)
        self._elsewhere = tuple(elsewhere)
        self._poll_s = poll_s
        self._read_addresses = read_addresses
        self._sleep = Sleep(SLEPT_S)
        self._steady = Steady()
        self._announcer = Announcer() if announce else None
        self._answerer = Answerer(self._announcement, broadcast_ports) if answer_broadcast else None
        self._life: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._announced: Announcement | None = None
        self._announced_at = 0.0
        self._confirmed = True
        self._unknown = ""

    @property
    def state(self) -> BeaconState:
        """What the network is told just now, and what hinders."""
        mdns = self._announcer.state if self._announcer else Silent()
        troubles = [mdns.message] if isinstance(mdns, Silent) and mdns.message else []
        if self._unknown:  # without an address that is all there is to say, and what multicast DNS was told to say
            troubles = [self._unknown, *(troubles if self._steady.value else [])]
        if self._answerer and self._answerer.trouble:
            troubles.append(self._answerer.trouble)
        return BeaconState(mdns, tuple(a.ip for a in self._steady.value or ()), tuple(troubles))

    async def start(self) -> None:
        """Begin to announce; returns at once, and never raises because of the network."""
        self._life = asyncio.create_task(self._live(), name="beacon")

    def change(self, *, name: str | None = None, policy: Registration | None = None) -> None:
        """The relay has another *name* or *policy* from now on."""
        old = self._announcement
        self._announcement = replace(old, name=name or old.name, policy=policy or old.policy)
        self._changed.set()

    async def stop(self) -> None:
        """Say goodbye and close, within a second. Idempotent."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.wait([life], timeout=STOP_S / 4)
        if self._answerer is not None:
            self._answerer.close()
        if self._announcer is not None:
            await self._announcer.withdraw(within_s=STOP_S / 2)

    async def _live(self) -> None:
        if self._answerer is not None:
            await self._answerer.start()
        while True:
            self._changed.clear()
            try:
                await self._keep_true()
            except TimeoutError:
                _log.warning("Announcing took longer than %s s; it is tried again", ANNOUNCE_S)
            except Exception:
                # A fault here must not end the beacon, nor the relay that owns it; the next poll tries again.
                _log.exception("The announcement could not be kept up to date")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._changed.wait()

    async def _keep_true(self) -> None:
        every = await asyncio.get_running_loop().run_in_executor(None, self._read_addresses)
        slept = self._sleep.slept(self._poll_s)
        adapters = self._steady.see(announced_addresses(every, self._host, self._interfaces))
        self._know(
            unknown_interfaces(every, self._interfaces), is_said_elsewhere=not adapters and self._announcer is not None
        )
        here = tuple(address.ip for address in adapters)
        said = replace(self._announcement, addresses=(self._elsewhere or here)[:ADDRESSES_MAX])
        if self._answerer is not None:
            self._answerer.announcement = said
        if self._announcer is not None:
            await self._announce(self._announcer, said, adapters, slept)

    def _know(self, unknown: str, *, is_said_elsewhere: bool) -> None:
        """Adapters come and go: a name that leads nowhere is said, and is no reason to stop."""
        if unknown and unknown != self._unknown and not is_said_elsewhere:
            _log.warning("%s", unknown)
        self._unknown = unknown

    async def _announce(self, announcer: Announcer, said: Announcement, adapters: Addresses, slept: bool) -> None:
        since_s = asyncio.get_running_loop().time() - self._announced_at
        changed = said != self._announced
        confirming = not self._confirmed and since_s >= CONFIRM_S
        if not (changed or confirming or slept or since_s >= REFRESH_S):
            return
        before = announcer.state
        async with asyncio.timeout(ANNOUNCE_S):
            await announcer.announce(said, adapters, again=slept or confirming, why_nowhere=self._unknown or NO_ADDRESS)
        self._announced, self._announced_at = said, asyncio.get_running_loop().time()
        self._confirmed = not changed
        _tell(before, announcer.state)


def _tell(before: AnnounceState, after: AnnounceState) -> None:
    if after == before:
        return
    match after:
        case Silent(message):
            _log.warning("Not announced: %s", message)
        case Announced(instance, addresses):
            _log.info("Announced as %s at %s", instance, ", ".join(addresses))
        case Registering():
            _log.info("The network is asked whether the name is free")
