"""The pages of an export: filled row by row, begun anew when one is full, with a table of contents by month in front.

A page is kept until it is full, no longer; of those before only where they begin is remembered. So a conversation of any length takes the
memory of one page.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, tzinfo
from html import escape
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from common.ids import Millis, Seq
from desktop import locale
from desktop.export import text
from desktop.export.records import INDEX, JSON_LINES, Fetched, Job, ReadEntry, ReadGap
from desktop.export.rows import Before, Rows, snippet
from desktop.export.style import style
from desktop.locale import _, n_

PAGE_MESSAGES: Final = 2000
PAGE_CHARACTERS: Final = 2_000_000
"""A page that holds as much is full: browsers open that at once, and 100,000 messages are fifty pages."""
LISTED: Final = 500
"""Of pinned messages, and of files that are missing, the first page lists so many."""
_POLICY: Final = (
    "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


class _Month(Struct):
    """A line of the contents."""

    first_day: date
    page: int
    messages: int = 0


class _Pinned(Struct):
    """Both as HTML."""

    seq: Seq
    said: str
    who: str


class _Page(Struct):
    """The one that is being filled."""

    number: int
    parts: list[str] = field(default_factory=list)
    messages: int = 0
    characters: int = 0

    def put(self, html: str) -> None:
        self.parts.append(html)
        self.characters += len(html)


class Book:
    """`add` rows in the order of the log, then `close`."""

    def __init__(self, folder: Path, job: Job, zone: tzinfo | None = None) -> None:
        self._folder = folder
        self._job = job
        self._rows = Rows(job, zone)
        self._page = _Page(1)
        self._begins: list[Seq] = []
        """The first seq of each page."""
        self._months: list[_Month] = []
        self._pinned: list[_Pinned] = []
        self._missing: list[str] = []
        self._gaps = 0
        self._day: date | None = None
        self._before: Before | None = None
        self._first_at: Millis | None = None
        self._last_at: Millis | None = None
        self.messages = 0
        self.files = 0
        self.files_missing = 0

    @property
    def pages(self) -> int:
        """How many there are so far."""
        return self._page.number

    # -- filling -------------------------------------------------------------------------------------------------------

    def add(self, read: ReadEntry, files: tuple[Fetched, ...]) -> None:
        """An entry of the log, with what became of its files."""
        entry = read.entry
        if entry.kind == "message":
            self._begin_row(entry.seq, entry.at)
            link = self._link_to(read.quote.seq) if read.quote is not None else ""
            self._page.put(self._rows.message(read, files, self._before, link))
            self._before = Before(entry.sender, entry.at, entry.via)
            self._page.messages += 1
            self._months[-1].messages += 1
            self.messages += 1
            self._note(read, files)
        elif (
            said := self._rows.notice(entry, self._link_to(entry.target) if entry.target is not None else "")
        ) is not None:
            self._begin_row(entry.seq, entry.at)
            self._page.put(said)
            self._before = None

    def add_gap(self, gap: ReadGap) -> None:
        """Entries are missing here."""
        self._gaps += 1
        said = _("Messages are missing here: they are not on this computer, and the relay could not be asked.")
        self._page.put(f'<p class="gap">{escape(said)}</p>\n')
        self._before = None

    def _begin_row(self, seq: Seq, at: Millis) -> None:
        if self._page.messages >= PAGE_MESSAGES or self._page.characters >= PAGE_CHARACTERS:
            self._end_page(is_last=False)
        if len(self._begins) < self._page.number:
            self._begins.append(seq)
            self._day = None
        day = self._rows.local(at).date()
        if day != self._day:
            self._begin_day(day)
        self._first_at = at if self._first_at is None else self._first_at
        self._last_at = at

    def _begin_day(self, day: date) -> None:
        last = self._months[-1].first_day if self._months else None
        if last is None or (last.year, last.month) != (day.year, day.month):
            self._months.append(_Month(day, self._page.number))
            self._page.put(f'<h2 class="month" id="{_month_id(day)}">{escape(locale.month_name(day))}</h2>\n')
        self._day = day
        self._before = None
        self._page.put(f'<p class="day">{escape(locale.date_name(day, date.min))}</p>\n')

    def _note(self, read: ReadEntry, files: tuple[Fetched, ...]) -> None:
        """What the first page says of this message."""
        entry = read.entry
        if entry.redacted or entry.damaged:
            return
        if read.pinned and len(self._pinned) < LISTED:
            who = text.name(self._rows.name(entry.sender))
            self._pinned.append(_Pinned(entry.seq, escape(snippet(entry)), who))
        for file, fetched in zip(entry.files, files, strict=True):
            self.files += 1
            if not fetched.path:
                self.files_missing += 1
                if len(self._missing) < LISTED:
                    self._missing.append(f"{text.line(file.name)} – {text.line(fetched.problem)}")

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _link_to(self, seq: Seq) -> str:
        """Where a message is that came before."""
        page = bisect_right(self._begins, seq)
        if page == 0:
            return ""
        here = f"#m{seq}"
        return here if page == self._page.number else f"{_page_name(page)}{here}"

    def _end_page(self, is_last: bool) -> None:
        page = self._page
        nav = self._walk(page.number, is_last)
        title = f"{text.name(self._job.name)} · {page.number}"
        with (self._folder / _page_name(page.number)).open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(_document(title, [nav, "<main>\n", *page.parts, "</main>\n", nav]))
        if not is_last:
            self._page = _Page(page.number + 1)
            self._before = None

    def _walk(self, number: int, is_last: bool) -> str:
        back = f'<a href="{_page_name(number - 1)}">← {escape(_("Earlier"))}</a>' if number > 1 else "<span></span>"
        on = "<span></span>" if is_last else f'<a href="{_page_name(number + 1)}">{escape(_("Later"))} →</a>'
        return f'<nav class="walk">{back}<a href="{INDEX}">{escape(_("Contents"))}</a>{on}</nav>\n'

    def close(self) -> None:
        """Write the last page and the first: one page alone holds all."""
        is_only = self._page.number == 1
        if not is_only:
            self._end_page(is_last=True)
        rows = ["<main>\n", *self._page.parts, "</main>\n"] if is_only else []
        with (self._folder / INDEX).open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(_document(text.name(self._job.name), [*self._front(is_only), *rows]))

    # -- what stands in front ------------------------------------------------------------------------------------------

    def _front(self, is_only: bool) -> Iterator[str]:
        job = self._job
        yield f'<header class="top"><h1>{text.name(job.name)}</h1>\n'
        if job.topic:
            yield f'<p class="topic">{text.line(job.topic)}</p>\n'
        yield "<dl>"
        for term, what in self._facts():
            yield f"<dt>{escape(term)}</dt><dd>{escape(what)}</dd>\n"
        yield "</dl>"
        if self._gaps:
            said = n_("At {n} place messages are missing.", "At {n} places messages are missing.", self._gaps)
            yield f'<p class="warn">{escape(said.format(n=self._gaps))}</p>\n'
        yield f'<p class="warn">{escape(_("This copy is not sealed: whoever has the files can read them."))}</p>\n'
        if self._pinned:
            yield f'<h2>{escape(_("Pinned messages"))}</h2><ul class="pins">'
            for pinned in self._pinned:
                yield f'<li><a href="{self._from_front(pinned.seq, is_only)}">{pinned.said}</a> <span>{pinned.who}</span></li>\n'
            yield "</ul>"
        if self._missing:
            yield f'<h2>{escape(_("Files that could not be fetched"))}</h2><ul class="warn">'
            yield "".join(f"<li>{said}</li>\n" for said in self._missing)
            if self.files_missing > len(self._missing):
                yield f"<li>… {self.files_missing - len(self._missing)}</li>"
            yield "</ul>"
        if self._months:
            yield f'<div class="contents"><h2>{escape(_("Contents"))}</h2><ul class="months">'
            for month in self._months:
                page = "" if is_only else _page_name(month.page)
                words = escape(locale.month_name(month.first_day))
                href = f"{page}#{_month_id(month.first_day)}"
                yield f'<li><a href="{href}">{words}</a> <span>{month.messages}</span></li>\n'
            yield "</ul></div>"
        yield "</header>\n"

    def _facts(self) -> Iterator[tuple[str, str]]:
        job = self._job
        count = n_("{n} message", "{n} messages", self.messages).format(n=self.messages)
        yield _("Holds"), count
        if self._first_at is not None and self._last_at is not None:
            yield _("From – to"), f"{self._moment(self._first_at)} – {self._moment(self._last_at)}"
        if job.complete_up_to is None:
            yield _("Complete up to"), self._moment(job.exported_at)
        else:
            said = _("{moment} – the relay was not there").format(moment=self._moment(job.complete_up_to))
            yield _("Complete up to"), said
        yield _("Exported"), f"{self._moment(job.exported_at)}, {text.SAFE.name(self._rows.name(job.me))}"
        yield _("Times"), self._zone_words(job.exported_at)
        yield _("Relay"), f"{text.SAFE.name(job.relay_name)} · {job.relay_id[:16]}"
        if job.json:
            yield _("For programs"), JSON_LINES
        if not job.with_files:
            yield _("Files"), _("Not fetched, as you wished.")

    def _moment(self, at: Millis) -> str:
        moment = self._rows.local(at)
        return _("{date}, {time}").format(date=locale.date_name(moment.date(), date.min), time=f"{moment:%H:%M}")

    def _zone_words(self, at: Millis) -> str:
        moment = self._rows.local(at)
        offset = f"{moment:%z}"
        return f"{moment.tzname()} (UTC{offset[:3]}:{offset[3:5]})"

    def _from_front(self, seq: Seq, is_only: bool) -> str:
        page = "" if is_only else _page_name(bisect_right(self._begins, seq))
        return f"{page}#m{seq}"


def _page_name(number: int) -> str:
    return f"page-{number:03}.html"


def _month_id(day: date) -> str:
    return f"{day:%Y-%m}"


def _document(title: str, content: list[str]) -> list[str]:
    """A whole page around *content*; *title* is HTML already."""
    return [
        f'<!DOCTYPE html>\n<html lang="{escape(locale.current())}"><head><meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        '<meta name="referrer" content="no-referrer"><meta name="generator" content="Py_messenger">\n',
        f"<title>{title}</title><style>{style()}</style></head><body>\n",
        *content,
        "</body></html>\n",
    ]
