"""What the person reads: the end of a conversation, what comes before, and any place in it; from the archive, else from the relay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from common.errors import LinkLost
from common.ids import GroupId, Millis, Seq
from common.protocol import limits
from common.protocol.messages import Edits, Hits, ListEdits, ListPins, ListReaders, Pins, Readers, Search
from desktop.events import LinkEvent
from desktop.events.asked import EditsListed, HitsFound, PinsListed, ReadersListed
from desktop.events.conversations import PinsCounted
from desktop.link.asking import Asking
from desktop.link.denied import Denied
from desktop.link.logs import Logs
from desktop.link.names import Names
from desktop.link.shelf import Shelf

OPENED: Final = 200
"""Entries of a conversation that are shown at once from the archive."""
AROUND: Final = 25
"""Entries that come after the one that was jumped to."""


class Reading:
    """Gives pages of the logs of one account."""

    def __init__(
        self, shelf: Shelf, asking: Asking, logs: Logs, names: Names, tell: Callable[[LinkEvent], None]
    ) -> None:
        """*shelf* is asked first, then the relay."""
        self._shelf = shelf
        self._asking = asking
        self._logs = logs
        self._names = names
        self._tell = tell
        self._loading: set[tuple[GroupId, Seq]] = set()

    async def open_group(self, group: GroupId) -> None:
        """Tell the end of the conversation."""
        await self._tell_page(group, None)
        self._logs.outbox.list(group)
        tail = self._logs.tails.get(group)
        if self._asking.wire is not None and tail is not None and not tail.is_behind:
            await self.top_up(group)

    async def top_up(self, group: GroupId) -> None:
        """Too little of the newest run is here to fill a screen: fetch the page before it."""
        newest = self._shelf.runs(group).newest
        if newest is None:
            if (tail := self._logs.tails.get(group)) is not None and not tail.is_behind:
                self._logs.tell_nothing_before(group)
        elif newest.first > self._shelf.floor(group) + 1 and newest.last - newest.first + 1 < limits.PAGE_DEFAULT:
            await self.load_before(group, newest.first)

    async def load_before(self, group: GroupId, before: Seq) -> None:
        """Tell the entries that come before *before*: from the archive, else from the relay."""
        if before <= self._shelf.floor(group) + 1 or (group, before) in self._loading:
            return
        self._loading.add((group, before))
        try:
            if not await self._tell_page(group, before):
                await self._logs.fetch_before(group, before)
        except (Denied, LinkLost) as error:
            self._asking.refused("load_before", error)
        finally:
            self._loading.discard((group, before))

    async def load_around(self, group: GroupId, seq: Seq) -> None:
        """Tell the entries around *seq*."""
        run = self._shelf.runs(group).run_of(seq)
        last = self._shelf.runs(group).last if run is None else run.last
        before = min(Seq(seq + AROUND + 1), Seq(max(last, seq) + 1))
        await self.load_before(group, before)

    async def fill_gap(self, group: GroupId, after: Seq, before: Seq) -> None:
        """Tell what is between the two seqs, a page of it, the newest first."""
        if before > after + 1:
            await self.load_before(group, before)

    async def _tell_page(self, group: GroupId, before: Seq | None) -> bool:
        """Tell what the archive has there; False: nothing."""
        entries = await self._shelf.page_before(group, before, OPENED)
        if entries:
            self._logs.tell(group, entries)
            self._logs.tell_related(group, await self._shelf.related_to(group, entries))
        return bool(entries)

    # -- what is asked about messages ----------------------------------------------------------------------------------

    async def list_pins(self, group: GroupId) -> None:
        """Tell which messages are pinned."""
        if answer := await self._asking.or_refuse("list_pins", ListPins(group=group), Pins):
            self._names.need(entry.sender for entry in answer.entries)
            self._tell(PinsListed(group, tuple(answer.entries)))

    async def count_pins(self, group: GroupId) -> None:
        """Tell how many messages are pinned."""
        if answer := await self._asking.or_refuse("count_pins", ListPins(group=group), Pins):
            self._tell(PinsCounted(group, len(answer.entries)))

    async def list_readers(self, group: GroupId, seq: Seq) -> None:
        """Tell who has read an own message."""
        if answer := await self._asking.or_refuse("list_readers", ListReaders(group=group, seq=seq), Readers):
            self._names.need(reader.user for reader in answer.readers)
            self._tell(ReadersListed(group, seq, tuple(answer.readers)))

    async def list_edits(self, group: GroupId, target: Seq) -> None:
        """Tell which texts an own message had."""
        if answer := await self._asking.or_refuse("list_edits", ListEdits(group=group, target=target), Edits):
            self._tell(EditsListed(group, target, tuple(answer.entries)))

    async def search(self, query: str, group: GroupId | None, before: Millis | None) -> None:
        """Tell which messages have *query* in them."""
        command = Search(query=query, group=group, before=before)
        if answer := await self._asking.or_refuse("search", command, Hits):
            self._names.need(hit.sender for hit in answer.hits)
            self._tell(HitsFound(query, group, tuple(answer.hits), answer.complete, answer.more))
