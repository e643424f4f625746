"""Hello: from here on a link hears everything, and first what it missed.

Without a gap and without anything twice: the link is subscribed, and in the same step of the loop it is noted how far each log is
published. What lies between the client's cursors and there is on disk and is read; what comes after waits in the outbox, behind
the answer and what was missed.

The log may have been set back meanwhile, to a copy of the data folder. A client that knows more of it says so without knowing: its
cursor is beyond the end, or another entry stands there. Then none of its cursors is believed, and it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from common.errors import NotSignedIn
from common.ids import GroupId, Seq
from common.protocol import limits
from common.protocol.codec import encode_entry
from common.protocol.messages import GroupInfo, Hello, Imprint, Limits, Welcome
from relay.handlers import sight
from relay.handlers.accounts import note_seen
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.views import GroupFacts, facts_of_all, infos, still_seen
from relay.outbox import Chunk, End, chunks_of
from relay.storage.tables import Tables

RESUME_ENTRIES_IN_ALL: Final = limits.OUTBOX_EVENTS // 2
RESUME_BYTES: Final = limits.OUTBOX_BYTES // 2


class _Missed(Struct):
    """What a client missed: as chunks, and the groups where it is too much for that."""

    chunks: list[Chunk] = field(default_factory=list)
    behind: list[GroupId] = field(default_factory=list)
    strayed: list[GroupId] = field(default_factory=list)
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
    is_good, groups, missed = await parts.store.read(
        lambda tables: _look(tables, caller, facts, cursors, command.imprints)
    )
    if not is_good:
        outbox.end(End(limits.SIGNED_OUT, b"signed out"), at_once=True)
        raise NotSignedIn
    still_in = parts.roster.groups_of(caller.id)
    outbox.follow(missed.chunks, [group for group in missed.behind if group in still_in])
    note_seen(parts, caller.session)
    seen_groups = still_seen(parts, caller.id, groups)
    accepts = Limits(file_bytes=parts.file_bytes)
    return Welcome(
        re=command.id,
        epoch=parts.store.epoch,
        user=caller.user,
        groups=seen_groups,
        limits=accepts,
        receipts=parts.roster.tells(caller.id),
        strayed=missed.strayed,
        at=parts.now(),
    )


def _look(
    tables: Tables,
    caller: SignedIn,
    facts: Sequence[GroupFacts],
    cursors: Mapping[int, int],
    imprints: Mapping[int, Imprint],
) -> tuple[bool, list[GroupInfo], _Missed]:
    """Also whether the token is still good: who ended it before the link was subscribed found no link to close."""
    missed = _Missed()
    believed = [(group, Seq(cursors[group.id])) for group in facts if group.role is not None and group.id in cursors]
    missed.strayed = [group.id for group, cursor in believed if _strays(tables, group, cursor, imprints.get(group.id))]
    if not missed.strayed:
        for group, cursor in believed:
            if cursor < group.last_seq:
                _catch_up(tables, group, cursor, missed)
    return tables.sessions.holds(caller.session), infos(tables, caller.id, facts), missed


def _strays(tables: Tables, group: GroupFacts, cursor: Seq, imprint: Imprint | None) -> bool:
    """Whether *cursor* is of another log than this one. What is damaged here betrays nothing."""
    if cursor > group.last_seq and not tables.entries.exists(group.id, cursor):
        return True
    stored = None if imprint is None else tables.entries.in_place(group.id, cursor)
    return stored is not None and not stored.damaged and Imprint.of(stored) != imprint


def _catch_up(tables: Tables, group: GroupFacts, cursor: Seq, missed: _Missed) -> None:
    count = group.last_seq - cursor
    if not missed.has_room_for(count):
        missed.behind.append(group.id)
        return
    words = [
        encode_entry(entry) for entry in sight.seen(tables, group.id, tables.entries.after(group.id, cursor, count))
    ]
    chunks = chunks_of(group.id, words)
    missed.chunks += chunks
    missed.entries += count
    missed.size += sum(chunk.size for chunk in chunks)
