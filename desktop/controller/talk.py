"""The conversations of somebody who is signed in: events are folded into the models, and what changed goes to the screen.

A splice of the open timeline is told at once, as it is only true for the rows as they are then. Everything else that is shown is
noted while a turn's events are folded and drawn once in `settle`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import Entry
from desktop.controller.beginning import begin_logs
from desktop.controller.composing import Composing
from desktop.controller.doors import LinkDoor
from desktop.controller.drawing import Stale
from desktop.controller.filing import Filing
from desktop.controller.headings import may_manage
from desktop.controller.holding import Holding
from desktop.controller.lists import show_list
from desktop.controller.own_ways import OwnWays
from desktop.controller.pinned import Pinned
from desktop.controller.reacting import Reacting
from desktop.controller.saying import Saying
from desktop.controller.telling import Telling
from desktop.controller.unsent import Kept
from desktop.controller.words import refusal
from desktop.events import LinkEvent
from desktop.events.conversations import (
    ChoicesKnown,
    CompleteUpTo,
    EntriesKnown,
    EpochBegan,
    GroupLost,
    GroupSeen,
    GroupsListed,
    GroupWanted,
    MembersListed,
    OwnStatusKnown,
    PinsCounted,
    PresenceSeen,
    ReadSeen,
    RelatedKnown,
    TypingHeard,
    UnreadSeen,
    UsersKnown,
)
from desktop.events.link import CommandRefused, Connected, Connecting, LinkChanged, LinkState, SignedIn, Waiting
from desktop.events.outbox import (
    AlreadySaid,
    DraftFilesKnown,
    DraftsKnown,
    OutboxListed,
    SaidAllTheSame,
)
from desktop.events.transfers import PictureKnown, TransferChanged, TransferEnded
from desktop.locale import _
from desktop.model.conversations import Conversation, Conversations
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.timeline import Timeline
from desktop.refusals import LINK_LOST
from desktop.screen import Screen

_BY_ITSELF: Final = ("load_before", "fill_gap", "open_group", "list_members", "mark_read", "save_draft", "count_pins")


class Talk(Saying):
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
        telling: Callable[[Conversations, Roster], Telling],
        downloads: Callable[[], Path],
        reactions_told: Callable[[], bool],
    ) -> None:
        """*focused*: the window has the keyboard; *members_wanted*: the members pane is open; *telling*: makes who tells of these.

        *downloads*: the folder for what is fetched without asking where to.
        """
        super().__init__()
        self._screen = screen
        self._link = link
        self._now = now
        self._focused = focused
        self._members_wanted = members_wanted
        self.relay_id = signed_in.relay_id
        self.relay_name = signed_in.relay_name
        self._roster = Roster(signed_in.user)
        self._conversations = Conversations(signed_in.user.id)
        self._drafts = Drafts()
        holding = Holding(self._conversations, self._roster, now)
        self.composing = Composing(screen, link, self._drafts, now, new_nonce, holding)
        self.telling = telling(self._conversations, self._roster)
        self.filing = Filing(screen, link, self._conversations, new_nonce, downloads, self.cancel_upload)
        self._pinned = Pinned(link)
        self.reacting = Reacting(screen, self._roster, reactions_told)
        self.kept = Kept(screen, link, self._conversations, self._roster, self._drafts)
        self.own_ways = OwnWays(screen, link, self._conversations)
        self._timelines: dict[GroupId, Timeline] = {}
        self._link_state: LinkState = Connecting()
        self._complete_up_to: Millis | None = None
        self._awaited_name: str | None = None

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
                before = {conversation.info.id: conversation for conversation in self._conversations.all()}
                for gone in self._conversations.list_groups(groups):
                    self._gone(gone, before[gone])
                    self._forget_group(gone)
                begin_logs(self._timelines, self._conversations, self._splice)
                self._stale |= Stale.RAIL | Stale.HEADER
                if self._reading is not None and self._is_joined() != was_joined:
                    self.open_group(self._reading.group)
                self._open_something()
            case GroupSeen(group):
                self._group_seen(group.id, lambda: self._conversations.see(group))
            case GroupLost(group_id):
                lost = self._conversations.get(group_id)
                self._conversations.lose(group_id)
                self._gone(group_id, lost)
                self._forget_group(group_id)
            case EntriesKnown():
                self._entries_known(event)
            case CompleteUpTo(at):
                self._complete_up_to = at
                self._stale |= Stale.HEADER
            case MembersListed(group_id, members):
                self._renamed(self._roster.list_members(group_id, members))
                self._read_by_others(group_id)
                self._stale |= Stale.MEMBERS | Stale.HEADER | Stale.STATUS
            case UsersKnown(users):
                self._renamed(self._roster.know(users))
            case PresenceSeen(user, state, status):
                self._roster.see_presence(user, state, status)
                self._stale |= Stale.MEMBERS | Stale.HEADER | Stale.STATUS | Stale.RAIL
            case TypingHeard(group_id, user):
                self._roster.see_typing(group_id, user, self._now())
                self._stale |= Stale.RAIL | Stale.HEADER | Stale.MEMBERS
            case ReadSeen():
                self._read_seen(event)
            case UnreadSeen(group_id, seq):
                self._unread_seen(group_id, seq)
            case PinsCounted():
                self._pinned.fold(event)
                self._stale |= Stale.HEADER
            case RelatedKnown(group_id, entries):
                self._related(group_id, entries)
            case GroupWanted(group_id):
                self.open_group(group_id)
            case OutboxListed(group_id, items):
                self._conversations.wait(group_id, items)
                if (timeline := self._timelines.get(group_id)) is not None:
                    self._splice(group_id, timeline.set_outbox(items))
                    self._splice_each(group_id, timeline.set_acts(items))
                self._stale |= Stale.RAIL
            case DraftsKnown(drafts):
                self._drafts.know(drafts)
                self._stale |= Stale.RAIL
                self.composing.show_draft()
            case ChoicesKnown() | OwnStatusKnown():
                if self.own_ways.fold(event):
                    self._stale |= Stale.RAIL | Stale.HEADER
            case TransferChanged() | TransferEnded() | PictureKnown():
                self.filing.fold(event)
            case AlreadySaid():
                self._already_said(event)
            case SaidAllTheSame():
                self._screen.show_toast(_("The relay had this message already. It is deleted there, for everybody."))
            case CommandRefused(what, code, message):
                self._refused(what, code, message)
            case DraftFilesKnown(group_id, files):
                self._drafts.attach(group_id, (file.name for file in files))
                self.composing.attaching.fold(event)
                self._stale |= Stale.RAIL
            case _ if self.composing.attaching.fold(event):
                pass
            case _:
                show_list(self._screen, self._roster, self._conversations, event)
        self.kept.fold(event)
        self.telling.fold(event)

    def _refused(self, what: str, code: str, message: str) -> None:
        if what == "create_group":
            self._awaited_name = None
        if what == "edit":
            said = _("Your new text was not taken. It is kept as a message that was not sent. {reason}")
            self._screen.show_toast(said.format(reason=refusal(code, message)))
            return
        # What nobody asked for by a button needs no remark while the relay is away: the status already says so.
        if code != LINK_LOST or what not in _BY_ITSELF:
            self._screen.show_toast(refusal(code, message, gave_code=what == "join_by_code"))

    def _link_changed(self, state: LinkState) -> None:
        self._link_state = state
        self._stale |= Stale.STATUS | Stale.HEADER
        if self._reading is not None:
            self._reading.asked_before = None
        if isinstance(state, Connected):
            self.filing.link_up()
            if self._is_joined() and self._reading is not None:
                self._pinned.ask(self._reading.group)
            for group in {self._conversations.general(), self._reading.group if self._reading else None}:
                if group is not None:
                    self._link.list_members(group)
        else:
            self._roster.nobody_is_here()
            self._stale |= Stale.MEMBERS

    def _begin_epoch(self) -> None:
        self._conversations.begin_epoch()
        self._timelines.clear()
        self.composing.begin_epoch()
        self._stale |= Stale.RAIL
        if self._reading is not None:
            self.open_group(self._reading.group)

    def _group_seen(self, group: GroupId, fold: Callable[[], None]) -> None:
        before = self._conversations.get(group)
        was_joined = before is not None and before.joined
        fold()
        conversation = self._conversations.get(group)
        assert conversation is not None
        if (timeline := self._timelines.get(group)) is not None:
            self._splice(group, timeline.set_may_manage(may_manage(conversation.info)))
        begin_logs(self._timelines, self._conversations, self._splice)
        self._stale |= Stale.RAIL | Stale.HEADER | Stale.COUNT
        is_own = conversation.info.role == "owner" and before is None
        if is_own and conversation.info.name == self._awaited_name:
            self._awaited_name = None
            self.open_group(group)
        elif self._reading is not None and self._reading.group == group and conversation.joined != was_joined:
            self.open_group(group)
        if was_joined and not conversation.joined:
            self.kept.gone(group, conversation, was_open=False)

    def _entries_known(self, event: EntriesKnown) -> None:
        group = event.group
        conversation, timeline = self._conversations.get(group), self._timelines.get(group)
        reading = self._reading if self._reading is not None and self._reading.group == group else None
        if event.live:
            self._follow_members(group, event.entries)
            if reading is not None:
                self._pinned.heard(group, event.entries)
        if conversation is not None:
            unread = conversation.unread
            watched = self._focused and reading is not None and reading.at_end
            # What was missed while there was no link is new however much somebody looks on. What is only fetched was there before:
            # the line stands where it did when the conversation was opened.
            missed = not event.live and reading is not None and reading.reaches_beyond(event.entries)
            if (
                reading is not None
                and (event.live or missed)
                and reading.mark.arrived(event.entries, unread, watched=watched and event.live)
            ):
                self._splice(group, reading.timeline.set_new_after(reading.mark.after))
                reading.arriving |= missed and reading.at_end
            if reading is not None:
                reading.know(event.entries)
            self._conversations.know(group, event.entries)
            if event.live and any(conversation.is_told_of(entry) for entry in event.entries):
                self.own_ways.bring_back(group)
        self.reacting.touch()
        if timeline is not None:
            had_line = timeline.new_line() is not None
            self._splice(group, timeline.add(event.entries, first_reached=event.first_reached))
            self._splice_each(group, timeline.relate(event.entries))
            if reading is not None and not event.live:
                reading.asked_before = None
                if reading.arriving and not had_line and (line := timeline.new_line()) is not None:
                    # Only now is it known where the conversation opens.
                    reading.at_end = True
                    self._screen.open_timeline(timeline, line)
            if reading is not None:
                self._land(reading)
        self._stale |= Stale.RAIL | Stale.COUNT

    def _related(self, group: GroupId, entries: tuple[Entry, ...]) -> None:
        self.reacting.touch()
        if (timeline := self._timelines.get(group)) is not None:
            self._splice_each(group, timeline.relate(entries))
        self._conversations.relate(group, entries)
        self._stale |= Stale.RAIL

    def _unread_seen(self, group: GroupId, seq: Seq) -> None:
        self._conversations.set_back(group, seq)
        if self._reading is not None and self._reading.group == group:
            self._reading.mark.set_back(seq)
            self._splice(group, self._reading.timeline.set_new_after(self._reading.mark.after))
        self._stale |= Stale.RAIL | Stale.COUNT

    def _follow_members(self, group: GroupId, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if self._roster.follow(group, entry, self._now()):
                self._stale |= Stale.MEMBERS | Stale.HEADER | Stale.RAIL

    def _read_seen(self, event: ReadSeen) -> None:
        if event.user == self._roster.me.id:
            if self._conversations.move(event.group, event.seq):
                self._stale |= Stale.RAIL | Stale.COUNT
            return
        self._roster.see_read(event.group, event.user, event.seq)
        self._read_by_others(event.group)

    def _read_by_others(self, group: GroupId) -> None:
        if (timeline := self._timelines.get(group)) is not None:
            self._splice(group, timeline.set_read_by_others(self._roster.read_by_others(group)))

    def _renamed(self, people: set[UserId]) -> None:
        if not people:
            return
        self.reacting.touch()
        for group, timeline in self._timelines.items():
            self._splice(group, timeline.rename(people))
        self._stale |= Stale.RAIL | Stale.MEMBERS
        if self._roster.me.id in people:  # another name, or another role: the menus are others too
            self._screen.show_main(self.relay_name, self._roster.me)

    def _gone(self, group: GroupId, conversation: Conversation | None) -> None:
        """The person is not in that conversation any more."""
        if conversation is not None:
            was_open = self._reading is not None and self._reading.group == group
            self.kept.gone(group, conversation, was_open=was_open)

    def _forget_group(self, group: GroupId) -> None:
        self._timelines.pop(group, None)
        self._roster.forget_group(group)
        self._stale |= Stale.RAIL
        if self._reading is not None and self._reading.group == group:
            self.close_group()

    # -- what the person asks ------------------------------------------------------------------------------------------

    def seek_people(self, text: str, group: GroupId | None) -> None:
        """People whose name begins so, of *group* or of the relay."""
        where = self._conversations.general() if group is None else group
        self._screen.show_people(text, self._roster.seek(text, where))

    def open_direct(self, user: UserId) -> None:
        """The conversation with *user*: the one that is known, else the relay makes one."""
        known = self._conversations.direct_with(user)
        if known is not None:
            self.open_group(known)
        else:
            self._link.open_direct(user)

    def create_group(self, name: str, topic: str, private: bool) -> None:
        """Make a group; it is opened when it is there."""
        self._awaited_name = name
        self._link.create_group(name, topic, private)

    # -- time and language -----------------------------------------------------------------------------------------------

    def draw_words(self) -> None:
        """The language is another one: say again what is made of words here."""
        self._status_shown = None
        self._renamed(self._roster.deleted())
        self._stale = Stale.EVERYTHING
        self.settle()
        self.composing.show_words()

    def tick(self) -> None:
        """A second has passed."""
        if isinstance(self._link_state, Connected):
            self.filing.tick()
        if isinstance(self._link_state, Waiting):
            self._stale |= Stale.STATUS
        if self._roster.stop_typing(self._now()) | self._roster.lift_mutes(self._now()):
            self._stale |= Stale.RAIL | Stale.HEADER | Stale.MEMBERS
        self.settle()
