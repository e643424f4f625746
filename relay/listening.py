"""Opens the sockets that the relay listens on: both IP versions, one port, the next free one when it was not asked for."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from typing import Final

from common.errors import StartupError

BACKLOG: Final = 1024
NEXT_PORTS: Final = 100
SEND_BUFFER_BYTES: Final = 256 * 1024
"""What the system may hold for one client that reads slowly; by itself it would grow to several megabytes."""
_PRIVILEGED_BELOW: Final = 1024
_ANY: Final = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))
_NO_SUCH_FAMILY: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})

Place = tuple[socket.AddressFamily, str]


def open_sockets(host: str, port: int, *, is_asked_for: bool) -> list[socket.socket]:
    """Listening sockets at *host* ("" for all addresses), all on one port; *port* 0 takes any free one.

    A busy *port* that *is_asked_for* is refused; else one of the next hundred is taken.

    Raises:
        StartupError: no address or port can be used; the text says which and why.
    """
    places = _places(host)
    last = port if is_asked_for or port == 0 else min(port + NEXT_PORTS, 65535)
    for candidate in range(port, last + 1):
        try:
            return _open_all(places, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or candidate == last:
                raise StartupError(_in_words(host, candidate, error)) from error
    raise AssertionError("the last candidate either opens or raises")


def _places(host: str) -> Sequence[Place]:
    if not host:
        return _ANY
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartupError(f"SERVER_HOST is “{host}”, which is no address of this machine ({error}).") from error
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _open_all(places: Sequence[Place], port: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for family, address in places:
            try:
                opened.append(_open(family, address, opened[0].getsockname()[1] if opened else port))
            except OSError as error:
                if error.errno not in _NO_SUCH_FAMILY or len(places) == 1:
                    raise
        if not opened:
            raise OSError(errno.EADDRNOTAVAIL, "no address family can be used")
    except BaseException:
        for each in opened:
            each.close()
        raise
    return opened


def _open(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would let two programs share a port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        opened.bind((address, port))
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except BaseException:
        opened.close()
        raise
    return opened


def _in_words(host: str, port: int, error: OSError) -> str:
    where = f"{host or 'all addresses'}, port {port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Another program already listens on {where}. Stop it, or choose another port with --port or SERVER_PORT."
        )
    if error.errno == errno.EACCES and port < _PRIVILEGED_BELOW:
        return f"This user may not listen on {where}: ports below {_PRIVILEGED_BELOW} need more rights. Choose a higher one."
    return f"The relay cannot listen on {where}: {error.strerror or error}."
