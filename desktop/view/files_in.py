"""The ways for files into what is being written: a dialog, the clipboard, and what is dragged onto the window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.intents import Intents
from desktop.locale import _
from desktop.view.dropping import Dropping
from desktop.view.look import Look

if TYPE_CHECKING:
    from desktop.view.file_dialog import FileDialog


class FilesIn:
    """Of one main screen."""

    def __init__(
        self, root: tk.Tk, look: Look, intents: Intents, place: tk.Misc, conversation: Callable[[], str | None]
    ) -> None:
        """*place*: the conversation on the screen. *conversation*: the name of the one where files would go now; None where there is none."""
        self._root = root
        self._intents = intents
        self._conversation = conversation
        self._look = look
        self._dialog: FileDialog | None = None
        self.dropping = Dropping(root, look, place, self._invitation, self._attach)

    def choose(self) -> None:
        """Let the person choose files, in the system's own dialog where there is one."""
        if self._conversation() is None:
            return
        if self._dialog is None:
            from desktop.view.file_dialog import FileDialog

            self._dialog = FileDialog(self._root, self._look)
        self._dialog.open(_("Attach files"), self._attach)

    def close(self) -> None:
        """The screen goes."""
        self.dropping.end()
        if self._dialog is not None:
            self._dialog.close()

    def paste(self) -> bool:
        """Attach what was copied, if it is more than text; whether it was."""
        from desktop.view.clipboard import CopiedFiles, CopiedPicture, copied

        found = copied(self._root) if self._conversation() is not None else None
        match found:
            case CopiedFiles(paths):
                self._intents.attach(paths)
            case CopiedPicture(content, mime) if content:
                self._intents.attach_picture(content, mime)
            case CopiedPicture():
                self._root.bell()
        return found is not None

    def _attach(self, paths: Sequence[Path]) -> None:
        if self._conversation() is not None and paths:
            self._intents.attach(tuple(paths))

    def _invitation(self) -> str:
        name = self._conversation()
        return "" if name is None else _("Drop files here to attach them in “{name}”").format(name=name)
