"""The network adapters of this machine, and which of their addresses a neighbour on the LAN can use.

A relay that announces its Docker bridge or its VPN sends everybody to an address that leads nowhere, so those are left out
unless they are named.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from typing import Final

import ifaddr
from msgspec import Struct

from common.discovery.record import Subnet

# By the name of the adapter (Linux, BSD, macOS) …
_NOT_THE_LAN: Final = re.compile(
    r"(docker|br-|veth|virbr|vmnet|vboxnet|lxcbr|lxdbr|cni|flannel|cali|podman|kube|tun|tap|ppp|wg|utun|ipsec|gif|stf"
    r"|tailscale|zt|nebula|awdl|llw|anpi|ap\d|bridge\d{3}|dummy|ifb|sit|ip6tnl|vnic)",
    re.IGNORECASE,
)
# … and by the words of its description, which is all that Windows shows.
_NOT_THE_LAN_IN_WORDS: Final = re.compile(
    r"vEthernet|Hyper-V|VirtualBox|VMware|TAP-Windows|Wintun|WireGuard|Tailscale|ZeroTier|OpenVPN|VPN|Loopback|Teredo|"
    r"Wi-Fi Direct|Npcap",
    re.IGNORECASE,
)
# Documentation addresses (RFC 5737, RFC 3849): routed like any far address, and nothing is ever sent to them.
_FAR_IPV4: Final = "192.0.2.1"
_FAR_IPV6: Final = "2001:db8::1"


class LocalAddress(Struct, frozen=True):
    """One address of this machine. *adapter*: its system name; *index*: its number in the system, 0 if unknown."""

    adapter: str
    ip: str
    prefix: int
    index: int = 0
    description: str = ""

    @property
    def subnet(self) -> Subnet:
        """The address with its network."""
        return ipaddress.ip_interface(f"{self.ip}/{self.prefix}")

    @property
    def is_ipv4(self) -> bool:
        """Whether this is an IPv4 address."""
        return ":" not in self.ip

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.subnet.ip.is_loopback

    @property
    def is_link_local(self) -> bool:
        """169.254/16 or fe80::/10: given by the machine to itself."""
        return self.subnet.ip.is_link_local

    @property
    def names(self) -> frozenset[str]:
        """What ``RELAY_INTERFACES`` may call it, in lower case."""
        return frozenset((self.ip.lower(), self.adapter.lower(), self.description.lower()))

    @property
    def scoped(self) -> str:
        """The address as programs of this machine connect to it: a link-local one of IPv6 leads nowhere without its adapter."""
        needs_scope = self.is_link_local and not self.is_ipv4 and self.index
        return f"{self.ip}%{self.index}" if needs_scope else self.ip


def read_adapters() -> tuple[LocalAddress, ...]:
    """Every address of every adapter, as the system tells. Takes about a millisecond; blocks, so call it in an executor."""
    return tuple(
        LocalAddress(
            adapter=_text(adapter.name),
            ip=ip.ip if isinstance(ip.ip, str) else ip.ip[0],
            prefix=ip.network_prefix,
            index=adapter.index or 0,
            description=adapter.nice_name,
        )
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    )


def _text(name: object) -> str:
    # On Windows a name is bytes, whatever the library's types say.
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def default_route_addresses() -> frozenset[str]:
    """The addresses from which this machine would speak to the far world, one a family at most. Sends nothing."""
    found = set()
    for family, far in ((socket.AF_INET, _FAR_IPV4), (socket.AF_INET6, _FAR_IPV6)):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                found.add(str(probe.getsockname()[0]))
        except OSError:  # no route, or no such family on this machine: then there is no default address to prefer
            continue
    return frozenset(found)


def local_addresses() -> tuple[LocalAddress, ...]:
    """Every address of this machine, those of the default route first. Blocks for about a millisecond."""
    default = default_route_addresses()
    return tuple(sorted(read_adapters(), key=lambda address: address.ip not in default))


def lan_addresses(adapters: Iterable[LocalAddress], interfaces: Sequence[str] = ()) -> tuple[LocalAddress, ...]:
    """Those of *adapters* that neighbours on the LAN can reach: IPv4 first, link-local last, else in their order.

    *interfaces*: adapter names or addresses (``RELAY_INTERFACES``); when given, exactly these, loopback and tunnels too.
    Without them loopback, containers, virtual machines and tunnels are left out, and so is 169.254/16 while there is any
    other IPv4 address.
    """
    wanted = {name.strip().lower() for name in interfaces if name.strip()}
    if wanted:
        chosen = [address for address in adapters if address.names & wanted]
    else:
        chosen = [address for address in adapters if _is_on_the_lan(address)]
        if any(address.is_ipv4 and not address.is_link_local for address in chosen):
            chosen = [address for address in chosen if not (address.is_ipv4 and address.is_link_local)]
    return tuple(sorted(chosen, key=lambda address: (address.is_link_local, not address.is_ipv4)))


def unknown_interfaces(adapters: Sequence[LocalAddress], interfaces: Sequence[str]) -> str:
    """Which of *interfaces* (``RELAY_INTERFACES``) name none of *adapters*, and what there is to name, in a sentence; empty
    when all is well."""
    known = {name for address in adapters for name in address.names}
    unknown = [name for name in interfaces if name.strip() and name.strip().lower() not in known]
    if not unknown:
        return ""
    ips: dict[str, list[str]] = {}
    for address in adapters:
        # On Windows the system's name is a number in braces, and people know the description.
        ips.setdefault(address.description or address.adapter, []).append(address.ip)
    there = "; ".join(f"{name} ({', '.join(ip)})" for name, ip in ips.items()) or "none"
    return f"RELAY_INTERFACES names {', '.join(unknown)}, which this computer does not have. Its adapters: {there}."


def _is_on_the_lan(address: LocalAddress) -> bool:
    return not (
        address.is_loopback or _NOT_THE_LAN.match(address.adapter) or _NOT_THE_LAN_IN_WORDS.search(address.description)
    )


def reached_by(addresses: Iterable[LocalAddress], host: str) -> tuple[LocalAddress, ...]:
    """Those of *addresses* at which a listener bound to *host* answers: ``""`` and ``::`` all, ``0.0.0.0`` all of IPv4."""
    if host in {"", "::", "*"}:
        return tuple(addresses)
    if host == "0.0.0.0":
        return tuple(address for address in addresses if address.is_ipv4)
    return tuple(address for address in addresses if address.ip == host.partition("%")[0])


def subnets(addresses: Iterable[LocalAddress]) -> tuple[Subnet, ...]:
    """The networks that *addresses* are on."""
    return tuple(address.subnet for address in addresses)


def announced_addresses(
    adapters: Sequence[LocalAddress], host: str, interfaces: Sequence[str] = ()
) -> tuple[LocalAddress, ...]:
    """Those of *adapters* at which a relay that listens on *host* is announced.

    A *host* that is one address of this machine is where it is announced, be it loopback.
    """
    listens_on_one = tuple(address.ip for address in adapters if address.ip == host.partition("%")[0])
    return reached_by(lan_addresses(adapters, interfaces or listens_on_one), host)


def told_addresses(addresses: Sequence[LocalAddress]) -> tuple[LocalAddress, ...]:
    """Those of *addresses* that people are told and that invitations carry, in their order.

    A link-local address of IPv6 needs the name of the adapter on the computer where it is entered, which nobody can know
    here; so it is told only when there is no other.
    """
    good = tuple(address for address in addresses if address.is_ipv4 or not address.is_link_local)
    return good or tuple(addresses)


def with_scopes(host: str, adapters: Iterable[LocalAddress]) -> tuple[str, ...]:
    """*host* as it can be connected to from here: a link-local IPv6 address without a scope once on each of *adapters*, best first.

    That is how one is told and written down on another computer, where nobody can know the scope that it has on this one.
    """
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return (host,)
    if not isinstance(parsed, ipaddress.IPv6Address) or not parsed.is_link_local or parsed.scope_id:
        return (host,)
    places = [address for address in adapters if address.index and address.is_link_local and not address.is_ipv4]
    places.sort(key=lambda address: not _is_on_the_lan(address))
    return tuple(dict.fromkeys(f"{host}%{address.index}" for address in places)) or (host,)
