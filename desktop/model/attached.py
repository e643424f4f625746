"""What is attached to what somebody has begun to write, file by file for each conversation."""

from __future__ import annotations

from msgspec import Struct

from common.ids import GroupId
from desktop.events.outbox import PendingUpload


class AttachedRow(Struct, frozen=True):
    """A file in the strip above the composer. *preview*: a small picture (PNG), empty while there is none. Sizes in bytes and pixels."""

    key: str
    name: str
    size: int
    mime: str
    width: int = 0
    height: int = 0
    preview: bytes = b""


class Attached:
    """The files of all drafts. The archive has them; this follows what it tells."""

    def __init__(self) -> None:
        self._files: dict[GroupId, tuple[PendingUpload, ...]] = {}
        self._previews: dict[str, bytes] = {}
        self._taken: set[str] = set()

    def know(self, group: GroupId, files: tuple[PendingUpload, ...]) -> None:
        """All that is attached in *group*. What was taken is not there any more, whatever was told before that was heard."""
        self._files[group] = tuple(file for file in files if file.key not in self._taken)
        kept = {file.key for files in self._files.values() for file in files}
        self._previews = {key: png for key, png in self._previews.items() if key in kept}

    def know_preview(self, key: str, png: bytes) -> GroupId | None:
        """A small picture of one of them; the conversation where it is attached."""
        for group, files in self._files.items():
            if any(file.key == key for file in files):
                self._previews[key] = png
                return group
        return None

    def of(self, group: GroupId) -> tuple[PendingUpload, ...]:
        """The files that the next message of *group* brings."""
        return self._files.get(group, ())

    def take(self, group: GroupId) -> tuple[PendingUpload, ...]:
        """The same; they are a message's from now on."""
        files = self._files.pop(group, ())
        self._taken |= {file.key for file in files}
        return files

    def rows(self, group: GroupId) -> list[AttachedRow]:
        """As the strip shows them."""
        return [
            AttachedRow(
                file.key,
                file.name,
                file.size,
                file.mime,
                file.width,
                file.height,
                self._previews.get(file.key, b""),
            )
            for file in self.of(group)
        ]
