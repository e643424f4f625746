"""Keeping the link: whom it talks to, where it tries, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from common.crypto.certificate import new_identity, server_context
from common.ids import Millis, RelayId
from common.protocol.messages import Event, Hello, Welcome
from desktop.events.link import IdentityChanged, LinkState, Waiting
from desktop.link.address import Address
from desktop.link.connection import Connection
from desktop.link.pinning import PinnedSession
from desktop.link.wire import Wire
from tests.desktop.link.clients import unix_ms


class Silent:
    """A speaker whose link never comes up."""

    def hello(self) -> Hello:
        return Hello(client="test")

    def welcomed(self, wire: Wire, welcome: Welcome) -> None:
        raise AssertionError("nobody here says welcome")

    def heard(self, events: Sequence[Event]) -> None:
        raise AssertionError("nobody here says anything")

    def lost(self) -> None:
        return


class Tries:
    """A connection that is tried again and again without a pause, and what it tells."""

    def __init__(self, relay_id: RelayId, *addresses: Address) -> None:
        self.states: list[LinkState] = []
        self.identities: list[IdentityChanged] = []
        self._told = asyncio.Event()
        self.session = PinnedSession(relay_id)
        self.connection = Connection(
            self.session,
            "the token",
            Silent(),
            lambda: addresses,
            self._tell,
            self.identities.append,
            lambda: Millis(0),
            chance=lambda: 0.0,
        )

    def _tell(self, state: LinkState) -> None:
        self.states.append(state)
        self._told.set()

    async def waited(self, times: int) -> list[Waiting]:
        """The waits that were told, once there are so many."""
        async with asyncio.timeout(10):
            while len(waits := [state for state in self.states if isinstance(state, Waiting)]) < times:
                self._told.clear()
                await self._told.wait()
        return waits


@asynccontextmanager
async def trying(tries: Tries) -> AsyncIterator[Tries]:
    running = asyncio.create_task(tries.connection.run())
    try:
        yield tries
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await tries.session.close()


class Stranger:
    """Somebody with another certificate, who notes what is said to them."""

    def __init__(self) -> None:
        self.identity = new_identity(unix_ms(), "stranger")
        self.calls = 0
        self.heard = b""
        self.address = Address("", 0)

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        try:
            self.heard += await reader.read(4096)
        except OSError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Stranger]:
        server = await asyncio.start_server(self._called, "127.0.0.1", 0, ssl=server_context(self.identity))
        async with server:
            self.address = Address(*server.sockets[0].getsockname()[:2])
            yield self


OTHER = new_identity(unix_ms(), "stranger").relay_id
NOBODY = Address("127.0.0.1", 1)


async def test_a_stranger_is_told_once_hears_nothing_and_is_not_called_again() -> None:
    async with Stranger().listening() as stranger, trying(Tries(OTHER, stranger.address)) as tries:
        waits = await tries.waited(5)
        assert tries.identities == [IdentityChanged(OTHER, stranger.identity.relay_id)]
        assert stranger.calls == 1
        assert stranger.heard == b""
        assert all(wait.reason for wait in waits)


async def test_where_the_relay_itself_answered_meanwhile_is_tried_again() -> None:
    async with Stranger().listening() as stranger, trying(Tries(OTHER, stranger.address)) as tries:
        await tries.waited(2)
        tries.connection.seen_at([stranger.address])
        await tries.waited(5)
        assert stranger.calls == 2
        tries.connection.network_changed()
        await tries.waited(8)
        assert stranger.calls == 3


async def test_beside_a_stranger_the_other_addresses_are_still_tried() -> None:
    calls = 0

    async def called(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    plain = await asyncio.start_server(called, "127.0.0.1", 0)
    async with plain, Stranger().listening() as stranger:
        elsewhere = Address(*plain.sockets[0].getsockname()[:2])
        async with trying(Tries(OTHER, stranger.address, elsewhere)) as tries:
            await tries.waited(4)
        assert stranger.calls == 1
        assert calls >= 3


@pytest.mark.parametrize("addresses", [(), (NOBODY,)])
async def test_without_an_answer_it_waits_and_says_why(addresses: tuple[Address, ...]) -> None:
    async with trying(Tries(OTHER, *addresses)) as tries:
        waits = await tries.waited(3)
    assert all(wait.reason for wait in waits)
    assert tries.identities == []
