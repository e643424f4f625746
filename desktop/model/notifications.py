"""What the system is to show of what was just said, and what it is to take back. Pure: the time comes as an argument.

Told is what the person wants to be told of in that conversation, unless they see it anyway. What came while the link was down is not
told one by one: it waits until everything is here, and is summed up. So is what comes in many conversations at once. There is one
notification for each conversation, which speaks of its newest message and counts the others; it goes when they are read, here or
on another device, or taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct, field

from common.ids import GroupId, Millis, RelayId, Seq
from common.protocol.messages import Entry, GroupInfo
from desktop.locale import _, n_
from desktop.model.conversations import Conversations, first_words
from desktop.model.roster import Roster
from desktop.notifications import Notification, Privacy, Wishes
from desktop.settings import Settings

APP: Final = "Py_messenger"
AGAIN_MS: Final = 1000
"""One conversation is not shown anew more often, however fast people write there."""
SOUND_MS: Final = 2500
"""Nothing is heard so soon after another."""
NAME_MS: Final = 2000
"""So long a message waits for the name of its author, which is asked for when it arrives."""
TOGETHER_MAX: Final = 3
"""Messages in more conversations than this at once are summed up."""
_KEPT: Final = 100
_LONG_AGO: Final = Millis(0)


class Sight(Struct, frozen=True):
    """What the person is at. *looked_at*: the open conversation, while the window has the keyboard."""

    focused: bool = False
    looked_at: GroupId | None = None
    dnd: bool = False


class Withdrawal(Struct, frozen=True):
    """The notification of *group* (None: the one that summed up) is to go."""

    group: GroupId | None


class Bell(Struct, frozen=True):
    """Something may be heard, and nothing is shown: the person wants no notifications."""


Change = Notification | Withdrawal | Bell


class _Told(Struct):
    """What was said in one conversation: waiting to be shown, or shown."""

    entries: list[Entry] = field(default_factory=list)
    was_missed: bool = False
    """Some came while the link was down."""
    has_gap: bool = False
    """More was missed than came: only the relay knows how many."""
    since: Millis = _LONG_AGO


class Notifications:
    """Of one person at one relay."""

    def __init__(
        self, relay: RelayId, conversations: Conversations, roster: Roster, plain: Callable[[str], str] = str
    ) -> None:
        """*plain*: a text of others without signs of Markdown and without what could do harm."""
        self._relay = relay
        self._conversations = conversations
        self._roster = roster
        self._plain = plain
        self._reached: dict[GroupId, Seq] = {}
        """Up to there nothing of a group is new any more."""
        self._has_list = False
        self._is_connected = False
        self._was_connected = False
        self._waiting: dict[GroupId, _Told] = {}
        self._shown: dict[GroupId, _Told] = {}
        self._shown_at: dict[GroupId, Millis] = {}
        self._summed: dict[GroupId, Seq] = {}
        """The conversations that the summing up speaks of, and up to where."""
        self._anew: set[GroupId] = set()
        """Their newest message was taken back."""
        self._sound_at = Millis(-SOUND_MS)

    # -- folding -------------------------------------------------------------------------------------------------------

    def list_groups(self, groups: Iterable[GroupInfo]) -> None:
        """These are all there are. What they have the first time, and what is read, is not new."""
        for info in groups:
            self._reached.setdefault(info.id, info.read_seq if self._has_list else info.last_seq)
        self._has_list = True

    def see(self, info: GroupInfo) -> None:
        """A group is new or has changed."""
        self._reached.setdefault(info.id, info.read_seq)

    def link_is_up(self, up: bool) -> None:
        """Everything is here up to now, and what comes next is live; or the link is down."""
        self._is_connected = up

    def begin_epoch(self) -> None:
        """The log has another life."""
        self._reached.clear()
        self._waiting.clear()
        for told in self._shown.values():
            told.entries.clear()
        self._summed = {group: Seq(0) for group in self._summed}
        self._has_list = False

    def hear(self, group: GroupId, entries: Iterable[Entry], live: bool, now: Millis) -> None:
        """Entries have become known: *live*, missed, or of old, which is what was reached before."""
        reached = self._reached.get(group, Seq(0))
        for entry in entries:
            if entry.kind == "redaction" and entry.target is not None:
                self._took_back(group, entry.target)
            if entry.seq <= reached and not live:
                continue
            has_gap = not live and entry.seq > reached + 1
            reached = max(reached, entry.seq)
            conversation = self._conversations.get(group)
            if conversation is None or not conversation.is_told_of(entry):
                continue
            told = self._waiting.setdefault(group, _Told(since=now))
            told.entries.append(entry)
            told.was_missed |= not live
            told.has_gap |= has_gap
        self._reached[group] = reached

    def _took_back(self, group: GroupId, seq: Seq) -> None:
        for all_told in (self._waiting, self._shown):
            told = all_told.get(group)
            if told is None:
                continue
            if all_told is self._shown and told.entries and told.entries[-1].seq == seq:
                self._anew.add(group)
            told.entries = [entry for entry in told.entries if entry.seq != seq]

    def clicked(self, group: GroupId | None) -> None:
        """That notification was clicked, and so has been taken away."""
        if group is None:
            self._summed.clear()
        else:
            self._shown.pop(group, None)

    # -- what comes of it ----------------------------------------------------------------------------------------------

    def settle(self, now: Millis, wishes: Wishes, sight: Sight) -> list[Change]:
        """What is to be shown and taken back now. To be asked after every turn of events, and every second."""
        changes = self._withdraw(wishes, sight)
        due = self._take_due(now, wishes, sight)
        if not due:
            return changes
        sound = wishes.sound and now - self._sound_at >= SOUND_MS
        if sound:
            self._sound_at = now
        if not wishes.is_on:
            return [*changes, Bell()] if sound else changes
        was_missed = any(told.was_missed for told in due.values())
        if len(due) > TOGETHER_MAX or (was_missed and len(due) > 1):
            return [*changes, self._sum_up(due, wishes, sound)]
        for group, told in due.items():
            shown = self._shown.setdefault(group, _Told())
            shown.entries = [*shown.entries, *told.entries][-_KEPT:]
            shown.has_gap |= told.has_gap
            self._shown_at[group] = now
            changes.append(self._notification(group, shown, wishes, sound))
            sound = False
        return changes

    def _withdraw(self, wishes: Wishes, sight: Sight) -> list[Change]:
        changes: list[Change] = []
        for group, told in list(self._shown.items()):
            told.entries = self._unread(group, told.entries)
            if not told.entries or group == sight.looked_at:
                del self._shown[group]
                changes.append(Withdrawal(group))
            elif group in self._anew:
                changes.append(self._notification(group, told, wishes, sound=False))
        self._anew.clear()
        if self._summed and all(self._is_seen(group, seq, sight) for group, seq in self._summed.items()):
            self._summed.clear()
            changes.append(Withdrawal(None))
        return changes

    def _take_due(self, now: Millis, wishes: Wishes, sight: Sight) -> dict[GroupId, _Told]:
        due: dict[GroupId, _Told] = {}
        for group, told in list(self._waiting.items()):
            if told.was_missed and not self._is_connected:
                continue
            # Who starts the client sees the list of conversations before them.
            is_seen = group == sight.looked_at or (told.was_missed and not self._was_connected and sight.focused)
            told.entries = self._disturbing(self._unread(group, told.entries), wishes, sight)
            if is_seen or not told.entries:
                del self._waiting[group]
            elif self._is_ripe(group, told, now):
                due[group] = self._waiting.pop(group)
        self._was_connected |= self._is_connected
        return due

    def _is_ripe(self, group: GroupId, told: _Told, now: Millis) -> bool:
        if group in self._shown and now - self._shown_at[group] < AGAIN_MS:
            return False
        return now - told.since >= NAME_MS or self._roster.knows(told.entries[-1].sender)

    def _unread(self, group: GroupId, entries: Iterable[Entry]) -> list[Entry]:
        """Those that the person has not read and still wants to be told of."""
        conversation = self._conversations.get(group)
        if conversation is None or not conversation.joined:
            return []
        read = conversation.unread.read_seq
        return [entry for entry in entries if entry.seq > read and conversation.is_told_of(entry)]

    def _disturbing(self, entries: list[Entry], wishes: Wishes, sight: Sight) -> list[Entry]:
        """Those that may disturb the person. A call to everybody is not one by name."""
        if not sight.dnd:
            return entries
        return [entry for entry in entries if wishes.calls_in_dnd and self._roster.me.id in entry.mentions]

    def _is_seen(self, group: GroupId, seq: Seq, sight: Sight) -> bool:
        conversation = self._conversations.get(group)
        if conversation is None or not conversation.joined or group == sight.looked_at:
            return True
        return conversation.unread.read_seq >= seq

    # -- words ---------------------------------------------------------------------------------------------------------

    def _sum_up(self, due: dict[GroupId, _Told], wishes: Wishes, sound: bool) -> Notification:
        self._summed.update({group: told.entries[-1].seq for group, told in due.items()})
        count = sum(self._count(group, told) for group, told in due.items())
        newest = max((told.entries[-1] for told in due.values()), key=lambda entry: entry.at)
        messages = n_("{n} new message", "{n} new messages", count).format(n=count)
        where = n_("in {n} conversation", "in {n} conversations", len(due)).format(n=len(due))
        names = ", ".join(self._title(group) for group in due) if wishes.privacy != "nothing" else ""
        return Notification(self._relay, None, newest.seq, f"{messages} {where}", self._cut(names), sound)

    def _notification(self, group: GroupId, told: _Told, wishes: Wishes, sound: bool) -> Notification:
        newest = told.entries[-1]
        title, text = self._words(group, newest, self._count(group, told), wishes.privacy)
        return Notification(self._relay, group, newest.seq, title, text, sound)

    def _count(self, group: GroupId, told: _Told) -> int:
        conversation = self._conversations.get(group)
        told_count = conversation.told_count if conversation is not None and told.has_gap else 0
        return max(told_count, len(told.entries))

    def _words(self, group: GroupId, newest: Entry, count: int, privacy: Privacy) -> tuple[str, str]:
        new = _("New message") if count == 1 else n_("{n} new message", "{n} new messages", count).format(n=count)
        if privacy == "nothing":
            return APP, new
        conversation = self._conversations.get(group)
        is_direct = conversation is not None and conversation.info.kind == "direct"
        author = self._plain(self._roster.name(newest.sender))
        if privacy == "name":
            one = _("{name} calls you") if self._roster.me.id in newest.mentions else _("New message from {name}")
            return self._title(group), new if is_direct or count > 1 else one.format(name=author)
        said = self._cut(self._plain(first_words(newest)))
        text = said if is_direct else f"{author}: {said}"
        if count > 1:
            more = n_("and {n} more message", "and {n} more messages", count - 1).format(n=count - 1)
            text = f"{text}\n{more}"
        return self._title(group), text

    def _title(self, group: GroupId) -> str:
        return self._plain(self._conversations.name(group, self._roster)) or APP

    @staticmethod
    def _cut(text: str, limit: int = 200) -> str:
        return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def wishes_of(settings: Settings) -> Wishes:
    """How the person chose to be told."""
    return Wishes(
        settings.notify,
        settings.notify_privacy,  # type: ignore[arg-type]
        settings.notify_sound,
        settings.notify_calls_in_dnd,
    )
