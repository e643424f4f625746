"""What crosses from the window's thread to the one that shows notifications."""

from __future__ import annotations

from msgspec import Struct, field

from common.ids import GroupId
from desktop.notifications import Notification


class Work(Struct):
    """What was asked and is not done yet."""

    wanted: dict[GroupId | None, Notification | None] = field(default_factory=dict)
    """None: what is shown of that group is to go."""
    clear: bool = False
    test: Notification | None = None
    look: bool = False
    tray: tuple[bool, int] | None = None
    """Whether an icon beside the clock is wanted, and how many messages it counts."""
