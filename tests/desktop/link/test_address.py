"""Addresses as people type them."""

from __future__ import annotations

import pytest

from desktop.link.address import Address, BadAddress, parse_address


@pytest.mark.parametrize(
    "text,expected",
    [
        ("192.168.1.20", Address("192.168.1.20", 5000)),
        (" 192.168.1.20:5001 ", Address("192.168.1.20", 5001)),
        ("relay.local", Address("relay.local", 5000)),
        ("https://relay:81/", Address("relay", 81)),
        ("[fd00::1]:6000", Address("fd00::1", 6000)),
        ("[fd00::1]", Address("fd00::1", 5000)),
        ("fe80::1%2", Address("fe80::1%2", 5000)),
        ("relay:", Address("relay", 5000)),
        ("localhost:65535", Address("localhost", 65535)),
    ],
)
def test_what_people_type_is_understood(text: str, expected: Address) -> None:
    assert parse_address(text) == expected
    assert parse_address(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", ":5000", "a b", "1.2.3", "1.2.3.4.5", "300.1.1.1", "[::1", "-x", "x" * 70),
        *("host:0", "host:65536", "host:٣", "host:-1", "host:5000:1x", "http://", "user@host", "host/path"),
    ],
)
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text)
