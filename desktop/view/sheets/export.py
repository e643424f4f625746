"""What is to come out of a conversation, and where: before an export begins."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog

from msgspec.structs import replace

from common.ids import Millis
from desktop import locale
from desktop.export.order import Order
from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class ExportSheet(Sheet):
    """Stays open until the export has begun, so that a place that cannot be used is said here."""

    WIDTH = 460

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        order: Order,
        complete_up_to: Millis | None,
        begin: Callable[[Order], None],
    ) -> None:
        """*complete_up_to*: there is no relay now: what this computer has is complete up to then."""
        super().__init__(parent, look, on_close, _("Export the conversation"))
        px = look.px
        self._order = order
        self._begin = begin
        name = look.safe.name(order.name)
        text = _("Everything that was said in “{name}” as it stands now, in a folder of its own.").format(name=name)
        kit.paragraph(self.body, look, text, "second", look.palette.text2).pack(fill="x", pady=(0, px(12)))
        self._switch(_("Pages to read and print (HTML)"), order.html, lambda on: self._change(html=on))
        self._switch(_("Lines for programs (JSON)"), order.json, lambda on: self._change(json=on))
        self._switch(_("The attached files too"), order.files, lambda on: self._change(files=on))
        kit.label(self.body, look, _("Place"), "small_bold", look.palette.text2).pack(anchor="w", pady=(px(10), px(4)))
        row = kit.frame(self.body, look)
        row.pack(fill="x")
        kit.button(row, look, _("Another place…"), self._choose).pack(side="right", padx=(px(10), 0))
        self._place = kit.paragraph(row, look, "", "second")
        self._place.pack(side="left", fill="x", expand=True)
        self._show_place()
        self._warn(_("The copy is not sealed: whoever gets at the folder can read it."))
        if complete_up_to is not None:
            moment = locale.moment(complete_up_to, Millis(int(time.time() * 1000)))
            said = _("The relay is not there: what this computer has comes out, up to {moment}, without files.")
            self._warn(said.format(moment=moment))
        self._problem = kit.paragraph(self.body, look, "", "second", look.palette.danger)
        self._button = self.add_button(_("Export"), self._go, "Primary", default=True)
        self.add_button(_("Cancel"), self.close)

    def show_problem(self, text: str) -> None:
        """It could not begin."""
        self._problem.configure(text=self.look.safe.line(text, 600))
        self._problem.pack(fill="x", pady=(self.look.px(10), 0))

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, ExportSheet)
        self._order = old._order
        self._show_place()
        super().take_over(old)

    def _switch(self, text: str, value: bool, command: Callable[[bool], None]) -> None:
        kit.switch(self.body, self.look, text, value, command).pack(fill="x", pady=(0, self.look.px(6)))

    def _warn(self, text: str) -> None:
        look, px = self.look, self.look.px
        row = kit.frame(self.body, look)
        row.pack(fill="x", pady=(px(12), 0))
        icon = look.icon("warning", 18, look.palette.warn_text, 2.2)
        kit.label(row, look, image=icon).pack(side="left", anchor="n", padx=(0, px(10)))
        kit.paragraph(row, look, text, "small", look.palette.text2).pack(side="left", fill="x", expand=True)

    def _change(self, html: bool | None = None, json: bool | None = None, files: bool | None = None) -> None:
        now = self._order
        self._order = replace(
            now,
            html=now.html if html is None else html,
            json=now.json if json is None else json,
            files=now.files if files is None else files,
        )
        self._button.state(["!disabled" if self._order.html or self._order.json else "disabled"])

    def _show_place(self) -> None:
        self._place.configure(text=self.look.safe.line(str(self._order.folder), 600))

    def _choose(self) -> None:
        chosen = filedialog.askdirectory(
            parent=self.winfo_toplevel(), title=_("Where to"), initialdir=str(nearest(self._order.folder))
        )
        if chosen:
            self._order = replace(self._order, folder=Path(chosen))
            self._show_place()

    def _go(self) -> None:
        if self._order.html or self._order.json:
            self._problem.pack_forget()
            self._begin(self._order)


def nearest(folder: Path) -> Path:
    """*folder* or the nearest one above it that is there."""
    return next((place for place in (folder, *folder.parents) if place.is_dir()), Path.home())
