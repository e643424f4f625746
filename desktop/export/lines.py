"""The JSON Lines of an export: who and what first, then the log entry by entry, then an end that says that nothing is cut off.

One object a line and not one document: it is written and read without holding all of it, a line is found by its seq with ``grep``, and
what is after a damaged line can still be read.
"""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from types import TracebackType

import msgspec

from common.ids import Millis
from desktop.export.records import (
    FORMAT,
    JSON_LINES,
    Conversation,
    End,
    ExportedEntry,
    ExportedFile,
    ExportedGap,
    Fetched,
    Job,
    Line,
    ReadEntry,
    ReadGap,
)
from desktop.locale import local_time


class JsonLines:
    """Open it by ``with``; `add` entries in the order of the log, then `close`."""

    def __init__(self, folder: Path, job: Job, zone: tzinfo | None = None) -> None:
        """*zone*: None: this computer's."""
        self._zone = zone
        self._encoder = msgspec.json.Encoder()
        self._entries = self._messages = self._files = self._missing = 0
        self._file = (folder / JSON_LINES).open("xb")
        self._put(
            Conversation(
                format=FORMAT,
                relay_id=job.relay_id,
                relay=job.relay_name,
                group=job.group,
                kind=job.kind,
                name=job.name,
                topic=job.topic,
                exported_by=job.me,
                exported_at=job.exported_at,
                exported=self._time(job.exported_at),
                complete_up_to=job.exported_at if job.complete_up_to is None else job.complete_up_to,
                people=job.people,
            )
        )

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, read: ReadEntry, files: tuple[Fetched, ...]) -> None:
        """An entry of the log, with what became of its files."""
        entry = read.entry
        self._entries += 1
        self._messages += entry.kind == "message"
        self._files += len(files)
        self._missing += sum(not fetched.path for fetched in files)
        self._put(
            ExportedEntry(
                seq=entry.seq,
                kind=entry.kind,
                sender=entry.sender,
                at=entry.at,
                time=self._time(entry.at),
                body=entry.body,
                target=entry.target,
                edited=entry.edited,
                redacted=entry.redacted,
                damaged=entry.damaged,
                pinned=read.pinned,
                reactions=read.reactions,
                files=tuple(ExportedFile.of(file, fetched) for file, fetched in zip(entry.files, files, strict=True)),
                mentions=entry.mentions,
                forwarded=entry.forwarded,
                via=entry.via,
                user=entry.user,
                on=entry.on,
            )
        )

    def add_gap(self, gap: ReadGap) -> None:
        """Entries are missing here."""
        self._put(ExportedGap(gap.first, gap.last))

    def close(self) -> None:
        """Write the last line: nothing more comes."""
        self._put(End(self._entries, self._messages, self._files, self._missing))

    def _put(self, line: Line) -> None:
        self._file.write(self._encoder.encode(line) + b"\n")

    def _time(self, at: Millis) -> str:
        return local_time(at, self._zone).isoformat(timespec="milliseconds")
