"""All conversations that a person sees, and the list of them at the left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field, structs

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.limits import UNREAD_COUNTED
from common.protocol.messages import Entry, FileInfo, GroupInfo
from desktop.events.conversations import GroupChoice
from desktop.events.outbox import OutboxItem, OutboxState, PendingUpload
from desktop.locale import _
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import RailRow
from desktop.model.said import after
from desktop.model.unread import Unread

PREVIEW_CHARACTERS: Final = 120
"""More than a row of the list ever has room for."""
_FIRST_NAME: Final = "General"
"""The name that relays give their general group."""


class Conversation(Struct):
    """One group as this person sees it."""

    info: GroupInfo
    unread: Unread
    calls: Unread
    """Those of the unread messages that call this person."""
    last: Entry | None = None
    """The newest message."""
    own_last: Entry | None = None
    """The person's own newest message, as far as it is known."""
    outbox: tuple[OutboxItem, ...] = field(default=())
    choice: GroupChoice = field(default=GroupChoice())
    """How the person wants it on this device."""

    def name(self, roster: Roster) -> str:
        """What it is called; the general group in the person's language, as long as nobody has given it another name."""
        if self.info.kind == "general" and self.info.name == _FIRST_NAME:
            return _("General")
        if self.info.peer is not None:
            return _("Notes to myself") if self.info.peer == roster.me.id else roster.name(self.info.peer)
        return self.info.name

    @property
    def told_count(self) -> int:
        """How many unread messages the person wants to be told of."""
        match self.choice.notify:
            case "all":
                return self.unread.count
            case "mentions":
                return self.calls.count
            case _:
                return 0

    def is_told_of(self, entry: Entry) -> bool:
        """Whether the person wants to be told of *entry*, if it is unread."""
        if self.choice.notify == "all":
            return self.unread.counts(entry)
        return self.choice.notify == "mentions" and self.calls.counts(entry)

    @property
    def joined(self) -> bool:
        """Whether the person is a member."""
        return self.info.role is not None


