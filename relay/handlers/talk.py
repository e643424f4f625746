"""Messages: post, forward, read back."""

from __future__ import annotations

import asyncio

from msgspec import structs

from common.errors import BadRequest, EmptyMessage, NonceReused, NotAMember, UnknownGroup, UnknownTarget, WireError
from common.ids import GroupId, Nonce, Seq
from common.protocol.messages import Entry, FileId, Forward, History, Page, Post, Sent
from common.protocol.visible import says_something
from relay.handlers import mentions, sight
from relay.handlers.muting import is_watched
from relay.handlers.parts import Parts, SignedIn
from relay.storage.entries import Content, Draft
from relay.storage.tables import Tables
from relay.storage.transaction import Transaction


def post(parts: Parts, caller: SignedIn, command: Post) -> asyncio.Future[Entry]:
    """The stored message, once it is durable. A plain function: many posts of one link are on their way at once."""
    group = GroupId(command.group)
    target, is_gone = None, False
    if command.reply_to is not None:
        found = parts.roster.group(group)
        if found is None or command.reply_to > found.last_seq:
            raise UnknownTarget
        target = Seq(command.reply_to)
        is_gone = target <= found.floor
    draft = Draft(group, caller.id, "message", body=command.body, nonce=Nonce(command.nonce), target=target)
    if is_gone:  # who repeats an answer that was taken gets it all the same
        return parts.journal.change(lambda transaction: _said_before(transaction, draft))
    if command.mentions or command.files or command.forward is not None or not says_something(command.body or ""):
        return _post_more(parts, caller, command, draft)
    if is_watched(parts, caller, group):
        return parts.journal.change(lambda transaction: transaction.append(draft))
    return parts.journal.append(draft)


def _post_more(parts: Parts, caller: SignedIn, command: Post, draft: Draft) -> asyncio.Future[Entry]:
    """A message that is more than its text."""
    calls = mentions.of(command.mentions)
    if calls:
        draft = structs.replace(draft, more=Content(mentions=calls))
    are_known = mentions.are_known(parts, draft.group, calls)
    if command.forward is not None:
        if command.files:
            raise BadRequest("A forwarded message brings its own files: leave 'files' out.")
        refusal = _why_unseen(parts, caller, command.forward.group) or (None if are_known else mentions.unknown())
        return _forward(parts, draft, command.forward, refusal)
    if command.files:
        return _with_files(parts, draft, command.files, None if are_known else mentions.unknown())
    if command.body is None:
        raise BadRequest("A message says something: give 'body', files, or a message to forward.")
    if not are_known or not says_something(command.body):
        refusal = EmptyMessage() if are_known else mentions.unknown()
        return parts.journal.change(lambda transaction: _the_first(transaction, draft, refusal))
    return parts.journal.append(draft)


def _said_before(transaction: Transaction, draft: Draft) -> Entry:
    """What *draft* became when what it answers was still kept."""
    first = None if draft.nonce is None else transaction.entries.by_nonce(draft.sender, draft.nonce)
    if first is None or (first.group, first.kind, first.target) != (draft.group, draft.kind, draft.target):
        raise UnknownTarget("The message that this answers has had its time here. Send it without the answer.")
    return first


def _the_first(transaction: Transaction, draft: Draft, refusal: WireError) -> Entry:
    """What *draft* became when it was allowed; if it never was, *refusal* is raised."""
    if (first := transaction.first(draft)) is None:
        raise refusal
    return first


def _with_files(
    parts: Parts, draft: Draft, ids: tuple[FileId, ...], refusal: WireError | None
) -> asyncio.Future[Entry]:
    """A message with these uploads of its author."""
    more = draft.more or Content()

    def change(transaction: Transaction) -> Entry:
        assert draft.nonce is not None, "every post has one"
        first = transaction.entries.by_nonce(draft.sender, draft.nonce)
        if first is not None:  # said before, with the same files: whatever has become of them
            named = tuple(file.id for file in first.files)
            files = first.files if named == tuple(dict.fromkeys(ids)) else ()
            return transaction.append(structs.replace(draft, more=structs.replace(more, files=files)))
        if refusal is not None:
            raise refusal
        files = transaction.files.infos_of(draft.sender, ids)
        return transaction.append(structs.replace(draft, more=structs.replace(more, files=files)))

    return parts.journal.change(change)


