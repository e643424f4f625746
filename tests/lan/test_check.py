"""Each leg of the way to a relay really fails on a simulated LAN, and the client's check names that leg and no other."""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import pytest

from tests.lan.test_discovery import NAME, relay_on
from tests.lan.wires import Host, Lan, Program, ip

pytestmark = [pytest.mark.lan, pytest.mark.xdist_group("lan")]

KEEPS_5353 = """
import socket
alone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
alone.bind(("", 5353))
print("kept", flush=True)
input()
"""

Said = list[dict[str, Any]]


async def checker_on(host: Host, name: str = "", **given: str) -> Program:
    """A client that looks for relays; with a *name* one that is signed in at the one that it found."""
    home = str(host.lan.folder / f"client-{host.number}")
    program = await host.python("tests.lan.checker", json.dumps({"home": home, "name": name, **given}))
    await program.told(lambda said: said["event"] == "ready")
    if name:
        await program.told(lambda said: said.get("state") == "Connected")
    return program


async def checked(program: Program) -> Said:
    """All that one check finds."""
    program.say("check")
    found: Said = (await program.told(lambda said: said["event"] == "checked", within_s=40))["findings"]
    return found


def failing(found: Said) -> list[str]:
    """The legs that fail."""
    return [finding["leg"] for finding in found if not finding["good"]]


def words(found: Said) -> str:
    """What is said of the one that fails."""
    (finding,) = (finding for finding in found if not finding["good"])
    return str(finding["text"])


async def run_relay(host: Host, *more: str, data: str = "relay") -> Program:
    """A relay of the usual name with *more* settings, as soon as it serves."""
    folder = str(host.lan.folder / data)
    program = await host.python(
        "relay", "run", "--json", "--name", NAME, "--data-dir", folder, "--key-file", f"{folder}.key", *more
    )
    await program.line()
    return program


def drop_multicast(lan: Lan, *hosts: Host) -> None:
    """The switch floods no multicast to *hosts*."""
    for host in hosts:
        ip("netns", "exec", lan.switch, "bridge", "link", "set", "dev", f"p{host.number}n0", "mcast_flood", "off")


def drop_tcp(host: Host, port: int = 5000) -> None:
    """As a firewall that lets nothing in to *port*, and says nothing: by a rule that comes before the one for own addresses."""
    for family in ("-4", "-6"):
        host.ip(family, "rule", "add", "pref", "100", "lookup", "local")
        host.ip(family, "rule", "add", "pref", "10", "iif", "eth0", "ipproto", "tcp", "dport", str(port), "blackhole")
        host.ip(family, "rule", "del", "pref", "0")


def forget_soon(host: Host) -> None:
    """Its system asks every second, instead of every minute, whether a neighbour is still there."""
    for family in ("ipv4", "ipv6"):
        host.set(f"net/{family}/neigh/eth0/base_reachable_time_ms", "1000")
        host.set(f"net/{family}/neigh/eth0/delay_first_probe_time", "1")


# -- no false alarm ----------------------------------------------------------------------------------------------------


async def test_on_a_healthy_network_a_newcomer_is_told_of_no_failing_leg(lan: Lan):
    await relay_on(lan.host())
    await relay_on(lan.host(), "Касса")
    found = await checked(await checker_on(lan.host()))
    assert failing(found) == []
    assert sorted(finding["leg"] for finding in found) == ["network", "relay", "relay"]


async def test_on_a_healthy_network_who_is_signed_in_is_told_of_no_failing_leg(lan: Lan):
    await relay_on(lan.host())
    found = await checked(await checker_on(lan.host(), "anna"))
    assert failing(found) == []
    assert f"“{NAME}” answers at 10.77.0.1:5000." in [finding["text"] for finding in found]


async def test_a_relay_on_two_networks_is_well_on_either(lan: Lan):
    await relay_on(lan.host(nets=(0, 1)))
    for net in (0, 1):
        assert failing(await checked(await checker_on(lan.host(nets=(net,))))) == []


async def test_a_relay_on_this_very_computer_is_well_also_where_multicast_is_dropped(lan: Lan):
    host = lan.host()
    drop_multicast(lan, host)
    await relay_on(host)
    assert failing(await checked(await checker_on(host))) == []


# -- no network, no multicast ------------------------------------------------------------------------------------------


async def test_a_computer_whose_cable_is_out_is_told_so(lan: Lan):
    host = lan.host()
    host.ip("addr", "flush", "dev", "eth0")
    host.ip("link", "set", "eth0", "down")
    assert failing(await checked(await checker_on(host))) == ["network"]


async def test_a_network_that_drops_multicast_is_named_by_that(lan: Lan):
    relay_host, host = lan.host(), lan.host()
    drop_multicast(lan, relay_host, host)
    await relay_on(relay_host)
    found = await checked(await checker_on(host))
    assert failing(found) == ["multicast"]
    assert "UDP port 5353" in words(found)


