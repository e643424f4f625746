"""The question by broadcast and its answer, on the loopback network."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from common.discovery.adapters import LocalAddress
from common.discovery.broadcast import (
    ASKERS_MAX,
    QUESTION_BYTES,
    Answerer,
    Asker,
    Rate,
    answer,
    question,
    read_answer,
    read_question,
    targets,
)
from common.discovery.record import Announcement
from common.ids import RelayId

NONCE = "0123456789abcdef" * 2
RELAY = Announcement("Склад", RelayId("ABCD" * 12 + "EFGA"), 5000, "invite", addresses=("10.0.0.5",))
LOOPBACK = LocalAddress("lo", "127.0.0.1", 8, 1)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


async def test_a_relay_answers_who_asks():
    port = free_port()
    heard: asyncio.Queue[Announcement] = asyncio.Queue()
    answerer = Answerer(replace(RELAY, addresses=("127.0.0.1",)), [port])
    asker = Asker(heard.put_nowait, [port])
    await answerer.start()
    await asker.start()
    try:
        asker.ask([LOOPBACK])
        found = await asyncio.wait_for(heard.get(), 2)
    finally:
        asker.close()
        answerer.close()
    assert answerer.trouble == ""
    assert found == replace(RELAY, addresses=("127.0.0.1",))


async def test_two_relays_of_one_computer_both_answer():
    port = free_port()
    heard: asyncio.Queue[Announcement] = asyncio.Queue()
    first = Answerer(replace(RELAY, addresses=("127.0.0.1",)), [port])
    second = Answerer(replace(RELAY, port=5001, relay_id=RelayId("A" * 52), addresses=("127.0.0.1",)), [port])
    asker = Asker(heard.put_nowait, [port])
    for part in (first, second, asker):
        await part.start()
    try:
        asker.ask([LOOPBACK])
        ports: set[int] = set()
        async with asyncio.timeout(2):
            while ports != {5000, 5001}:
                ports.add((await heard.get()).port)
    finally:
        for part in (first, second, asker):
            part.close()


async def test_a_port_that_is_taken_is_said_in_words():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
        squatter.bind(("", 0))
        answerer = Answerer(RELAY, [squatter.getsockname()[1]])
        await answerer.start()
        answerer.close()
    assert "cannot be used" in answerer.trouble


async def test_a_relay_on_loopback_does_not_answer_others():
    answerer = Answerer(replace(RELAY, addresses=("127.0.0.1",)), [free_port()])
    sent: list[tuple[bytes, tuple[str, int]]] = []

    class Wire(asyncio.DatagramTransport):
        def sendto(self, data, addr=None):
            sent.append((data, addr))

    answerer._on_datagram(question(NONCE), ("10.0.0.9", 40000), Wire())
    assert sent == []
    answerer._on_datagram(question(NONCE), ("127.0.0.1", 40000), Wire())
    assert [addr for _data, addr in sent] == [("127.0.0.1", 40000)]


def test_an_answer_is_never_larger_than_the_question():
    assert len(question(NONCE)) == QUESTION_BYTES
    large = replace(
        RELAY, name="😀" * 500, addresses=tuple(f"fd00:1111:2222:3333:4444:5555:6666:{n:04x}" for n in range(50))
    )
    said = answer(NONCE, large)
    assert len(said) <= QUESTION_BYTES
    heard = read_answer(said, [NONCE], "10.0.0.5")
    assert heard is not None
    assert heard.relay_id == RELAY.relay_id


def test_a_small_question_gets_no_answer():
    assert read_question(question(NONCE)) == NONCE
    assert read_question(question(NONCE).replace(b".", b"")) is None


def test_an_answer_to_nothing_that_was_asked_is_not_heard():
    said = answer(NONCE, RELAY)
    assert read_answer(said, [NONCE], "10.0.0.5") == RELAY
    assert read_answer(said, ["f" * 32], "10.0.0.5") is None


def test_the_address_that_answered_comes_first_and_foreign_loopback_is_dropped():
    said = answer(NONCE, replace(RELAY, addresses=("127.0.0.1", "10.7.7.7", "10.0.0.5")))
    heard = read_answer(said, [NONCE], "10.0.0.5")
    assert heard is not None
    assert heard.addresses == ("10.0.0.5", "10.7.7.7")


@given(st.binary(max_size=QUESTION_BYTES + 1))
def test_no_datagram_of_a_stranger_raises(datagram: bytes):
    assert read_question(datagram) is None
    assert read_answer(datagram, [NONCE], "10.0.0.5") is None


@given(st.integers(0, QUESTION_BYTES - 1), st.integers(0, 255))
def test_no_altered_datagram_raises(place: int, value: int):
    asked = bytearray(question(NONCE))
    asked[place] = value
    read_question(bytes(asked))
    said = bytearray(answer(NONCE, RELAY))
    said[place % len(said)] = value
    read_answer(bytes(said), [NONCE], "10.0.0.5")


def test_one_address_is_answered_only_so_often():
    at = 0.0
    rate = Rate(lambda: at, per_s=5, burst=10)
    assert [rate.allows("10.0.0.9") for _ in range(12)] == [True] * 10 + [False] * 2
    assert rate.allows("10.0.0.8")
    at = 0.2
    assert [rate.allows("10.0.0.9") for _ in range(2)] == [True, False]


def test_a_flood_of_forged_addresses_takes_no_more_memory():
    rate = Rate(lambda: 0.0)
    for number in range(3 * ASKERS_MAX):
        rate.allows(str(number))
    assert len(rate._buckets) == ASKERS_MAX


def test_every_subnet_is_asked_and_everybody():
    assert targets([LocalAddress("eth0", "10.77.0.3", 24), LocalAddress("eth1", "fe80::1", 64)]) == (
        "127.0.0.1",
        "127.255.255.255",
        "10.77.0.255",
        "255.255.255.255",
    )
    assert targets([LOOPBACK]) == ("127.0.0.1", "127.255.255.255")
