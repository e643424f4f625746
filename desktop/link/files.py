"""All that one account does with files: those attached to drafts, those of messages on their way, and every transfer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from desktop.events import LinkEvent
from desktop.events.outbox import OutboxItem
from desktop.link.account import Account
from desktop.link.attaching import Attaching
from desktop.link.pictures import Pictures
from desktop.link.sending import Sending
from desktop.link.thumbnails import Thumbnails
from desktop.link.transfers.ledger import Ledger
from desktop.link.transfers.moving import Mover
from desktop.link.transfers.transfers import Transfers
from desktop.link.unsent import Unsent


class Files:
    """`recall` what there was, `link_up` and `link_down` as it happens, `close` it before the account."""

    def __init__(self, account: Account, ledger: Ledger, mover: Mover, tell: Callable[[LinkEvent], None]) -> None:
        """*ledger*: of the same account."""
        self._account = account
        self._shelf = account.shelf
        self._sources = mover.sources
        self._tell = tell
        thumbnails = Thumbnails()
        transfers = self._transfers = Transfers(ledger, mover, self._tell_of_transfer)
        attaching = self._attaching = Attaching(
            self._shelf, self._sources, thumbnails, tell, lambda: transfers.file_bytes, account.spawn
        )
        sending = self._sending = Sending(
            self._shelf, account.outbox, transfers, self._sources, thumbnails, account.spawn, attaching.put_back
        )
        unsent = self._unsent = Unsent(
            self._shelf, self._sources, sending.files_of, sending.discard, attaching.detach, tell
        )
        pictures = self._pictures = Pictures(mover, tell, thumbnails)
        self.does: dict[str, Callable[..., Coroutine[Any, Any, None] | None]] = {
            "act": self.act,
            "attach": attaching.attach,
            "attach_picture": attaching.attach_picture,
            "detach": attaching.detach,
            "discard": sending.discard,
            "take_back": sending.take_back,
            "cancel_upload": sending.cancel_upload,
            "save_unsent": unsent.save,
            "drop_unsent": unsent.drop,
            "send_file": transfers.send_file,
            "fetch_file": transfers.fetch_file,
            "save_file": transfers.save_file,
            "fetch_picture": pictures.fetch_picture,
            "pause_transfer": transfers.pause_transfer,
            "resume_transfer": transfers.resume_transfer,
            "retry_transfers": transfers.retry_transfers,
            "cancel_transfer": transfers.cancel_transfer,
        }
        """What `Link` asks of the files of whoever is signed in."""

    async def recall(self) -> None:
        """Tell what was kept, and go on with it."""
        self._unsent.recall()
        self._attaching.recall()
        await self._transfers.recall()
        self._sending.recall()
        needed = [file.path for files in self._shelf.draft_files.values() for file in files]
        needed += [record.path for record in self._transfers.records.values()]
        needed += [file.path for item in self._shelf.outbox.values() for file in item.uploads]
        await asyncio.to_thread(self._sources.sweep, needed)

    def link_up(self) -> None:
        """The relay is there."""
        self._transfers.link_up(self._account.file_bytes)

    def link_down(self) -> None:
        """The relay is not there."""
        self._transfers.link_down()

    async def close(self) -> None:
        """Stop; the archive has the rest."""
        await self._transfers.close()
        await self._pictures.close()

    async def act(self, item: OutboxItem) -> None:
        """Do what *item* says. What was attached to the draft is the message's from the same moment on."""
        if item.uploads:
            self._attaching.take(item.group, item.uploads)
        await self._account.act(item)

    def _tell_of_transfer(self, event: LinkEvent) -> None:
        self._tell(event)
        self._sending.heard(event)
