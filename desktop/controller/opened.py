"""The conversation that is open, and where its reader is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from common.ids import GroupId, Seq
from common.protocol.messages import Entry
from desktop.model.timeline import Timeline
from desktop.model.unread import NewMark


class Opened(Struct):
    """The conversation that is open, and where its reader is."""

    group: GroupId
    timeline: Timeline
    mark: NewMark
    at_end: bool = True
    """Until the view says that it is not."""
    arriving: bool = True
    """Nothing was scrolled yet: when the first new message becomes known, it is where the conversation opens."""
    asked_before: Seq | None = None
    """Older entries than this one are on their way."""
    stays_unread: bool = False
    """The person has marked something here as unread, so looking at it does not make it read."""
    jumping_to: Seq | None = None
    """The reader wants to see this entry, which is on its way."""
    known: Seq = Seq(0)
    """The newest entry that was heard of, be it only by the list of groups when this was opened."""

    def reaches_beyond(self, entries: Sequence[Entry]) -> bool:
        """Whether there are any among *entries* that nothing was heard of before."""
        return any(entry.seq > self.known for entry in entries)

    def know(self, entries: Sequence[Entry]) -> None:
        """*entries* are known now."""
        self.known = max(self.known, *(entry.seq for entry in entries), self.known)
