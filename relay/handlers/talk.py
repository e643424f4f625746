"""Messages: post, read back, mark as read."""

from __future__ import annotations

import asyncio
from typing import Final

from common.errors import BadRequest, UnknownTarget
from common.ids import GroupId, Nonce, Seq
from common.protocol import limits
from common.protocol.codec import encode
from common.protocol.messages import Answer, Entry, History, MarkRead, Page, Post, Sent
from relay.handlers.parts import Parts, SignedIn
from relay.storage.entries import Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

PAGE_BYTES: Final = limits.FRAME_BYTES - 1024


def post(parts: Parts, caller: SignedIn, command: Post) -> asyncio.Future[Entry]:
    """The stored message, once it is durable. A plain function: many posts of one link are on their way at once."""
    group = GroupId(command.group)
    target = None
    if command.reply_to is not None:
        found = parts.roster.group(group)
        if found is None or command.reply_to > found.last_seq:
            raise UnknownTarget
        target = Seq(command.reply_to)
    return parts.journal.append(
        Draft(group, caller.id, "message", body=command.body, nonce=Nonce(command.nonce), target=target)
    )


def sent(command: Post, entry: Entry) -> Sent:
    """The answer to *command*, whose message is *entry*."""
    return Sent(re=command.id, seq=entry.seq, at=entry.at)


async def history(parts: Parts, caller: SignedIn, command: History) -> Page:
    """A page of a group's log; shorter than asked where it would not fit into a frame."""
    if command.before is not None and command.after is not None:
        raise BadRequest("Give 'before' or 'after', not both.")
    entries = await parts.store.read(lambda tables: _page(tables, command))
    if command.after is None:
        entries.reverse()
    kept = _fitting(entries[: command.limit])
    more = len(kept) < len(entries)
    if command.after is None:
        kept.reverse()
    return Page(re=command.id, entries=kept, more=more)


def _page(tables: Tables, command: History) -> list[Entry]:
    """One entry more than asked for, which tells that there are more."""
    group = GroupId(command.group)
    if command.after is not None:
        return tables.entries.after(group, Seq(command.after), command.limit + 1)
    return tables.entries.before(group, None if command.before is None else Seq(command.before), command.limit + 1)


def _fitting(entries: list[Entry]) -> list[Entry]:
    """The first of *entries*, as many as fit into a frame; at least one."""
    size = 0
    for count, entry in enumerate(entries):
        size += len(encode(entry)) + 1
        if size > PAGE_BYTES and count:
            return entries[:count]
    return entries


async def mark_read(parts: Parts, caller: SignedIn, command: MarkRead) -> Answer:
    """Move the caller's read marker; the members of the group, and the caller's other devices, hear of it."""
    group, seq = GroupId(command.group), Seq(command.seq)

    def mark(transaction: Transaction) -> tuple[Seq, Seq]:
        before = transaction.groups.read_seq(group, caller.id)
        return before, transaction.groups.mark_read(group, caller.id, seq)

    before, after = await parts.journal.change(mark)
    if after > before:
        parts.fanout.tell_read(group, caller.id, after)
    return Answer(re=command.id)
