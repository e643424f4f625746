"""Ends device sessions at their relays after the person has signed out here, however long the relay is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from common.errors import LinkLost
from common.ids import RelayId
from common.protocol.messages import Answer, Logout
from desktop.link.address import Address
from desktop.link.denied import Denied
from desktop.link.door import ask
from desktop.link.pinning import PinnedSession
from desktop.link.vault import KeptToken, Vault

LOGOUT_S: Final = 2.0
"""How long one relay is waited for."""
AGAIN_S: Final = 30.0

_log = logging.getLogger(__name__)


class Farewells:
    """The tokens that are used here no more and that their relays still take, kept in the vault until each was told."""

    def __init__(
        self, vault: Vault, addresses: Callable[[RelayId], Sequence[Address]], again_s: float = AGAIN_S
    ) -> None:
        """*addresses*: where a relay may be, best first. *again_s*: so often a silent one is tried again."""
        self._vault = vault
        self._addresses = addresses
        self._again_s = again_s
        self._poked = asyncio.Event()

    async def run(self) -> None:
        """Say what is to be said, until cancelled."""
        while True:
            self._poked.clear()
            for kept in self._vault.unsaid:
                if await _log_out(kept, self._addresses(kept.relay_id)):
                    await self._vault.said(kept)
            is_idle = not self._vault.unsaid
            try:
                async with asyncio.timeout(None if is_idle else self._again_s):
                    await self._poked.wait()
            except TimeoutError:
                continue

    def look(self, there: RelayId | None = None) -> None:
        """There may be something to say: somebody has signed out, or the relay *there* answers."""
        if there is None or any(kept.relay_id == there for kept in self._vault.unsaid):
            self._poked.set()


async def _log_out(kept: KeptToken, addresses: Sequence[Address]) -> bool:
    """Whether the relay takes that token no more."""
    session = PinnedSession(kept.relay_id)
    try:
        async with asyncio.timeout(LOGOUT_S):
            for address in addresses:
                try:
                    await ask(session, address, Logout(), Answer, kept.token)
                except LinkLost:
                    continue
                return True
    except Denied as denied:
        # Any other answer than that nobody is signed in by it leaves the session as it is.
        _log.info("signing out was answered with %s", denied.code)
        return denied.code == "not_signed_in"
    except TimeoutError:
        pass
    finally:
        await session.close()
    _log.info("a relay could not be told of signing out; it is tried again")
    return False
