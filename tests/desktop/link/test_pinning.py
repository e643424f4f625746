"""Another identity is told as such wherever it answers, also at a link-local address of IPv6."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator

import pytest

from common.crypto.certificate import new_identity, server_context
from common.protocol.messages import Login, SignedIn
from desktop.link.address import Address
from desktop.link.door import ask
from desktop.link.pinning import PinnedSession, WrongIdentity
from desktop.link.probe import probe, probe_typed
from desktop.link.wire import Wire
from tests.desktop.link.clients import unix_ms

KNOWN, STRANGER = new_identity(unix_ms(), "relay"), new_identity(unix_ms(), "relay")
CARD = (
    b'{"relay_id":"%s","name":"Tea","version":"1","protocol":"pymessenger.v1","online":0,"registration":"open"}'
    % STRANGER.relay_id.encode()
)


@pytest.fixture
def link_local(network_namespaces: None) -> Iterator[str]:
    """A link-local address of this test's own network."""
    subprocess.run(["ip", "-6", "address", "replace", "fe80::77/64", "dev", "lo", "nodad"], check=True)
    yield "fe80::77%lo"
    subprocess.run(["ip", "-6", "address", "del", "fe80::77/64", "dev", "lo"], check=True)


@pytest.fixture
async def stranger(link_local: str) -> AsyncIterator[Address]:
    """Another relay than the known one."""

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(CARD), CARD))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # it saw who answers
        finally:
            writer.close()

    server = await asyncio.start_server(called, link_local, 0, ssl=server_context(STRANGER))
    async with server:
        yield Address(link_local, server.sockets[0].getsockname()[1])


async def test_no_link_is_opened_to_it_and_no_password_sent(stranger: Address) -> None:
    session = PinnedSession(KNOWN.relay_id)
    try:
        with pytest.raises(WrongIdentity) as told:
            await Wire.open(session, stranger, "token")
        assert told.value.found == STRANGER.relay_id
        with pytest.raises(WrongIdentity):
            await ask(session, stranger, Login(username="anna", password="a password"), SignedIn)
    finally:
        await session.close()


async def test_a_probe_says_who_it_is(stranger: Address) -> None:
    assert (await probe(stranger, KNOWN.relay_id)).relay_id == STRANGER.relay_id
    assert (await probe(stranger)).relay_id == STRANGER.relay_id


async def test_a_link_local_address_as_another_computer_tells_it_is_found_on_its_adapter(stranger: Address) -> None:
    told = Address(stranger.host.partition("%")[0], stranger.port)
    answered = await probe_typed(told)
    assert answered.relay_id == STRANGER.relay_id
    assert answered.address.host.startswith("fe80::77%")
