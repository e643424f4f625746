"""Words for people in their language: gettext catalogues beside this file, and how each language writes days and times.

English is the language of the sources; every other one is a folder here with a compiled catalogue. One language is in use at a
time, for the whole process. Words are looked up when they are shown, never when a module is imported, so that the language can
change while the window is open; tables of words use `mark`.
"""

from __future__ import annotations

import gettext
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from common import environment
from common.ids import Millis

DOMAIN: Final = "pymessenger"
SOURCE_LANGUAGE: Final = "en"
FOLDER: Final = Path(__file__).parent

# Each language is called by its own name, so that everybody finds theirs.
_OWN_NAMES: Final = {"en": "English", "ru": "Русский"}


class _InUse:
    """The one language of this process."""

    language: str = SOURCE_LANGUAGE
    translations: gettext.NullTranslations = gettext.NullTranslations()


def _(message: str) -> str:
    """*message* in the language in use; itself where there is no translation."""
    return _InUse.translations.gettext(message)


def n_(singular: str, plural: str, n: int) -> str:
    """The form that belongs to *n* things; it still has its placeholders: ``n_("{n} day", "{n} days", n).format(n=n)``."""
    return _InUse.translations.ngettext(singular, plural, n)


def mark(message: str) -> str:
    """*message* itself, put into the catalogue to be looked up later by `_`."""
    return message


def use(language: str) -> str:
    """Speak *language* from now on; an unknown one becomes English. Returns the language really in use."""
    found = language if language in languages() else SOURCE_LANGUAGE
    if found == SOURCE_LANGUAGE:
        _InUse.translations = gettext.NullTranslations()
    else:
        _InUse.translations = gettext.translation(DOMAIN, str(FOLDER), [found])
    _InUse.language = found
    return found


def current() -> str:
    """Code of the language in use."""
    return _InUse.language


def languages() -> tuple[str, ...]:
    """Codes of all languages that there are, English first."""
    others = sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (SOURCE_LANGUAGE, *others)


def language_name(language: str) -> str:
    """What speakers of *language* call it; the code itself where that is not known."""
    return _OWN_NAMES.get(language, language)


def system_language() -> str:
    """The language that the person's system speaks, if it is one of `languages`; else English."""
    language = environment.system_language()
    return language if language in languages() else SOURCE_LANGUAGE


# -- days and times ----------------------------------------------------------------------------------------------------

_MONTHS: Final = (
    mark("{day} January"),
    mark("{day} February"),
    mark("{day} March"),
    mark("{day} April"),
    mark("{day} May"),
    mark("{day} June"),
    mark("{day} July"),
    mark("{day} August"),
    mark("{day} September"),
    mark("{day} October"),
    mark("{day} November"),
    mark("{day} December"),
)
_SHORT_MONTHS: Final = (
    mark("{day} Jan"),
    mark("{day} Feb"),
    mark("{day} Mar"),
    mark("{day} Apr"),
    mark("{day} May"),
    mark("{day} Jun"),
    mark("{day} Jul"),
    mark("{day} Aug"),
    mark("{day} Sep"),
    mark("{day} Oct"),
    mark("{day} Nov"),
    mark("{day} Dec"),
)
_MONTHS_OF_YEAR: Final = (
    mark("January {year}"),
    mark("February {year}"),
    mark("March {year}"),
    mark("April {year}"),
    mark("May {year}"),
    mark("June {year}"),
    mark("July {year}"),
    mark("August {year}"),
    mark("September {year}"),
    mark("October {year}"),
    mark("November {year}"),
    mark("December {year}"),
)
_WEEKDAYS: Final = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)
_SHORT_WEEKDAYS: Final = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))

_FIRST: Final = 86_400_000
_LAST: Final = 253_402_128_000_000
"""Two days in the years 1970 and 9999. A relay whose clock is that wrong shows its messages at these: no calendar has others everywhere."""


def local_day(at: Millis, zone: tzinfo | None = None) -> date:
    """The day of *at* on this computer's calendar, or in *zone*."""
    return local_time(at, zone).date()


def time_of_day(at: Millis, zone: tzinfo | None = None) -> str:
    """Hours and minutes, as under a message: ``09:41``."""
    return f"{local_time(at, zone):%H:%M}"


def day_name(day: date, today: date) -> str:
    """A day as a line between messages: Today, Yesterday, the weekday within a week, else the date."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if timedelta(0) < today - day < timedelta(days=7):
        return _(_WEEKDAYS[day.weekday()])
    return date_name(day, today)


def date_name(day: date, today: date) -> str:
    """A date in words, with the year when it is another one: ``23 November``, ``23 November 2024``."""
    written = _(_MONTHS[day.month - 1]).format(day=day.day)
    return written if day.year == today.year else _("{date} {year}").format(date=written, year=day.year)


def month_name(day: date) -> str:
    """The month of *day* with its year: ``November 2026``."""
    return _(_MONTHS_OF_YEAR[day.month - 1]).format(year=day.year)


def short_moment(at: Millis, now: Millis, zone: tzinfo | None = None) -> str:
    """When something was said, as short as a list has room for: ``09:41`` today, ``Sun`` this week, ``3 Nov``, ``03.11.24``."""
    day, today = local_day(at, zone), local_day(now, zone)
    if day == today:
        return time_of_day(at, zone)
    if timedelta(0) < today - day < timedelta(days=7):
        return _(_SHORT_WEEKDAYS[day.weekday()])
    if day.year == today.year:
        return _(_SHORT_MONTHS[day.month - 1]).format(day=day.day)
    return f"{day:%d.%m.%y}"


def moment(at: Millis, now: Millis, zone: tzinfo | None = None) -> str:
    """A moment within a sentence, as in "complete up to …": only the time today, else day and time."""
    day, today = local_day(at, zone), local_day(now, zone)
    if day == today:
        return time_of_day(at, zone)
    return _("{date}, {time}").format(date=date_name(day, today), time=time_of_day(at, zone))


def local_time(at: Millis, zone: tzinfo | None = None) -> datetime:
    """That moment where the reader is, or in *zone*."""
    return datetime.fromtimestamp(min(max(at, _FIRST), _LAST) / 1000, tz=UTC).astimezone(zone)
