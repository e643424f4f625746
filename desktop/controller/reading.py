"""Reading: which conversation is open, where its reader goes in it, and how far they have read."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from common.ids import GroupId, Seq
from desktop.controller.beginning import begin_logs
from desktop.controller.doors import LinkDoor
from desktop.controller.drawing import Drawing, Stale
from desktop.controller.headings import may_manage
from desktop.controller.opened import Opened
from desktop.events.link import Connected
from desktop.locale import local_day
from desktop.model.rows import Splice
from desktop.model.timeline import Timeline
from desktop.model.unread import NewMark


class Reading(Drawing):
    """The part of a `Talk` that follows its reader."""

    _link: LinkDoor
    _timelines: dict[GroupId, Timeline]

    def __init__(self) -> None:
        super().__init__()
        self._reading: Opened | None = None

    # -- which conversation --------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        """Show *group*: where the new messages begin, else at its end."""
        conversation = self._conversations.get(group)
        if conversation is None:
            return
        timeline = self._timelines.get(group)
        if timeline is None:
            timeline = self._timelines[group] = Timeline(self._roster.me.id, self._roster.name, local_day)
            timeline.set_outbox(conversation.outbox)
            for _splice in timeline.set_acts(conversation.outbox):
                pass  # nobody sees it yet
            timeline.set_read_by_others(self._roster.read_by_others(group))
        mark = NewMark()
        if conversation.joined:
            mark.opened(conversation.unread)
        timeline.set_new_after(mark.after)
        timeline.set_may_manage(may_manage(conversation.info))
        begin_logs({group: timeline}, self._conversations, lambda _group, _splice: None)
        line = timeline.new_line()
        self._reading = Opened(group, timeline, mark, known=conversation.info.last_seq)
        self.reacting.open(timeline, conversation.unread.read_seq)
        self._stale |= Stale.RAIL | Stale.HEADER | Stale.MEMBERS | Stale.COUNT
        self.settle()
        self._screen.open_timeline(timeline, line)
        self.composing.open(group, timeline)
        if conversation.joined:
            self._link.open_group(group)
            self._pinned.ask(group)

    def close_group(self) -> None:
        """Show no conversation."""
        self._reading = None
        self.reacting.open(None)
        self.composing.close()
        self._stale |= Stale.RAIL | Stale.HEADER | Stale.MEMBERS | Stale.COUNT
        self.settle()

    @property
    def is_open(self) -> bool:
        """Whether a conversation is open."""
        return self._reading is not None

    def ask_about(self, ask: Callable[[GroupId], None]) -> None:
        """Ask the link something about the open conversation."""
        if self._reading is not None:
            ask(self._reading.group)

    def _is_joined(self) -> bool:
        """Whether the person is in the open conversation."""
        conversation = self._conversations.get(self._reading.group) if self._reading is not None else None
        return conversation is not None and conversation.joined

    def _open_something(self) -> None:
        """The most recent conversation, while none was opened."""
        if self._reading is None:
            rows = self._conversations.rail(self._roster, self._drafts)
            if rows and rows[0].joined:
                self.open_group(rows[0].group)

    # -- where in it ---------------------------------------------------------------------------------------------------

    def jump_to(self, group: GroupId, seq: Seq) -> None:
        """Show that entry in its place; when it is not here, as soon as it is."""
        if self._reading is None or self._reading.group != group:
            self.open_group(group)
        reading = self._reading
        if reading is not None and reading.group == group:
            reading.jumping_to = seq
            if not self._land(reading):
                self._link.load_around(group, seq)

    def _land(self, reading: Opened) -> bool:
        """Go to the row that the reader wants to see, if it is here."""
        index = reading.timeline.index_of(reading.jumping_to) if reading.jumping_to is not None else None
        if index is None:
            return False
        reading.jumping_to = None
        reading.arriving = False
        self._screen.show_row(index)
        return True

    def load_older(self) -> None:
        """Fetch the page before the first row, unless it is on its way."""
        reading = self._reading
        if reading is None or reading.timeline.first_reached:
            return
        oldest = reading.timeline.oldest
        if oldest is not None and reading.asked_before != oldest:
            reading.asked_before = oldest
            self._link.load_before(reading.group, oldest)

    def load_gap(self, index: int) -> None:
        """Fetch what is missing at row *index*; the link knows what it has already asked for."""
        if self._reading is not None and (gap := self._reading.timeline.gap(index)) is not None:
            self._link.fill_gap(self._reading.group, gap.after, gap.before)

    def read_up_to(self, index: int) -> None:
        """Rows up to *index* were seen: the marker moves, if they are new."""
        reading = self._reading
        conversation = self._conversations.get(reading.group) if reading is not None else None
        if reading is None or conversation is None or not (conversation.joined and self._focused):
            return
        if reading.stays_unread:
            return
        seq = reading.timeline.seq_up_to(index)
        if self._conversations.move(reading.group, seq):
            self._link.mark_read(reading.group, seq)
            self._stale |= Stale.RAIL | Stale.COUNT
            self.settle()

    def scrolled(self, at_end: bool) -> None:
        """The reader arrived at the end, or left it."""
        if self._reading is not None:
            self._reading.at_end = at_end
            self._reading.arriving &= at_end
            self._stale |= Stale.COUNT
            self.settle()

    def jump_to_newest(self) -> None:
        """The view went to the end of its rows; what the log has beyond them is fetched."""
        if self._reading is None:
            return
        self.scrolled(at_end=True)
        conversation = self._conversations.get(self._reading.group)
        if conversation is not None and self._reading.timeline.newest < conversation.info.last_seq:
            self._link.open_group(self._reading.group)

    # -- what is seen of it --------------------------------------------------------------------------------------------

    def show_members(self, wanted: bool) -> None:
        """The members pane was opened or closed."""
        self._members_wanted = wanted
        if wanted and self._reading is not None:
            self._stale |= Stale.MEMBERS
            self.settle()
            if isinstance(self._link_state, Connected):
                self._link.list_members(self._reading.group)

    def window_focused(self, focused: bool) -> None:
        """The window got or lost the keyboard."""
        self._focused = focused
        self._tell()

    def _splice_each(self, group: GroupId, splices: Iterable[Splice]) -> None:
        for splice in splices:
            self._splice(group, splice)

    def _splice(self, group: GroupId, splice: Splice | None) -> None:
        if splice is not None and self._reading is not None and self._reading.group == group:
            self._screen.splice_timeline(splice)
