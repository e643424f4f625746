"""How much something is, in words. Pure."""

from __future__ import annotations

from desktop import locale
from desktop.locale import _


def count_text(count: int) -> str:
    """A number that may be large, with its thousands apart: in Russian by blanks, because a comma there begins a fraction."""
    shown = f"{count:,}"
    return shown.replace(",", "\N{NO-BREAK SPACE}") if locale.current() == "ru" else shown


def size_text(size: float) -> str:
    """So many bytes, for people."""
    if size < 1000:
        return _("{size} B").format(size=int(size))
    value, pattern = _scaled(size)
    return pattern.format(size=_number(value))


def done_text(done: int, size: int) -> str:
    """So many of so many bytes; the unit stands once where both have the same."""
    if done >= 1000 and size >= 1000:
        (value, pattern), (whole, same) = _scaled(done), _scaled(size)
        if pattern == same:
            return _("{done} of {size}").format(done=_number(value), size=same.format(size=_number(whole)))
    return _("{done} of {size}").format(done=size_text(done), size=size_text(size))


def _scaled(size: float) -> tuple[float, str]:
    """In the largest unit that leaves something before the point."""
    patterns = iter((_("{size} KB"), _("{size} MB"), _("{size} GB")))
    pattern = next(patterns)
    value = size / 1024
    while value >= 999.5 and (larger := next(patterns, "")):
        pattern = larger
        value /= 1024
    return value, pattern


def _number(value: float) -> str:
    shown = f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
    return shown.replace(".", ",") if locale.current() == "ru" else shown
