"""What is shown of the conversations: noted while a turn's events are folded, and drawn once at its end."""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto

from common.ids import Millis
from desktop.controller.composing import Composing
from desktop.controller.filing import Filing
from desktop.controller.headings import header_of, status_line
from desktop.controller.opened import Opened
from desktop.controller.pinned import Pinned
from desktop.controller.reacting import Reacting
from desktop.controller.telling import Telling
from desktop.events.link import Connected, LinkState
from desktop.model.conversations import Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import Header
from desktop.screen import Screen, Tone


class Stale(Flag):
    """What is to be drawn again at the end of a turn."""

    NOTHING = 0
    RAIL = auto()
    HEADER = auto()
    MEMBERS = auto()
    STATUS = auto()
    COUNT = auto()
    EVERYTHING = RAIL | HEADER | MEMBERS | STATUS | COUNT


class Drawing:
    """The part of a `Talk` that draws it."""

    relay_name: str
    composing: Composing
    telling: Telling
    filing: Filing
    reacting: Reacting
    _screen: Screen
    _now: Callable[[], Millis]
    _roster: Roster
    _conversations: Conversations
    _drafts: Drafts
    _pinned: Pinned
    _reading: Opened | None
    _link_state: LinkState
    _complete_up_to: Millis | None
    _members_wanted: bool
    _focused: bool

    def __init__(self) -> None:
        self._stale = Stale.EVERYTHING
        self._status_shown: tuple[str, Tone] | None = None

    def draw(self) -> None:
        """Come onto the screen."""
        self._screen.show_main(self.relay_name, self._roster.me)
        self.settle()

    def settle(self) -> None:
        """Draw what has changed since the last time."""
        stale, self._stale = self._stale, Stale.NOTHING
        reading = self._reading
        if stale & Stale.STATUS:
            self._show_status()
        if stale & Stale.RAIL:
            rows = self._conversations.rail(self._roster, self._drafts, reading.group if reading else None)
            selected = next((at for at, row in enumerate(rows) if reading and row.group == reading.group), None)
            self._screen.show_rail(rows, selected)
            self.telling.count(self._conversations.total_unread())
        if stale & Stale.HEADER:
            self._screen.show_header(self._header())
        if stale & Stale.MEMBERS and self._members_wanted:
            self._screen.show_members(self._roster.members(reading.group) if reading else [])
        if stale & Stale.COUNT and reading is not None:
            conversation = self._conversations.get(reading.group)
            unseen = conversation.unread.count if conversation is not None and not reading.at_end else 0
            self._screen.show_new_count(unseen)
        self.filing.settle()
        self.reacting.settle()
        self.composing.settle()
        self._tell()

    def _tell(self) -> None:
        self.telling.settle(self._focused, self._reading.group if self._reading is not None else None)

    def _show_status(self) -> None:
        said = status_line(self._link_state, self._roster.online_count(), self._now())
        if said != self._status_shown:
            self._status_shown = said
            self._screen.show_status(*said)

    def _header(self) -> Header | None:
        reading = self._reading
        conversation = self._conversations.get(reading.group) if reading is not None else None
        if conversation is None:
            return None
        is_connected = isinstance(self._link_state, Connected)
        pins = self._pinned.of(conversation.info.id)
        return header_of(conversation, self._roster, is_connected, self._complete_up_to, pins)
