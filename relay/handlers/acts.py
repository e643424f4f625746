"""What people do with messages that are there: edit, take back, react, pin; and what comes of it.

Each act is an entry of the log. Its nonce is looked up before anything else: who repeats an act that was done gets the first
answer, whatever has become of the message meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from common.errors import EmptyMessage, NotAllowed, UnknownTarget
from common.ids import GroupId, Nonce, Seq
from common.protocol import limits
from common.protocol.messages import Edit, Edits, Entry, EntryKind, ListEdits, ListPins, Pin, Pins, React, Redact, Sent
from common.protocol.visible import says_something
from relay.handlers import mentions, sight
from relay.handlers.emoji import check_emoji
from relay.handlers.parts import Parts, SignedIn
from relay.handlers.retention import check_not_held
from relay.storage.entries import Content, Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction

_ADMINS: Final = frozenset({"owner", "admin"})
_OFF: Final = Content(on=False)
PINS_BYTES: Final = limits.OUTBOX_BYTES // 2
"""Of an answer; what is larger than an outbox would end the link."""


async def edit(parts: Parts, caller: SignedIn, command: Edit) -> Sent:
    """Give an own message another text. What was forwarded stays as its author said it."""
    calls = mentions.of(command.mentions)
    draft = _draft(caller, command, "edit", command.body, Content(mentions=calls) if calls else None)
    are_known = mentions.are_known(parts, draft.group, calls)

    def change(transaction: Transaction, message: Entry) -> Entry:
        if not are_known:
            raise mentions.unknown()
        if message.sender != caller.id:
            raise NotAllowed("Only its author may edit a message.")
        if message.forwarded is not None:
            raise NotAllowed("A forwarded message stays as it was said.")
        if not (message.files or says_something(command.body)):
            raise EmptyMessage
        if transaction.entries.edits(draft.group, message.seq) >= limits.EDITS_PER_MESSAGE:
            raise NotAllowed("This message was edited as often as one may be. Say it anew.")
        entry = transaction.append(draft)
        transaction.said.set_edit(draft.group, message.seq, entry.seq)
        transaction.said.set_mentions(draft.group, message.seq, calls)
        return entry

    return await _done(parts, command, draft, change)


async def redact(parts: Parts, caller: SignedIn, command: Redact) -> Sent:
    """Take a message back for everyone. One that was taken back already stays so."""
    draft = _draft(caller, command, "redaction")
    group = parts.roster.group(draft.group)
    leads = group is not None and (
        group.kind != "direct" and (caller.user.role in _ADMINS or group.roles.get(caller.id) in _ADMINS)
    )

    def change(transaction: Transaction) -> Entry:
        if (first := transaction.first(draft)) is not None:
            return first
        message = _message(transaction, command.group, command.target)
        if message.sender != caller.id and not leads:
            raise NotAllowed("Only its author, or an owner or admin of the group, may take a message back.")
        check_not_held(transaction, draft.group)
        if message.redacted:
            if (before := transaction.entries.changing(draft.group, message.seq, "redaction")) == []:
                raise UnknownTarget("Its author has deleted their account, and this message with it.")
            return before[0]
        transaction.take_back(draft.group, message.seq)
        return transaction.append(draft)

    return _sent(command, await parts.journal.change(change))


async def react(parts: Parts, caller: SignedIn, command: React) -> Sent:
    """Put an emoji to a message, or take it away."""
    check_emoji(command.emoji)
    draft = _draft(caller, command, "reaction", command.emoji, None if command.on else _OFF)

    def change(transaction: Transaction, message: Entry) -> Entry:
        said, place = transaction.said, (draft.group, message.seq, caller.id)
        last = said.reaction(*place, command.emoji)
        if _is_so(last, command.on):
            return _entry(transaction, draft.group, message if last is None else last[0])
        if command.on:
            own, every = said.reactions(*place)
            if own >= limits.REACTIONS_PER_PERSON or every >= limits.REACTIONS_PER_MESSAGE:
                raise NotAllowed("There are as many reactions at this message as there may be.")
        entry = transaction.append(draft)
        said.set_reaction(*place, command.emoji, entry.seq, command.on)
        return entry

    return await _done(parts, command, draft, change)


async def pin(parts: Parts, caller: SignedIn, command: Pin) -> Sent:
    """Put a message on the list of pinned ones, or take it off."""
    draft = _draft(caller, command, "pin", None, None if command.on else _OFF)

    def change(transaction: Transaction, message: Entry) -> Entry:
        last = transaction.said.pin(draft.group, message.seq)
        if _is_so(last, command.on):
            return _entry(transaction, draft.group, message if last is None else last[0])
        if command.on and len(transaction.said.pinned(draft.group)) >= limits.PINS_MAX:
            raise NotAllowed("There are as many pinned messages here as there may be. Take another one off.")
        entry = transaction.append(draft)
        transaction.said.set_pin(draft.group, message.seq, entry.seq, command.on)
        return entry

    return await _done(parts, command, draft, change)


# -- what comes of it --------------------------------------------------------------------------------------------------


async def list_edits(parts: Parts, caller: SignedIn, command: ListEdits) -> Edits:
    """Every text that an own message had; of very many, the newest that fit into a frame."""

    def look(tables: Tables) -> list[Entry]:
        message = _unredacted(tables, command.group, command.target)
        if message.sender != caller.id:
            raise NotAllowed("Only its author may see what a message said before.")
        entries = [message, *tables.entries.changing(message.group, message.seq, "edit")]
        entries.reverse()
        return entries[: sight.fitting(entries)][::-1]

    return Edits(re=command.id, entries=await parts.store.read(look))


async def list_pins(parts: Parts, caller: SignedIn, command: ListPins) -> Pins:
    """The pinned messages, the newest pin first; of very long ones as many as may wait for a link."""

    def look(tables: Tables) -> list[Entry]:
        group = GroupId(command.group)
        pinned = tables.said.pinned(group)
        places = tables.entries.several(group, sorted(pinned))
        messages = {entry.seq: entry for entry in sight.seen(tables, group, list(places.values()))}
        entries = [messages[seq] for seq in pinned if seq in messages]
        return entries[: sight.fitting(entries, PINS_BYTES)]

    return Pins(re=command.id, entries=await parts.store.read(look))


# -- inside ------------------------------------------------------------------------------------------------------------


def _draft(
    caller: SignedIn,
    command: Edit | Redact | React | Pin,
    kind: EntryKind,
    body: str | None = None,
    more: Content | None = None,
) -> Draft:
    return Draft(GroupId(command.group), caller.id, kind, body, Nonce(command.nonce), Seq(command.target), more=more)


async def _done(
    parts: Parts, command: Edit | React | Pin, draft: Draft, change: Callable[[Transaction, Entry], Entry]
) -> Sent:
    """What *change* makes of the message that *command* speaks of, unless it was done before."""

    def work(transaction: Transaction) -> Entry:
        first = transaction.first(draft)
        return first or change(transaction, _unredacted(transaction, command.group, command.target))

    return _sent(command, await parts.journal.change(work))


def _sent(command: Edit | Redact | React | Pin, entry: Entry) -> Sent:
    return Sent(re=command.id, seq=entry.seq, at=entry.at)


def _message(tables: Tables, group: int, target: int) -> Entry:
    found = tables.entries.at(GroupId(group), Seq(target))
    if found is None or found.kind != "message":
        raise UnknownTarget
    return found


def _unredacted(tables: Tables, group: int, target: int) -> Entry:
    found = _message(tables, group, target)
    if found.redacted:
        raise UnknownTarget("This message was taken back.")
    return found


def _is_so(last: tuple[Seq, bool] | None, on: bool) -> bool:
    return (last is not None and last[1]) == on


def _entry(transaction: Transaction, group: GroupId, place: Entry | Seq) -> Entry:
    """The entry that made it so: what never was is so since the message itself."""
    if isinstance(place, Entry):
        return place
    found = transaction.entries.at(group, place)
    assert found is not None, "the log has no gaps"
    return found
