"""Finding messages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from common.ids import GroupId, Millis, UserId
from common.protocol.messages import Hits, Search
from relay.handlers.parts import Parts, SignedIn
from relay.roster import Group
from relay.search.query import Query, name_key, parse
from relay.search.reading import Question, people_named


async def search(parts: Parts, caller: SignedIn, command: Search) -> Hits:
    """The newest messages that the caller may read and that are what the query says."""
    query = parse(command.query)
    before = min((time for time in (query.before, command.before) if time is not None), default=None)
    question = await _question(parts, caller, command, query)
    if query.is_empty or not question.groups:
        return Hits(re=command.id, hits=[], complete=True)
    found = await parts.search.find(
        question,
        after=query.after,
        before=None if before is None else Millis(before),
        limit=command.limit,
    )
    # Who was taken out of a group while it was looked for has lost what is in there.
    hits = [hit for hit in found.hits if parts.roster.role(hit.group, caller.id) is not None]
    return Hits(re=command.id, hits=hits, complete=found.complete, more=found.more)


async def _question(parts: Parts, caller: SignedIn, command: Search, query: Query) -> Question:
    senders = await _named(parts, query.senders) if query.senders else None
    mine = parts.roster.groups_of(caller.id)
    groups = mine if command.group is None else mine & {GroupId(command.group)}
    if query.groups:
        people = await _named(parts, query.groups)
        groups &= frozenset(group.id for group in _groups_named(parts, caller, query.groups, people))
    return Question(query.terms, groups, senders, query.has_file)


async def _named(parts: Parts, names: tuple[str, ...]) -> frozenset[UserId]:
    return await parts.store.read(partial(people_named, names=names))


def _groups_named(parts: Parts, caller: SignedIn, names: tuple[str, ...], people: frozenset[UserId]) -> Iterator[Group]:
    """The caller's groups with such a name, and the conversations with such people."""
    for group in parts.roster.seen_by(caller.id):
        if group.kind == "direct":
            if group.peer_of(caller.id) in people:
                yield group
        elif any(f" {name}" in f" {name_key(group.name)}" for name in names):
            yield group