class Conversations:
    """Every group that the person is in or could join."""

    def __init__(self, me: UserId) -> None:
        """*me*: the person who is signed in."""
        self._me = me
        self._conversations: dict[GroupId, Conversation] = {}
        self._choices: dict[GroupId, GroupChoice] = {}

    # -- folding -------------------------------------------------------------------------------------------------------

    def list_groups(self, groups: Iterable[GroupInfo]) -> set[GroupId]:
        """These are all there are. Returns those that are gone."""
        listed = tuple(groups)
        gone = self._conversations.keys() - {info.id for info in listed}
        for group in gone:
            del self._conversations[group]
        for info in listed:
            self.see(info)
        return gone

    def see(self, info: GroupInfo) -> None:
        """A group is new or has changed."""
        conversation = self._conversations.get(info.id)
        if conversation is None:
            conversation = self._conversations[info.id] = Conversation(
                info,
                Unread(self._me),
                Unread(self._me, only_calls=True),
                choice=self._choices.get(info.id, GroupChoice()),
            )
        conversation.info = info
        conversation.unread.told(info)
        conversation.calls.told(info)
        if conversation.last is not None and conversation.last.seq <= info.floor:
            conversation.last = None
        if info.last is not None and (conversation.last is None or info.last.seq >= conversation.last.seq):
            conversation.last = info.last

    def lose(self, group: GroupId) -> None:
        """The person no longer sees that group."""
        self._conversations.pop(group, None)

    def know(self, group: GroupId, entries: Iterable[Entry]) -> None:
        """Entries of *group* have become known."""
        conversation = self._conversations.get(group)
        if conversation is None:
            return
        known = tuple(entries)
        conversation.unread.known(known)
        conversation.calls.known(known)
        newest = conversation.last.seq if conversation.last else Seq(0)
        for entry in known:
            if entry.kind == "message" and entry.seq >= newest:
                conversation.last, newest = entry, entry.seq
            if entry.kind == "message" and entry.sender == self._me:
                own = conversation.own_last
                conversation.own_last = entry if own is None or entry.seq > own.seq else own
        for entry in known:
            if entry.kind == "redaction" and entry.target is not None:
                conversation.unread.took_back(entry.target)
                conversation.calls.took_back(entry.target)
            elif entry.kind == "edit" and not entry.redacted and entry.body is not None:
                conversation.calls.edited(entry)
            if conversation.last is not None:
                conversation.last = after(conversation.last, entry)

    def move(self, group: GroupId, seq: Seq) -> bool:
        """The person's marker moves up to *seq*. Returns whether it moved."""
        conversation = self._conversations.get(group)
        if conversation is None:
            return False
        conversation.calls.move(seq)
        return conversation.unread.move(seq)

    def relate(self, group: GroupId, entries: Iterable[Entry]) -> None:
        """Entries from anywhere in the log have become known."""
        if (conversation := self._conversations.get(group)) is not None:
            for entry in entries:
                if conversation.last is not None:
                    conversation.last = after(conversation.last, entry)

    def waits_for(self, upload: str) -> OutboxItem | None:
        """The own message that waits for the upload of that key."""
        items = (item for conversation in self._conversations.values() for item in conversation.outbox)
        return next((item for item in items if any(file.key == upload for file in item.uploads)), None)

    def set_back(self, group: GroupId, seq: Seq) -> None:
        """The person's marker goes back to *seq*."""
        if (conversation := self._conversations.get(group)) is not None:
            conversation.unread.back(seq)
            conversation.calls.back(seq)

    def choose(self, choices: Mapping[GroupId, GroupChoice]) -> None:
        """How the person wants their conversations."""
        self._choices = dict(choices)
        for group, conversation in self._conversations.items():
            conversation.choice = self._choices.get(group, GroupChoice())

    def wait(self, group: GroupId, items: Iterable[OutboxItem]) -> None:
        """All own messages that are on their way to *group*."""
        conversation = self._conversations.get(group)
        if conversation is not None:
            conversation.outbox = tuple(items)

    def begin_epoch(self) -> None:
        """The log has another life: what it held is forgotten, and counted afresh by what the relay tells next."""
        for conversation in self._conversations.values():
            conversation.last = conversation.own_last = None
            conversation.unread = Unread(self._me)
            conversation.calls = Unread(self._me, only_calls=True)

    # -- asking --------------------------------------------------------------------------------------------------------

    def get(self, group: GroupId | None) -> Conversation | None:
        """That conversation, if the person sees it."""
        return self._conversations.get(group) if group is not None else None

    def all(self) -> list[Conversation]:
        """Those that the person sees."""
        return list(self._conversations.values())

    def name(self, group: GroupId, roster: Roster) -> str:
        """What that conversation is called; empty when the person does not see it."""
        conversation = self._conversations.get(group)
        return conversation.name(roster) if conversation is not None else ""

    def direct_with(self, user: UserId) -> GroupId | None:
        """The conversation of two with *user*, if there is one."""
        return next((info.id for info in self._infos() if info.kind == "direct" and info.peer == user), None)

    def general(self) -> GroupId | None:
        """The group that everybody is in."""
        return next((info.id for info in self._infos() if info.kind == "general"), None)

    def total_unread(self) -> int:
        """Unread messages of all groups the person is in, as far as they want to be told of them."""
        return sum(conversation.told_count for conversation in self._conversations.values() if conversation.joined)

    def waiting_count(self) -> int:
        """Own messages that wait to be sent; those that failed wait for the person instead."""
        return sum(
            item.state is OutboxState.WAITING
            for conversation in self._conversations.values()
            for item in conversation.outbox
        )

    def rail(self, roster: Roster, drafts: Drafts, opened: GroupId | None = None) -> list[RailRow]:
        """Groups, then direct conversations, then what one could join; the most recent first, those to join by name.

        The draft of the *opened* one is in the composer, so its row shows what was said last.
        """
        rows = [
            self._row(conversation, roster, "" if group == opened else drafts.seen(group))
            for group, conversation in self._conversations.items()
        ]
        rows.sort(key=_place)
        return rows

    def _row(self, conversation: Conversation, roster: Roster, draft: str) -> RailRow:
        info = conversation.info
        text, author, own, at = _preview(conversation, roster)
        if draft and conversation.joined:
            text, author, own = _one_line(draft), "", False
        return RailRow(
            group=info.id,
            kind=info.kind,
            name=conversation.name(roster),
            preview=text if conversation.joined else _one_line(info.topic),
            preview_author=author if conversation.joined and info.kind != "direct" else "",
            preview_own=own and conversation.joined,
            at=at,
            unread=min(conversation.unread.count, UNREAD_COUNTED) if conversation.joined else 0,
            joined=conversation.joined,
            draft=bool(draft) and conversation.joined,
            failed=any(item.state is OutboxState.FAILED for item in conversation.outbox),
            mentions=min(conversation.calls.count, UNREAD_COUNTED) if conversation.joined else 0,
            notify=conversation.choice.notify,
            peer=info.peer,
            presence=None if info.peer is None or info.peer == roster.me.id else roster.presence(info.peer),
            typing=typing_in_words(roster.typing(info.id)) if conversation.joined else "",
            hidden=conversation.choice.hidden,
        )

    def _infos(self) -> Iterable[GroupInfo]:
        return (conversation.info for conversation in self._conversations.values())


