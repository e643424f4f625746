"""Hello: from here on a link hears everything, and first what it missed.

Without a gap and without anything twice: the link is subscribed, and in the same step of the loop it is noted how far each log is
published. What lies between the client's cursors and there is on disk and is read; what comes after waits in the outbox, behind
the answer and what was missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from common.ids import GroupId, Seq, UserId
from common.protocol import limits
from common.protocol.codec import encode_entry
from common.protocol.messages import GroupInfo, Hello, Welcome
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.views import GroupFacts, facts_of_all, infos
from relay.outbox import Chunk, chunks_of
from relay.storage.tables import Tables

RESUME_ENTRIES_IN_ALL: Final = limits.OUTBOX_EVENTS // 2
RESUME_BYTES: Final = limits.OUTBOX_BYTES // 2


@dataclass(slots=True)
class _Missed:
    """What a client missed: as chunks, and the groups where it is too much for that."""

    chunks: list[Chunk] = field(default_factory=list)
    behind: list[GroupId] = field(default_factory=list)
    entries: int = 0
    size: int = 0

    def has_room_for(self, entries: int) -> bool:
        return (
            entries <= limits.RESUME_ENTRIES
            and self.entries + entries <= RESUME_ENTRIES_IN_ALL
            and self.size < RESUME_BYTES
        )


async def hello(parts: Parts, caller: SignedIn, command: Hello) -> Welcome:
    """Subscribe the caller's link and send what it missed."""
    assert caller.link is not None, "hello is for links only"
    outbox = caller.link.outbox
    outbox.hold()
    parts.fanout.open(caller.link)
    facts = facts_of_all(parts, caller.id)  # no await since the line before
    cursors = command.cursors if command.epoch == parts.store.epoch else {}
    groups, missed = await parts.store.read(lambda tables: _look(tables, caller.id, facts, cursors))
    outbox.follow(missed.chunks, missed.behind)
    seen = parts.journal.change(lambda transaction: transaction.sessions.touch(caller.session, transaction.now))
    seen.add_done_callback(_look_away)
    return Welcome(re=command.id, epoch=parts.store.epoch, user=caller.user, groups=groups)


def _look(
    tables: Tables, user: UserId, facts: Sequence[GroupFacts], cursors: Mapping[int, int]
) -> tuple[list[GroupInfo], _Missed]:
    missed = _Missed()
    for group in facts:
        cursor = cursors.get(group.id)
        if group.role is not None and cursor is not None and cursor < group.last_seq:
            _catch_up(tables, group, Seq(cursor), missed)
    return infos(tables, user, facts), missed


def _catch_up(tables: Tables, group: GroupFacts, cursor: Seq, missed: _Missed) -> None:
    count = group.last_seq - cursor
    if not missed.has_room_for(count):
        missed.behind.append(group.id)
        return
    words = [encode_entry(entry) for entry in tables.entries.after(group.id, cursor, count)]
    chunks = chunks_of(group.id, words)
    missed.chunks += chunks
    missed.entries += count
    missed.size += sum(chunk.size for chunk in chunks)


def _look_away(seen: asyncio.Future[None]) -> None:
    """When a device was last here is worth a write, but not a refused hello; a failing disk shows at the next message."""
    if not seen.cancelled():
        seen.exception()
