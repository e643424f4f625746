"""What the link tells of what this person has written and nobody has yet: messages on their way, drafts, attached files."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path
from typing import Literal

from msgspec import Struct

from common.ids import GroupId, Millis, Nonce, Seq, UserId
from common.protocol.messages import FileInfo, Forward


class OutboxState(Enum):
    """Where an own message or act stands before it is an entry."""

    WAITING = auto()
    FAILED = auto()


ActKind = Literal["message", "edit", "redaction", "reaction", "pin", "unread"]
"""What waits in the outbox: entries that are not in the log yet, and the read marker that goes back."""


class PendingUpload(Struct, frozen=True):
    """A file of a waiting message, on its way to the relay; how far it is, `TransferChanged` tells with the same *key*.

    *path*: where it lies on this computer. *width* and *height* in pixels, 0 unless it is an image. *stamp*: when it was changed last,
    when it was put to the message; another one means another content.
    """

    key: str
    name: str
    size: int
    mime: str
    width: int
    height: int
    path: Path
    stamp: int = 0


class OutboxItem(Struct, frozen=True):
    """An own message or act on its way. *problem* for people, only when failed.

    *body*: text of a message or edit, emoji of a reaction. *target*: what it speaks of; of a message, what it answers. *on*: false takes a
    reaction or pin away. *mentions*: whom a message or edit calls, 0 for everybody. *forward*: the message that is said again.
    *uploads*: the files of a message, in their order, until all of them are with the relay; then they are its *files*.
    """

    group: GroupId
    nonce: Nonce
    body: str
    written_at: Millis
    state: OutboxState = OutboxState.WAITING
    problem: str = ""
    kind: ActKind = "message"
    target: Seq | None = None
    on: bool = True
    mentions: tuple[UserId, ...] = ()
    forward: Forward | None = None
    files: tuple[FileInfo, ...] = ()
    uploads: tuple[PendingUpload, ...] = ()


class OutboxListed(Struct, frozen=True):
    """All that waits in *group*, in the order in which it was written."""

    group: GroupId
    items: tuple[OutboxItem, ...]


class AlreadySaid(Struct, frozen=True):
    """The message was not taken out of the outbox any more: it is an entry. *to_edit*: its author wants it in the composer, else gone."""

    group: GroupId
    nonce: Nonce
    seq: Seq
    to_edit: bool


class SaidAllTheSame(Struct, frozen=True):
    """A message that was taken out of the outbox had reached the relay; it is being taken back there."""

    group: GroupId
    seq: Seq


class DraftsKnown(Struct, frozen=True):
    """Unsent text of each group, from the archive."""

    drafts: dict[GroupId, str]


class DraftFilesKnown(Struct, frozen=True):
    """All that is attached to the draft of *group*, in the order in which it was attached."""

    group: GroupId
    files: tuple[PendingUpload, ...]


class FilesLookedAt(Struct, frozen=True):
    """What was to be attached has been looked at. *problems*, for people: why some of it was not. *asked*: it answers `Link.attach`."""

    group: GroupId
    problems: tuple[str, ...]
    asked: bool = True


class PreviewMade(Struct, frozen=True):
    """A small picture (PNG, safe to decode) of an attached file; *key* is that of its `PendingUpload`."""

    key: str
    png: bytes