def _place(row: RailRow) -> tuple[int, int, str, int]:
    """Where a row stands in the list; what is out of sight comes at the end."""
    if row.hidden:
        return 3, -(row.at or 0), row.name.casefold(), row.group
    if not row.joined:
        return 2, 0, row.name.casefold(), row.group
    return int(row.kind == "direct"), -(row.at or 0), row.name.casefold(), row.group


def _preview(conversation: Conversation, roster: Roster) -> tuple[str, str, bool, Millis | None]:
    """The newest thing said: its text, first name of its author, whether it is the person's own, and when."""
    last = conversation.last
    waiting = [item for item in conversation.outbox if item.kind == "message"]
    if waiting and (last is None or last.nonce != waiting[-1].nonce):
        item = waiting[-1]
        return _one_line(item.body) or _names((*item.files, *item.uploads)), "", True, item.written_at
    if last is None:
        return "", "", False, None
    for item in conversation.outbox:
        if item.kind == "edit" and item.target == last.seq and not last.redacted:
            last = structs.replace(last, body=item.body)  # it is on its way, and shown so among the messages
    own = last.sender == roster.me.id
    author = "" if own else roster.name(last.sender).partition(" ")[0]
    return first_words(last), author, own, last.at


def first_words(message: Entry) -> str:
    """How *message* begins, in one line."""
    if message.damaged:
        return _("cannot be opened (damaged)")
    if message.redacted:
        return _("message deleted")
    return _one_line(message.body or "") or _names(message.files)


def _names(files: Iterable[FileInfo | PendingUpload]) -> str:
    """What a message without text says: the names of its files."""
    return _one_line(", ".join(file.name for file in files))


def typing_in_words(names: Sequence[str]) -> str:
    """Who is writing; empty: nobody."""
    if not names:
        return ""
    if len(names) == 1:
        return _("{name} is writing…").format(name=names[0])
    if len(names) == 2:
        return _("{one} and {other} are writing…").format(one=names[0], other=names[1])
    return _("Several people are writing…")


def _one_line(text: str) -> str:
    """The beginning of *text* without line breaks; long texts are never read to their end."""
    return " ".join(text[: PREVIEW_CHARACTERS * 4].split())[:PREVIEW_CHARACTERS]
