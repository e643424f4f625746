"""What is answered is to be seen above the answer, however far back it is: looked up in the archive, else asked of the relay."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from common.errors import LinkLost
from common.ids import GroupId, Seq
from common.protocol.messages import Entry, History, Page
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf

ASKED: Final = 20
"""So many of one page are asked of the relay, the newest; each is a question of its own."""

_log = logging.getLogger(__name__)


class Quotes:
    """Finds the messages that others answer."""

    def __init__(self, shelf: Shelf, asking: Asking, tell: Callable[[GroupId, Sequence[Entry]], None]) -> None:
        """*tell* is told what was found."""
        self._shelf = shelf
        self._asking = asking
        self._tell = tell
        self._asked: set[tuple[GroupId, Seq]] = set()

    def told(self, group: GroupId, entries: Sequence[Entry]) -> None:
        """*entries* were told: whatever they answer that is not among them is to be told too."""
        here = {entry.seq for entry in entries}
        answered = {entry.target for entry in entries if entry.kind == "message" and entry.target is not None}
        info = self._shelf.groups.get(group)
        floor = 0 if info is None else info.floor
        if wanted := {seq for seq in answered - here if seq > floor}:
            self._asking.spawn(self._find(group, wanted), "quotes")

    def lost(self) -> None:
        """The link is gone; what it did not answer is asked again when it is seen again."""
        self._asked.clear()

    async def _find(self, group: GroupId, wanted: set[Seq]) -> None:
        found = await self._shelf.entries_at(group, wanted)
        self._tell(group, found)
        missing = wanted - {entry.seq for entry in found}
        for seq in sorted(missing, reverse=True)[:ASKED]:
            if (group, seq) not in self._asked and self._asking.wire is not None:
                self._asked.add((group, seq))
                await self._ask(group, seq)

    async def _ask(self, group: GroupId, seq: Seq) -> None:
        try:
            page = await self._asking.patiently(History(group=group, before=Seq(seq + 1), limit=1), Page)
        except (Denied, LinkLost) as error:
            _log.info("what is quoted from entry %s of group %s is not known: %s", seq, group, error)
            return
        entries = [*page.entries, *page.related]
        self._shelf.keep_related(group, entries)
        self._tell(group, entries)
