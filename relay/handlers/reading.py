"""Read markers: how far somebody has read, who is told of it, and setting the own one back."""

from __future__ import annotations

from common.errors import NotAllowed, UnknownTarget
from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import (
    Answer,
    ListReaders,
    MarkRead,
    MarkUnread,
    Reader,
    Readers,
    ReceiptsSwitched,
    SetReceipts,
    UnreadMoved,
)
from relay.handlers.parts import Parts, SignedIn
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


async def mark_read(parts: Parts, caller: SignedIn, command: MarkRead) -> Answer:
    """Move the caller's read marker; the caller's other devices hear of it and, where both tell, the members of the group."""
    group, seq = GroupId(command.group), Seq(command.seq)

    def mark(transaction: Transaction) -> tuple[bool, Seq, bool]:
        before = transaction.groups.read_seq(group, caller.id)
        after = transaction.groups.mark_read(group, caller.id, seq)
        is_news = (
            after > before
            and parts.roster.tells(caller.id)
            and transaction.receipts.moved(group, caller.id, before, after, transaction.now)
        )
        return after > before, after, is_news

    has_moved, after, is_news = await parts.journal.change(mark)
    if has_moved:
        parts.fanout.tell_read(group, caller.id, after, to_others=is_news)
    return Answer(re=command.id)


async def mark_unread(parts: Parts, caller: SignedIn, command: MarkUnread) -> Answer:
    """Set the caller's own read marker back; only their devices hear of it."""
    group, seq = GroupId(command.group), Seq(command.seq)

    def mark(transaction: Transaction) -> tuple[Seq, Seq]:
        before = transaction.groups.read_seq(group, caller.id)
        return before, transaction.groups.mark_unread(group, caller.id, seq)

    before, after = await parts.journal.change(mark)
    if after < before:
        parts.fanout.tell_unread(caller.id, UnreadMoved(group=group, seq=after))
    return Answer(re=command.id)


async def list_readers(parts: Parts, caller: SignedIn, command: ListReaders) -> Readers:
    """Who has read an own message. Who does not tell is not told."""

    def look(tables: Tables) -> list[tuple[UserId, Millis]]:
        group = GroupId(command.group)
        message = tables.entries.at(group, Seq(command.seq))
        if message is None or message.kind != "message":
            raise UnknownTarget
        if message.sender != caller.id:
            raise NotAllowed("Only its author may see who has read a message.")
        return tables.receipts.readers(group, message.seq)

    readers = await parts.store.read(look)
    tells = parts.roster.tells
    if not tells(caller.id):
        readers = []
    return Readers(
        re=command.id, readers=[Reader(user, at) for user, at in readers if user != caller.id and tells(user)]
    )


async def set_receipts(parts: Parts, caller: SignedIn, command: SetReceipts) -> Answer:
    """Tell others how far one has read, or not; the caller's own devices hear of it."""

    def switch(transaction: Transaction) -> None:
        transaction.receipts.set_told(caller.id, command.on)
        transaction.afterwards(told)

    def told() -> None:
        parts.roster.set_tells(caller.id, command.on)
        parts.fanout.tell_user(caller.id, ReceiptsSwitched(on=command.on))

    await parts.journal.change(switch)
    return Answer(re=command.id)
