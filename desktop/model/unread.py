"""What has not been read yet: the count beside a conversation, its read marker, and the line "New messages"."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

from common.ids import Seq, UserId
from common.protocol.messages import Entry, GroupInfo

_EVERYBODY: Final = UserId(0)


class Unread:
    """One group's read marker and how many messages of others come after it.

    The relay counts what this client may never have fetched; what arrives later is counted here, on top of it.
    """

    def __init__(self, me: UserId, *, only_calls: bool = False) -> None:
        """*me*: whose marker it is; own messages are never unread. *only_calls*: count those that call this person."""
        self._me = me
        self._only_calls = only_calls
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
        # Read since the relay counted; or, where the marker went back, to be read again.
        moved = bisect_right(self._known, self.read_seq) - bisect_right(self._known, self._counted_from)
        return max(self._counted - moved, 0) + live

    def told(self, info: GroupInfo) -> None:
        """The relay has counted up to *info*'s newest entry. Its marker may be behind the one that was just moved here."""
        self._counted = info.mentions if self._only_calls else info.unread
        self._counted_from, self._counted_to = info.read_seq, info.last_seq
        self.read_seq = max(self.read_seq, info.read_seq)

    def known(self, entries: Iterable[Entry]) -> None:
        """Entries have become known, live or fetched; the same may come again."""
        for entry in entries:
            if not self.counts(entry):
                continue
            self._insert(entry.seq)

    def edited(self, edit: Entry) -> None:
        """A message has another text, which may call this person as the one before did not, or not any more."""
        if edit.target is None or edit.sender == self._me or not self._only_calls:
            return
        calls = not {self._me, _EVERYBODY}.isdisjoint(edit.mentions)
        has_changed = self._insert(edit.target) if calls else self._remove(edit.target)
        # What the relay has counted, it counted with all edits up to there.
        if has_changed and edit.seq > self._counted_to and self._is_in_the_count(edit.target):
            self._counted += 1 if calls else -1

    def _insert(self, seq: Seq) -> bool:
        """Whether *seq* was not known to count yet."""
        at = bisect_left(self._known, seq)
        is_new = at == len(self._known) or self._known[at] != seq
        if is_new:
            self._known.insert(at, seq)
        return is_new

    def counts(self, entry: Entry) -> bool:
        """Whether *entry* can be unread: a message, and somebody else's."""
        if entry.kind != "message" or entry.sender == self._me or entry.redacted:
            return False
        return not self._only_calls or not {self._me, _EVERYBODY}.isdisjoint(entry.mentions)

    def took_back(self, seq: Seq) -> None:
        """That message was deleted: it does not count any more."""
        if self._remove(seq) and self._is_in_the_count(seq):
            self._counted -= 1

    def _remove(self, seq: Seq) -> bool:
        """Whether *seq* was known to count."""
        at = bisect_left(self._known, seq)
        if at == len(self._known) or self._known[at] != seq:
            return False
        del self._known[at]
        return True

    def _is_in_the_count(self, seq: Seq) -> bool:
        """Whether the relay's own count speaks of that place, as far as it is still unread."""
        return max(self.read_seq, self._counted_from) < seq <= self._counted_to

    def back(self, seq: Seq) -> None:
        """The person has set the marker back to *seq*; until the relay counts anew, what is known here counts besides."""
        self.read_seq = min(self.read_seq, seq)

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

    def set_back(self, seq: Seq) -> None:
        """The person has marked what comes after *seq* as unread."""
        self.after = seq

    def said_something(self) -> bool:
        """The person answered, so nothing above is new any more. True: the line went."""
        went = self.after is not None
        self.after = None
        return went
