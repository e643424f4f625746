"""One entry of the log as HTML. Pure: an entry and what the page knows around it go in, text comes out."""

from __future__ import annotations

from datetime import datetime, tzinfo
from html import escape
from typing import Final
from urllib.parse import quote as url_quote

from msgspec import Struct

from common.ids import Millis, UserId
from common.protocol.messages import Entry, FileInfo, User
from desktop.export import text
from desktop.export.records import Fetched, Job, Quoted, Reacted, ReadEntry
from desktop.locale import _, local_time
from desktop.model.noticed import is_notice, notice_of
from desktop.sizes import size_text
from desktop.view.initials import initials
from desktop.view.markdown import seen
from desktop.view.notices import notice_text

RUN_MS: Final = 5 * 60 * 1000
_COLOURS: Final = 8
_LONG: Final = 1500
"""A message with more characters may be broken over two sheets of paper."""
_IMAGES: Final = frozenset({"png", "jpg", "jpeg", "gif", "webp", "bmp"})
_LINKED: Final = _IMAGES | frozenset(
    [
        "pdf",
        "txt",
        "log",
        "csv",
        "mp3",
        "ogg",
        "oga",
        "opus",
        "wav",
        "flac",
        "m4a",
        "mp4",
        "m4v",
        "webm",
        "mov",
        "mkv",
        "avi",
        "zip",
        "7z",
        "gz",
        "xz",
        "bz2",
        "tar",
        "rar",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "odt",
        "ods",
        "odp",
        "rtf",
    ]
)
"""What a browser shows or saves without running it; whatever else was attached is named, and can be opened by hand."""


class Before(Struct, frozen=True):
    """The message above: its author, when, and whether it was the reader's."""

    sender: UserId
    at: Millis
    via: str | None


