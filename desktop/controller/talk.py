"""The conversations of somebody who is signed in: events are folded into the models, and what changed goes to the screen.

A splice of the open timeline is told at once, as it is only true for the rows as they are then. Everything else that is shown is
noted while a turn's events are folded and drawn once in `settle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto
from typing import Final

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry
from desktop.controller.doors import LinkDoor
from desktop.controller.words import LINK_LOST, refusal
from desktop.events import (
    CommandRefused,
    CompleteUpTo,
    Connected,
    Connecting,
    DraftsKnown,
    EntriesKnown,
    EpochBegan,
    GroupLost,
    GroupSeen,
    GroupsListed,
    LinkChanged,
    LinkEvent,
    LinkState,
    MembersListed,
    Offline,
    OutboxListed,
    PresenceSeen,
    ReadSeen,
    SignedIn,
    UsersKnown,
    Waiting,
)
from desktop.locale import _, local_day, n_
from desktop.model.conversations import Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import Header, Splice
from desktop.model.timeline import Timeline
from desktop.model.unread import NewMark
from desktop.screen import Screen, Tone

_MAY_RENAME: Final = ("owner", "admin")
_BY_ITSELF: Final = ("load_before", "fill_gap", "open_group", "list_members", "mark_read", "save_draft")


class _Stale(Flag):
    """What is to be drawn again at the end of a turn."""

    NOTHING = 0
    RAIL = auto()
    HEADER = auto()
    MEMBERS = auto()
    STATUS = auto()
    COUNT = auto()
    EVERYTHING = RAIL | HEADER | MEMBERS | STATUS | COUNT


@dataclass(slots=True)
class _Reading:
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


class Talk:
    """One person at one relay."""

    def __init__(
        self,
        screen: Screen,
        link: LinkDoor,
        signed_in: SignedIn,
        *,
        now: Callable[[], Millis],
        new_nonce: Callable[[], Nonce],
        focused: bool,
        members_wanted: bool,
    ) -> None:
        """*focused*: the window has the keyboard; *members_wanted*: the members pane is open."""
        self._screen = screen
        self._link = link
        self._now = now
        self._new_nonce = new_nonce
        self._focused = focused
        self._members_wanted = members_wanted
        self.relay_id = signed_in.relay_id
        self.relay_name = signed_in.relay_name
        self._roster = Roster(signed_in.user)
        self._conversations = Conversations(signed_in.user.id)
        self._drafts = Drafts()
        self._timelines: dict[GroupId, Timeline] = {}
        self._reading: _Reading | None = None
        self._link_state: LinkState = Connecting()
        self._complete_up_to: Millis | None = None
        self._awaited_name: str | None = None
        self._stale = _Stale.EVERYTHING
        self._to_beep = False
        self._status_shown = ""

    def is_of(self, event: SignedIn) -> bool:
        """Whether *event* only says again who is signed in here."""
        return event.relay_id == self.relay_id and event.user.id == self._roster.me.id

    # -- what the link tells -------------------------------------------------------------------------------------------

    def fold(self, event: LinkEvent) -> None:
        """Take *event* into the models."""
        match event:
            case LinkChanged(state):
                self._link_changed(state)
            case EpochBegan():
                self._begin_epoch()
            case GroupsListed(groups):
                was_joined = self._is_joined()
                for gone in self._conversations.list_groups(groups):
                    self._forget_group(gone)
                self._stale |= _Stale.RAIL | _Stale.HEADER
                if self._reading is not None and self._is_joined() != was_joined:
                    self.open_group(self._reading.group)
                self._open_something()
            case GroupSeen(group):
                self._group_seen(group.id, lambda: self._conversations.see(group))
            case GroupLost(group_id):
                self._conversations.lose(group_id)
                self._forget_group(group_id)
            case EntriesKnown():
                self._entries_known(event)
            case CompleteUpTo(at):
                self._complete_up_to = at
                self._stale |= _Stale.HEADER
            case MembersListed(group_id, members):
                self._renamed(self._roster.list_members(group_id, members))
                self._read_by_others(group_id)
                self._stale |= _Stale.MEMBERS | _Stale.HEADER | _Stale.STATUS
            case UsersKnown(users):
                self._renamed(self._roster.know(users))
            case PresenceSeen(user, state):
                self._roster.see_presence(user, state)
                self._stale |= _Stale.MEMBERS | _Stale.HEADER | _Stale.STATUS
            case ReadSeen():
                self._read_seen(event)
            case OutboxListed(group_id, items):
                self._conversations.wait(group_id, items)
                if (timeline := self._timelines.get(group_id)) is not None:
                    self._splice(group_id, timeline.set_outbox(items))
                self._stale |= _Stale.RAIL
            case DraftsKnown(drafts):
                self._drafts.know(drafts)
                self._stale |= _Stale.RAIL
                if self._reading is not None:
                    self._show_composer(self._reading.group)
            case CommandRefused(what, code, message):
                self._refused(what, code, message)
            case _:
                pass

    def _refused(self, what: str, code: str, message: str) -> None:
        if what == "create_group":
            self._awaited_name = None
        # What nobody asked for by a button needs no remark while the relay is away: the status already says so.
        if code != LINK_LOST or what not in _BY_ITSELF:
            self._screen.show_toast(refusal(code, message))

    def _link_changed(self, state: LinkState) -> None:
        self._link_state = state
        self._stale |= _Stale.STATUS | _Stale.HEADER
        if self._reading is not None:
            self._reading.asked_before = None
        if isinstance(state, Connected):
            for group in {self._conversations.general(), self._reading.group if self._reading else None}:
                if group is not None:
                    self._link.list_members(group)
        else:
            self._roster.nobody_is_here()
            self._stale |= _Stale.MEMBERS

    def _is_joined(self) -> bool:
        """Whether the person is in the open conversation."""
        conversation = self._conversations.get(self._reading.group) if self._reading is not None else None
        return conversation is not None and conversation.joined

    def _begin_epoch(self) -> None:
        self._conversations.begin_epoch()
        self._timelines.clear()
        self._stale |= _Stale.RAIL
        if self._reading is not None:
            self.open_group(self._reading.group)

    def _group_seen(self, group: GroupId, fold: Callable[[], None]) -> None:
        before = self._conversations.get(group)
        was_joined = before is not None and before.joined
        fold()
        conversation = self._conversations.get(group)
        assert conversation is not None
        self._stale |= _Stale.RAIL | _Stale.HEADER | _Stale.COUNT
        is_own = conversation.info.role == "owner" and before is None
        if is_own and conversation.info.name == self._awaited_name:
            self._awaited_name = None
            self.open_group(group)
        elif self._reading is not None and self._reading.group == group and conversation.joined != was_joined:
            self.open_group(group)

    def _entries_known(self, event: EntriesKnown) -> None:
        group = event.group
        conversation, timeline = self._conversations.get(group), self._timelines.get(group)
        reading = self._reading if self._reading is not None and self._reading.group == group else None
        if event.live:
            self._follow_members(group, event.entries)
        if conversation is not None:
            unread = conversation.unread
            self._to_beep |= event.live and not self._focused and any(unread.counts(entry) for entry in event.entries)
            watched = event.live and self._focused and reading is not None and reading.at_end
            if reading is not None and reading.mark.arrived(event.entries, unread, watched=watched):
                self._splice(group, reading.timeline.set_new_after(reading.mark.after))
            self._conversations.know(group, event.entries)
        if timeline is not None:
            had_line = timeline.new_line() is not None
            self._splice(group, timeline.add(event.entries, first_reached=event.first_reached))
            if reading is not None and not event.live:
                reading.asked_before = None
                if reading.arriving and not had_line and (line := timeline.new_line()) is not None:
                    # Only now is it known where the conversation opens.
                    reading.at_end = True
                    self._screen.open_timeline(timeline, line)
        self._stale |= _Stale.RAIL | _Stale.COUNT

    def _follow_members(self, group: GroupId, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if entry.kind == "join":
                self._roster.joined(group, entry.sender)
            elif entry.kind == "leave":
                self._roster.left(group, entry.sender)
            else:
                continue
            self._stale |= _Stale.MEMBERS | _Stale.HEADER

    def _read_seen(self, event: ReadSeen) -> None:
        if event.user == self._roster.me.id:
            conversation = self._conversations.get(event.group)
            if conversation is not None and conversation.unread.move(event.seq):
                self._stale |= _Stale.RAIL | _Stale.COUNT
            return
        self._roster.see_read(event.group, event.user, event.seq)
        self._read_by_others(event.group)

    def _read_by_others(self, group: GroupId) -> None:
        if (timeline := self._timelines.get(group)) is not None:
            self._splice(group, timeline.set_read_by_others(self._roster.read_by_others(group)))

    def _renamed(self, people: set[UserId]) -> None:
        if not people:
            return
        for group, timeline in self._timelines.items():
            self._splice(group, timeline.rename(people))
        self._stale |= _Stale.RAIL | _Stale.MEMBERS

    def _forget_group(self, group: GroupId) -> None:
        self._timelines.pop(group, None)
        self._roster.forget_group(group)
        self._stale |= _Stale.RAIL
        if self._reading is not None and self._reading.group == group:
            self.close_group()

    def _splice(self, group: GroupId, splice: Splice | None) -> None:
        if splice is not None and self._reading is not None and self._reading.group == group:
            self._screen.splice_timeline(splice)

    # -- what the person asks ------------------------------------------------------------------------------------------

    def open_group(self, group: GroupId) -> None:
        """Show *group*: where the new messages begin, else at its end."""
        conversation = self._conversations.get(group)
        if conversation is None:
            return
        timeline = self._timelines.get(group)
        if timeline is None:
            timeline = self._timelines[group] = Timeline(self._roster.me.id, self._roster.name, local_day)
            timeline.set_outbox(conversation.outbox)
            timeline.set_read_by_others(self._roster.read_by_others(group))
        mark = NewMark()
        if conversation.joined:
            mark.opened(conversation.unread)
        timeline.set_new_after(mark.after)
        line = timeline.new_line()
        self._reading = _Reading(group, timeline, mark)
        self._stale |= _Stale.RAIL | _Stale.HEADER | _Stale.MEMBERS | _Stale.COUNT
        self.settle()
        self._screen.open_timeline(timeline, line)
        self._show_composer(group)
        if conversation.joined:
            self._link.open_group(group)

    def close_group(self) -> None:
        """Show no conversation."""
        self._reading = None
        self._stale |= _Stale.RAIL | _Stale.HEADER | _Stale.MEMBERS | _Stale.COUNT
        self.settle()

    def send(self, text: str) -> None:
        """Post *text* into the open conversation, and go to its end."""
        reading = self._reading
        if reading is None or not text.strip():
            return
        self._link.post(reading.group, self._new_nonce(), text)
        self.draft_changed("")
        if reading.mark.said_something():
            self._splice(reading.group, reading.timeline.set_new_after(None))
        reading.arriving = False
        if not reading.at_end:
            reading.at_end = True
            self._screen.open_timeline(reading.timeline, None)
        self._stale |= _Stale.COUNT
        self.settle()

    def edit_failed(self, nonce: Nonce) -> None:
        """Take a failed message back into the composer, above what is already there."""
        item = self._reading.timeline.outbox_item(nonce) if self._reading is not None else None
        if item is None:
            return
        draft = self._drafts.of(item.group)
        # The draft first: a client that dies in between has the text twice, never not at all.
        self.draft_changed(f"{item.body}\n{draft}" if draft else item.body)
        self._link.discard(nonce)
        self._show_composer(item.group)

    def draft_changed(self, text: str) -> None:
        """The composer of the open conversation holds *text*."""
        if self._reading is not None and self._drafts.put(self._reading.group, text):
            self._link.save_draft(self._reading.group, self._drafts.of(self._reading.group))

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
        seq = reading.timeline.seq_up_to(index)
        if conversation.unread.move(seq):
            self._link.mark_read(reading.group, seq)
            self._stale |= _Stale.RAIL | _Stale.COUNT
            self.settle()

    def scrolled(self, at_end: bool) -> None:
        """The reader arrived at the end, or left it."""
        if self._reading is not None:
            self._reading.at_end = at_end
            self._reading.arriving &= at_end
            self._stale |= _Stale.COUNT
            self.settle()

    def jump_to_newest(self) -> None:
        """The view went to the end of its rows; what the log has beyond them is fetched."""
        if self._reading is None:
            return
        self.scrolled(at_end=True)
        conversation = self._conversations.get(self._reading.group)
        if conversation is not None and self._reading.timeline.newest < conversation.info.last_seq:
            self._link.open_group(self._reading.group)

    def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group; it is opened when it is there."""
        self._awaited_name = name
        self._link.create_group(name, topic, private)

    def show_members(self, wanted: bool) -> None:
        """The members pane was opened or closed."""
        self._members_wanted = wanted
        if wanted and self._reading is not None:
            self._stale |= _Stale.MEMBERS
            self.settle()
            if isinstance(self._link_state, Connected):
                self._link.list_members(self._reading.group)

    def window_focused(self, focused: bool) -> None:
        """The window got or lost the keyboard."""
        self._focused = focused

    # -- drawing -------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Come onto the screen."""
        self._screen.show_main(self.relay_name, self._roster.me)
        self.settle()

    def draw_words(self) -> None:
        """The language is another one: say again what is made of words here."""
        self._status_shown = ""
        self._stale = _Stale.EVERYTHING
        self.settle()
        reading = self._reading
        conversation = self._conversations.get(reading.group) if reading is not None else None
        if conversation is not None and not conversation.joined:
            self._show_composer(conversation.info.id)

    def tick(self) -> None:
        """A second has passed."""
        if isinstance(self._link_state, Waiting):
            self._stale |= _Stale.STATUS
            self.settle()

    def settle(self) -> None:
        """Draw what has changed since the last time."""
        stale, self._stale = self._stale, _Stale.NOTHING
        reading = self._reading
        if stale & _Stale.STATUS:
            self._show_status()
        if stale & _Stale.RAIL:
            rows = self._conversations.rail(self._roster, self._drafts, reading.group if reading else None)
            selected = next((at for at, row in enumerate(rows) if reading and row.group == reading.group), None)
            self._screen.show_rail(rows, selected)
            self._screen.show_unread(self._conversations.total_unread())
        if stale & _Stale.HEADER:
            self._screen.show_header(self._header())
        if stale & _Stale.MEMBERS and self._members_wanted:
            self._screen.show_members(self._roster.members(reading.group) if reading else [])
        if stale & _Stale.COUNT and reading is not None:
            conversation = self._conversations.get(reading.group)
            unseen = conversation.unread.count if conversation is not None and not reading.at_end else 0
            self._screen.show_new_count(unseen)
        if self._to_beep:
            self._to_beep = False
            self._screen.beep()

    def _show_status(self) -> None:
        match self._link_state:
            case Connected():
                count = self._roster.online_count()
                online = n_("Connected · {n} online", "Connected · {n} online", count).format(n=count)
                text, tone = (online if count else _("Connected")), Tone.GOOD
            case Waiting(until, _reason) if until > self._now():
                seconds = -(-(until - self._now()) // 1000)
                text, tone = _("Not connected · next try in {n} s").format(n=seconds), Tone.BAD
            case Offline():
                text, tone = _("Not connected"), Tone.BAD
            case _:
                text, tone = _("Connecting…"), Tone.BUSY
        if text != self._status_shown:
            self._status_shown = text
            self._screen.show_status(text, tone)

    def _header(self) -> Header | None:
        reading = self._reading
        conversation = self._conversations.get(reading.group) if reading is not None else None
        if conversation is None:
            return None
        info = conversation.info
        members, online = self._roster.count(info.id) or (None, None)
        is_connected = isinstance(self._link_state, Connected)
        return Header(
            group=info.id,
            name=conversation.name,
            topic=info.topic,
            kind=info.kind,
            members=members,
            online=online if is_connected else None,
            may_rename=info.kind != "direct" and info.role in _MAY_RENAME,
            may_leave=info.kind == "group" and conversation.joined,
            joined=conversation.joined,
            complete_up_to=None if is_connected else self._complete_up_to,
        )

    def _show_composer(self, group: GroupId) -> None:
        conversation = self._conversations.get(group)
        joined = conversation is not None and conversation.joined
        self._screen.show_composer(
            self._drafts.of(group), joined, "" if joined else _("Join this group to write in it.")
        )

    def _open_something(self) -> None:
        """The most recent conversation, while none was opened."""
        if self._reading is None:
            rows = self._conversations.rail(self._roster, self._drafts)
            if rows and rows[0].joined:
                self.open_group(rows[0].group)
