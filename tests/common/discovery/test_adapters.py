"""Which addresses of this machine a neighbour can use."""

from __future__ import annotations

import pytest

from common.discovery.adapters import (
    LocalAddress,
    announced_addresses,
    default_route_addresses,
    lan_addresses,
    local_addresses,
    reached_by,
    read_adapters,
    told_addresses,
    unknown_interfaces,
    with_scopes,
)

LOOPBACK = LocalAddress("lo", "127.0.0.1", 8, 1)
WIRED = LocalAddress("eth0", "192.168.1.5", 24, 2)
WIRED6 = LocalAddress("eth0", "fd00::5", 64, 2)
WIRED_LINK6 = LocalAddress("eth0", "fe80::5", 64, 2)
WIFI = LocalAddress("wlan0", "10.9.0.5", 24, 3)
SELF_GIVEN = LocalAddress("eth1", "169.254.7.7", 16, 4)


def ips(addresses: tuple[LocalAddress, ...]) -> list[str]:
    return [address.ip for address in addresses]


@pytest.mark.parametrize(
    "name",
    [
        "docker0",
        "br-0a1b2c",
        "veth12ab",
        "virbr0",
        "vmnet8",
        "tun0",
        "tap0",
        "wg0",
        "utun3",
        "tailscale0",
        "awdl0",
        "zt5u4y",
    ],
)
def test_adapters_of_containers_machines_and_tunnels_are_left_out(name: str):
    assert ips(lan_addresses([LocalAddress(name, "172.17.0.1", 16), WIRED])) == ["192.168.1.5"]


@pytest.mark.parametrize("name", ["eth0", "enp3s0", "wlan0", "wlp2s0", "en0", "br0", "bond0", "{4D36E972-E325}"])
def test_adapters_of_the_lan_are_kept(name: str):
    assert ips(lan_addresses([LocalAddress(name, "192.168.1.9", 24)])) == ["192.168.1.9"]


def test_windows_describes_its_virtual_adapters_in_words():
    switch = LocalAddress("{GUID}", "172.20.0.1", 20, description="Hyper-V Virtual Ethernet Adapter")
    assert ips(lan_addresses([switch, WIRED])) == ["192.168.1.5"]


def test_loopback_is_used_only_when_it_is_named():
    assert lan_addresses([LOOPBACK]) == ()
    assert ips(lan_addresses([LOOPBACK, WIRED], ["127.0.0.1"])) == ["127.0.0.1"]
    assert ips(lan_addresses([LOOPBACK, WIRED], ["lo"])) == ["127.0.0.1"]


def test_named_adapters_are_exactly_what_is_used():
    tunnel = LocalAddress("wg0", "10.99.0.1", 24)
    assert ips(lan_addresses([LOOPBACK, WIRED, WIFI, tunnel], ["wlan0", "10.99.0.1"])) == ["10.9.0.5", "10.99.0.1"]
    assert lan_addresses([WIRED], ["gone0"]) == ()


def test_a_self_given_address_is_used_only_when_it_is_alone():
    assert ips(lan_addresses([SELF_GIVEN])) == ["169.254.7.7"]
    assert ips(lan_addresses([SELF_GIVEN, WIRED])) == ["192.168.1.5"]


def test_the_order_is_kept_but_for_ipv4_before_ipv6_and_link_local_last():
    assert ips(lan_addresses([WIRED_LINK6, WIRED6, WIFI, WIRED])) == ["10.9.0.5", "192.168.1.5", "fd00::5", "fe80::5"]


def test_the_default_route_comes_first():
    addresses = [address.ip for address in local_addresses()]
    default = default_route_addresses()
    assert set(addresses[: len(default)]) == default


def test_a_relay_on_one_address_is_announced_there_only():
    every = (WIRED, WIFI, LOOPBACK)
    assert announced_addresses(every, "") == (WIRED, WIFI)
    assert announced_addresses(every, "", ["wlan0"]) == (WIFI,)
    assert announced_addresses(every, "127.0.0.1") == (LOOPBACK,)
    assert announced_addresses(every, "10.9.0.5") == (WIFI,)
    assert announced_addresses(every, "10.9.0.5", ["eth0"]) == ()


def test_a_listener_is_announced_only_where_it_listens():
    every = (WIRED, WIRED6, WIFI)
    assert reached_by(every, "") == reached_by(every, "::") == every
    assert reached_by(every, "0.0.0.0") == (WIRED, WIFI)
    assert reached_by(every, "10.9.0.5") == (WIFI,)
    assert reached_by(every, "relay.example") == ()


def test_this_machine_has_a_loopback_adapter_with_its_subnet():
    loopback = next(address for address in read_adapters() if address.ip == "127.0.0.1")
    assert loopback.is_loopback
    assert str(loopback.subnet) == "127.0.0.1/8"
    assert default_route_addresses() <= {address.ip for address in read_adapters()}


def test_a_link_local_address_of_ipv6_has_its_adapter_where_this_machine_connects_to_it():
    assert WIRED_LINK6.scoped == "fe80::5%2"
    assert [address.scoped for address in (WIRED, WIRED6, SELF_GIVEN)] == ["192.168.1.5", "fd00::5", "169.254.7.7"]


def test_people_are_told_a_link_local_address_of_ipv6_only_when_there_is_no_other():
    assert told_addresses((WIRED, WIRED6, WIRED_LINK6)) == (WIRED, WIRED6)
    assert told_addresses((SELF_GIVEN, WIRED_LINK6)) == (SELF_GIVEN,)
    assert told_addresses((WIRED_LINK6,)) == (WIRED_LINK6,)


def test_an_adapter_that_is_named_and_not_there_is_said_with_those_that_are():
    assert unknown_interfaces((WIRED, WIRED6, WIFI), ("eth7", "wlan0", "10.0.0.99")) == (
        "RELAY_INTERFACES names eth7, 10.0.0.99, which this computer does not have. "
        "Its adapters: eth0 (192.168.1.5, fd00::5); wlan0 (10.9.0.5)."
    )
    windows = LocalAddress("{GUID}", "10.1.0.5", 24, 5, description="Intel Ethernet")
    assert "Its adapters: Intel Ethernet (10.1.0.5)." in unknown_interfaces((windows,), ("eth0",))


def test_adapters_that_are_there_by_name_address_or_description_are_no_trouble():
    windows = LocalAddress("{GUID}", "10.1.0.5", 24, 5, description="Intel Ethernet")
    assert unknown_interfaces((WIRED, windows), ("ETH0", "192.168.1.5", "intel ethernet")) == ""
    assert unknown_interfaces((WIRED,), ()) == ""


def test_a_link_local_address_of_ipv6_is_looked_for_on_each_adapter_the_lan_first():
    tunnel = LocalAddress("tun0", "fe80::9", 64, 7)
    assert with_scopes("fe80::1", [tunnel, WIRED_LINK6, WIRED, SELF_GIVEN]) == ("fe80::1%2", "fe80::1%7")


@pytest.mark.parametrize("host", ["fe80::1%2", "fd00::1", "169.254.7.7", "192.168.1.5", "relay.lan"])
def test_every_other_address_is_taken_as_it_is(host: str):
    assert with_scopes(host, [WIRED_LINK6]) == (host,)


def test_a_link_local_address_stays_where_no_adapter_has_one():
    assert with_scopes("fe80::1", [WIRED]) == ("fe80::1",)
