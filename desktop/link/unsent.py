"""What was not sent in conversations that the person is not in any more: copies of its files, and giving it up.

Files of the person's own lie where they are; of what was pasted only this client has a copy, sealed, which nobody else can open.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from common.ids import GroupId, Nonce
from desktop.events import LinkEvent
from desktop.events.outbox import OutboxItem, PendingUpload
from desktop.link.shelf import Shelf
from desktop.link.transfers.filenames import free_path, safe_name
from desktop.link.transfers.sources import Sources
from desktop.locale import _
from desktop.unsent import FormerKnown, UnsentSaved


class Unsent:
    """Of one account."""

    def __init__(
        self,
        shelf: Shelf,
        sources: Sources,
        files_of: Callable[[OutboxItem], Sequence[PendingUpload]],
        discard: Callable[[Nonce], Coroutine[Any, Any, None]],
        detach: Callable[[GroupId, str], Coroutine[Any, Any, None]],
        tell: Callable[[LinkEvent], None],
    ) -> None:
        """*files_of*: those of a message that came from this computer; *discard* gives a message up, *detach* a file of a draft."""
        self._shelf = shelf
        self._sources = sources
        self._files_of = files_of
        self._discard = discard
        self._detach = detach
        self._tell = tell

    def recall(self) -> None:
        """Tell what the conversations were called."""
        if self._shelf.former:
            self._tell(FormerKnown(dict(self._shelf.former)))

    async def save(self, group: GroupId, folder: Path) -> None:
        """Copy all its files into *folder*, under names that are safe and free: told by `UnsentSaved`."""
        messages = [item for item in self._shelf.outbox.values() if item.group == group]
        files = [file for item in messages for file in self._files_of(item)]
        count, problems = 0, []
        for file in [*files, *self._shelf.draft_files.get(group, ())]:
            try:
                await asyncio.to_thread(self._copy, file, folder)
                count += 1
            except OSError as error:
                problems.append(_not_saved(file, error))
        self._tell(UnsentSaved(group, folder, count, " ".join(problems[:1])))

    async def drop(self, group: GroupId) -> None:
        """Give all of it up."""
        self._shelf.keep_draft(group, "")
        for item in [item for item in self._shelf.outbox.values() if item.group == group]:
            await self._discard(item.nonce)
        for file in self._shelf.draft_files.get(group, ()):
            await self._detach(group, file.key)

    def _copy(self, file: PendingUpload, folder: Path) -> None:
        with self._sources.open(file.path) as source:
            path = free_path(folder, safe_name(file.name), Path.exists)
            with path.open("xb") as copy:
                shutil.copyfileobj(source, copy)


def _not_saved(file: PendingUpload, error: OSError) -> str:
    return _("{name} was not saved ({reason}).").format(name=file.name, reason=error.strerror or error)
