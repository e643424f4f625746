"""How much of a conversation's past is kept: the relay's rule, a group's own one, and what holds of the two. Values, no I/O."""

from __future__ import annotations

from typing import Final

import msgspec

from common.ids import Millis
from common.protocol.messages import Keeps

DAY_MS: Final = 24 * 60 * 60 * 1000
YOUNG_MS: Final = DAY_MS
"""Younger entries stay, however many there are: devices that were away for a night are to get them, and who repeats a message whose
acknowledgement was lost must find it."""


class Rule(msgspec.Struct, frozen=True):
    """The relay's rule for all conversations; 0: for ever, all. *held*: nothing is deleted anywhere."""

    days: int = 0
    entries: int = 0
    held: bool = False


class OwnRule(msgspec.Struct, frozen=True):
    """A group's own rule; None: as the relay says. *longer*: the relay's owner gave it, so it may keep more than the relay does.

    *held*: nothing is deleted in this group.
    """

    days: int | None = None
    entries: int | None = None
    longer: bool = False
    held: bool = False


def keeps_of(rule: Rule, own: OwnRule) -> Keeps | None:
    """What holds for a group; None where all is kept and may be deleted by people, as where nobody has said anything."""
    keeps = Keeps(
        days=_one(rule.days, own.days, own.longer),
        entries=_one(rule.entries, own.entries, own.longer),
        held=rule.held or own.held,
        own=own.days is not None or own.entries is not None,
    )
    return None if keeps == Keeps() else keeps


def oldest_kept(keeps: Keeps, now: Millis) -> Millis:
    """Entries from before that time go; 0: none does for its age."""
    return Millis(max(0, now - keeps.days * DAY_MS)) if keeps.days else Millis(0)


def is_shorter(after: Keeps | None, before: Keeps | None) -> bool:
    """Whether by *after* something may go that stays by *before*."""
    new, old = after or Keeps(), before or Keeps()
    if new.held:
        return False
    return old.held or _is_less(new.days, old.days) or _is_less(new.entries, old.entries)


def _is_less(new: int, old: int) -> bool:
    return bool(new) and (not old or new < old)


def _one(relay: int, own: int | None, longer: bool) -> int:
    if own is None or (not longer and not own):
        return relay
    return own if longer or not relay else min(own, relay)
