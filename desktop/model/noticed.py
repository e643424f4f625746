"""Entries of the log that tell what happened to a group, as the notices that people read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from common.ids import UserId
from common.protocol.messages import Entry, Keeps
from desktop.model.rows import Notice, NoticeKind

_KINDS: Final = {
    "join": NoticeKind.JOINED,
    "leave": NoticeKind.LEFT,
    "rename": NoticeKind.RENAMED,
    "topic": NoticeKind.TOPIC,
    "role": NoticeKind.ROLE,
    "ban": NoticeKind.BANNED,
    "mute": NoticeKind.MUTED,
    "slow": NoticeKind.SLOWED,
    "pin": NoticeKind.PINNED,
    "retention": NoticeKind.RETENTION,
    "deleted": NoticeKind.DELETED,
}
_DONE_TO_OTHERS: Final = {NoticeKind.JOINED: NoticeKind.ADDED, NoticeKind.LEFT: NoticeKind.REMOVED}
_TAKEN_BACK: Final = {NoticeKind.BANNED: NoticeKind.UNBANNED, NoticeKind.MUTED: NoticeKind.UNMUTED}


def is_notice(entry: Entry) -> bool:
    """Whether people read of it. That a message is pinned no longer is seen at the message only."""
    return entry.kind in _KINDS and (entry.kind != "pin" or entry.on)


def notice_of(entry: Entry, name_of: Callable[[UserId], str]) -> Notice:
    """What is read of an entry of which `is_notice` is true."""
    kind = _KINDS[entry.kind]
    if entry.user is not None and entry.user != entry.sender:
        kind = _DONE_TO_OTHERS.get(kind, kind)
    if not entry.on:
        kind = _TAKEN_BACK.get(kind, kind)
    whom = "" if entry.user is None else name_of(entry.user)
    keeps = _keeps_of(entry) if kind is NoticeKind.RETENTION else None
    return Notice(entry.seq, kind, name_of(entry.sender), entry.body or "", entry.at, whom, keeps)


def _keeps_of(entry: Entry) -> Keeps | None:
    """What an entry says of how much is kept; None: nothing that can be understood here."""
    try:
        return msgspec.json.decode(entry.body or "{}", type=Keeps)
    except msgspec.MsgspecError:
        return None
