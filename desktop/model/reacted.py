"""Which reactions to own messages the person has not seen yet, in one sentence's worth. Pure.

Everything follows from the log and the read marker, so it is the same whether one was there when they came or caught up later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from common.ids import Seq, UserId
from desktop.model.timeline import Timeline

_NAMED: Final = 2


class ReactionNote(Struct, frozen=True):
    """*names*: of those who reacted last, at most two; *others*: how many more. *target*, *text*: the message; of several, the one last reacted to.

    *emoji*: the last one that was put; *messages*: to how many messages.
    """

    names: tuple[str, ...]
    others: int
    emoji: str
    messages: int
    target: Seq
    text: str


def note_of(timeline: Timeline, after: Seq, me: UserId, name_of: Callable[[UserId], str]) -> ReactionNote | None:
    """What came after *after* and still stands; None: nothing did."""
    people: dict[UserId, None] = {}
    targets: dict[Seq, None] = {}
    emoji = ""
    for entry in timeline.reactions_after(after):
        message = timeline.message(entry.target) if entry.target is not None else None
        if entry.sender == me or message is None or message.sender != me or message.redacted or not entry.body:
            continue
        emoji = emoji or entry.body
        people.setdefault(entry.sender)
        targets.setdefault(message.seq)
    if not people:
        return None
    names = tuple(name_of(user) for user in people)
    target = next(iter(targets))
    return ReactionNote(
        names[:_NAMED] if len(names) == _NAMED else names[:1],
        0 if len(names) <= _NAMED else len(names) - 1,
        emoji,
        len(targets),
        target,
        timeline.quote(target).text,
    )
