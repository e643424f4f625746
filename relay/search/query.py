"""What people type into the search field, read. Nothing in it can be wrong: what is no filter is something to look for.

чайник "во дворе" from:anna in:склад has:file after:2026-11-01 before:24.11.2026
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from msgspec import Struct

from common.ids import Millis
from relay.search.text import Term, composed, folded, term

_PART: Final = re.compile(r'(?:(\w+):)?(?:"([^"]*)"?|«([^»]*)»?|“([^”]*)”?|([^\s"«“]\S*))')
_DAYS: Final = ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m", "%m.%Y", "%Y")
_KEYS: Final = {
    "from": "from",
    "от": "from",
    "in": "in",
    "в": "in",
    "has": "has",
    "есть": "has",
    "before": "before",
    "до": "before",
    "after": "after",
    "после": "after",
}
_FILES: Final = frozenset({"file", "files", "файл", "файлы"})


class Query(Struct, frozen=True):
    """What is looked for: all of *terms*; by one of *senders*, in one of *groups* (folded names, empty: any); a span of time."""

    terms: tuple[Term, ...] = ()
    senders: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    has_file: bool = False
    after: Millis | None = None
    """The first moment that counts."""
    before: Millis | None = None
    """The first that does not any more."""

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing at all."""
        return self == Query()


def parse(text: str) -> Query:
    """What *text* asks for. Days are those of this machine's time zone."""
    terms: list[Term] = []
    senders: list[str] = []
    groups: list[str] = []
    has_file = False
    after: list[Millis] = []
    before: list[Millis] = []
    for found in _PART.finditer(text):
        key, value = _KEYS.get((found[1] or "").lower(), ""), next(filter(None, found.groups()[1:]), "")
        day = _day(value) if key in ("before", "after") else None
        if key == "from" and value:
            senders.append(name_key(value))
        elif key == "in" and value:
            groups.append(name_key(value))
        elif key == "has" and folded(value) in _FILES:
            has_file = True
        elif day is not None:
            (before if key == "before" else after).append(day)
        elif wanted := term(found[0]):
            terms.append(wanted)
    return Query(
        tuple(dict.fromkeys(terms)),
        tuple(senders),
        tuple(groups),
        has_file,
        max(after, default=None),
        min(before, default=None),
    )


def name_key(name: str) -> str:
    """A name of a person or group as names are compared here."""
    return folded(composed(name)).strip().removeprefix("@")


def _day(value: str) -> Millis | None:
    """When the day, month or year *value* begins."""
    for form in _DAYS:
        try:
            return Millis(int(datetime.strptime(value, form).timestamp() * 1000))  # noqa: DTZ007  this machine's time is meant
        except (ValueError, OverflowError, OSError):  # another form, or a year that clocks do not know
            continue
    return None
