"""Where a relay can be reached: a host and a port, as text that people type and as it is kept."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from common.errors import MessengerError
from common.protocol.limits import DEFAULT_PORT
from desktop.locale import _

_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,9}\.?", re.ASCII)
_SCHEME: Final = re.compile(r"^(https?|wss?)://", re.IGNORECASE)


class BadAddress(MessengerError, ValueError):
    """This text is no address; the message says what one looks like."""


class Address(NamedTuple):
    """*host*: a name or an IP address without brackets; a link-local IPv6 address has its scope (``fe80::1%2``)."""

    host: str
    port: int

    def __str__(self) -> str:
        """``host:port``, as `parse_address` reads it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, default_port: int = DEFAULT_PORT) -> Address:
    """The address in a typed *text*: ``host``, ``host:port``, ``[v6]:port`` or a bare IPv6 address.

    Raises:
        BadAddress: it is none.
    """
    bare = _SCHEME.sub("", text.strip()).rstrip("/")
    host, port = _split(bare)
    if not _is_host(host):
        raise BadAddress(
            _("“{text}” is not an address. Type it like 192.168.1.20 or 192.168.1.20:5000.").format(text=text)
        )
    if not port:
        return Address(host, default_port)
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise BadAddress(_("There is no port “{port}”: it is a number from 1 to 65535.").format(port=port))
    return Address(host, int(port))


def parse_addresses(texts: Iterable[str]) -> list[Address]:
    """The address in each of *texts*, each once; what is none is left out."""
    found: dict[Address, None] = {}
    for text in texts:
        with contextlib.suppress(BadAddress):
            found[parse_address(text)] = None
    return list(found)


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        return (host, rest.removeprefix(":")) if bracket else ("", "")
    if text.count(":") > 1:
        return text, ""
    host, _colon, port = text.partition(":")
    return host, port


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return _NAME.fullmatch(host) is not None and not last.isdigit()
    return True
