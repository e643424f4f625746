"""Messages that wait for their files: each file is an upload, and when all of them are with the relay the message is said.

The message is in the outbox all the time, sealed and on the disk before anything touches the network. How far its files are is known
from their transfers, which are kept as well; so after a restart, or a crash at any moment, what is missing is done, and nothing twice:

- kept, and an upload never begun: it is begun;
- uploaded, and the message not told of it: the transfer is done, so the message goes;
- said, and the client does not know: it is said again under the same nonce, and the relay answers as before.

A message does not hold up those written after it: a film may take an hour, and nobody expects the next words to wait for that. It takes
its place in the log when it is whole. (docs/decisions/0009-files-do-not-hold-up-words.md)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from common.ids import GroupId, Nonce
from common.protocol.messages import FileInfo
from desktop.events import LinkEvent
from desktop.events.outbox import OutboxItem, OutboxState, PendingUpload
from desktop.events.transfers import TransferChanged
from desktop.link.outbox import INTERNAL_TRIES, Outbox
from desktop.link.shelf import Shelf
from desktop.link.thumbnails import Thumbnails
from desktop.link.transfers.ledger import Record
from desktop.link.transfers.sources import Sources
from desktop.link.transfers.transfers import Transfers
from desktop.locale import n_

Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Sending:
    """The uploads of one account's messages."""

    def __init__(
        self,
        shelf: Shelf,
        outbox: Outbox,
        transfers: Transfers,
        sources: Sources,
        thumbnails: Thumbnails,
        spawn: Spawn,
        put_back: Callable[[GroupId, Sequence[PendingUpload]], None],
    ) -> None:
        """*put_back* attaches files to the draft of a group again."""
        self._shelf = shelf
        self._outbox = outbox
        self._transfers = transfers
        self._sources = sources
        self._thumbnails = thumbnails
        self._spawn = spawn
        self._put_back = put_back
        self._lost: dict[Nonce, int] = {}
        self._given_up: set[Nonce] = set()
        outbox.begin_uploads = self._begin
        outbox.begin_again = self._begin_again
        outbox.left = self._left

    def recall(self) -> None:
        """Go on where the last run of the program stopped; the transfers are recalled already. What failed waits for the person."""
        waiting = [item for item in self._shelf.outbox.values() if item.kind == "message"]
        named = {file.key for item in waiting for file in self.files_of(item)}
        for record in list(self._transfers.records.values()):
            if record.of_message and record.key not in named:
                self._spawn(self._transfers.cancel_transfer(record.key), "forget upload")
        for item in waiting:
            if item.uploads:
                self._spawn(self._upload(item), "uploads")

    def heard(self, event: LinkEvent) -> None:
        """A transfer goes on; the message that waits for it may be ready, or have failed."""
        if isinstance(event, TransferChanged) and event.transfer.state in ("waiting", "failed", "done"):
            for item in list(self._shelf.outbox.values()):
                if any(file.key == event.transfer.key for file in item.uploads):
                    self._settle(item.nonce)

    # -- what the person asks ------------------------------------------------------------------------------------------

    async def cancel_upload(self, nonce: Nonce, key: str) -> None:
        """Take one file out of a message; without any file left it is given up."""
        item = self._shelf.outbox.get(nonce)
        if item is None:
            return
        left = tuple(file for file in item.uploads if file.key != key)
        if not left:
            await self.discard(nonce)
        elif len(left) < len(item.uploads):
            self._outbox.change(replace(item, uploads=left))
            await self._give_up([file for file in item.uploads if file.key == key])
            self._settle(nonce)

    async def discard(self, nonce: Nonce) -> None:
        """Give a message up, with its files."""
        await self._give_up(self._taken(nonce, to_edit=False))

    async def take_back(self, nonce: Nonce) -> None:
        """Give a message up; its files are attached to the draft of its group again."""
        item = self._shelf.outbox.get(nonce)
        if item is not None and (files := self.files_of(item)):
            self._put_back(item.group, files)
        await self._give_up(self._taken(nonce, to_edit=True))

    def _taken(self, nonce: Nonce, *, to_edit: bool) -> tuple[PendingUpload, ...]:
        """Out of the outbox with it; its files, which are somebody's business still."""
        item = self._shelf.outbox.get(nonce)
        files = () if item is None else self.files_of(item)
        if item is not None:
            self._given_up.add(nonce)
        self._outbox.withdraw(nonce, to_edit=to_edit)
        return files

    # -- one message ---------------------------------------------------------------------------------------------------

    def _begin(self, item: OutboxItem) -> None:
        """The person sends it, for the first time or again."""
        for file in item.uploads:
            self._transfers.resume_failed(file.key)
        self._spawn(self._upload(item), "uploads")

    async def _upload(self, item: OutboxItem) -> None:
        for file in item.uploads:
            if file.key not in self._transfers.records:
                measured = await self._measured(file)
                if self._still_waits(item.nonce, file.key):
                    self._transfers.upload(item.group, measured, of_message=True)
        self._settle(item.nonce)

    async def _measured(self, file: PendingUpload) -> PendingUpload:
        """With the size of the picture, if it is one and nobody has looked yet."""
        if not file.mime.startswith("image/") or file.width:
            return file
        small = await self._thumbnails.of(file.path, open_file=self._sources.open)
        return file if small is None else replace(file, width=small.width, height=small.height)

    def _still_waits(self, nonce: Nonce, key: str) -> bool:
        item = self._shelf.outbox.get(nonce)
        is_known = key in self._transfers.records
        return item is not None and not is_known and any(file.key == key for file in item.uploads)

    def _settle(self, nonce: Nonce) -> None:
        """Let the message be what its files say."""
        item = self._shelf.outbox.get(nonce)
        if item is None or not item.uploads:
            return
        records = [self._transfers.records.get(file.key) for file in item.uploads]
        known = [record for record in records if record is not None]
        failed = [record for record in known if record.state == "failed"]
        if failed:
            self._outbox.change(replace(item, state=OutboxState.FAILED, problem=_problem(failed)))
            return
        waiting = replace(item, state=OutboxState.WAITING, problem="")
        if len(known) == len(records) and all(record.state == "done" for record in known):
            self._spawn(
                self._say(replace(waiting, uploads=(), files=tuple(map(_info_of, known)))), "files of a message"
            )
        else:
            self._outbox.change(waiting)

    async def _say(self, item: OutboxItem) -> None:
        """All files of *item* are with the relay."""
        now = self._shelf.outbox.get(item.nonce)
        if now is not None and now.uploads:
            await self._outbox.put(item)

    def _begin_again(self, item: OutboxItem) -> bool:
        """The relay forgets what no message has named for a day: send it once more, if it is known where it came from."""
        files = self.files_of(item)
        self._lost[item.nonce] = self._lost.get(item.nonce, 0) + 1
        if not files or self._lost[item.nonce] >= INTERNAL_TRIES:
            return False
        self._outbox.change(replace(item, files=(), uploads=files))
        for file in files:
            self._transfers.again(file.key)
        return True

    # -- files that are no longer needed -------------------------------------------------------------------------------

    def files_of(self, item: OutboxItem) -> tuple[PendingUpload, ...]:
        """The files of *item* that came from this computer."""
        if item.uploads:
            return item.uploads
        by_file = {record.file: record for record in self._transfers.records.values() if record.of_message}
        return tuple(_upload_of(by_file[file.id]) for file in item.files if file.id in by_file)

    def _left(self, item: OutboxItem) -> None:
        """Out of the outbox: as an entry, or given up."""
        self._lost.pop(item.nonce, None)
        if item.nonce in self._given_up:
            self._given_up.discard(item.nonce)
        else:
            self._spawn(self._forget(self.files_of(item)), "forget uploads")

    async def _forget(self, files: Iterable[PendingUpload]) -> None:
        """They are part of an entry now."""
        for file in files:
            await self._transfers.cancel_transfer(file.key)
            await self._drop(file.path)

    async def _give_up(self, files: Iterable[PendingUpload]) -> None:
        for file in files:
            await self._transfers.take_back(file.key)
            await self._drop(file.path)

    async def _drop(self, path: Path) -> None:
        """Unless it is in a draft again, or in another message."""
        held = {file.path for files in self._shelf.draft_files.values() for file in files}
        held |= {file.path for item in self._shelf.outbox.values() for file in item.uploads}
        if path not in held:
            await asyncio.to_thread(self._sources.drop, path)


def _info_of(record: Record) -> FileInfo:
    return FileInfo(record.file, record.name, record.size, record.mime, record.width, record.height)


def _upload_of(record: Record) -> PendingUpload:
    return PendingUpload(
        record.key, record.name, record.size, record.mime, record.width, record.height, record.path, record.stamp
    )


def _problem(failed: Sequence[Record]) -> str:
    """What went wrong, by the file that it went wrong with."""
    first, more = failed[0], len(failed) - 1
    text = f"{first.name}: {first.problem}"
    if more:
        text += " " + n_("And {n} more file.", "And {n} more files.", more).format(n=more)
    return text
