"""What has not been read yet: the count beside a conversation, its read marker, and the line "New messages"."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from common.ids import Seq, UserId
from common.protocol.messages import Entry, GroupInfo


class Unread:
    """One group's read marker and how many messages of others come after it.

    The relay counts what this client may never have fetched; what arrives later is counted here, on top of it.
    """

    def __init__(self, me: UserId) -> None:
        """*me*: whose marker it is; own messages are never unread."""
        self._me = me
        self._counted = 0
        self._counted_from = Seq(0)
        self._counted_to = Seq(0)
        self._known: list[Seq] = []
        self.read_seq = Seq(0)

    @property
    def count(self) -> int:
        """Messages of others after the marker."""
        live = len(self._known) - bisect_right(self._known, max(self.read_seq, self._counted_to))
        if self.read_seq >= self._counted_to:
            return live
        read_since = bisect_right(self._known, self.read_seq) - bisect_right(self._known, self._counted_from)
        return max(self._counted - read_since, 0) + live

    def told(self, info: GroupInfo) -> None:
        """The relay has counted up to *info*'s newest entry. Its marker may be behind the one that was just moved here."""
        self._counted, self._counted_from, self._counted_to = info.unread, info.read_seq, info.last_seq
        del self._known[: bisect_right(self._known, info.read_seq)]
        self.read_seq = max(self.read_seq, info.read_seq)

    def known(self, entries: Iterable[Entry]) -> None:
        """Entries have become known, live or fetched; the same may come again."""
        for entry in entries:
            if entry.seq <= self._counted_from or not self.counts(entry):
                continue
            at = bisect_left(self._known, entry.seq)
            if at == len(self._known) or self._known[at] != entry.seq:
                self._known.insert(at, entry.seq)

    def counts(self, entry: Entry) -> bool:
        """Whether *entry* can be unread: a message, and somebody else's."""
        return entry.kind == "message" and entry.sender != self._me

    def move(self, seq: Seq) -> bool:
        """The marker moves to *seq*, here or on another device; never back. Returns whether it moved."""
        if seq <= self.read_seq:
            return False
        self.read_seq = seq
        return True


class NewMark:
    """After which entry the line "New messages" stands while a conversation is open.

    It is set when the conversation is opened with something unread, and then stays where it is, however much is read. Without one,
    the first message that arrives while nobody looks gets it; so does a later one, once everything before it has been read.
    """

    def __init__(self) -> None:
        self.after: Seq | None = None
        """None: there is no line."""

    def opened(self, unread: Unread) -> None:
        """A conversation was opened."""
        self.after = unread.read_seq if unread.count else None

    def arrived(self, entries: Iterable[Entry], unread: Unread, *, watched: bool) -> bool:
        """*entries* have become known; *watched*: somebody is looking at the place where they appear. True: the line moved."""
        if watched or (self.after is not None and self.after >= unread.read_seq):
            return False
        if not any(entry.seq > unread.read_seq and unread.counts(entry) for entry in entries):
            return False
        self.after = unread.read_seq
        return True

    def said_something(self) -> bool:
        """The person answered, so nothing above is new any more. True: the line went."""
        went = self.after is not None
        self.after = None
        return went
