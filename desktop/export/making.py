"""Reads what the link has written down and makes the pages and the JSON Lines of it, line by line, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import tzinfo
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import structs

from common.ids import Seq
from common.protocol.messages import Entry
from desktop.export.book import Book
from desktop.export.lines import JsonLines
from desktop.export.records import JOB, LATE, LOG, OUTCOMES, Fetched, Job, Quoted, Read, ReadEntry, Written
from desktop.model.said import erases

T = TypeVar("T")

SAY_EVERY: Final = 500
"""Lines of the log."""


class Late:
    """What was said of the messages while the export was made: who took something back meanwhile has taken it back here too."""

    def __init__(self) -> None:
        self.redacted: set[Seq] = set()
        self._edits: dict[Seq, Entry] = {}
        self._erasures: list[Entry] = []

    def fold(self, entry: Entry) -> None:
        """In the order of the log."""
        if entry.kind == "deleted":
            self._erasures.append(entry)
        if entry.target is None:
            return
        if entry.kind == "redaction":
            self.redacted.add(entry.target)
        elif entry.kind == "edit" and entry.body is not None:
            self._edits[entry.target] = entry

    def _is_erased(self, quote: Quoted) -> bool:
        """Whether the account of who said it was deleted with all that they had said."""
        return any(act.body == "erase" and act.sender == quote.sender and quote.seq < act.seq for act in self._erasures)

    def seen(self, read: ReadEntry) -> ReadEntry:
        """*read* as it stands after all of it."""
        entry, quote = read.entry, read.quote
        if quote is not None and (quote.seq in self.redacted or self._is_erased(quote)):
            quote = structs.replace(quote, text="", redacted=True)
        elif quote is not None and quote.seq in self._edits:
            quote = structs.replace(quote, text=self._edits[quote.seq].body or "")
        if entry.kind == "message":
            if entry.seq in self.redacted or entry.redacted or any(erases(act, entry) for act in self._erasures):
                entry = structs.replace(
                    entry, body=None, redacted=True, edited=False, files=(), mentions=(), forwarded=None
                )
                return ReadEntry(entry)
            if (edit := self._edits.get(entry.seq)) is not None:
                entry = structs.replace(entry, body=edit.body, mentions=edit.mentions, edited=True)
        elif entry.kind == "edit" and entry.target is not None:
            if entry.target in self.redacted:
                entry = structs.replace(entry, body=None, mentions=(), redacted=True)
            elif entry.target in self._edits:
                entry = structs.replace(entry, body=None, mentions=())
        return structs.replace(read, entry=entry, quote=quote)


def make(folder: Path, say: Callable[[Written], None], zone: tzinfo | None = None) -> Written:
    """Make what the `Job` in *folder* wants there. Returns the last of what was said.

    Raises:
        OSError: the disk is full, or something is there already.
        msgspec.MsgspecError: what the link wrote is not what it should be.
    """
    job = msgspec.json.decode((folder / JOB).read_bytes(), type=Job)
    late = Late()
    for entry in _lines(folder / LATE, msgspec.json.Decoder(Entry)):
        late.fold(entry)
    done = 0
    with ExitStack() as stack:
        book = Book(folder, job, zone) if job.html else None
        lines = stack.enter_context(JsonLines(folder, job, zone)) if job.json else None
        makers = [maker for maker in (book, lines) if maker is not None]
        outcomes = _lines(folder / OUTCOMES, msgspec.json.Decoder(Fetched))
        for read in _lines(folder / LOG, msgspec.json.Decoder(Read)):
            if isinstance(read, ReadEntry):
                files = tuple(next(outcomes) for _file in read.entry.files)
                seen = late.seen(read)
                for maker in makers:
                    maker.add(seen, files if seen.entry.files else ())
            else:
                for maker in makers:
                    maker.add_gap(read)
            done += 1
            if done % SAY_EVERY == 0:
                say(Written(done))
        for maker in makers:
            maker.close()
    return Written(done, True, book.messages if book is not None else 0, book.pages if book is not None else 0)


def _lines(path: Path, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
    with path.open("rb") as file:
        for line in file:
            yield decoder.decode(line)
