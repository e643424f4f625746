"""How far an export is, and what became of it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Final

from desktop.export.order import Progress
from desktop.export.records import INDEX
from desktop.locale import _, n_
from desktop.sizes import size_text
from desktop.view import kit
from desktop.view.links import Address, Kind
from desktop.view.look import Look
from desktop.view.opening import open_address
from desktop.view.sheets.base import Sheet

NAMED: Final = 6
"""Of the files that are missing."""


class ExportProgressSheet(Sheet):
    """Closing it lets the export go on; giving it up has a button of its own."""

    WIDTH = 460

    def __init__(
        self, parent: tk.Misc, look: Look, on_close: kit.Command, progress: Progress, cancel: kit.Command
    ) -> None:
        super().__init__(
            parent, look, on_close, _("Exporting “{name}”").format(name=look.safe.name(progress.order.name))
        )
        px = look.px
        self._what = kit.paragraph(self.body, look, "", "body")
        self._what.pack(fill="x", pady=(0, px(8)))
        self.bar = ttk.Progressbar(self.body, style="Window.Horizontal.TProgressbar", mode="determinate", maximum=1000)
        self.bar.pack(fill="x", pady=(0, px(8)))
        self._more = kit.paragraph(self.body, look, "", "second", look.palette.text2)
        self._more.pack(fill="x")
        self.add_button(_("Go on in the background"), self.close, "Primary", default=True)
        self._cancel = self.add_button(_("Give it up"), cancel)
        self.show(progress)

    def show(self, progress: Progress) -> None:
        """It goes on."""
        palette = self.look.palette
        self._what.configure(text=stage_words(progress))
        share = progress.done / progress.total if progress.total else 0.0
        self.bar.configure(value=round(1000 * min(1.0, share)))
        self._more.configure(text=_more(progress), fg=palette.warn_text if progress.waiting else palette.text2)


class ExportEndSheet(Sheet):
    """Where it is, and how to go on from there; or why there is none."""

    WIDTH = 500

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, progress: Progress) -> None:
        super().__init__(parent, look, on_close, _title(progress))
        self._progress = progress
        for text in _end_words(look, progress):
            kit.paragraph(self.body, look, text, "second").pack(fill="x", pady=(0, look.px(8)))
        has_pages = progress.phase == "done" and progress.order.html
        if has_pages:
            kit.paragraph(
                self.body, look, _("To print it, open it in the browser and print there (Ctrl+P)."), "small",
                look.palette.text3,
            ).pack(fill="x", pady=(0, look.px(4)))  # fmt: skip
            self.add_button(_("Open in the browser"), self._open_pages, "Primary", default=True)
        if progress.phase == "done":
            self.add_button(_("Show the folder"), self._show_folder)
        self.add_button(_("Close"), self.close, "Plain" if has_pages else "Primary", default=not has_pages)

    def _open_pages(self) -> None:
        page = self._progress.folder / INDEX
        open_address(Address(Kind.WEB, page.as_uri()))

    def _show_folder(self) -> None:
        folder = self._progress.folder
        inside = INDEX if self._progress.order.html else "conversation.jsonl"
        open_address(Address(Kind.PLACE, str(folder), path=str(folder / inside)))


def stage_words(progress: Progress) -> str:
    """What is being done, with numbers."""
    match progress.phase:
        case "files":
            return _("Files: {done} of {total}, {bytes} of {all}").format(
                done=progress.files_done,
                total=progress.files,
                bytes=size_text(progress.done),
                all=size_text(progress.total),
            )
        case "writing":
            return _("Writing the pages: {done} of {total}").format(done=progress.done, total=progress.total)
        case _ if progress.total > 1:
            return _("Reading: {done} of {total}").format(done=progress.done, total=progress.total)
        case _:
            return _("Reading…")


def _more(progress: Progress) -> str:
    if progress.waiting:
        return _("The relay is not there. It goes on by itself when the relay is back.")
    if progress.left_s is None or progress.left_s < 1:
        return ""
    seconds = round(progress.left_s)
    if seconds < 60:
        return n_("{n} second left", "{n} seconds left", seconds).format(n=seconds)
    minutes = round(seconds / 60)
    return n_("{n} minute left", "{n} minutes left", minutes).format(n=minutes)


def _title(progress: Progress) -> str:
    match progress.phase:
        case "done":
            return _("Exported")
        case "cancelled":
            return _("Given up")
        case _:
            return _("Not exported")


def _end_words(look: Look, progress: Progress) -> list[str]:
    if progress.phase == "cancelled":
        return [_("The export was given up. Nothing of it is left.")]
    if progress.phase != "done":
        return [look.safe.line(progress.problem, 600), _("Nothing of it is left.")]
    count = n_("{n} message", "{n} messages", progress.messages).format(n=progress.messages)
    there = progress.files - progress.missing_count if progress.order.files else 0
    if there:
        count = _("{messages} and {files}").format(
            messages=count, files=n_("{n} file", "{n} files", there).format(n=there)
        )
    words = [f"{count}: {look.safe.line(str(progress.folder), 600)}"]
    if progress.missing_count:
        names = ", ".join(look.safe.line(name, 60) for name in progress.missing[:NAMED])
        if progress.missing_count > NAMED:
            names += " …"
        said = n_(
            "{n} file could not be fetched; the page says why: {names}",
            "{n} files could not be fetched; the page says why: {names}",
            progress.missing_count,
        )
        words.append(said.format(n=progress.missing_count, names=names))
    if progress.complete_up_to is not None:
        words.append(_("Without the relay only what this computer had came out; the page says what is missing."))
    return words
