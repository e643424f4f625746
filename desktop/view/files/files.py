"""What the window knows of files: how it stands with each, their pictures, and all that can be done with one."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.protocol.messages import FileInfo
from desktop.events.transfers import PictureKnown, Transfer
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Rows
from desktop.model.transfers import TransferList
from desktop.view.files import handing_over, kinds
from desktop.view.files.cards import Item
from desktop.view.files.photos import Photos
from desktop.view.look import Look
from desktop.view.message_acts import Ask
from desktop.view.overlay import Choice
from desktop.view.sheets.stack import SheetStack
from desktop.view.upload_menu import leave_out

if TYPE_CHECKING:
    from desktop.view.file_dialog import FileDialog

AskPath = Callable[[str, Callable[[Path], None]], None]
"""Let the person choose where a file of that name goes, and tell it if they do."""


class Files:
    """One for the window. Sheets and the viewer are imported when they are needed first."""

    def __init__(
        self,
        root: tk.Tk,
        look: Callable[[], Look],
        sheets: SheetStack,
        intents: Intents,
        ask: Ask,
        toast: Callable[[str], None],
    ) -> None:
        """*look*: the present one."""
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents
        self._ask = ask
        self._toast = toast
        self._statuses: dict[str, Transfer] = {}
        self._photos = Photos(root, self._want, lambda key: self._tell((key,)))
        self.transfers = TransferList()
        self._tell_nobody()
        self._dialog: FileDialog | None = None
        self.ask_path: AskPath = self._ask_path

    def forget(self) -> None:
        """Another relay, or none: nothing that was shown holds any more, and nobody is there to be told."""
        self._statuses.clear()
        self._photos.forget()
        self.transfers = TransferList()
        self._tell_nobody()

    def _tell_nobody(self) -> None:
        self.on_changed: Callable[[Collection[str]], None] = lambda _keys: None
        """Told which files look different now."""
        self.on_transfers: Callable[[TransferList], None] = lambda _transfers: None
        """Told what is under way."""
        self.rows: Callable[[], Rows] = lambda: ()
        """The open conversation."""

    def close(self) -> None:
        """The window goes: no image may outlive it, and no dialog."""
        self._photos.forget()
        if self._dialog is not None:
            self._dialog.close()

    # -- what the controller shows -------------------------------------------------------------------------------------

    def show_transfers(self, statuses: Mapping[str, Transfer | None]) -> None:
        """How it stands with these files."""
        for key, transfer in statuses.items():
            if transfer is None:
                self._statuses.pop(key, None)
                continue
            self._statuses[key] = transfer
            if transfer.kind == "upload" and transfer.file and transfer.file != transfer.key:
                self._photos.same(transfer.file, transfer.key)
        self._tell(tuple(statuses))

    def show_transfer_list(self, transfers: TransferList) -> None:
        """All that is under way, has failed or was finished just now."""
        self.transfers = transfers
        self.on_transfers(transfers)
        if not self._sheets:
            return
        from desktop.view.files.transfers_sheet import TransfersSheet

        if (sheet := self._sheets.find(TransfersSheet)) is not None:
            sheet.show(transfers)

    def show_picture(self, picture: PictureKnown) -> None:
        """A picture came, or not."""
        if self._sheets:
            from desktop.view.files.viewer import Viewer

            viewer = self._sheets.find(Viewer)
            if viewer is not None and viewer.take(picture):
                return
        self._photos.put(picture)

    def retry_pictures(self) -> None:
        """What could not be had may come now."""
        self._photos.retry()

    # -- how it stands: `cards.Standing` -------------------------------------------------------------------------------

    def status(self, key: str) -> Transfer | None:
        return self._statuses.get(key)

    def picture(self, item: Item, width: int, height: int, radius: int, fills: bool) -> str:
        return self._photos.get(item, width, height, radius, fills)

    def picture_problem(self, key: str) -> str:
        return self._photos.problem(key)

    def waits_for_click(self, item: Item) -> bool:
        return self._photos.waits_for_click(item)

    # -- what can be done ----------------------------------------------------------------------------------------------

    def act(self, item: Item) -> None:
        """A click on it, or Return: what is most likely wanted as it stands."""
        status = self.status(item.key)
        state = status.state if status is not None else ""
        if kinds.is_picture(item.file) and state != "failed" and not self._photos.problem(item.key):
            if not self._photos.click(item):
                self.view(item)
        elif status is None:
            self.download(item)
        else:
            self._move_on(status)

    def act_beside(self, item: Item) -> None:
        """A click on the small button of a card."""
        status = self.status(item.key)
        if status is None and item.upload is None:
            self.download(item)
        elif status is not None and status.state == "done":
            self.show_folder(item)
        else:
            self._intents.cancel_transfer(item.key if status is None else status.key)

    def key(self, letter: str, item: Item) -> bool:
        """A key without others was pressed at it; whether it means something there."""
        status = self.status(item.key)
        is_moving = status is not None and status.state not in ("done",)
        match letter:
            case "d" if status is None:
                self.download(item)
            case "o" if status is not None and status.state == "done":
                self.open(item)
            case "f" if status is not None and status.state == "done":
                self.show_folder(item)
            case "s" if item.upload is None:
                self.save_as(item)
            case "x" if status is not None and is_moving:
                self._intents.cancel_transfer(status.key)
            case "space" if status is not None and is_moving:
                self._move_on(status)
            case _:
                return False
        return True

    def choices(self, item: Item) -> list[Choice]:
        """The menu's lines for it."""
        status = self.status(item.key)
        state = status.state if status is not None else ""
        lines: list[Choice] = []
        if kinds.is_picture(item.file):
            lines.append(Choice("eye", _("Look at it"), lambda: self.view(item), "Enter"))
        if status is not None and state == "done":
            lines.append(Choice("leave", _("Open"), lambda: self.open(item), "O"))
            lines.append(Choice("folder", _("Show in its folder"), lambda: self.show_folder(item), "F"))
        elif status is not None and state in ("waiting", "running"):
            lines.append(Choice("pause", _("Pause"), lambda: self._intents.pause_transfer(status.key), _("Space")))
        elif status is not None and state == "paused":
            lines.append(Choice("play", _("Go on"), lambda: self._intents.resume_transfer(status.key), _("Space")))
        elif status is not None:
            lines.append(Choice("retry", _("Try again"), lambda: self._intents.resume_transfer(status.key), _("Space")))
        elif item.upload is None:
            lines.append(Choice("download", _("Download"), lambda: self.download(item), "D"))
        if item.upload is None:
            lines.append(Choice("save", _("Save as…"), lambda: self.save_as(item), "S"))
        if status is not None and state != "done":
            cancel = self._intents.cancel_transfer
            label = _("Cancel") if item.upload is None else leave_out(self._look(), item.file.name)
            lines.append(Choice("close", label, lambda: cancel(status.key), "X", danger=True))
        return lines

    def choices_for_all(self, items: Sequence[Item]) -> list[Choice]:
        """The menu's lines for several files at once: those that are neither here nor on their way."""
        missing = [item for item in items if item.upload is None and self.status(item.key) is None]
        if len(missing) < 2:
            return []

        def download() -> None:
            for item in missing:
                self.download(item)

        return [Choice("download", _("Download all of them"), download)]

    def download(self, item: Item) -> None:
        """Into the folder for downloads."""
        if isinstance(item.file, FileInfo):
            self._intents.download(item.file)

    def save_as(self, item: Item) -> None:
        """To where the person chooses."""
        file = item.file
        if isinstance(file, FileInfo):
            self.ask_path(file.name, lambda path: self._intents.save_file(file, path))

    def open(self, item: Item) -> None:
        """By the system's program for it; what may run is asked about first."""
        if (path := self._path(item)) is None:
            return

        def answered(key: str) -> None:
            if key == handing_over.OPEN:
                handing_over.open_file(path)
            elif key == handing_over.FOLDER:
                handing_over.show_in_folder(path)

        asked = handing_over.question(path, self._look())
        if asked is None:
            handing_over.open_file(path)
        else:
            self._ask(asked, answered)

    def show_folder(self, item: Item) -> None:
        """Where it lies."""
        if (path := self._path(item)) is not None:
            handing_over.show_in_folder(path)

    def view(self, item: Item) -> None:
        """Look at a picture, and from there at the others of the conversation."""
        from desktop.view.files.viewer import Viewer, pictures_of

        pictures = pictures_of(self.rows())
        if item not in pictures:
            pictures = [item]
        self._sheets.open(
            lambda close: Viewer(self._root, self._look(), close, pictures, pictures.index(item), self, self._want)
        )

    def open_transfers(self) -> None:
        """The list of all transfers."""
        from desktop.view.files.transfers_sheet import TransfersSheet

        if not self._sheets:
            self._sheets.open(
                lambda close: TransfersSheet(
                    self._root, self._look(), close, self._intents, self.transfers, self.act_on
                )
            )

    def say(self, text: str) -> None:
        """A short remark."""
        self._toast(text)

    def act_on(self, transfer: Transfer) -> None:
        """What is most likely wanted with a transfer of the list."""
        self._move_on(transfer)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _move_on(self, transfer: Transfer) -> None:
        match transfer.state:
            case "waiting" | "running":
                self._intents.pause_transfer(transfer.key)
            case "paused" | "failed":
                self._intents.resume_transfer(transfer.key)
            case "done":
                self.open(Item(transfer.key, FileInfo(transfer.file, transfer.name, transfer.size)))

    def _path(self, item: Item) -> Path | None:
        """Where it lies on this computer; if it does no longer, that is said, and it can be fetched again."""
        status = self.status(item.key)
        if status is None or status.state != "done":
            self._toast(_("It is not on this computer yet. Download it first."))
            return None
        if not os.path.exists(status.path):  # noqa: PTH110 - it never raises
            self._toast(_("This file is no longer there: it was moved or deleted."))
            self._intents.cancel_transfer(status.key)
            return None
        return status.path

    def _want(self, item: Item, edge: int) -> None:
        upload = item.upload
        if upload is not None:
            self._intents.want_picture(item.key, "", upload.path, edge)
        else:
            self._intents.want_picture(item.key, item.key, None, edge)

    def _tell(self, keys: Sequence[str]) -> None:
        self.on_changed(keys)
        if self._sheets:
            from desktop.view.files.viewer import Viewer

            if (viewer := self._sheets.find(Viewer)) is not None:
                viewer.files_changed(keys)

    def _ask_path(self, name: str, on_chosen: Callable[[Path], None]) -> None:
        from desktop.view.file_dialog import FileDialog

        if self._dialog is None:
            self._dialog = FileDialog(self._root, self._look())
        self._dialog.save(_("Save as…"), name_for_disk(name), on_chosen)


def name_for_disk(name: str) -> str:
    """A name from others as the proposal for a file here: no path, no sign that cannot be seen."""
    visible = "".join(sign for sign in name if sign.isprintable() and sign not in '<>:"/\\|?*')
    return visible.strip().strip(".")[:120] or "file"
