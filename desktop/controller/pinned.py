"""How many messages of each conversation are pinned: the relay is asked, since most of the log may not be here."""

from __future__ import annotations

from collections.abc import Iterable

from common.ids import GroupId
from common.protocol.messages import Entry
from desktop.controller.doors import LinkDoor
from desktop.events.conversations import PinsCounted


class Pinned:
    """Asks when a conversation is opened, when the link is there again, and whenever something may have changed."""

    def __init__(self, link: LinkDoor) -> None:
        self._link = link
        self._counts: dict[GroupId, int] = {}

    def of(self, group: GroupId) -> int:
        """As far as is known."""
        return self._counts.get(group, 0)

    def ask(self, group: GroupId) -> None:
        """The number may be another one."""
        self._link.count_pins(group)

    def heard(self, group: GroupId, entries: Iterable[Entry]) -> None:
        """*entries* have just been said there."""
        if any(entry.kind in ("pin", "redaction") for entry in entries):
            self.ask(group)

    def fold(self, event: PinsCounted) -> None:
        """The relay has counted."""
        self._counts[event.group] = event.count
