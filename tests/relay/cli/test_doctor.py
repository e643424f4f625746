"""The doctor says which leg fails, in words, with what to do."""

from __future__ import annotations

import dataclasses
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from common.discovery.adapters import LocalAddress
from common.discovery.record import Announcement
from common.ids import RelayId
from common.protocol.messages import RelayCard
from relay.app import running
from relay.beacon import Beacon
from relay.cli.announce import Place, place_of
from relay.cli.asking import Card, NoRelay, PortClosed
from relay.cli.doctor.finding import Finding
from relay.cli.doctor.legs import examine
from relay.cli.doctor.network import Facts, gather, search_trouble
from relay.config import Config
from tests.people import quiet_config
from tests.tiny import TinyRelay

pytestmark = pytest.mark.xdist_group("mdns")

A, B = RelayId("A" * 52), RelayId("B" * 51 + "A")
WIRED = LocalAddress("eth0", "10.0.0.5", 24, 2)


def card(relay_id: RelayId, name: str = "Склад") -> Card:
    return Card(relay_id, RelayCard(relay_id, name, "1.0", "pymessenger.v1", 1, "open"))


HEARD = Announcement("Склад", A, 5000, "open", addresses=("10.0.0.5",))


def heard(**changes: Any) -> Announcement:
    """The same announcement, but for that."""
    return dataclasses.replace(HEARD, **changes)


WELL = Facts(
    host="",
    port=5000,
    is_announced=True,
    adapters=(WIRED,),
    first=card(A),
    others={"10.0.0.5": card(A)},
    heard=(HEARD,),
    answered=(HEARD,),
)


def failing(facts: Facts) -> list[Finding]:
    return [finding for finding in examine(facts) if not finding.is_well]


def test_a_relay_that_is_well_is_said_to_be():
    assert failing(WELL) == []
    assert any("doctor --host 10.0.0.5" in finding.remedy for finding in examine(WELL))


@pytest.mark.parametrize(
    "facts, what, remedy",
    [
        (replace(WELL, adapters=()), "no address on a local network", "RELAY_INTERFACES"),
        (
            replace(WELL, adapters=(), unknown="RELAY_INTERFACES names eth7, which this computer does not have."),
            "RELAY_INTERFACES names eth7",
            "Correct it",
        ),
        (
            replace(WELL, adapters=(LocalAddress("lo", "127.0.0.1", 8),)),
            "Only programs on this computer",
            "SERVER_HOST",
        ),
        (replace(WELL, first=PortClosed("nothing listens")), "No relay is running", "python -m relay run"),
        (replace(WELL, first=PortClosed("nothing listens"), host="10.0.0.9"), "no relay listens", "correct the port"),
        (replace(WELL, first=NoRelay("what answers is not a relay")), "not a relay", "Another program"),
        (replace(WELL, first=NoRelay("no answer"), host="10.0.0.9"), "No relay was reached", "firewall"),
        (replace(WELL, others={"10.0.0.5": card(B)}), "Another identity answers", "share this address"),
        (
            replace(WELL, others={"10.0.0.5": PortClosed("nothing listens")}),
            "does not answer at 10.0.0.5",
            "SERVER_HOST",
        ),
        (replace(WELL, trouble="Another program keeps UDP port 5353."), "Multicast DNS does not work", "5353"),
        (replace(WELL, heard=()), "was not heard", "python -m relay announce"),
        (replace(WELL, heard=(), is_announced=False), "was not heard", "RELAY_ANNOUNCE is off"),
        (replace(WELL, heard=(heard(port=5001),)), "announced on port 5001, not on 5000", "restart"),
        (
            replace(WELL, heard=(heard(addresses=("172.17.0.1",)),)),
            "where it does not answer",
            "RELAY_INTERFACES",
        ),
        (
            replace(WELL, search="Searching is not possible: no such module: fts5."),
            "no such module: fts5",
            "python.org",
        ),
        (replace(WELL, answered=()), "does not answer the question by broadcast", "UDP port 5000"),
    ],
)
def test_each_failing_leg_is_named_with_its_remedy(facts: Facts, what: str, remedy: str):
    found = failing(facts)
    assert [finding for finding in found if what in finding.what and remedy in finding.remedy], found


def test_the_command_for_the_firewall_that_is_there_is_told():
    (finding,) = failing(replace(WELL, answered=(), firewall="sudo ufw allow 5000"))
    assert "sudo ufw allow 5000" in finding.remedy


def test_a_neighbour_of_the_same_name_is_mentioned():
    other = heard(relay_id=B, addresses=("10.0.0.6",))
    (line,) = [finding for finding in examine(replace(WELL, heard=(HEARD, other))) if "Another relay" in finding.what]
    assert "10.0.0.6" in line.what
    assert "RELAY_NAME" in line.remedy


def test_a_sqlite_that_cannot_search_is_said_of_this_computer_alone(monkeypatch: pytest.MonkeyPatch):
    assert search_trouble(Place(here="10.0.0.5")) == "", "that of the tests can"
    monkeypatch.setattr("relay.cli.doctor.network.why_not", lambda: "Searching is not possible.")
    assert search_trouble(Place(here="10.0.0.5")) == "Searching is not possible."
    assert search_trouble(Place(elsewhere=("10.0.0.9",))) == ""


async def test_a_real_relay_on_loopback_is_seen_on_every_leg(tmp_path: Path):
    relay = TinyRelay(f"Patient {secrets.token_hex(3)}")
    await relay.start()
    beacon = Beacon(relay.announcement, host="127.0.0.1")
    await beacon.start()
    try:
        config = Config.read({"SERVER_HOST": "127.0.0.1", "SERVER_PORT": str(relay.port)}, environ={})
        facts = await gather(config, listen_s=2.5)
    finally:
        await beacon.stop()
        await relay.stop()
    assert isinstance(facts.first, Card)
    assert facts.first.relay_id == relay.relay_id
    assert relay.relay_id in {heard.relay_id for heard in facts.heard}
    assert relay.relay_id in {answer.relay_id for answer in facts.answered}
    assert [finding.what for finding in failing(facts)] == [
        "Only programs on this computer reach the relay: it is to listen on a loopback address."
    ]


@pytest.fixture
def link_local(network_namespaces: None) -> Iterator[str]:
    """A link-local address of this test's own network."""
    subprocess.run(["ip", "-6", "address", "replace", "fe80::77/64", "dev", "lo", "nodad"], check=True)
    yield "fe80::77"
    subprocess.run(["ip", "-6", "address", "del", "fe80::77/64", "dev", "lo"], check=True)


async def test_a_relay_that_answers_at_a_link_local_address_too_is_well_there(tmp_path: Path, link_local: str):
    async with running(quiet_config(tmp_path, host="", interfaces=("lo",))) as relay:
        settings = {"SERVER_PORT": str(relay.port), "RELAY_INTERFACES": "lo"}
        facts = await gather(Config.read(settings, environ={}), listen_s=0.7)
        there = [address for address in facts.others if address.startswith(link_local)]
        assert len(there) == 1
        assert [who for who in facts.others.values() if not isinstance(who, Card)] == []
        assert link_local not in relay.addresses, "of no use to who enters it elsewhere"
        assert "127.0.0.1" in relay.addresses


def test_a_link_local_address_with_its_adapter_is_this_computer_or_another(link_local: str):
    assert place_of(f"{link_local}%lo") == Place(here=link_local)
    assert place_of("fe80::9%lo") == Place(elsewhere=("fe80::9%1",))