def _why_unseen(parts: Parts, caller: SignedIn, group: int) -> WireError | None:
    found = parts.roster.group(group)
    if found is not None and caller.id in found.roles:
        return None
    return NotAMember() if found is not None and found.is_open_to(caller.id) else UnknownGroup()


def _forward(parts: Parts, draft: Draft, source: Forward, refusal: WireError | None) -> asyncio.Future[Entry]:
    """The message at *source* said again: what it says now, in the name of who said it first."""
    group, seq = GroupId(source.group), Seq(source.seq)

    def change(transaction: Transaction) -> Entry:
        if (first := _forwarded_before(transaction, draft)) is not None:
            return first
        if refusal is not None:
            raise refusal
        found = transaction.entries.at(group, seq)
        if found is None or found.kind != "message" or found.redacted or found.damaged:
            raise UnknownTarget("The message that is to be forwarded is not there, or was taken back.")
        (message,) = sight.seen(transaction, group, [found])
        if draft.body is not None and draft.body != message.body:
            raise BadRequest("A forwarded message brings its own text: leave 'body' out.")
        if not (message.files or says_something(message.body or "")):
            raise EmptyMessage
        author = message.sender if message.forwarded is None else message.forwarded
        if transaction.erasure.is_erasing(author):
            raise UnknownTarget("What its author has said is being destroyed.")
        more = structs.replace(draft.more or Content(), files=message.files, forwarded=author)
        return transaction.append(structs.replace(draft, body=message.body, more=more))

    return parts.journal.change(change)


def _forwarded_before(transaction: Transaction, draft: Draft) -> Entry | None:
    """What the same nonce brought here before: it says what the original said then, whatever has become of that."""
    assert draft.nonce is not None, "every post has one"
    first = transaction.entries.by_nonce(draft.sender, draft.nonce)
    if first is None:
        return None
    is_such = first.forwarded is not None or first.redacted or first.damaged
    if not is_such or (first.group, first.kind, first.target) != (draft.group, draft.kind, draft.target):
        raise NonceReused
    return first


def sent(command: Post, entry: Entry) -> Sent:
    """The answer to *command*, whose message is *entry*."""
    return Sent(re=command.id, seq=entry.seq, at=entry.at)


async def history(parts: Parts, caller: SignedIn, command: History) -> Page:
    """A page of a group's log; shorter than asked where it would not fit into a frame."""
    if command.before is not None and command.after is not None:
        raise BadRequest("Give 'before' or 'after', not both.")
    return await parts.store.read(lambda tables: _page(tables, command))


def _page(tables: Tables, command: History) -> Page:
    """On a reader's thread: what fits of the page, and what later entries say of it."""
    group, is_upwards = GroupId(command.group), command.after is not None
    floor = tables.retention.floor(group)
    # One entry more than asked for, which tells that there are more.
    if command.after is not None:
        found = tables.entries.after(group, Seq(command.after), command.limit + 1)
    else:
        before = None if command.before is None else Seq(command.before)
        found = tables.entries.before(group, before, command.limit + 1)
    entries = sight.seen(tables, group, found)
    count = sight.fitting((entries if is_upwards else entries[::-1])[: command.limit])
    while count:
        kept = entries[:count] if is_upwards else entries[-count:]
        seqs = sight.related_to(tables, group, kept)
        if count == 1 or len(seqs) <= sight.RELATED_MAX:
            related = [*tables.entries.several(group, seqs).values()] if seqs else []
            if not related or count == 1 or sight.fitting([*kept, *related]) == count + len(related):
                return Page(re=command.id, entries=kept, more=count < len(entries), related=related, floor=floor)
        count //= 2
    return Page(re=command.id, entries=[], more=False, floor=floor)
