"""What a section of “This relay” may know and do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.protocol.messages import User
from desktop.intents import Intents
from desktop.screen import Question
from desktop.view.look import Look


@dataclass(frozen=True, slots=True)
class RelayDesk:
    """*user*: the owner who is signed in here. *kept*: what a section keeps while the sheet is open, by a name of its own."""

    look: Look
    intents: Intents
    user: User
    relay_name: str
    ask: Callable[[Question, Callable[[str], None]], None]
    kept: dict[str, Any]
