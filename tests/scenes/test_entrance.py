"""Who comes in at all: greetings that do not go on give way, tokens that nobody has are slowed down, and people are not kept out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay import places
from tests.people import DEADLINE_S, Stage, quiet_config, staged

HALF_A_GREETING = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "STRANGERS_PER_ADDRESS", 3)
    monkeypatch.setattr(places, "PATIENCE_S", 0.0)


async def half_open(stage: Stage, at: str = "127.0.0.1") -> Opened:
    """A greeting that does not go on."""
    opened = await asyncio.open_connection("127.0.0.1", stage.relay.port, local_addr=(at, 0))
    opened[1].write(HALF_A_GREETING)
    return opened


async def is_closed(opened: Opened) -> bool:
    """Wait until the relay has closed it."""
    try:
        return await asyncio.wait_for(opened[0].read(), DEADLINE_S) == b""
    except ConnectionError:
        return True


def goes(*every: Opened) -> None:
    for _reader, writer in every:
        writer.transport.abort()


async def test_half_open_connections_give_way_to_who_comes(few_places: None, tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        held = [await half_open(stage) for _ in range(3)]
        anna = await stage.registers("anna")
        assert await is_closed(held[0])
        await anna.comes()
        goes(*held)


async def test_beyond_the_places_a_newcomer_is_closed_while_the_others_are_new_too(
    few_places: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(places, "PATIENCE_S", 1000.0)
    async with staged(quiet_config(tmp_path)) as stage:
        held = [await half_open(stage) for _ in range(3)]
        late = await half_open(stage)
        assert await is_closed(late)
        assert not any(reader.at_eof() for reader, _ in held)
        goes(*held, late)


async def test_who_is_in_stays_in_whatever_comes(few_places: None, tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        anna, boris = await stage.enter("anna", "boris")
        held = [await half_open(stage) for _ in range(20)]
        assert await is_closed(held[0])
        await anna.says("Чайник вскипел")
        await boris.hears_message("Чайник вскипел")
        goes(*held)


async def test_a_place_is_free_again_when_a_greeting_comes_to_nothing(
    few_places: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(places, "PATIENCE_S", 1000.0)
    async with staged(quiet_config(tmp_path)) as stage:
        for _ in range(3):
            nonsense = await asyncio.open_connection("127.0.0.1", stage.relay.port)
            nonsense[1].write(b"GET / HTTP/1.1\r\n\r\n")
            await nonsense[0].read()
            goes(nonsense)
        await stage.registers("anna")


@pytest.mark.allows_errors
async def test_a_fault_with_one_connection_keeps_nobody_else_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async with staged(quiet_config(tmp_path)) as stage:
        with monkeypatch.context() as broken:
            broken.setattr(places, "neighbourhood", lambda _address: 1 / 0)
            unlucky = await asyncio.open_connection("127.0.0.1", stage.relay.port)
            assert await is_closed(unlucky)
        await stage.registers("anna")
        goes(unlucky)


async def test_tokens_that_nobody_has_are_slowed_down_and_good_ones_are_not(tmp_path: Path):
    async with staged(quiet_config(tmp_path, rate_limit=1)) as stage:
        anna = await stage.registers("anna")
        await anna.posts("list_groups")
        codes = [(await stage.posts("list_groups", {}, f"guess{number}")).get("code") for number in range(15)]
        assert set(codes[:8]) == {"not_signed_in"}
        assert codes[-1] == "rate_limited"
        assert (await anna.posts("list_groups"))["type"] == "ok"


async def test_a_stranger_sends_no_long_bodies(tmp_path: Path):
    async with staged(quiet_config(tmp_path)) as stage:
        fields = {"username": "anna", "password": "x" * 40_000}
        assert (await stage.posts("login", fields))["code"] == "frame_too_large"
        async with stage.http.post(stage.url("/api/login"), data=_pieces()) as response:
            assert (await response.json())["code"] == "frame_too_large"
        longest = {"username": "a" * 64, "password": "\u0001" * 1024}
        assert (await stage.posts("login", longest))["code"] == "wrong_credentials", (
            "which is six times as long in JSON"
        )


async def _pieces() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b" " * 1024


async def test_owners_have_links_where_others_have_none_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("common.protocol.limits.LINKS_PER_ADDRESS", 2)
    async with staged(quiet_config(tmp_path)) as stage:
        olga = await stage.registers("olga", code=stage.relay.owner_code)
        await stage.enter("anna", "boris")
        vera = await stage.registers("vera")
        with pytest.raises(Exception, match="503"):
            await vera.connects()
        await olga.comes()
        assert (await olga.gets({"type": "list_accounts"}))["accounts"]
