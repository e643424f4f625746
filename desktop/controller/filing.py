"""The files of somebody who is signed in: downloads, how far they are, and pictures to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from common.ids import GroupId, Nonce
from common.protocol.messages import FileId, FileInfo
from desktop.controller.doors import LinkDoor
from desktop.events.transfers import PictureKnown, TransferChanged, TransferEnded
from desktop.model.conversations import Conversations
from desktop.model.transfers import Transfers
from desktop.screen import Screen


class Filing:
    """Folds what the link tells of files, and shows it at the end of a turn."""

    def __init__(
        self,
        screen: Screen,
        link: LinkDoor,
        conversations: Conversations,
        new_nonce: Callable[[], Nonce],
        downloads: Callable[[], Path],
        cancel_upload: Callable[[Nonce, str], None],
    ) -> None:
        """*downloads*: the folder for what is fetched without asking where to. *cancel_upload* takes a file out of a message."""
        self._cancel_upload = cancel_upload
        self._screen = screen
        self._link = link
        self._conversations = conversations
        self._new_nonce = new_nonce
        self._downloads = downloads
        self._transfers = Transfers()
        self._touched: set[str] = set()
        self._is_list_stale = False
        self._to_retry = False

    # -- what the link tells -------------------------------------------------------------------------------------------

    def fold(self, event: TransferChanged | TransferEnded | PictureKnown) -> None:
        """Take it in; pictures are shown at once."""
        match event:
            case PictureKnown():
                self._to_retry |= event.may_retry
                self._screen.show_picture(event)
            case _:
                self._touched |= self._transfers.fold(event)
                self._is_list_stale = True

    def link_up(self) -> None:
        """The relay is there (again): pictures that could not be fetched may come now."""
        self.tick()

    def tick(self) -> None:
        """Now and then: what was too much at once is asked for again."""
        if self._to_retry:
            self._to_retry = False
            self._screen.retry_pictures()

    def settle(self) -> None:
        """Show what has changed."""
        if self._touched:
            touched, self._touched = self._touched, set()
            self._screen.show_transfers(self._transfers.statuses(touched))
        if self._is_list_stale:
            self._is_list_stale = False
            self._screen.show_transfer_list(self._transfers.list())

    # -- what the person asks ------------------------------------------------------------------------------------------

    def download(self, group: GroupId, file: FileInfo) -> None:
        """Into the folder for downloads; again if it failed, and nothing if it is on its way or here."""
        known = self._transfers.of(file.id)
        if known is not None and known.kind == "download" and known.state != "done":
            self._link.resume_transfer(known.key)
        else:
            self._link.fetch_file(self._new_nonce(), group, file, self._downloads())

    def save(self, group: GroupId, file: FileInfo, path: Path) -> None:
        """To *path*, which the person has chosen."""
        self._link.save_file(self._new_nonce(), group, file, path)

    def cancel(self, key: str) -> None:
        """Give a transfer up; an upload is taken out of the message that waits for it."""
        item = self._conversations.waits_for(key)
        if item is None:
            self._link.cancel_transfer(key)
        else:
            self._cancel_upload(item.nonce, key)

    def clear_finished(self, key: str) -> None:
        """List no longer that one, or (empty) all that are done."""
        self._transfers.clear_finished(key)
        self._is_list_stale = True
        self.settle()

    def want_picture(self, key: str, file: FileId, path: Path | None, edge: int) -> None:
        """Something to look at."""
        self._link.fetch_picture(key, file, path, edge)
