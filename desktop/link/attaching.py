"""What is attached to drafts: looked at when it is chosen, kept sealed with the draft, and drawn small in a child process.

A file is not copied: it stays where it is, and what is kept is where that is and how it was. Only what was pasted has no place of its
own; of that a sealed copy is made. So an attached file is there after a restart as the draft's text is.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
import secrets
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from common.ids import GroupId
from common.protocol import limits
from desktop.events import LinkEvent
from desktop.events.outbox import DraftFilesKnown, FilesLookedAt, PendingUpload, PreviewMade
from desktop.link.shelf import Shelf
from desktop.link.thumbnails import Thumbnails
from desktop.link.transfers.sources import PASTED_BYTES, Sources
from desktop.link.transfers.transfers import unreadable
from desktop.locale import _, n_
from desktop.sizes import size_text

ATTACHED_MAX: Final = 100
"""Files of one draft; more than a message has room for goes in several."""
PREVIEW_PIXELS: Final = 160
"""Edge of a small picture; twice what is seen at the usual size."""
_MIME: Final = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,64}", re.ASCII)
_NAMELESS: Final = "file"

Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Attaching:
    """The files of one account's drafts."""

    def __init__(
        self,
        shelf: Shelf,
        sources: Sources,
        thumbnails: Thumbnails,
        tell: Callable[[LinkEvent], None],
        file_bytes: Callable[[], int | None],
        spawn: Spawn,
    ) -> None:
        """*file_bytes*: the largest file that the relay takes; None while that is not known."""
        self._shelf = shelf
        self._sources = sources
        self._thumbnails = thumbnails
        self._tell = tell
        self._file_bytes = file_bytes
        self._spawn = spawn

    def recall(self) -> None:
        """Tell what was attached, and draw it."""
        for group, files in self._shelf.draft_files.items():
            self._tell(DraftFilesKnown(group, files))
            self._draw(group, files)

    # -- what the person asks ------------------------------------------------------------------------------------------

    async def attach(self, group: GroupId, paths: Sequence[Path]) -> None:
        """Look at *paths* and add what can be sent to the draft of *group*: told by `DraftFilesKnown`, then `FilesLookedAt`."""
        found: list[PendingUpload] = []
        problems: list[str] = []
        for path in paths:
            try:
                found.append(await asyncio.to_thread(self._looked_at, path))
            except _Unfit as unfit:
                problems.append(str(unfit))
        problems += self._add(group, found)
        self._tell(FilesLookedAt(group, tuple(problems)))

    async def attach_picture(self, group: GroupId, content: bytes, name: str) -> None:
        """Add what was pasted, a picture in one of the usual formats, as `attach` adds a file."""
        problems: list[str] = []
        try:
            self._check_size(name, len(content))
            if len(content) > PASTED_BYTES:
                raise _Unfit(_("The picture is too large to be pasted. Save it as a file and attach that."))
            path = await asyncio.to_thread(self._sources.keep, content)
            measured = await asyncio.to_thread(self._sources.measure, path)
            upload = _upload(name, path, measured.size, measured.stamp)
            problems += self._add(group, [upload])
        except OSError as error:
            reason = error.strerror or error
            problems.append(_("This computer cannot store what was pasted ({reason}).").format(reason=reason))
        except _Unfit as unfit:
            problems.append(str(unfit))
        self._tell(FilesLookedAt(group, tuple(problems)))

    async def detach(self, group: GroupId, key: str) -> None:
        """Take one out of the draft: told by `DraftFilesKnown`."""
        files = self._shelf.draft_files.get(group, ())
        self._keep(group, [file for file in files if file.key != key])
        for file in files:
            if file.key == key:
                await asyncio.to_thread(self._sources.drop, file.path)

    # -- files that come and go with a message -------------------------------------------------------------------------

    def put_back(self, group: GroupId, files: Iterable[PendingUpload]) -> None:
        """Files of a message that was not sent are attached to the draft again, as they are now."""
        again = [replace(file, key=_new_key()) for file in files]
        self._keep(group, [*self._shelf.draft_files.get(group, ()), *again])
        self._spawn(self._look_again(group, {file.key for file in again}), "look at files")

    def take(self, group: GroupId, files: Iterable[PendingUpload]) -> None:
        """They are a message's now."""
        taken = {file.key for file in files}
        kept = self._shelf.draft_files.get(group, ())
        if any(file.key in taken for file in kept):
            self._keep(group, [file for file in kept if file.key not in taken])

    async def _look_again(self, group: GroupId, keys: set[str]) -> None:
        problems: list[str] = []
        for file in self._shelf.draft_files.get(group, ()):
            if file.key not in keys:
                continue
            try:
                there = await asyncio.to_thread(self._sources.measure, file.path)
            except OSError as error:
                problems.append(unreadable(file.path, error))
                await self.detach(group, file.key)
                continue
            if (there.size, there.stamp) != (file.size, file.stamp):
                self._replace(group, replace(file, size=there.size, stamp=there.stamp, width=0, height=0))
        self._draw(group, [file for file in self._shelf.draft_files.get(group, ()) if file.key in keys])
        self._tell(FilesLookedAt(group, tuple(problems), asked=False))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _looked_at(self, path: Path) -> PendingUpload:
        """What can be sent of *path*; on a thread.

        Raises:
            _Unfit: nothing, and why.
        """
        if path.is_dir():
            text = _("{name} is a folder, and folders cannot be sent. Put it into an archive first, and send that.")
            raise _Unfit(text.format(name=_label(path)))
        try:
            there = self._sources.measure(path)
        except OSError as error:
            raise _Unfit(unreadable(path, error)) from error
        self._check_size(_label(path), there.size)
        return _upload(_label(path), path, there.size, there.stamp)

    def _check_size(self, name: str, size: int) -> None:
        most = self._file_bytes()
        if most == 0:
            raise _Unfit(_("This relay takes no files."))
        if most is not None and size > most:
            text = _("{name} is too large: this relay takes files of up to {size}.")
            raise _Unfit(text.format(name=name, size=size_text(most)))

    def _add(self, group: GroupId, files: Sequence[PendingUpload]) -> list[str]:
        """Attach those that are not there already, as far as there is room; what is to be said of the others."""
        before = self._shelf.draft_files.get(group, ())
        paths = {file.path for file in before}
        fresh: list[PendingUpload] = []
        for file in files:
            if file.path not in paths:
                paths.add(file.path)
                fresh.append(file)
        room = ATTACHED_MAX - len(before)
        if fresh[:room]:
            self._keep(group, [*before, *fresh[:room]])
            self._draw(group, fresh[:room])
        for file in fresh[room:]:
            self._sources.drop(file.path)
        if len(fresh) <= room:
            return []
        text = n_("At most {n} file at once.", "At most {n} files at once.", ATTACHED_MAX)
        return [text.format(n=ATTACHED_MAX)]

    def _keep(self, group: GroupId, files: Sequence[PendingUpload]) -> None:
        self._shelf.keep_draft_files(group, tuple(files))
        self._tell(DraftFilesKnown(group, tuple(files)))

    def _replace(self, group: GroupId, file: PendingUpload) -> None:
        files = self._shelf.draft_files.get(group, ())
        if any(one.key == file.key for one in files):
            self._keep(group, [file if one.key == file.key else one for one in files])

    def _draw(self, group: GroupId, files: Iterable[PendingUpload]) -> None:
        for file in files:
            if file.mime.startswith("image/"):
                self._spawn(self._draw_one(group, file), "preview")

    async def _draw_one(self, group: GroupId, file: PendingUpload) -> None:
        small = await self._thumbnails.of(file.path, PREVIEW_PIXELS, self._sources.open)
        if small is not None:
            self._tell(PreviewMade(file.key, small.png))
            self._replace(group, replace(file, width=small.width, height=small.height))


class _Unfit(Exception):
    """It cannot be attached; the text says why, for people."""


def _new_key() -> str:
    return secrets.token_hex(16)


def _upload(name: str, path: Path, size: int, stamp: int) -> PendingUpload:
    guessed, _encoding = mimetypes.guess_type(name, strict=False)
    mime = guessed if guessed is not None and _MIME.fullmatch(guessed) else ""
    return PendingUpload(_new_key(), name, size, mime, 0, 0, path, stamp)


def _label(path: Path) -> str:
    """The name of a file as the relay keeps it: text that can be seen, not too long."""
    text = os.fsencode(path.name).decode(errors="replace")
    name = "".join(letter for letter in text if letter.isprintable()).strip()
    return name[: limits.FILE_NAME_CHARACTERS] or _NAMELESS
