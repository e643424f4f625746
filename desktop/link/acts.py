"""What an item of the outbox says to the relay, and which entry it is once the relay has it."""

from __future__ import annotations

from common.ids import Seq, UserId
from common.protocol.messages import Command, Edit, Entry, MarkUnread, Pin, Post, React, Redact, Sent
from desktop.events.outbox import OutboxItem


def command_of(item: OutboxItem) -> Command:
    """The command that does what *item* says; sent again it changes nothing."""
    group, nonce, target = item.group, item.nonce, item.target or Seq(0)
    match item.kind:
        case "message":
            return Post(
                group=group,
                nonce=nonce,
                body=None if item.forward is not None else item.body or None,
                reply_to=item.target,
                mentions=item.mentions,
                forward=item.forward,
                files=tuple(file.id for file in item.files),
            )
        case "edit":
            return Edit(group=group, nonce=nonce, target=target, body=item.body, mentions=item.mentions)
        case "redaction":
            return Redact(group=group, nonce=nonce, target=target)
        case "reaction":
            return React(group=group, nonce=nonce, target=target, emoji=item.body, on=item.on)
        case "pin":
            return Pin(group=group, nonce=nonce, target=target, on=item.on)
        case "unread":
            return MarkUnread(group=group, seq=target)


def entry_of(item: OutboxItem, sent: Sent, author: UserId) -> Entry | None:
    """The entry that *item* has become; None when only the relay knows what is in it: a message of another group, said again."""
    if item.forward is not None:
        return None
    return Entry(
        item.group,
        sent.seq,
        item.kind,
        author,
        sent.at,
        item.nonce,
        None if item.kind in ("redaction", "pin") else item.body or None,
        item.target,
        on=item.on,
        files=item.files,
        mentions=item.mentions,
    )
