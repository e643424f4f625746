"""Of what one is told in a conversation: how each level is called and drawn, in menus, sheets, the list and above the messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from common.protocol.messages import NotifyLevel
from desktop.locale import _

SIGNS: Final[dict[NotifyLevel, str]] = {"all": "", "mentions": "at", "nothing": "bell_off"}
"""The icon beside the name of a conversation; empty: none."""


class Level(Struct, frozen=True):
    """*icon*: in a menu. *short*: on a button below a heading, *full*: by itself."""

    level: NotifyLevel
    icon: str
    short: str
    full: str


def levels() -> Sequence[Level]:
    """All of them, the loudest first."""
    return (
        Level("all", "bell", _("Everything"), _("Tell me of everything")),
        Level("mentions", "at", _("Mentions"), _("Tell me only when I am called")),
        Level("nothing", "bell_off", _("Nothing"), _("Tell me of nothing")),
    )
