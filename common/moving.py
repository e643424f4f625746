"""The link by which a computer takes a relay over: where it is, which one it is, and the ticket that allows it.

It is no invitation: whoever has it before it is used gets the whole relay with all its keys. So it has a scheme of its own, is short-lived, and is
typed or passed on standard input, never as an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from common.crypto.identity import BadRelayId, parse_relay_id, show_relay_id
from common.errors import MessengerError
from common.ids import RelayId

SCHEME: Final = "pymessenger-move"
_LINK: Final = re.compile(
    rf"{SCHEME}://(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[\w.-]+):(?P<port>\d{{1,5}})/(?P<id>[\w-]+)\?ticket=(?P<ticket>[\w-]{{1,64}})",
    re.ASCII,
)


class BadMoveLink(MessengerError, ValueError):
    """This text is no such link; the message says what to do."""


@dataclass(frozen=True, slots=True)
class MoveLink:
    """*host*: a name, or an address without brackets."""

    host: str
    port: int
    relay_id: RelayId
    ticket: str = field(repr=False)

    @property
    def text(self) -> str:
        """``pymessenger-move://host:port/RELAY-ID?ticket=…``"""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}://{host}:{self.port}/{show_relay_id(self.relay_id)}?ticket={self.ticket}"


def parse_move_link(text: str) -> MoveLink:
    """The link in a typed or pasted *text*.

    Raises:
        BadMoveLink: it is none.
    """
    found = _LINK.fullmatch(text.strip().strip("<>"))
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise BadMoveLink(
            f"This is no link for a move: it looks like {SCHEME}://192.168.1.20:5000/…?ticket=… . Copy it whole."
        )
    try:
        relay_id = parse_relay_id(found["id"])
    except BadRelayId as error:
        raise BadMoveLink(f"The relay id in the link is wrong. {error}") from error
    return MoveLink(found["host"].strip("[]"), int(found["port"]), relay_id, found["ticket"])
