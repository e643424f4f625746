"""The conversation that is open, and where its reader is."""

from __future__ import annotations

from msgspec import Struct

from common.ids import GroupId, Seq
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
