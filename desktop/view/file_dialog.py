"""Choosing files, a place for one, or a folder: the system's own dialog. Windows and macOS have it in Tk; on Linux zenity or kdialog show it, else Tk's own is dressed up."""

from __future__ import annotations

import os
import shutil
import subprocess
import tkinter as tk
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tkinter import filedialog, ttk
from typing import Final, Literal

from desktop import locale
from desktop.locale import _
from desktop.view.look import Look

LOOK_EVERY_MS: Final = 50
Chosen = Callable[[Sequence[Path]], None]
Kind = Literal["open", "save", "folder"]

_ZENITY: Final[dict[Kind, list[str]]] = {
    "open": ["--multiple", "--separator=\n"],
    "save": ["--save", "--confirm-overwrite"],
    "folder": ["--directory"],
}
_KDIALOG: Final[dict[Kind, list[str]]] = {
    "open": ["--multiple", "--separate-output", "--getopenfilename"],
    "save": ["--getsavefilename"],
    "folder": ["--getexistingdirectory"],
}


class FileDialog:
    """One at a time. What was chosen is told; a dialog that was left tells nothing."""

    def __init__(self, root: tk.Tk, look: Look) -> None:
        self._root = root
        self._look = look
        self._folder = Path.home()
        self._other: subprocess.Popen[bytes] | None = None
        self._job = ""

    def open(self, title: str, on_chosen: Chosen) -> None:
        """Let the person choose files, beginning where they chose last."""
        self._choose("open", title, self._folder, "", on_chosen)

    def save(self, title: str, name: str, on_chosen: Callable[[Path], None]) -> None:
        """Let the person choose where a file goes, *name* by default; that it may take another's place has been asked then."""
        self._choose("save", title, self._folder, name, lambda paths: on_chosen(paths[0]))

    def folder(self, title: str, present: Path, on_chosen: Callable[[Path], None]) -> None:
        """Let the person choose a folder, beginning at the *present* one."""
        self._choose("folder", title, present, "", lambda paths: on_chosen(paths[0]))

    def _choose(self, kind: Kind, title: str, folder: Path, name: str, on_chosen: Chosen) -> None:
        if self._other is not None:
            return  # it is there already
        is_x11 = self._root.tk.call("tk", "windowingsystem") == "x11"
        if is_x11 and (command := self._other_program(kind, title, folder, name)):
            self._other = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._look_again(on_chosen)
            return
        if is_x11:
            self._dress_up()
        names: Sequence[str] = ()
        match kind:
            case "open":
                names = filedialog.askopenfilenames(parent=self._root, title=title, initialdir=str(folder)) or ()
            case "save":
                chosen = filedialog.asksaveasfilename(
                    parent=self._root, title=title, initialdir=str(folder), initialfile=name
                )
                names = (chosen,) if chosen else ()
            case "folder":
                chosen = filedialog.askdirectory(parent=self._root, title=title, initialdir=str(folder), mustexist=True)
                names = (chosen,) if chosen else ()
        self._tell([Path(name) for name in names], on_chosen)

    def close(self) -> None:
        """The window goes, and the dialog with it."""
        if self._job:
            self._root.after_cancel(self._job)
            self._job = ""
        if self._other is not None:
            self._other.kill()
            self._other.communicate()
            self._other = None

    # -- by another program --------------------------------------------------------------------------------------------

    def _other_program(self, kind: Kind, title: str, folder: Path, name: str) -> list[str]:
        start = f"{folder}{os.sep}{name}"
        window = str(int(str(self._root.tk.call("wm", "frame", ".")), 0))
        for program, arguments in (
            ("zenity", ["--file-selection", *_ZENITY[kind], f"--title={title}", f"--filename={start}"]),
            ("kdialog", ["--title", title, "--attach", window, *_KDIALOG[kind], start]),
        ):
            if (found := shutil.which(program)) is not None:
                return [found, *arguments]
        return []

    def _look_again(self, on_chosen: Chosen) -> None:
        """Whether it has ended: meanwhile the window goes on as usual."""
        assert self._other is not None, "it was started"
        if self._other.poll() is None:
            self._job = self._root.after(LOOK_EVERY_MS, self._look_again, on_chosen)
            return
        self._job = ""
        answer, _complaints = self._other.communicate()
        self._other = None
        self._tell([Path(os.fsdecode(name)) for name in answer.split(b"\n") if name], on_chosen)

    # -- by Tk ---------------------------------------------------------------------------------------------------------

    def _dress_up(self) -> None:
        """Let Tk's own dialog speak the person's language, and look like the rest as far as that goes."""
        call = self._root.tk.call
        call("::msgcat::mclocale", locale.current())
        call("::msgcat::mcload", call("file", "join", call("set", "::tk_library"), "msgs"))
        with suppress(tk.TclError):
            call("tk_getOpenFile", "-no such option")  # the variables below are there once it has been called
        hidden = "Show &Hidden Files and Directories"  # Tk has no words for it in other languages
        call("::msgcat::mcset", locale.current(), hidden, _("Show &hidden files and folders"))
        call("set", "::tk::dialog::file::showHiddenBtn", "1")
        call("set", "::tk::dialog::file::showHiddenVar", "0")
        style, palette = ttk.Style(self._root), self._look.palette
        for plain, ours in (("TButton", "Window.Plain.TButton"), ("TEntry", "Window.TEntry")):
            style.layout(plain, style.layout(ours))
            for option in ("foreground", "font", "padding", "anchor", "insertcolor"):
                if value := style.lookup(ours, option):
                    style.configure(plain, **{option: value})
        for plain in ("TFrame", "TLabel", "TButton", "TMenubutton"):
            style.configure(plain, background=palette.window, foreground=palette.text)
            style.map(plain, background=[], foreground=[])

    def _tell(self, paths: Sequence[Path], on_chosen: Chosen) -> None:
        if paths:
            self._folder = paths[0].parent
            on_chosen(paths)
