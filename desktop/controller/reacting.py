"""The note about new reactions to own messages of the open conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from common.ids import Seq
from desktop.model.reacted import ReactionNote, note_of
from desktop.model.roster import Roster
from desktop.model.timeline import Timeline
from desktop.screen import Screen

_NOTHING: Final = Seq(0)


class Reacting:
    """What the person had read when the conversation was opened divides old reactions from new ones, until it is opened again."""

    def __init__(self, screen: Screen, roster: Roster, is_wanted: Callable[[], bool]) -> None:
        """*is_wanted*: the person wants to be told."""
        self._screen = screen
        self._roster = roster
        self._is_wanted = is_wanted
        self._timeline: Timeline | None = None
        self._after = _NOTHING
        self._was_wanted = True
        self._is_stale = False
        self._shown: ReactionNote | None = None

    def open(self, timeline: Timeline | None, after: Seq = _NOTHING) -> None:
        """Another conversation, read up to *after*; None: none."""
        self._timeline = timeline
        self._after = after
        self._is_stale = True

    def touch(self) -> None:
        """Something was said, or somebody is called otherwise."""
        self._is_stale = True

    def dismiss(self) -> None:
        """The person has seen it."""
        if self._timeline is not None:
            self.open(self._timeline, self._timeline.newest)

    def settle(self) -> None:
        """Show what has changed."""
        is_wanted = self._is_wanted()
        if not self._is_stale and is_wanted == self._was_wanted:
            return
        self._is_stale, self._was_wanted = False, is_wanted
        timeline = self._timeline if is_wanted else None
        note = note_of(timeline, self._after, self._roster.me.id, self._roster.name) if timeline is not None else None
        if note != self._shown:
            self._shown = note
            self._screen.show_reactions(note)
