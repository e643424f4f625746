"""On a reader's thread: slices of the log for the index, and what a search finds, read and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from common.ids import GroupId, UserId
from common.protocol.messages import Entry, Hit
from relay.search.index import Change, Changed, TakenBack
from relay.search.query import name_key
from relay.search.shard import Known, Place
from relay.search.text import Term, composed, folded, snippet, spread
from relay.storage.tables import Tables


class Slice(Struct, frozen=True):
    """Some of the log. *reach*: the number of its last entry; *is_last*: nothing was there after it."""

    changes: tuple[Change, ...]
    reach: int
    is_last: bool


def slice_after(tables: Tables, number: int, limit: int) -> Slice:
    """What the index is to know of the next *limit* entries."""
    numbered = tables.log.numbered_after(number, limit)
    changes = tuple(change for each in numbered for change in _changes(tables, *each))
    return Slice(changes, numbered[-1][0] if numbered else number, len(numbered) < limit)


def _changes(tables: Tables, number: int, entry: Entry) -> Iterable[Change]:
    yield _known(number, entry)
    if entry.target is None or entry.kind not in ("edit", "redaction"):
        return
    target = tables.log.number_of(entry.group, entry.target)
    if target is None:
        return
    if entry.kind == "redaction":
        yield TakenBack(target)
    elif entry.body is not None:
        yield Changed(target, spread(entry.body))


def _known(number: int, entry: Entry) -> Known:
    is_message = entry.kind == "message" and not entry.redacted and not entry.damaged
    text = "".join(spread(each) for each in _texts(entry)) if is_message else None
    return Known(number, entry.at, entry.group, entry.sender, text, bool(entry.files))


def stretch_now(tables: Tables, first: int, end: int) -> list[Known]:
    """The entries from *first* to before *end* as they are now, for an index without what was taken back."""
    numbered = tables.log.numbered_after(first - 1, end - first)
    now = dict(tables.log.messages_now(number for number, _ in numbered))
    return [_known(number, now.get(number, entry)) for number, entry in numbered if number < end]


def _texts(entry: Entry) -> list[str]:
    return [entry.body or "", *(file.name for file in entry.files)]


# -- what was found ----------------------------------------------------------------------------------------------------


class Question(Struct, frozen=True):
    """What a hit must be, whatever the index believes."""

    terms: tuple[Term, ...]
    groups: frozenset[GroupId]
    senders: frozenset[UserId] | None
    has_file: bool


def hits_among(tables: Tables, places: Sequence[Place], question: Question) -> list[Hit]:
    """Those of *places* that are what was asked for, as they read now."""
    messages = tables.log.messages_now(place.number for place in places)
    return [_hit(entry, question) for _, entry in messages if _answers(entry, question)]


def _answers(entry: Entry, question: Question) -> bool:
    if entry.group not in question.groups or (question.has_file and not entry.files):
        return False
    if question.senders is not None and entry.sender not in question.senders:
        return False
    texts = [folded(composed(text)) for text in _texts(entry)]
    return all(any(term.pattern.search(text) for text in texts) for term in question.terms)


def _hit(entry: Entry, question: Question) -> Hit:
    shown, marks = snippet(entry.body or "", question.terms)
    return Hit(entry.group, entry.seq, entry.at, entry.sender, shown, marks, entry.files)


def people_named(tables: Tables, names: Sequence[str]) -> frozenset[UserId]:
    """Whoever has one of *names*, as a user name or as the beginning of a word of the shown name."""
    found = set()
    for user in tables.people.all():
        shown = f" {name_key(user.display_name)}"
        if any(name == name_key(user.username) or f" {name}" in shown for name in names):
            found.add(user.id)
    return frozenset(found)
