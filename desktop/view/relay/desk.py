"""What a section of “This relay” may know and do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from common.protocol.messages import User
from desktop.intents import Intents
from desktop.screen import Question
from desktop.view.look import Look


class RelayDesk(Struct, frozen=True):
    """*user*: the owner who is signed in here. *kept*: what a section keeps while the sheet is open, by a name of its own."""

    look: Look
    intents: Intents
    user: User
    relay_name: str
    ask: Callable[[Question, Callable[[str], None]], None]
    kept: dict[str, Any]