class Rows:
    """Makes them for one export."""

    def __init__(self, job: Job, zone: tzinfo | None = None) -> None:
        """*zone*: None: this computer's."""
        self._me = job.me
        self._zone = zone
        self._people: dict[UserId, User] = {user.id: user for user in job.people}

    def name(self, user: UserId) -> str:
        """What somebody is called, not escaped; their number while that is not known."""
        known = self._people.get(user)
        if known is not None and known.deleted:
            return _("Deleted account")
        return (known.display_name or known.username) if known is not None else f"#{user}"

    def local(self, at: Millis) -> datetime:
        """That moment in the person's zone."""
        return local_time(at, self._zone)

    def time(self, at: Millis) -> str:
        """A time of day as HTML, which says the whole moment too."""
        moment = self.local(at)
        whole = escape(moment.isoformat(timespec="seconds"))
        return f'<time datetime="{whole}" title="{whole}">{moment:%H:%M}</time>'

    # -- between messages ----------------------------------------------------------------------------------------------

    def notice(self, entry: Entry, link: str = "") -> str | None:
        """Something that happened to the group; None: it is not shown. *link*: to what was pinned."""
        if not is_notice(entry):
            return None
        row = notice_of(entry, self.name)
        said = escape(notice_text(row, text.SAFE))
        if link:
            said = f'<a href="{escape(link)}">{said}</a>'
        return f'<p class="note" id="m{entry.seq}">{said} {self.time(entry.at)}</p>\n'

    # -- messages ------------------------------------------------------------------------------------------------------

    def message(self, read: ReadEntry, files: tuple[Fetched, ...], before: Before | None, quote_link: str) -> str:
        """A message with all that belongs to it. *before*: the message above it, if nothing is between them."""
        entry = read.entry
        own = entry.sender == self._me
        first = (
            before is None or (before.sender, before.via) != (entry.sender, entry.via) or entry.at - before.at > RUN_MS
        )
        is_long = len(entry.body or "") > _LONG or len(entry.files) > 1
        kinds = [f"m c{entry.sender % _COLOURS}", "own" if own else "", "first" if first else ""]
        kinds.append("long" if is_long else "")
        parts = [f'<article id="m{entry.seq}" class="{" ".join(filter(None, kinds))}">']
        if not own and first:
            letters = initials(text.SAFE.name(self.name(entry.sender)))
            parts.append(f'<div class="av" aria-hidden="true">{escape(letters)}</div>')
        parts.append('<div class="b">')
        if first:
            said = _("via {script}").format(script=text.SAFE.name(entry.via or ""))
            via = f' <span class="via">{escape(said)}</span>' if entry.via else ""
            parts.append(f'<div class="who">{text.name(self.name(entry.sender))}{via}</div>')
        parts += self._content(read, files, quote_link)
        parts.append(self._ending(read))
        parts.append("</div></article>\n")
        return "".join(parts)

    def _content(self, read: ReadEntry, files: tuple[Fetched, ...], quote_link: str) -> list[str]:
        entry = read.entry
        if entry.damaged:
            return [_gone(_("This message cannot be opened (damaged)."))]
        if entry.redacted:
            return [_gone(_("This message was taken back."))]
        parts = []
        if entry.forwarded is not None:
            said = _("Forwarded from {name}").format(name=text.SAFE.name(self.name(entry.forwarded)))
            parts.append(f'<div class="fwd">{escape(said)}</div>')
        if read.quote is not None:
            parts.append(self._quote(read.quote, quote_link))
        if entry.body:
            parts.append(f'<div class="t">{text.body(entry.body)}</div>')
        parts += [_file(file, fetched) for file, fetched in zip(entry.files, files, strict=True)]
        return parts

    def _quote(self, quote: Quoted, link: str) -> str:
        if quote.sender is None:
            return f'<div class="q"><span>{escape(_("A message that is not loaded here"))}</span></div>'
        if quote.redacted:
            said = _("This message was taken back.")
        else:
            said = text.SAFE.line(seen(text.SAFE.body(quote.text))) or _("A file")
        href = f' href="{escape(link)}"' if link else ""
        author = text.name(self.name(quote.sender))
        colour = quote.sender % _COLOURS
        return f'<a class="q c{colour}"{href}><b>{author}</b><span>{escape(said)}</span></a>'

    def _ending(self, read: ReadEntry) -> str:
        entry = read.entry
        is_gone = entry.redacted or entry.damaged
        parts = [] if is_gone else [self._reaction(one) for one in read.reactions]
        if read.pinned and not is_gone:
            parts.append(f"<span>{escape(_('pinned'))}</span>")
        if entry.edited and not is_gone:
            parts.append(f'<span class="ed">{escape(_("edited"))}</span>')
        return f'<div class="e">{"".join(parts)}{self.time(entry.at)}</div>'

    def _reaction(self, one: Reacted) -> str:
        people = ", ".join(text.SAFE.name(self.name(user)) for user in one.users)
        return f'<span class="r" title="{escape(people)}">{text.line(one.emoji, 40)} {len(one.users)}</span>'


def snippet(entry: Entry) -> str:
    """A message in few words, not escaped: of a list of them."""
    words = text.SAFE.line(seen(text.SAFE.body(entry.body or "")), 120)
    return words or ", ".join(text.SAFE.line(file.name, 60) for file in entry.files)


def _gone(said: str) -> str:
    return f'<div class="gone">{escape(said)}</div>'


def _file(file: FileInfo, fetched: Fetched) -> str:
    shown = text.line(file.name)
    size = escape(size_text(file.size))
    if not fetched.path:
        problem = text.line(fetched.problem)
        return f'<div class="f">{shown} <span>{size}</span> <span class="lost">{problem}</span></div>'
    kind = fetched.path.rpartition(".")[2].lower()
    href = escape("/".join(url_quote(part, safe="") for part in fetched.path.split("/")))
    if kind in _IMAGES:
        width, height = _shown_size(file)
        bounds = f' width="{width}" height="{height}"' if width else ""
        return (
            f'<div class="f"><a href="{href}"><img src="{href}" alt="{shown}" loading="lazy"{bounds}></a>'
            f"{shown} <span>{size}</span></div>"
        )
    if kind in _LINKED:
        return f'<div class="f"><a href="{href}">{shown}</a> <span>{size}</span></div>'
    return f'<div class="f">{shown} <span>{size} · {text.line(fetched.path)}</span></div>'


def _shown_size(file: FileInfo) -> tuple[int, int]:
    """What the sender said of its size, if that can be; the page bounds it."""
    if 0 < file.width <= 30_000 and 0 < file.height <= 30_000:
        return file.width, file.height
    return 0, 0
