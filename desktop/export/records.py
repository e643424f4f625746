"""What the link hands to the program that writes an export, and what stands in its JSON Lines.

The link writes the log down as it reads it, one `Read` a line; nobody ever holds all of it in memory. The program reads these lines
once, beside one `Fetched` for each file of each message, in the same order.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from common.ids import GroupId, Millis, Seq, UserId
from common.protocol.messages import Entry, FileInfo, GroupKind, User

FORMAT: Final = 1
"""Of the JSON Lines; raised when a reader of an older one would go wrong."""
LOG: Final = "log.part"
"""Of the folder that is being made: a `Read` a line."""
OUTCOMES: Final = "files.part"
"""A `Fetched` a line."""
LATE: Final = "late.part"
"""An `Entry` a line: what was said while the export was made; only what it does to exported messages counts."""
JOB: Final = "job.part"
"""The `Job`."""
FILES: Final = "files"
"""The folder of the attached files."""
INDEX: Final = "index.html"
JSON_LINES: Final = "conversation.jsonl"


class Quoted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message that another one answers: its beginning, as it stood when it was read. Without a sender: it is not known."""

    seq: Seq
    sender: UserId | None = None
    text: str = ""
    redacted: bool = False


class Reacted(msgspec.Struct, frozen=True):
    """An emoji at a message, and who put it."""

    emoji: str
    users: tuple[UserId, ...]


class ReadEntry(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="is", tag="entry"):
    """An entry, with what holds of it."""

    entry: Entry
    reactions: tuple[Reacted, ...] = ()
    pinned: bool = False
    quote: Quoted | None = None


class ReadGap(msgspec.Struct, frozen=True, tag_field="is", tag="gap"):
    """The entries from *first* to *last* are not on this computer, and the relay was not there."""

    first: Seq
    last: Seq


Read = ReadEntry | ReadGap


class Fetched(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a file: *path*, relative to the export's folder, or why there is none."""

    path: str = ""
    problem: str = ""


class Job(msgspec.Struct, frozen=True):
    """What is to be made.

    *name*: of the conversation as the person sees it (of a direct one the other's). *last*: the last seq that belongs to it.
    *complete_up_to*: None: up to *exported_at*, as the relay gave it; else up to when this computer knew everything.
    """

    relay_id: str
    relay_name: str
    group: GroupId
    kind: GroupKind
    name: str
    topic: str
    me: UserId
    people: tuple[User, ...]
    last: Seq
    exported_at: Millis
    complete_up_to: Millis | None
    language: str
    html: bool
    json: bool
    with_files: bool


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the program says on its output, a line each: how many lines of the log it has done; at the end *finished*, with counts."""

    done: int
    finished: bool = False
    messages: int = 0
    pages: int = 0


# -- the JSON Lines ----------------------------------------------------------------------------------------------------


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="conversation"):
    """The first line."""

    format: int
    relay_id: str
    relay: str
    group: GroupId
    kind: GroupKind
    name: str
    topic: str
    exported_by: UserId
    exported_at: Millis
    exported: str
    complete_up_to: Millis
    people: tuple[User, ...]


class ExportedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a message: *path* in the export, or the *problem* that there is none."""

    id: str
    name: str
    size: int
    mime: str = ""
    width: int = 0
    height: int = 0
    path: str = ""
    problem: str = ""

    @classmethod
    def of(cls, file: FileInfo, fetched: Fetched) -> ExportedFile:
        """Both together."""
        return cls(file.id, file.name, file.size, file.mime, file.width, file.height, fetched.path, fetched.problem)


class ExportedEntry(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="entry"):
    """One entry of the log, as it stood."""

    seq: Seq
    kind: str
    sender: UserId
    at: Millis
    time: str
    body: str | None = None
    target: Seq | None = None
    edited: bool = False
    redacted: bool = False
    damaged: bool = False
    pinned: bool = False
    reactions: tuple[Reacted, ...] = ()
    files: tuple[ExportedFile, ...] = ()
    mentions: tuple[UserId, ...] = ()
    forwarded: UserId | None = None
    via: str | None = None
    user: UserId | None = None
    on: bool = True


class ExportedGap(msgspec.Struct, frozen=True, tag_field="type", tag="gap"):
    """Entries that are missing here."""

    first: Seq
    last: Seq


class End(msgspec.Struct, frozen=True, tag_field="type", tag="end"):
    """The last line: without it the file is cut off."""

    entries: int
    messages: int
    files: int
    files_missing: int


Line = Conversation | ExportedEntry | ExportedGap | End
LineKind = Literal["conversation", "entry", "gap", "end"]
