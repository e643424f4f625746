"""Keeps one link to one relay: opens it, and opens it again whenever it is lost, until told to stop.

What is said over the link is not its business (`Speaker` does that); when, where and to whom is. To whom: to the pinned identity and
to no other. Where: at every address where that relay was seen, the best one first, the others a moment later. When: after a delay with
full jitter, or at once after a sleep, a change of the network, or a new address.
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
from desktop.events import Connecting, IdentityChanged, LinkState, Waiting
from desktop.link.address import Address
from desktop.link.backoff import Backoff
from desktop.link.denied import Denied
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.link.race import first_of
from desktop.link.watch import Watch
from desktop.link.wire import NotNow, TokenRefused, Wire
from desktop.locale import _

STAGGER_S: Final = 0.3
"""How long an address has before the next one is tried beside it."""
CHECK_S: Final = 3.0
"""After a wake-up or a change of the network, a link that does not answer within this is dead."""

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

    async def is_alive(self, wire: Wire) -> None:
        """Ask something cheap; raises `LinkLost` when there is no answer in `CHECK_S`."""


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
        chance: Callable[[], float] = random.random,
    ) -> None:
        """*addresses*: where the relay may be now, best first; asked before each try."""
        self._session = session
        self._token = token
        self._speaker = speaker
        self._addresses = addresses
        self._tell_state = tell_state
        self._tell_identity = tell_identity
        self._now = now
        self._backoff = Backoff(chance)
        self._asked_for_s = 0.0
        self._hurry = asyncio.Event()
        self._wire: Wire | None = None
        self._checking: asyncio.Task[None] | None = None
        self._strangers: dict[Address, RelayId] = {}
        self.last_address: Address | None = None
        """Where the link was up last."""

    async def run(self) -> None:
        """Keep the link until cancelled.

        Raises:
            TokenRefused: the device session is over; only signing in again helps.
        """
        watch = asyncio.create_task(Watch(self.network_changed).run(), name="watch")
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
            for task in (watch, self._checking):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*filter(None, (watch, self._checking)), return_exceptions=True)

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
        if self._wire is None:
            self.hurry()

    def network_changed(self) -> None:
        """The computer woke up or its addresses changed: try at once, or see whether the open link still lives.

        On another network the same address may be another host, so what was noted about addresses counts no longer.
        """
        self._asked_for_s = 0.0
        self._strangers.clear()
        self.hurry()
        if self._wire is not None and (self._checking is None or self._checking.done()):
            self._checking = asyncio.create_task(self._check(self._wire), name="check of the link")

    async def _check(self, wire: Wire) -> None:
        try:
            await self._speaker.is_alive(wire)
        except (LinkLost, Denied) as error:
            _log.info("the link did not survive: %s", error)

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
            self._speaker.welcomed(wire, welcome)
            await wire.listen(self._speaker.heard)
        except TokenRefused:
            raise
        except LinkLost as error:
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
        failures: list[Exception] = []

        def failed(error: Exception) -> bool:
            failures.append(error)
            if isinstance(error, WrongIdentity):
                self._note_stranger(error)
            elif not isinstance(error, LinkLost):
                _log.error("opening a link failed in an unexpected way", exc_info=error)
            return isinstance(error, TokenRefused)

        addresses = [address for address in self._addresses() if address not in self._strangers]
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
