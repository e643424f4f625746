"""The announced record: what is written is read again, and a stranger's record does no harm."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import DNSIncoming, DNSOutgoing, DNSPointer, service_type_name  # type: ignore[attr-defined]

from common.discovery.record import (
    ADDRESSES_MAX,
    LABEL_BYTES,
    SERVICE_TYPE,
    Announcement,
    RecordTooLong,
    distance,
    instance_label,
    is_relay_id,
    read_announcement,
    server_name,
    txt_of,
    usable_addresses,
    visible_name,
)
from common.ids import RelayId

RELAY = RelayId("ABCD" * 12 + "EFGA")


def as_heard(announcement: Announcement) -> dict[bytes, bytes | None]:
    return {key.encode(): value for key, value in txt_of(announcement).items()}


def test_what_is_announced_is_read_again():
    said = Announcement("Склад", RELAY, 5000, "invite", addresses=("10.0.0.5",))
    assert read_announcement("Склад", 5000, as_heard(said), ["10.0.0.5"]) == said


def test_the_service_type_is_valid():
    assert service_type_name(SERVICE_TYPE, strict=True) == SERVICE_TYPE


@given(st.text())
def test_every_name_becomes_a_label_that_dns_takes_even_after_a_rename(name: str):
    label = instance_label(name)
    assert 0 < len(label.encode()) <= LABEL_BYTES
    assert service_type_name(f"{label}-999.{SERVICE_TYPE}", strict=True) == SERVICE_TYPE


@given(st.text())
def test_a_label_survives_the_way_over_the_wire(name: str):
    instance = f"{instance_label(name)}.{SERVICE_TYPE}"
    out = DNSOutgoing(0x8400)
    out.add_answer_at_time(DNSPointer(SERVICE_TYPE, 12, 1, 120, instance), 0)
    (pointer,) = DNSIncoming(out.packets()[0]).answers()
    assert isinstance(pointer, DNSPointer)
    assert pointer.alias == instance
    assert instance.count(".") == 4  # the label is one label


def test_a_long_name_is_cut_between_characters():
    assert instance_label("Щ" * 40) == "Щ" * 29
    assert instance_label("😀" * 40) == "😀" * 14


def test_what_cannot_be_seen_is_no_part_of_a_name():
    assert visible_name(" a\u202eb\x00\n\tc\u200b ") == "ab c"
    assert visible_name("x" * 500) == "x" * 64


def test_a_name_of_nothing_visible_still_has_a_label():
    assert instance_label("\u202e\x00") == instance_label("...") == "relay"


def test_a_record_that_is_too_long_is_not_made():
    with pytest.raises(RecordTooLong, match="id takes"):
        txt_of(Announcement("x", RelayId("A" * 300), 5000, "open"))
    with pytest.raises(RecordTooLong, match="The TXT record takes"):
        txt_of(Announcement("x", RelayId("A" * 240), 5000, "open", version="1" * 200))


def test_the_host_name_is_the_relays_own():
    assert server_name(RELAY) == "pymessenger-abcdabcdabcdabcd.local."


@pytest.mark.parametrize(
    "text", ["", "A" * 51, "A" * 53, "a" * 52, "A" * 51 + "B", "A" * 51 + "Ä", "1" * 52, "A" * 52 + "\n"]
)
def test_what_is_no_relay_id_is_not_taken_for_one(text: str):
    assert is_relay_id("A" * 52)
    assert not is_relay_id(text)


@pytest.mark.parametrize(
    "change",
    [{b"id": b"\xff\xfe"}, {b"id": None}, {b"id": b""}, {b"v": b"2"}, {b"v": b"\xff"}, {b"v": None}],
)
def test_a_record_without_a_usable_identity_or_version_is_no_relay(change: dict[bytes, bytes | None]):
    said = as_heard(Announcement("x", RELAY, 5000, "open"))
    assert read_announcement("x", 5000, said, []) is not None
    assert read_announcement("x", 5000, said | change, []) is None


@pytest.mark.parametrize("port", [None, 0, -1, 65536])
def test_a_record_without_a_usable_port_is_no_relay(port: int | None):
    assert read_announcement("x", port, as_heard(Announcement("x", RELAY, 5000, "open")), []) is None


def test_keys_are_read_without_regard_to_case_and_the_first_counts():
    heard = read_announcement(
        "x", 5000, {b"V": b"1", b"ID": RELAY.lower().encode(), b"Auth": b"open", b"auth": b"closed", b"new": b"?"}, []
    )
    assert heard is not None
    assert (heard.relay_id, heard.policy) == (RELAY, "open")


def test_an_unknown_policy_promises_nothing():
    said = as_heard(Announcement("x", RELAY, 5000, "open")) | {b"auth": b"\xff"}
    heard = read_announcement("x", 5000, said, [])
    assert heard is not None
    assert heard.policy == "closed"


@given(
    st.text(),
    st.none() | st.integers(),
    st.dictionaries(st.sampled_from([b"v", b"id", b"auth", b"ID"]) | st.binary(), st.none() | st.binary()),
    st.lists(st.text() | st.ip_addresses().map(str)),
)
def test_no_record_of_a_stranger_raises(label: str, port: int | None, txt: dict[bytes, bytes | None], at: list[str]):
    heard = read_announcement(label, port, txt | {b"v": b"1", b"id": RELAY.encode()}, at)
    if heard is not None:
        assert heard.name
        assert len(heard.addresses) <= ADDRESSES_MAX


def test_addresses_that_lead_nowhere_are_left_out():
    assert usable_addresses(
        ["host", "224.0.0.1", "0.0.0.0", "::", "255.255.255.255", "fe80::1", "fe80::1%2", "10.0.0.1", "10.0.0.1"]
    ) == ("fe80::1%2", "10.0.0.1")
    assert len(usable_addresses(f"10.0.0.{n}" for n in range(100))) == ADDRESSES_MAX


def test_addresses_on_an_own_subnet_come_first():
    own = [ipaddress.ip_interface("10.78.0.3/24"), ipaddress.ip_interface("fd00:1::3/64")]
    heard = ["fe80::1%2", "fd00:2::1", "127.0.0.1", "10.77.0.1", "fd00:1::1", "10.78.0.1"]
    assert sorted(heard, key=lambda address: distance(address, own)) == [
        "fd00:1::1",
        "10.78.0.1",
        "10.77.0.1",
        "fd00:2::1",
        "fe80::1%2",
        "127.0.0.1",
    ]
