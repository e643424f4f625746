"""A relay that falls silent without closing anything: noticed within seconds, by whoever waits and by whoever does not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desktop.events.link import Connected, LinkChanged, Waiting
from desktop.link import wire
from tests.desktop.link.clients import Client, Enter
from tests.desktop.link.relays import RelayProcess

PART = 2048
"""Bytes that the slow road lets through at once."""


class Road:
    """A way to a relay, by another address, that can swallow everything, or let it through slowly. In a thread of its own."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.pause_s = 0.0
        self.calls = 0
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._is_open = asyncio.Event()
        self._is_open.set()
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._carrying: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._main, name="road")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """Nothing gets through any more; nobody is told."""
        self._loop.call_soon_threadsafe(self._is_open.clear)

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._is_open.set)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._call, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()

    def _call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.append(asyncio.create_task(self._called(reader, writer)))

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._carry(reader, there_writer), self._carry(there_reader, writer, slowly=True))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, slowly: bool = False) -> None:
        try:
            while data := await reader.read(PART):
                await self._is_open.wait()
                if slowly and self.pause_s:
                    await asyncio.sleep(self.pause_s)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@contextmanager
def road_to(relay: RelayProcess) -> Iterator[Road]:
    road = Road(relay.port)
    road._thread.start()
    assert road._ready.wait(5)
    try:
        yield road
    finally:
        road._loop.call_soon_threadsafe(road._ended.set)
        road._thread.join(5)


def registered(enter: Enter, road: Road) -> Client:
    anna = enter("anna")
    anna.register(road.address, "anna")
    return anna


def test_who_waits_for_an_answer_notices_within_five_seconds(relay: RelayProcess, enter: Enter) -> None:
    with road_to(relay) as road:
        anna = registered(enter, road)
        road.close()
        began = time.monotonic()
        anna.says("слышно?")
        anna.until_not_connected()
        assert time.monotonic() - began < wire.PATIENCE_S + wire.DEADLINE_S + 0.7
        road.open()
        anna.until(lambda: anna.messages() == ["слышно?"] and anna.waiting() == [])


def test_who_waits_for_nothing_notices_within_twelve_seconds(relay: RelayProcess, enter: Enter) -> None:
    with road_to(relay) as road:
        anna = registered(enter, road)
        road.close()
        began = time.monotonic()
        anna.until_not_connected()
        assert time.monotonic() - began < 12.0
        road.open()
        anna.until_connected()


def test_an_idle_link_is_kept_as_long_as_it_lives(
    relay: RelayProcess, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.link.connection.IDLE_S", 0.2)
    monkeypatch.setattr(wire, "DEADLINE_S", 0.5)
    with road_to(relay) as road:
        anna = registered(enter, road)
        since, calls = len(anna.events), road.calls
        assert not threading.Event().wait(2.0), "ten pings go by"
        assert anna.state == Connected()
        assert not any(isinstance(event, LinkChanged) for event in anna.events[since:])
        assert road.calls == calls


def test_a_page_that_takes_long_on_a_slow_network_is_no_silence(
    relay: RelayProcess, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 0.5)
    monkeypatch.setattr(wire, "DEADLINE_S", 0.5)
    with road_to(relay) as road:
        anna = registered(enter, road)
        boris = enter("boris")
        boris.register(relay.address, "boris")
        anna.ends()
        for number in range(12):
            boris.says(f"{number} " + "я" * 4000)
        boris.until(lambda: len(boris.messages()) == 12 and not boris.waiting())
        # About 100 KB at 40 KB/s: one frame, and the answer to a ping comes only after it.
        road.pause_s = PART / 40_000
        anna = enter("anna")
        anna.link.resume()
        anna.until_connected()
        anna.until(lambda: len(anna.messages()) == 12)
        assert Waiting not in [type(event.state) for event in anna.events if isinstance(event, LinkChanged)]


def test_a_hint_that_the_relay_is_elsewhere_makes_sure_of_the_link_at_once(relay: RelayProcess, enter: Enter) -> None:
    with road_to(relay) as road:
        anna = registered(enter, road)
        since = len(anna.events)
        anna.find(relay.address)
        anna.link.list_members(anna.general)
        anna.until(lambda: anna.members)
        assert not any(isinstance(event, LinkChanged) for event in anna.events[since:]), (
            "a hint ends no link that lives"
        )
        road.close()
        began = time.monotonic()
        anna.find(relay.address)
        anna.until_not_connected()
        anna.until_connected()
        assert time.monotonic() - began < wire.DEADLINE_S + 2.0
