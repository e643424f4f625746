"""How much so many bytes are, in words; as the client shows it, in powers of 1,024."""

from __future__ import annotations

from collections.abc import Iterator


def size_text(size: float) -> str:
    """So many bytes, for people: the largest unit that leaves something before the point, up to GB."""
    if size < 1000:
        return f"{int(size)} B"
    units: Iterator[str] = iter(("KB", "MB", "GB"))
    unit, value = next(units), size / 1024
    while value >= 999.5 and (larger := next(units, "")):
        unit, value = larger, value / 1024
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
