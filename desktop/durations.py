"""How long something lasts, in words. Pure."""

from __future__ import annotations

from desktop.locale import n_

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def in_words(seconds: float) -> str:
    """So long, in the largest unit that says it well, never less than it is: ``45 seconds``, ``10 minutes``, ``2 hours``."""
    whole = max(1, -int(-seconds // 1))
    if whole < 2 * _MINUTE and whole % _MINUTE:
        return n_("{n} second", "{n} seconds", whole).format(n=whole)
    if whole < 2 * _HOUR and whole % _HOUR:
        minutes = -(-whole // _MINUTE)
        return n_("{n} minute", "{n} minutes", minutes).format(n=minutes)
    if whole < 2 * _DAY and whole % _DAY:
        hours = -(-whole // _HOUR)
        return n_("{n} hour", "{n} hours", hours).format(n=hours)
    days = -(-whole // _DAY)
    return n_("{n} day", "{n} days", days).format(n=days)
