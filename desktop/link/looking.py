"""Where and by which ways a client looks for relays."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from common.protocol.limits import DEFAULT_PORT


class Looking(Struct, frozen=True):
    """How relays are looked for. *server*: address to go to instead of discovering (``SERVER_HOST``), may be empty.

    *interfaces*: adapters or addresses to look on, those of the LAN when empty. *ports* are asked by broadcast.
    """

    server: str = ""
    multicast: bool = True
    broadcast: bool = True
    interfaces: tuple[str, ...] = ()
    ports: tuple[int, ...] = (DEFAULT_PORT,)


EVERYWHERE: Final = Looking()
"""By every way there is."""
