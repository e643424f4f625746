"""All conversations that a person sees, and the list of them at the left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.limits import UNREAD_COUNTED
from common.protocol.messages import Entry, GroupInfo
from desktop.events import OutboxItem, OutboxState
from desktop.locale import _
from desktop.model.drafts import Drafts
from desktop.model.roster import Roster
from desktop.model.rows import RailRow
from desktop.model.unread import Unread

PREVIEW_CHARACTERS: Final = 120
"""More than a row of the list ever has room for."""
_FIRST_NAME: Final = "General"
"""The name that relays give their general group."""


@dataclass(slots=True)
class Conversation:
    """One group as this person sees it."""

    info: GroupInfo
    unread: Unread
    last: Entry | None = None
    """The newest message."""
    outbox: tuple[OutboxItem, ...] = field(default=())

    @property
    def name(self) -> str:
        """What it is called; the general group in the person's language, as long as nobody has given it another name."""
        if self.info.kind == "general" and self.info.name == _FIRST_NAME:
            return _("General")
        return self.info.name

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
            conversation = self._conversations[info.id] = Conversation(info, Unread(self._me))
        conversation.info = info
        conversation.unread.told(info)
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
        newest = conversation.last.seq if conversation.last else Seq(0)
        for entry in known:
            if entry.kind == "message" and entry.seq >= newest:
                conversation.last, newest = entry, entry.seq

    def wait(self, group: GroupId, items: Iterable[OutboxItem]) -> None:
        """All own messages that are on their way to *group*."""
        conversation = self._conversations.get(group)
        if conversation is not None:
            conversation.outbox = tuple(items)

    def begin_epoch(self) -> None:
        """The log has another life: what it held is forgotten, and counted afresh by what the relay tells next."""
        for conversation in self._conversations.values():
            conversation.last = None
            conversation.unread = Unread(self._me)

    # -- asking --------------------------------------------------------------------------------------------------------

    def get(self, group: GroupId | None) -> Conversation | None:
        """That conversation, if the person sees it."""
        return self._conversations.get(group) if group is not None else None

    def general(self) -> GroupId | None:
        """The group that everybody is in."""
        return next((info.id for info in self._infos() if info.kind == "general"), None)

    def total_unread(self) -> int:
        """Unread messages of all groups the person is in."""
        return sum(conversation.unread.count for conversation in self._conversations.values() if conversation.joined)

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
            self._row(conversation, roster, "" if group == opened else drafts.of(group))
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
            name=conversation.name,
            preview=text if conversation.joined else _one_line(info.topic),
            preview_author=author if conversation.joined and info.kind != "direct" else "",
            preview_own=own and conversation.joined,
            at=at,
            unread=min(conversation.unread.count, UNREAD_COUNTED) if conversation.joined else 0,
            joined=conversation.joined,
            draft=bool(draft) and conversation.joined,
            failed=any(item.state is OutboxState.FAILED for item in conversation.outbox),
        )

    def _infos(self) -> Iterable[GroupInfo]:
        return (conversation.info for conversation in self._conversations.values())


def _place(row: RailRow) -> tuple[int, int, str, int]:
    """Where a row stands in the list."""
    if not row.joined:
        return 2, 0, row.name.casefold(), row.group
    return int(row.kind == "direct"), -(row.at or 0), row.name.casefold(), row.group


def _preview(conversation: Conversation, roster: Roster) -> tuple[str, str, bool, Millis | None]:
    """The newest thing said: its text, first name of its author, whether it is the person's own, and when."""
    last = conversation.last
    if conversation.outbox:
        item = conversation.outbox[-1]
        if last is None or last.nonce != item.nonce:
            return _one_line(item.body), "", True, item.written_at
    if last is None:
        return "", "", False, None
    own = last.sender == roster.me.id
    author = "" if own else roster.name(last.sender).partition(" ")[0]
    if last.damaged:
        return _("cannot be opened (damaged)"), author, own, last.at
    if last.redacted:
        return _("message deleted"), author, own, last.at
    return _one_line(last.body or ""), author, own, last.at


def _one_line(text: str) -> str:
    """The beginning of *text* without line breaks; long texts are never read to their end."""
    return " ".join(text[: PREVIEW_CHARACTERS * 4].split())[:PREVIEW_CHARACTERS]
