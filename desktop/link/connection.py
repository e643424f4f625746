"""Keeps one link to one relay: opens it, and opens it again whenever it is lost, until told to stop.

What is said over the link is not its business (`Speaker` does that); when, where and to whom is. To whom: to the pinned identity and
to no other. Where: at every address where that relay was seen, the best one first, the others a moment later. When: after a delay with
full jitter, or at once after a sleep, a change of the network, or a new address. A hint never ends a link that lives, it only makes
sure of it (but a link whose own address is gone has ended); and it begins a race afresh that still waits for hosts that have gone.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Protocol

from common.errors import LinkLost, NotSignedIn
from common.ids import Millis, RelayId
from common.protocol.messages import Event, Hello, Welcome
from desktop.events.link import Connecting, IdentityChanged, LinkState, Waiting
from desktop.link.address import Address
from desktop.link.backoff import Backoff
from desktop.link.denied import Denied
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.link.race import first_of
from desktop.link.watch import Gone, Watch
from desktop.link.wire import IDLE_S, NotNow, RelaySilent, TokenRefused, Wire
from desktop.locale import _

STAGGER_S: Final = 0.3
"""How long an address has before the next one is tried beside it."""
AFRESH_S: Final = 1.0
"""A relay on the LAN is connected within this: a race that lasts longer begins afresh when the relay is seen."""

_log = logging.getLogger(__name__)


class Speaker(Protocol):
    """Who talks over the link."""

    def hello(self) -> Hello:
        """The first word on a new link."""

    def welcomed(self, wire: Wire, welcome: Welcome) -> None:
        """The link is up; events follow in `heard`."""

    def heard(self, events: Sequence[Event]) -> None:
        """What the relay told."""

    def lost(self) -> None:
        """The link is down; what was asked and not answered is to be asked again."""


class Connection:
    """The link to one relay, kept up by `run`."""

    def __init__(
        self,
        session: PinnedSession,
        token: str,
        speaker: Speaker,
        addresses: Callable[[], Sequence[Address]],
        tell_state: Callable[[LinkState], None],
        tell_identity: Callable[[IdentityChanged], None],
        now: Callable[[], Millis],
        doubted: Callable[[bool], None] = lambda is_doubted: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """*addresses*: where the relay may be now, best first; asked before each try.

        *doubted*: the open link may be dead, so the relay may be elsewhere; or False: it lives.
        """
        self._session = session
        self._token = token
        self._speaker = speaker
        self._addresses = addresses
        self._tell_state = tell_state
        self._tell_identity = tell_identity
        self._now = now
        self._doubted = doubted
        self._chance = chance
        self._backoff = Backoff(chance)
        self._asked_for_s = 0.0
        self._hurry = asyncio.Event()
        self._wire: Wire | None = None
        self._racing: frozenset[Address] = frozenset()
        self._race_began = 0.0
        self._afresh = asyncio.Event()
        self._strangers: dict[Address, RelayId] = {}
        self.last_address: Address | None = None
        """Where the link was up last."""

    async def run(self) -> None:
        """Keep the link until cancelled.

        Raises:
            TokenRefused: the device session is over; only signing in again helps.
        """
        watch = asyncio.create_task(Watch(self._adapters_changed).run(), name="watch")
        try:
            while True:
                self._hurry.clear()
                self._tell_state(Connecting())
                lasted_s, reason = await self._one_link()
                delay_s = self._backoff.failed(lasted_s, self._asked_for_s)
                self._asked_for_s = 0.0
                if not self._hurry.is_set():
                    self._tell_state(Waiting(Millis(self._now() + int(delay_s * 1000)), reason))
                    await self._pause(delay_s)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    def come_back_after(self, seconds: float) -> None:
        """The relay is going down and says when to try again."""
        self._asked_for_s = seconds

    def hurry(self) -> None:
        """Try now instead of waiting: something has changed for the better."""
        self._backoff.reset()
        self._hurry.set()

    def seen_at(self, addresses: Sequence[Address]) -> None:
        """The relay itself answered there just now, its certificate was compared."""
        for address in addresses:
            self._strangers.pop(address, None)
        if self._wire is not None:
            if self._wire.address not in addresses:
                self._wire.doubt()
            return
        self.hurry()
        is_late = asyncio.get_running_loop().time() - self._race_began > AFRESH_S
        if is_late or not self._racing.issuperset(addresses):
            self._afresh.set()

    def network_changed(self) -> None:
        """The computer woke up or its addresses changed: try at once, or see whether the open link still lives.

        On another network the same address may be another host, so what was noted about addresses counts no longer.
        """
        self._asked_for_s = 0.0
        self._strangers.clear()
        self.hurry()
        self._afresh.set()
        if self._wire is not None:
            self._wire.doubt()

    def _adapters_changed(self, gone: Gone) -> None:
        if self._wire is not None and self._wire.local_ip in gone:
            # No hint: from an address that is gone nothing can be sent, and nobody says so.
            self._wire.abort(LinkLost(_("This computer has left the network, or has another address there.")))
        self.network_changed()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _one_link(self) -> tuple[float, str]:
        """Open a link and speak until it is lost: how many seconds it lasted, and why it ended, for people."""
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            wire = await self._open()
        except TokenRefused:
            raise
        except LinkLost as error:
            self._asked_for_s = error.retry_after if isinstance(error, NotNow) else 0.0
            return 0.0, str(error)
        try:
            welcome = await wire.greet(self._speaker.hello())
            self._wire, self.last_address, began = wire, wire.address, clock()
            # Hurrying was for this link; from here on only what comes later counts.
            self._hurry.clear()
            # Not all at the same moment, although one message may have reached ten thousand links at once.
            wire.watch_over(self._doubted, IDLE_S * (0.8 + 0.2 * self._chance()))
            self._speaker.welcomed(wire, welcome)
            await wire.listen(self._speaker.heard)
        except TokenRefused:
            raise
        except LinkLost as error:
            if isinstance(error, RelaySilent):
                # The wait has been long enough already, and the relay did not ask for any.
                self._backoff.reset()
            return (clock() - began if self._wire else 0.0), str(error)
        except Denied as denied:
            if denied.code == NotSignedIn.code:
                raise TokenRefused(denied.message) from denied
            self._asked_for_s = denied.retry_after or 0.0
            return 0.0, denied.message
        finally:
            was_up, self._wire = self._wire is not None, None
            if was_up:
                self._speaker.lost()
            await wire.close()
        raise AssertionError("listening ends only by LinkLost")

    async def _open(self) -> Wire:
        """The first link that opens at any of the addresses; hints that come meanwhile begin the race afresh."""
        while True:
            self._afresh.clear()
            racing = asyncio.create_task(self._race(), name="race")
            hinted = asyncio.create_task(self._afresh.wait(), name="hint")
            try:
                await asyncio.wait({racing, hinted}, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                await _end(racing)
                raise
            finally:
                hinted.cancel()
                self._racing = frozenset()
            if racing.done():
                return racing.result()
            await _end(racing)

    async def _race(self) -> Wire:
        failures: list[Exception] = []

        def failed(error: Exception) -> bool:
            failures.append(error)
            if isinstance(error, WrongIdentity):
                self._note_stranger(error)
            elif not isinstance(error, LinkLost):
                _log.error("opening a link failed in an unexpected way", exc_info=error)
            return isinstance(error, TokenRefused)

        addresses = [address for address in self._addresses() if address not in self._strangers]
        self._racing, self._race_began = frozenset(addresses), asyncio.get_running_loop().time()
        ways: list[Callable[[], Coroutine[Any, Any, Wire]]] = [
            partial(Wire.open, self._session, address, self._token) for address in addresses
        ]
        wire = await first_of(ways, STAGGER_S, failed, Wire.close)
        if wire is not None:
            return wire
        for kind in (TokenRefused, WrongIdentity, LinkLost):
            for error in failures:
                if isinstance(error, kind):
                    raise error
        if self._strangers:
            raise LinkLost(_("Another relay answers where yours should be. Looking for yours on the network."))
        raise LinkLost(_("No address of this relay is known. Looking for it on the network."))

    def _note_stranger(self, error: WrongIdentity) -> None:
        if self._strangers.get(error.address) != error.found:
            self._strangers[error.address] = error.found
            self._tell_identity(IdentityChanged(error.expected, error.found))


async def _end(racing: asyncio.Task[Wire]) -> None:
    """End a race that nobody waits for any more, with the link that it may just have opened."""
    racing.cancel()
    (opened,) = await asyncio.gather(racing, return_exceptions=True)
    if isinstance(opened, Wire):
        await opened.close()
