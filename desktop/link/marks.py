"""This person's own read markers: they gather for a moment, and are told again on the next link until the relay knows them."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from common.ids import GroupId, Seq
from common.protocol.messages import Answer, GroupInfo, MarkRead
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.shelf import Shelf

MARK_S: Final = 0.3
"""Read markers gather for so long."""

_log = logging.getLogger(__name__)


class Marks:
    """The markers that the relay does not know yet."""

    def __init__(self, shelf: Shelf, asking: Asking) -> None:
        """*shelf* remembers how far was read."""
        self._shelf = shelf
        self._asking = asking
        self._unsaid: dict[GroupId, Seq] = {}
        self._saying: asyncio.Task[None] | None = None

    def move(self, group: GroupId, seq: Seq) -> None:
        """The person has read up to *seq*; the relay is told soon, or when there is a link again."""
        info = self._shelf.groups.get(group)
        if info is None or info.role is None or seq <= info.read_seq:
            return
        self._shelf.keep_group(read_up_to(info, seq))
        self._unsaid[group] = seq
        self._say_soon()

    def moved(self, group: GroupId, seq: Seq) -> None:
        """The relay says that it moved, perhaps on another device."""
        info = self._shelf.groups.get(group)
        if info is not None and seq > info.read_seq:
            self._shelf.keep_group(read_up_to(info, seq))

    def set_back(self, group: GroupId, seq: Seq) -> None:
        """The marker went back to *seq*, here or on another device."""
        self.forget(group)
        info = self._shelf.groups.get(group)
        if info is not None and seq < info.read_seq:
            self._shelf.keep_group(msgspec.structs.replace(info, read_seq=seq))

    def own(self, info: GroupInfo) -> GroupInfo:
        """*info* with the marker as far as it was moved here; the relay is told if it does not know yet."""
        known = self._shelf.groups.get(info.id)
        if info.role is None or known is None or known.read_seq <= info.read_seq:
            return info
        self._unsaid[info.id] = known.read_seq
        self._say_soon()
        return read_up_to(info, known.read_seq)

    def forget(self, group: GroupId | None = None) -> None:
        """What was to be said of *group* (None: of all) is of no use any more."""
        if group is None:
            self._unsaid.clear()
        else:
            self._unsaid.pop(group, None)

    def _say_soon(self) -> None:
        if self._asking.wire is not None and (self._saying is None or self._saying.done()):
            self._saying = self._asking.while_linked(self._say(), "read markers")

    async def _say(self) -> None:
        while self._unsaid:
            await asyncio.sleep(MARK_S)
            marks, self._unsaid = self._unsaid, {}
            for group, seq in marks.items():
                try:
                    await self._asking.patiently(MarkRead(group=group, seq=seq), Answer)
                except Denied as denied:
                    _log.info("a read marker was refused: %s", denied)


def read_up_to(info: GroupInfo, seq: Seq) -> GroupInfo:
    """*info* after reading up to *seq*."""
    left = max(0, info.last_seq - seq)
    return msgspec.structs.replace(info, read_seq=seq, unread=min(info.unread, left), mentions=min(info.mentions, left))