async def test_a_program_that_keeps_the_port_of_multicast_to_itself_is_named(lan: Lan):
    host = lan.host()
    await relay_on(lan.host())
    taken = await host.run(sys.executable, "-c", KEEPS_5353)
    await taken.line()
    found = await checked(await checker_on(host))
    assert failing(found) == ["multicast"]
    assert "Another program keeps UDP port 5353" in words(found)
    assert f"“{NAME}” answers at 10.77.0.2:5000." in [finding["text"] for finding in found]


async def test_silence_is_named_where_nothing_is_known(lan: Lan):
    found = await checked(await checker_on(lan.host()))
    assert failing(found) == ["silence"]


# -- the port ----------------------------------------------------------------------------------------------------------


async def test_an_announced_relay_whose_port_is_closed_is_named_by_its_port(lan: Lan):
    relay_host = lan.host()
    await run_relay(relay_host, "--host", "127.0.0.1")
    # As for a relay in a container whose port was not let out of it.
    announcing = await relay_host.python("relay", "announce", "--json")
    await announcing.told(lambda said: said["type"] == "Announced")
    found = await checked(await checker_on(lan.host()))
    assert failing(found) == ["port"]
    assert "nothing listens on its port 5000" in words(found)


async def test_a_firewall_before_the_port_is_named_with_the_command_that_opens_it(lan: Lan):
    relay_host = lan.host()
    await relay_on(relay_host)
    drop_tcp(relay_host)
    found = await checked(await checker_on(lan.host()))
    assert failing(found) == ["firewall"]
    assert "sudo ufw allow 5000" in [finding["command"] for finding in found]


async def test_a_firewall_that_comes_while_one_is_signed_in_is_named(lan: Lan):
    relay_host = lan.host()
    await relay_on(relay_host)
    anna = await checker_on(lan.host(), "anna")
    drop_tcp(relay_host)
    assert failing(await checked(anna)) == ["firewall"]


# -- another identity --------------------------------------------------------------------------------------------------


async def test_another_identity_at_the_known_address_is_named(lan: Lan):
    relay_host = lan.host()
    relay, _, _ = await relay_on(relay_host)
    anna = await checker_on(lan.host(), "anna")
    await relay.stop()
    await run_relay(relay_host, data="other")
    await anna.told(lambda said: said["event"] == "alarm", within_s=40)
    found = await checked(anna)
    assert failing(found) == ["identity"]
    assert "10.77.0.1:5000" in words(found)
    assert not [finding for finding in found if finding["good"] and finding["leg"] == "relay"]


# -- the wrong adapter -------------------------------------------------------------------------------------------------


async def test_a_relay_that_listens_on_another_adapter_only_is_named_by_that(lan: Lan):
    relay_host = lan.host(nets=(0, 1))
    await run_relay(relay_host, "--host", "10.78.0.1")
    found = await checked(await checker_on(lan.host()))
    assert failing(found) == ["adapter"]
    assert "10.78.0.1" in words(found)
    assert "RELAY_INTERFACES" in words(found)


async def test_a_computer_that_went_to_another_network_is_told_so(lan: Lan):
    await relay_on(lan.host())
    host = lan.host(nets=(0, 1))
    host.ip("link", "set", "eth1", "down")
    anna = await checker_on(host, "anna")
    host.ip("link", "set", "eth1", "up")
    host.ip("addr", "flush", "dev", "eth0")
    host.ip("link", "set", "eth0", "down")
    await anna.told(lambda said: said.get("state") == "Waiting", within_s=40)
    found = await checked(anna)
    assert failing(found) == ["adapter"]
    assert "10.77.0.1" in words(found)


# -- the relay is gone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGKILL])
async def test_a_relay_that_does_not_run_any_more_is_named_as_gone(lan: Lan, sign: signal.Signals):
    relay, _, _ = await relay_on(lan.host())
    anna = await checker_on(lan.host(), "anna")
    await relay.stop(sign)
    await anna.told(lambda said: said.get("state") == "Waiting", within_s=40)
    found = await checked(anna)
    assert failing(found) == ["gone"]
    assert "does not run" in words(found)


async def test_a_relay_whose_computer_is_off_is_named_as_gone(lan: Lan):
    relay_host = lan.host()
    await relay_on(relay_host)
    host = lan.host()
    forget_soon(host)
    anna = await checker_on(host, "anna")
    relay_host.cut()
    await anna.told(lambda said: said.get("state") == "Waiting", within_s=40)
    found = await checked(anna)
    assert failing(found) == ["gone"]
    assert "No computer answers at 10.77.0.1" in words(found)


# -- one server, by the settings ---------------------------------------------------------------------------------------


async def test_only_the_server_of_the_settings_is_looked_at(lan: Lan):
    await relay_on(lan.host())
    for server, legs in (("10.77.0.1:5000", []), ("10.77.0.1:5001", ["port"]), ("10.77.0.99:5000", ["gone"])):
        host = lan.host()
        assert failing(await checked(await checker_on(host, server=server))) == legs
