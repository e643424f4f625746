"""Finding relays on the loopback network: real TLS, real certificates, real questions."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from common.discovery.broadcast import Answerer
from common.discovery.mdns.watcher import Gone, Heard
from common.discovery.record import Announcement
from common.ids import Millis, RelayId
from common.protocol.limits import SUBPROTOCOL
from common.protocol.messages import RelayCard
from desktop.events.relays import FoundRelay, Trust
from desktop.link.address import Address
from desktop.link.archive import KnownRelay
from desktop.link.finder import CLUES_MAX, Finder, _Clue, found_relays
from desktop.link.pinning import WrongIdentity
from desktop.link.probe import Answered, NobodyThere, Outcome, ProbeFailed, probe, probe_all
from desktop.link.trust import judge
from tests.tiny import TinyRelay

A, B, C = (RelayId(letter * 51 + "A") for letter in "ABC")


def known(relay_id: RelayId, name: str = "Склад", *addresses: str) -> KnownRelay:
    return KnownRelay(relay_id, name, addresses, Millis(1000))


def answered(relay_id: RelayId, name: str, at: Address) -> Answered:
    return Answered(relay_id, at, RelayCard(relay_id, name, "1.0", SUBPROTOCOL, 5, "open"))


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(name: str, **more: Any) -> AsyncIterator[TinyRelay]:
    relay = TinyRelay(name, more.pop("identity", None))
    await relay.start(**more)
    try:
        yield relay
    finally:
        await relay.stop()


class Seeker:
    """A finder on loopback, and the lists that it told."""

    def __init__(self, known_relays: Sequence[KnownRelay] = (), port: int | None = None, **more: Any) -> None:
        self.told: list[tuple[FoundRelay, ...]] = []
        self._changed = asyncio.Event()
        self.finder = Finder(
            self._on_change,
            known_relays,
            interfaces=["lo"],
            ports=[port or free_port(socket.SOCK_DGRAM)],
            multicast=False,
            **{"ask_s": 0.1, "reprobe_s": 0.3} | more,
        )

    async def __aenter__(self) -> Seeker:
        await self.finder.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.finder.close()

    def _on_change(self, relays: tuple[FoundRelay, ...]) -> None:
        self.told.append(relays)
        self._changed.set()

    @property
    def names(self) -> list[str]:
        return [relay.name for relay in self.finder.relays]

    async def until(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


# -- probing -----------------------------------------------------------------------------------------------------------


async def test_the_relay_id_is_that_of_the_certificate():
    async with serving("Склад") as relay:
        found = await probe(Address("127.0.0.1", relay.port))
        assert found.relay_id == relay.relay_id
        assert (found.card.name, found.card.online, found.card.registration) == ("Склад", 5, "open")


async def test_a_wrong_expectation_still_learns_who_answers():
    async with serving("Склад") as relay:
        assert (await probe(Address("127.0.0.1", relay.port), A)).relay_id == relay.relay_id


async def test_a_relay_that_claims_another_identity_than_its_certificate_is_not_shown():
    async with serving("Склад") as relay:
        relay.card = {"relay_id": A}
        with pytest.raises(ProbeFailed, match="does not show its own identity"):
            await probe(Address("127.0.0.1", relay.port))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff\xfe", b'{"relay_id":1}', b"x" * 100_000, b'{"a":' * 5000])
async def test_what_is_no_relay_is_said_to_be_none(body: bytes):
    async with serving("Склад") as relay:
        relay.body = body
        with pytest.raises(ProbeFailed, match="is not a relay"):
            await probe(Address("127.0.0.1", relay.port))


async def test_a_relay_of_another_version_is_told_so():
    async with serving("Склад") as relay:
        relay.card = {"protocol": "pymessenger.v9"}
        with pytest.raises(ProbeFailed, match=r"pymessenger\.v9"):
            await probe(Address("127.0.0.1", relay.port))


async def test_a_strangers_card_is_made_safe_to_show():
    async with serving("Склад") as relay:
        relay.card = {"name": "evil\u202e\x00\nname", "online": -7}
        card = (await probe(Address("127.0.0.1", relay.port))).card
        assert (card.name, card.online) == ("evil name", 0)


async def test_a_closed_port_is_told_from_a_silent_host():
    with pytest.raises(NobodyThere, match="no relay listens on port"):
        await probe(Address("127.0.0.1", free_port()))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        began = time.monotonic()
        with pytest.raises(ProbeFailed, match="Nobody answers"):
            await probe(Address("127.0.0.1", silent.getsockname()[1]), within_s=0.3)
        assert time.monotonic() - began < 1


async def test_a_port_without_tls_is_not_a_relay():
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        with pytest.raises(ProbeFailed, match="is not a relay"):
            await probe(Address("127.0.0.1", server.sockets[0].getsockname()[1]), within_s=1.0)


async def test_the_best_address_wins_and_a_dead_one_costs_little():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        dead = Address("127.0.0.1", silent.getsockname()[1])
        async with serving("Склад") as relay, serving("Fremd") as other:
            at, elsewhere = Address("127.0.0.1", relay.port), Address("127.0.0.1", other.port)
            began = time.monotonic()
            outcome = await probe_all([dead, elsewhere, at], relay.relay_id)
            assert time.monotonic() - began < 1.4
            assert outcome.best is not None
            assert outcome.best.address == at
            assert [one.relay_id for one in outcome.others] == [other.relay_id]
    assert (await probe_all([Address("127.0.0.1", free_port())], A)) == Outcome(None, (), is_refused=True)


# -- finding -----------------------------------------------------------------------------------------------------------


async def test_a_relay_that_answers_the_broadcast_is_in_the_list_until_it_is_killed():
    port = free_port(socket.SOCK_DGRAM)
    async with serving("Склад") as relay, Seeker(port=port) as seeker:
        answerer = Answerer(replace(relay.announcement, addresses=("127.0.0.1",)), [port])
        await answerer.start()
        await seeker.until(lambda: seeker.names == ["Склад"], within_s=1)
        (found,) = seeker.finder.relays
        assert (found.relay_id, found.host, found.port) == (relay.relay_id, "127.0.0.1", relay.port)
        assert (found.online, found.registration, found.trust) == (5, "open", Trust.NEW)
        await relay.stop()  # its announcement goes on, as that of a killed relay does
        await seeker.until(lambda: seeker.names == [], within_s=2)
        await relay.start(port=relay.port)
        await seeker.until(lambda: seeker.names == ["Склад"], within_s=3)
        answerer.close()


async def test_a_relay_that_starts_while_the_list_is_open_is_found_within_a_second():
    port = free_port(socket.SOCK_DGRAM)
    async with Seeker(port=port, ask_s=0.8) as seeker:
        await asyncio.to_thread(time.sleep, 0.1)
        async with serving("Neu") as relay:
            answerer = Answerer(replace(relay.announcement, addresses=("127.0.0.1",)), [port])
            await answerer.start()
            await seeker.until(lambda: seeker.names == ["Neu"], within_s=1)
            answerer.close()


async def test_a_known_relay_is_found_where_it_was_last():
    async with serving("Склад") as relay:
        kept = known(relay.relay_id, "Old name", f"127.0.0.1:{free_port()}", f"127.0.0.1:{relay.port}")
        async with Seeker([kept]) as seeker:
            await seeker.until(lambda: seeker.names == ["Склад"])
            (found,) = seeker.finder.relays
            assert (found.trust, found.known_since, found.port) == (Trust.KNOWN, 1000, relay.port)


async def test_another_identity_where_a_known_relay_was_is_an_impostor():
    async with serving("Anders") as stranger, Seeker([known(A, "Склад", f"127.0.0.1:{stranger.port}")]) as seeker:
        await seeker.until(lambda: seeker.names == ["Anders"])
        (found,) = seeker.finder.relays
        assert (found.trust, found.conflicts_with, found.relay_id) == (Trust.IMPOSTOR, A, stranger.relay_id)


async def test_a_typed_address_is_answered_for_and_stays_in_the_list():
    async with serving("Склад") as relay, Seeker() as seeker:
        found = await seeker.finder.add_address("127.0.0.1", relay.port)
        assert found.relay_id == relay.relay_id
        assert seeker.finder.relays == (found,)
        relay.card = {"online": 6}
        await seeker.until(lambda: seeker.finder.relays[0].online == 6)
        with pytest.raises(NobodyThere):
            await seeker.finder.add_address("127.0.0.1", free_port())


async def test_an_invitation_to_another_identity_is_refused():
    async with serving("Склад") as relay, Seeker() as seeker:
        with pytest.raises(WrongIdentity) as refusal:
            await seeker.finder.add_address("127.0.0.1", relay.port, expected=A)
        assert (refusal.value.expected, refusal.value.found) == (A, relay.relay_id)
        assert seeker.finder.relays == ()


async def test_one_relay_at_two_addresses_is_one_relay():
    async with serving("Склад", host="0.0.0.0") as relay, Seeker() as seeker:
        await seeker.finder.add_address("127.0.0.1", relay.port)
        await seeker.finder.add_address("127.0.0.2", relay.port)
        await seeker.until(lambda: len(seeker.finder.relays[0].addresses) == 2)
        (found,) = seeker.finder.relays
        assert found.addresses == (f"127.0.0.1:{relay.port}", f"127.0.0.2:{relay.port}")


async def test_a_goodbye_of_a_relay_that_still_answers_leaves_it_in_the_list():
    async with serving("Склад") as relay, Seeker() as seeker:
        said = replace(relay.announcement, addresses=("127.0.0.1",))
        seeker.finder._on_sighting(Heard("Склад", said))
        await seeker.until(lambda: seeker.names == ["Склад"])
        relay.was_asked.clear()
        seeker.finder._on_sighting(Gone("Склад"))
        async with asyncio.timeout(2):
            await relay.was_asked.wait()
        assert seeker.names == ["Склад"]
        await relay.stop()
        await seeker.until(lambda: seeker.names == [], within_s=2)
        assert seeker.finder._clues == {}


async def test_a_liar_about_another_relays_id_hides_nobody():
    async with serving("Echt") as real, serving("Lügner") as liar, Seeker() as seeker:
        seeker.finder._on_sighting(Heard("x", Announcement("x", real.relay_id, liar.port, "open", "1", ("127.0.0.1",))))
        seeker.finder._on_sighting(Heard("y", replace(real.announcement, addresses=("127.0.0.1",))))
        await seeker.until(lambda: sorted(seeker.names) == ["Echt", "Lügner"])


async def test_a_flood_of_hints_is_bounded():
    async with Seeker(reprobe_s=60) as seeker:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        port = free_port()
        for number in range(2 * CLUES_MAX):
            relay_id = RelayId(letters[number % 32] + letters[number // 32] + "A" * 50)
            seeker.finder._on_sighting(
                Heard(str(number), Announcement("x", relay_id, port, "open", "1", ("127.0.0.1",)))
            )
        assert len(seeker.finder._clues) == CLUES_MAX


async def test_a_sweep_finds_who_only_listens():
    async with serving("Still", host="127.0.0.9") as relay, Seeker(broadcast=False) as seeker:
        assert await seeker.finder.sweep(relay.port) == 1
        assert seeker.names == ["Still"]


async def test_closing_leaves_no_task_behind():
    before = asyncio.all_tasks()
    async with serving("Склад") as relay, Seeker([known(A, "x", f"127.0.0.1:{relay.port}")]) as seeker:
        await seeker.until(lambda: seeker.names == ["Склад"])
    leftover = {
        task for task in asyncio.all_tasks() - before if "finder" in task.get_name() or "clue" in task.get_name()
    }
    assert leftover == set()


# -- judging, pure -----------------------------------------------------------------------------------------------------


def test_only_the_identity_makes_a_relay_known():
    keeper = known(A, "Склад", "10.0.0.5:5000")
    assert judge(A, "Anything", ["10.9.9.9:5000"], [keeper]) == (Trust.KNOWN, keeper, False)
    assert judge(B, "Office", ["10.0.0.6:5000"], [keeper]) == (Trust.NEW, None, False)


def test_an_address_that_a_known_relay_had_is_less_than_its_name():
    keeper, other = known(A, "Склад", "10.0.0.5:5000"), known(C, "Office", "10.0.0.9:5000")
    assert judge(B, "Tea", ["10.0.0.6:5000", "10.0.0.5:5000"], [keeper]) == (Trust.IMPOSTOR, keeper, True)
    assert judge(B, "Склад", ["10.0.0.5:5000"], [keeper]) == (Trust.IMPOSTOR, keeper, False)
    assert judge(B, "office", ["10.0.0.5:5000"], [keeper, other]) == (Trust.IMPOSTOR, other, False)


@pytest.mark.parametrize("name", ["Склад", "СКЛАД", " склад ", "ｏｆｆｉｃｅ", "OFFICE"])
def test_a_name_that_reads_like_a_known_one_is_an_impostors(name: str):
    relays = [known(A, "Склад"), known(C, "Office")]
    assert judge(B, name, [], relays)[0] is Trust.IMPOSTOR


def test_known_relays_come_first_and_impostors_last():
    at = Address("10.0.0.5", 5000)
    clues = [
        (B, Outcome(answered(B, "Alpha", at)), [at]),
        (C, Outcome(answered(C, "склад", Address("10.0.0.7", 5000))), []),
        (A, Outcome(answered(A, "Склад", Address("10.0.0.6", 5000))), []),
        (RelayId("D" * 51 + "A"), Outcome(None), [at]),
    ]
    found = found_relays(clues, [known(A)])
    assert [(relay.name, relay.trust) for relay in found] == [
        ("Склад", Trust.KNOWN),
        ("Alpha", Trust.NEW),
        ("склад", Trust.IMPOSTOR),
    ]
    assert found[1].addresses == ("10.0.0.5:5000",)


def test_what_answered_last_is_asked_first_but_never_before_a_nearer_one():
    own = [ipaddress.ip_interface("10.0.0.9/24")]
    link_local, near, new = (Address(host, 5000) for host in ("fe80::1%2", "10.0.0.5", "10.0.0.6"))
    clue = _Clue(A, {"mdns x": (link_local, near, new)})
    assert clue.places(own) == (near, new, link_local)
    clue.outcome = Outcome(answered(A, "x", new))
    assert clue.places(own) == (new, near, link_local)
    clue.outcome = Outcome(answered(A, "x", link_local))
    assert clue.places(own) == (near, new, link_local)
