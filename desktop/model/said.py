"""What is said about messages after they were sent: edits, reactions, pins, and that they were taken back.

Of all that is said of one thing the last word counts, by its place in the log and whatever the order in which it becomes known. What
waits in the outbox comes after everything in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct, field, structs

from common.ids import MAX_INTEGER, Seq, UserId
from common.protocol.messages import Entry
from desktop.events.outbox import OutboxItem
from desktop.model.rows import Reaction

NAMES_SHOWN: Final = 10
"""Of those who put one emoji."""
SAYING: Final = frozenset({"edit", "redaction", "reaction", "pin"})
"""Kinds of entries, and of what waits in the outbox, that speak of another entry."""


class _Words(Struct):
    """All that is known to be said of one message."""

    edit: Entry | None = None
    """The last one whose text is known; superseded ones come without."""
    is_edited: bool = False
    is_redacted: bool = False
    pin: Entry | None = None
    reactions: dict[tuple[UserId, str], Entry] = field(default_factory=dict)


def erases(act: Entry, message: Entry) -> bool:
    """Whether *act* says that the account of who said *message*, or said it first, was deleted with all that they had said."""
    return (
        act.kind == "deleted"
        and act.body == "erase"
        and message.seq < act.seq
        and act.sender in (message.sender, message.forwarded)
    )


class Said:
    """What is said of the messages of one group."""

    def __init__(self, me: UserId) -> None:
        """*me*: whose outbox it is."""
        self._me = me
        self._words: dict[Seq, _Words] = {}
        self._pending: dict[Seq, list[OutboxItem]] = {}
        self._erasures: dict[UserId, Entry] = {}
        """Of deleted accounts that took all they had said with them."""

    # -- folding -------------------------------------------------------------------------------------------------------

    def fold(self, entries: Iterable[Entry]) -> set[Seq]:
        """Take in what *entries* say, in any order and as often as they come. Returns the messages of which it is said."""
        touched: set[Seq] = set()
        for entry in entries:
            if entry.kind == "deleted" and entry.body == "erase":
                self._erasures[entry.sender] = entry
            if entry.kind in SAYING and entry.target is not None and not entry.damaged:
                self._fold_one(entry, self._words.setdefault(entry.target, _Words()))
                touched.add(entry.target)
        return touched

    def _fold_one(self, entry: Entry, words: _Words) -> None:
        match entry.kind:
            case "edit":
                words.is_edited = True
                if entry.body is not None and _is_later(entry, words.edit):
                    words.edit = entry
            case "redaction":
                words.is_redacted = True
            case "pin":
                if _is_later(entry, words.pin):
                    words.pin = entry
            case "reaction" if entry.body:
                key = (entry.sender, entry.body)
                if _is_later(entry, words.reactions.get(key)):
                    words.reactions[key] = entry

    def wait(self, items: Iterable[OutboxItem]) -> set[Seq]:
        """All that this person has said and the relay does not have yet. Returns the messages that look different for it."""
        before, self._pending = self._pending, {}
        for item in items:
            if item.kind in SAYING and item.target is not None:
                self._pending.setdefault(item.target, []).append(item)
        return {seq for seq in before.keys() | self._pending.keys() if before.get(seq) != self._pending.get(seq)}

    # -- asking --------------------------------------------------------------------------------------------------------

    def body(self, message: Entry) -> str:
        """The text of *message* as it stands now."""
        for item in reversed(self._waiting(message.seq, "edit")):
            return item.body
        words = self._words.get(message.seq)
        if words is not None and words.edit is not None:
            return words.edit.body or ""
        return message.body or ""

    def mentions(self, message: Entry) -> Sequence[UserId]:
        """Whom the text calls as it stands now."""
        words = self._words.get(message.seq)
        if words is not None and words.edit is not None:
            return words.edit.mentions
        return message.mentions

    def is_edited(self, message: Entry) -> bool:
        """Whether *message* once had another text."""
        words = self._words.get(message.seq)
        is_said = words is not None and words.is_edited
        return message.edited or is_said or bool(self._waiting(message.seq, "edit"))

    def is_waiting(self, message: Entry) -> bool:
        """Whether what is shown is on its way, and the relay has another text, or still has the one that was taken back."""
        return bool(self._waiting(message.seq, "edit") or self._waiting(message.seq, "redaction"))

    def is_redacted(self, message: Entry) -> bool:
        """Whether *message* was taken back."""
        words = self._words.get(message.seq)
        is_said = (words is not None and words.is_redacted) or self.is_erased(message)
        return message.redacted or is_said or bool(self._waiting(message.seq, "redaction"))

    def is_erased(self, entry: Entry) -> bool:
        """Whether what *entry* says went with the account of who said it, or said it first."""
        return any(
            erases(self._erasures[user], entry) for user in (entry.sender, entry.forwarded) if user in self._erasures
        )

    def touched_by_erased(self) -> set[Seq]:
        """The messages that had emoji of such people."""
        return {
            seq
            for seq, words in self._words.items()
            if any(self.is_erased(entry) for entry in words.reactions.values())
        }

    def is_pinned(self, seq: Seq) -> bool:
        """Whether that message is on the list of pinned ones."""
        for item in reversed(self._waiting(seq, "pin")):
            return item.on
        words = self._words.get(seq)
        return words is not None and words.pin is not None and words.pin.on

    def reactions(self, seq: Seq, name_of: Callable[[UserId], str]) -> tuple[Reaction, ...]:
        """The emoji at that message, in the order in which those that are there were put first; likewise the people.

        What was taken away counts for nothing: who only hears how it stands now must see the same as who heard it all.
        """
        return tuple(
            Reaction(emoji, len(who), self._me in who, tuple(name_of(user) for user in who[:NAMES_SHOWN]))
            for emoji, who in self.reacted(seq).items()
        )

    def reacted(self, seq: Seq) -> dict[str, list[UserId]]:
        """As `reactions`: each emoji with everybody who put it."""
        words = self._words.get(seq)
        put: dict[tuple[UserId, str], int] = {}
        if words is not None:
            put = {key: entry.seq for key, entry in words.reactions.items() if entry.on and not self.is_erased(entry)}
        for item in self._waiting(seq, "reaction"):
            if item.on:
                put.setdefault((self._me, item.body), MAX_INTEGER)
            else:
                put.pop((self._me, item.body), None)
        people: dict[str, list[UserId]] = {}
        for user, emoji in sorted(put, key=lambda key: (put[key], key[1])):
            people.setdefault(emoji, []).append(user)
        return people

    def reactions_after(self, seq: Seq) -> list[Entry]:
        """Those put after *seq* in the log that still stand, the last one first."""
        put = (entry for words in self._words.values() if not words.is_redacted for entry in words.reactions.values())
        standing = (entry for entry in put if entry.on and entry.seq > seq and not self.is_erased(entry))
        return sorted(standing, key=lambda entry: -entry.seq)

    def reactors(self, seq: Seq) -> set[UserId]:
        """Who put an emoji to that message."""
        words = self._words.get(seq)
        return set() if words is None else {user for user, _emoji in words.reactions}

    def _waiting(self, seq: Seq, kind: str) -> list[OutboxItem]:
        return [item for item in self._pending.get(seq, ()) if item.kind == kind]


def _is_later(entry: Entry, known: Entry | None) -> bool:
    """Whether *entry* is the later word; the same one may come again."""
    return known is None or entry.seq >= known.seq


def after(message: Entry, act: Entry) -> Entry:
    """*message* as it stands after *act*, if that speaks of it."""
    if message.kind != "message" or message.redacted or not (act.target == message.seq or erases(act, message)):
        return message
    if act.kind in ("redaction", "deleted"):
        return structs.replace(message, body=None, redacted=True, edited=False, files=(), mentions=())
    if act.kind == "edit" and act.sender == message.sender and act.body is not None:
        return structs.replace(message, body=act.body, mentions=act.mentions, edited=True)
    return message
