"""Where files go that are downloaded without asking where to."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

from desktop.locale import _
from desktop.settings import downloads_folder
from desktop.view import kit
from desktop.view.file_dialog import FileDialog
from desktop.view.files import handing_over
from desktop.view.flow import Flow
from desktop.view.settings.desk import Desk


class FilesPanel(tk.Frame):
    """The folder, and the ways to another one."""

    def __init__(self, parent: tk.Misc, desk: Desk) -> None:
        look, px = desk.look, desk.look.px
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._desk = desk
        root = self.winfo_toplevel()
        assert isinstance(root, tk.Tk)
        self.dialog = FileDialog(root, look)
        kit.label(self, look, _("Downloads go to"), "small_bold", look.palette.text2).pack(anchor="w")
        self.path = kit.paragraph(self, look)
        self.path.pack(fill="x", pady=(px(2), px(10)))
        buttons = Flow(self, look, "left", 8)
        buttons.pack(fill="x")
        buttons.put(kit.button(buttons, look, _("Another folder…"), self.choose, icon="folder"))
        self.usual = kit.button(buttons, look, _("As the system"), lambda: self._keep(""))
        buttons.put(self.usual)
        show = kit.button(buttons, look, _("Show the folder"), self._show_folder)
        buttons.put(show)
        hint = _(
            "A file is called “.part” until all of it has come and is right. “Save as…” at a file puts it elsewhere."
        )
        kit.paragraph(self, look, hint, "small", look.palette.text3).pack(fill="x", pady=(px(12), 0))
        self.bind("<Destroy>", lambda event: self.dialog.close() if event.widget is self else None)
        self._show()

    def choose(self) -> None:
        """By the system's dialog."""
        present = downloads_folder(self._desk.settings.settings)
        self.dialog.folder(_("Downloads go to"), present, lambda folder: self._keep(str(folder)))

    def _keep(self, folder: str) -> None:
        self._desk.settings.change(downloads=folder)
        self._show()

    def _show(self) -> None:
        chosen = self._desk.settings.settings
        self.path.configure(text=self._desk.look.safe.line(str(downloads_folder(chosen)), 400))
        self.usual.state(["!disabled" if chosen.downloads else "disabled"])

    def _show_folder(self) -> None:
        folder: Path = downloads_folder(self._desk.settings.settings)
        handing_over.open_file(next((place for place in (folder, *folder.parents) if place.is_dir()), folder))


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """What a person can choose about files."""
    return FilesPanel(parent, desk)
