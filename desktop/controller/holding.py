"""What keeps the person from writing in a conversation, or from sending just now: not in it, muted, or a pause between messages."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from common.ids import GroupId, Millis, Seq
from common.protocol.messages import GroupInfo, Silence
from desktop import durations
from desktop.locale import _
from desktop.model.conversations import Conversation, Conversations
from desktop.model.roster import Roster

_LEADING = ("owner", "admin")


class _Said(Struct):
    """The last own message of a group, and when it was said by this computer's clock."""

    seq: Seq
    at: Millis


class Holding:
    """Asked whenever something is drawn; it knows nothing but the models and the time."""

    def __init__(self, conversations: Conversations, roster: Roster, now: Callable[[], Millis]) -> None:
        self._conversations = conversations
        self._roster = roster
        self._now = now
        self._said: dict[GroupId, _Said] = {}

    def why_not(self, group: GroupId) -> str:
        """Why nothing can be written in *group*, in words; empty: it can."""
        conversation = self._conversations.get(group)
        if conversation is None or not conversation.joined:
            return _("Join this group to write in it.")
        muted = conversation.info.muted
        if muted is None or (muted.until is not None and muted.until <= self._now()):
            return ""
        return self._muted_words(muted)

    def _muted_words(self, muted: Silence) -> str:
        if muted.until is None:
            if muted.everywhere:
                return _("You are muted on this relay until somebody who runs it lifts that. You can read everything.")
            return _("You are muted here until an owner or admin lifts that. You can read everything.")
        time = durations.in_words((muted.until - self._now()) / 1000)
        if muted.everywhere:
            return _("You are muted on this relay and can write again in {time}.").format(time=time)
        return _("You are muted here and can write again in {time}.").format(time=time)

    def wait_s(self, group: GroupId) -> int:
        """In how many whole seconds the person may say the next thing in *group*; 0: now."""
        conversation = self._conversations.get(group)
        if conversation is None or not self._must_wait(conversation.info):
            return 0
        pause_ms, now = conversation.info.slow * 1000, self._now()
        said = [item.written_at for item in conversation.outbox if item.kind == "message"]
        if (last := self._last_said(conversation)) is not None:
            said.append(last)
        left_ms = max((min(at, now) + pause_ms - now for at in said), default=0)
        return max(0, -(-left_ms // 1000))

    def _must_wait(self, info: GroupInfo) -> bool:
        return info.slow > 0 and info.role not in _LEADING and self._roster.me.role not in _LEADING

    def _last_said(self, conversation: Conversation) -> Millis | None:
        """When the last own message was said: what comes while one looks was said now, whatever the relay's clock shows."""
        entry, group = conversation.own_last, conversation.info.id
        if entry is None:
            return None
        known = self._said.get(group)
        if known is None or known.seq != entry.seq:
            at = min(entry.at, self._now()) if known is None else self._now()
            known = self._said[group] = _Said(entry.seq, at)
        return known.at
