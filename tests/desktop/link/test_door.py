"""The plain door: an answer is read to its end, within its bound, and from the pinned relay only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from common.crypto.certificate import new_identity, server_context
from common.errors import LinkLost
from common.ids import UserId
from common.protocol.codec import encode
from common.protocol.limits import FRAME_BYTES
from common.protocol.messages import Login, SignedIn, User
from desktop.link.address import Address
from desktop.link.door import ask
from desktop.link.pinning import PinnedSession
from tests.desktop.link.clients import unix_ms

IDENTITY = new_identity(unix_ms(), "relay")
ANSWER = encode(SignedIn(token="t", user=User(UserId(1), "anna", "Anna", "member")))


@asynccontextmanager
async def answering(parts: Sequence[bytes]) -> AsyncIterator[tuple[PinnedSession, Address]]:
    """A relay that answers everything with *parts*, each sent when the one before is on its way."""

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"}")
            size = sum(map(len, parts))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size)
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.02)  # else they arrive as one
        except ConnectionError:
            pass  # the other end had read enough
        finally:
            writer.close()

    session = PinnedSession(IDENTITY.relay_id)
    server = await asyncio.start_server(called, "127.0.0.1", 0, ssl=server_context(IDENTITY))
    async with server:
        try:
            yield session, Address(*server.sockets[0].getsockname()[:2])
        finally:
            await session.close()


async def log_in(session: PinnedSession, address: Address) -> SignedIn:
    return await ask(session, address, Login(username="anna", password="a password"), SignedIn)


async def test_an_answer_in_many_pieces_is_read_to_its_end() -> None:
    async with answering([ANSWER[:10], ANSWER[10:60], ANSWER[60:]]) as relay:
        assert (await log_in(*relay)).user.username == "anna"


@pytest.mark.parametrize(
    "parts", [[b" " * FRAME_BYTES, ANSWER], [b"<html>"], []], ids=["too long", "another server", "nothing"]
)
async def test_what_is_no_answer_is_not_read_on(parts: list[bytes]) -> None:
    async with answering(parts) as relay:
        with pytest.raises(LinkLost, match="not a relay"):
            await log_in(*relay)
