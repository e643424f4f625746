"""Writes a conversation's log down, page by page, each entry with what holds of it. Never more than a page is in memory.

The relay is asked for the log while there is a link: with each page it says what later entries say of its messages. Without a link the
archive has what it has; where something is missing, that is written down too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, field, structs

from common.ids import GroupId, Seq, UserId
from common.protocol import limits
from common.protocol.messages import Command, Entry, History, ListUsers, Page, User, Users
from desktop.export.records import LATE, LOG, Quoted, Reacted, ReadEntry, ReadGap
from desktop.link.exports.place import WANTED
from desktop.link.shelf import Shelf
from desktop.model.said import SAYING, Said

RECENT: Final = 1000
"""So many messages are remembered to be quoted; older ones are asked for."""
QUOTED: Final = 300
"""Characters of a message that are kept for quotes of it."""
PAGE: Final = limits.PAGE_MAX

Ask = Callable[[Command, Any], Awaitable[Any]]
"""Asks the relay, waiting for it while it is away; raises `Denied`."""
_Passage = tuple[ReadGap | None, Sequence[Entry], Sequence[Entry]]
"""What is missing before it, entries without gaps, and what later ones say of them."""


class Found(Struct):
    """What the log turned out to hold."""

    last: Seq = Seq(0)
    entries: int = 0
    messages: int = 0
    gaps: int = 0
    files: int = 0
    bytes: int = 0
    """Of each file once, however many messages have it."""
    people: dict[UserId, User] = field(default_factory=dict)


class LogReader:
    """Reads the log of one group into *work*. *ask* is None where there is no relay."""

    def __init__(self, shelf: Shelf, group: GroupId, ask: Ask | None, work: Path) -> None:
        self._shelf = shelf
        self._group = group
        self._ask = ask
        self._work = work
        self._recent: dict[Seq, Quoted] = {}
        self._counted: set[str] = set()
        self._unknown: set[UserId] = set()
        self.found = Found(people={shelf.user.id: shelf.user})

    async def read(self, on_page: Callable[[int, int], None]) -> Found:
        """Write everything down. *on_page* is told of each page: up to which seq, of how many.

        Raises:
            Denied: the relay does not let the person read it (any more).
            OSError: the disk refuses.
        """
        with (self._work / LOG).open("wb") as log, (self._work / WANTED).open("wb") as wanted:
            async for gap, entries, related in self._pages():
                reads = await self._resolved(entries, related)
                self.found.gaps += gap is not None
                await asyncio.to_thread(_put, log, reads if gap is None else [gap, *reads])
                await asyncio.to_thread(_put, wanted, [file for read in reads for file in read.entry.files])
                self._count(reads)
                await self._meet(reads)
                on_page(entries[-1].seq, self.found.last)
        return self.found

    async def read_late(self) -> int:
        """Write down what was said of these messages since `read`; how many entries that were."""
        assert self._ask is not None, "without a relay nothing new is heard"
        count = 0
        with (self._work / LATE).open("wb") as late:
            after = self.found.last
            while True:
                page = await self._ask(History(group=self._group, after=after, limit=PAGE), Page)
                acts = [entry for entry in page.entries if self._is_of_these(entry)]
                await asyncio.to_thread(_put, late, acts)
                count += len(acts)
                if not (page.more and page.entries):
                    return count
                after = page.entries[-1].seq

    def _is_of_these(self, entry: Entry) -> bool:
        return entry.kind == "deleted" or (
            entry.kind in SAYING and entry.target is not None and entry.target <= self.found.last
        )

    # -- where it comes from -------------------------------------------------------------------------------------------

    def _pages(self) -> AsyncIterator[_Passage]:
        return self._from_archive() if self._ask is None else self._from_relay(self._ask)

    async def _from_relay(self, ask: Ask) -> AsyncIterator[_Passage]:
        newest = await ask(History(group=self._group, limit=1), Page)
        self.found.last = newest.entries[-1].seq if newest.entries else Seq(0)
        after = Seq(0)
        while after < self.found.last:
            page = await ask(History(group=self._group, after=after, limit=PAGE), Page)
            entries = [entry for entry in page.entries if entry.seq <= self.found.last]
            if not entries:
                return
            after = entries[-1].seq
            yield None, entries, page.related

    async def _from_archive(self) -> AsyncIterator[_Passage]:
        after = self._shelf.floor(self._group)
        self.found.last = self._shelf.runs(self._group).last
        for run in list(self._shelf.runs(self._group)):
            for first in range(run.first, run.last + 1, PAGE):
                last = min(first + PAGE - 1, run.last)
                entries = await self._shelf.page_before(self._group, Seq(last + 1), last - first + 1)
                if not entries:
                    continue
                begins = entries[0].seq
                gap = ReadGap(Seq(after + 1), Seq(begins - 1)) if begins > after + 1 else None
                after = entries[-1].seq
                yield gap, entries, await self._shelf.related_to(self._group, entries)

    # -- what holds of it ----------------------------------------------------------------------------------------------

    async def _resolved(self, entries: Sequence[Entry], related: Sequence[Entry]) -> list[ReadEntry]:
        said = Said(self._shelf.user.id)
        said.fold(entries)
        said.fold(related)
        messages = {entry.seq: _settled(entry, said) for entry in entries if entry.kind == "message"}
        for message in messages.values():
            self._remember(message)
        reads = []
        for entry in entries:
            message = messages.get(entry.seq, entry)
            if message.kind != "message" or message.redacted:
                reads.append(ReadEntry(message))
            else:
                reactions = tuple(Reacted(emoji, tuple(who)) for emoji, who in said.reacted(entry.seq).items())
                quote = None if message.target is None else await self._quoted(message.target)
                reads.append(ReadEntry(message, reactions, said.is_pinned(entry.seq), quote))
        return reads

    def _remember(self, message: Entry) -> None:
        self._recent[message.seq] = _quoted(message)
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    async def _quoted(self, seq: Seq) -> Quoted:
        known = self._recent.get(seq)
        if known is not None:
            return known
        if self._ask is not None:
            page = await self._ask(History(group=self._group, before=Seq(seq + 1), limit=1), Page)
            found = [*page.entries, *page.related]
        else:
            found = await self._shelf.entries_at(self._group, [seq])
        said = Said(self._shelf.user.id)
        said.fold(found)
        for message in found:
            if message.seq == seq and message.kind == "message":
                return _quoted(_settled(message, said))
        return Quoted(seq)

    # -- counting, and names -------------------------------------------------------------------------------------------

    def _count(self, reads: Iterable[ReadEntry]) -> None:
        for read in reads:
            self.found.entries += 1
            self.found.messages += read.entry.kind == "message"
            for file in read.entry.files:
                self.found.files += 1
                if file.id not in self._counted:
                    self._counted.add(file.id)
                    self.found.bytes += file.size

    async def _meet(self, reads: Iterable[ReadEntry]) -> None:
        """Everybody who is spoken of, by name."""
        for read in reads:
            entry = read.entry
            spoken_of = {entry.sender, entry.user, entry.forwarded, *entry.mentions}
            spoken_of |= {user for one in read.reactions for user in one.users}
            spoken_of.add(read.quote.sender if read.quote is not None else None)
            for user in spoken_of:
                if user and user not in self.found.people:
                    if (known := self._shelf.people.get(user)) is not None:
                        self.found.people[user] = known
                    else:
                        self._unknown.add(user)
        wanted = sorted(self._unknown - self.found.people.keys())[: limits.USERS_PER_REQUEST]
        if wanted and self._ask is not None:
            answer = await self._ask(ListUsers(users=list(wanted)), Users)
            self.found.people.update({user.id: user for user in answer.users})
            self._unknown -= set(wanted)


def _settled(message: Entry, said: Said) -> Entry:
    """*message* as it stands after what is said of it."""
    if said.is_redacted(message):
        return structs.replace(
            message, body=None, redacted=True, edited=False, files=(), mentions=(), target=None, forwarded=None
        )
    if message.damaged:
        return message
    return structs.replace(
        message,
        body=said.body(message) or None,
        mentions=tuple(said.mentions(message)),
        edited=said.is_edited(message),
    )


def _quoted(message: Entry) -> Quoted:
    words = message.body or ", ".join(file.name for file in message.files)
    return Quoted(message.seq, message.sender, words[:QUOTED], message.redacted)


def _put(file: Any, lines: Iterable[object]) -> None:
    encoder = msgspec.json.Encoder()
    for line in lines:
        file.write(encoder.encode(line) + b"\n")
