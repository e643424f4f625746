"""Whether the ports that a relay needs are free, or are its own."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Final

from common.errors import StartupError
from relay.cli.doctor.finding import Finding, Live, Patient, warning
from relay.listening import open_sockets

MDNS_PORT: Final = 5353


def check(patient: Patient) -> list[Finding]:
    """The relay's TCP port, and UDP port 5353 of multicast DNS."""
    return [*_tcp(patient), *_mdns(patient)]


def _tcp(patient: Patient) -> list[Finding]:
    config = patient.config
    if isinstance(patient.inside, Live):
        return [Finding(True, f"The relay has TCP port {patient.inside.relay.port}.")]
    try:
        sockets = open_sockets(config.host, config.port, is_asked_for=True)
    except StartupError as error:
        if config.is_port_asked_for:
            return [Finding(False, str(error), f"{_who_has('tcp', config.port)} says who has it.")]
        return [
            warning(
                f"TCP port {config.port} cannot be had: a relay that is started now takes the next free one.",
                f"That is well, unless others enter it by hand. {_who_has('tcp', config.port)} says who has it.",
            )
        ]
    for each in sockets:
        each.close()
    return [Finding(True, f"TCP port {config.port} is free for the relay.")]


def _mdns(patient: Patient) -> list[Finding]:
    if not patient.config.announce:
        return []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind(("", MDNS_PORT))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            return [
                Finding(
                    False,
                    f"Another program keeps UDP port {MDNS_PORT} for itself, so nothing can be announced by multicast DNS.",
                    f"{_who_has('udp', MDNS_PORT)} says which. Stop it, or let it share the port; until then clients find the relay by "
                    "broadcast, an invitation or its address.",
                )
            ]
    return [Finding(True, f"UDP port {MDNS_PORT} of multicast DNS can be used.")]


def _who_has(kind: str, port: int) -> str:
    """The command that tells."""
    if sys.platform == "win32":
        return f"`netstat -abno -p {kind} | findstr :{port}`"
    if sys.platform == "darwin":
        return f"`sudo lsof -nP -i {kind}:{port}`"
    return f"`sudo ss -{'u' if kind == 'udp' else 't'}lpn 'sport = :{port}'`"
