"""Downloading what the relay holds about the person: what that is and where it goes, how far it is, and what became of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, ttk

from desktop.locale import _
from desktop.own_data import OwnDataProgress
from desktop.sizes import size_text
from desktop.view import kit
from desktop.view.links import Address, Kind
from desktop.view.look import Look
from desktop.view.opening import open_address
from desktop.view.sheets.base import Sheet
from desktop.view.sheets.export import nearest


class OwnDataSheet(Sheet):
    """Closing it lets the download go on; giving it up has a button of its own."""

    WIDTH = 480

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        folder: Path,
        choose: Callable[[Path], None],
        fetch: Callable[[Path], None],
        cancel: kit.Command,
        progress: OwnDataProgress | None,
    ) -> None:
        """*choose* is told another *folder*. *progress*: how far it is already, None before it has begun."""
        super().__init__(parent, look, on_close, _("Download my data"))
        self._folder = folder
        self._choose = choose
        self._fetch = fetch
        self._progress = progress
        self._place: tk.Label | None = None
        self._bar: ttk.Progressbar | None = None
        self._words: tk.Label | None = None
        self.begin = self.add_button(_("Download"), self._begin, "Primary", default=True)
        self._show_folder = self.add_button(_("Show the folder"), self._open_folder, "Primary")
        self._close = self.add_button(_("Close"), self.close)
        self._cancel = self.add_button(_("Give it up"), cancel)
        self._fill()

    def show(self, progress: OwnDataProgress) -> None:
        """It goes on, or has ended."""
        before, self._progress = self._progress, progress
        if self._bar is not None and before is not None and before.is_under_way and progress.is_under_way:
            self._go_on(progress)
        else:
            self._fill()

    # -- what is in it -------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        for child in self.body.winfo_children():
            child.destroy()
        self._bar = None
        progress = self._progress
        if progress is None:
            self._ask()
        elif progress.is_under_way:
            self._run(progress)
        else:
            self._end(progress)
        is_done = progress is not None and progress.phase == "done"
        is_under_way = progress is not None and progress.is_under_way
        wanted = {
            self.begin: not is_done and not is_under_way,
            self._show_folder: is_done,
            self._close: True,
            self._cancel: is_under_way,
        }
        for button in wanted:
            self.show_button(button, False)
        for button, is_wanted in wanted.items():  # from right to left
            self.show_button(button, is_wanted)
        self.hear(self.body)

    def _ask(self) -> None:
        look, px = self.look, self.look.px
        self.say(
            _(
                "Everything that the relay holds about you, in one ZIP file: your account and devices, the conversations you are in and how far "
                "you have read them, all that you have written, and the files you have sent. What others wrote is not in it."
            ),
            "body",
            look.palette.text,
        )
        kit.label(self.body, look, _("Place"), "small_bold", look.palette.text2).pack(anchor="w", pady=(px(6), px(4)))
        row = kit.frame(self.body, look)
        row.pack(fill="x")
        kit.button(row, look, _("Another place…"), self._choose_place).pack(side="right", padx=(px(10), 0))
        self._place = kit.paragraph(row, look, look.safe.line(str(self._folder), 600), "second")
        self._place.pack(side="left", fill="x", expand=True)
        warning = kit.frame(self.body, look)
        warning.pack(fill="x", pady=(px(12), 0))
        icon = look.icon("warning", 18, look.palette.warn_text, 2.2)
        kit.label(warning, look, image=icon).pack(side="left", anchor="n", padx=(0, px(10)))
        text = _("The file is not sealed: whoever gets at it can read it.")
        kit.paragraph(warning, look, text, "small", look.palette.text2).pack(side="left", fill="x", expand=True)

    def _run(self, progress: OwnDataProgress) -> None:
        look, px = self.look, self.look.px
        self._words = self.say("", "body", look.palette.text)
        self._bar = ttk.Progressbar(self.body, style="Window.Horizontal.TProgressbar", maximum=1000)
        self._bar.pack(fill="x", pady=(0, px(8)))
        self.say(_("It goes on when this is closed."), "small", look.palette.text3)
        self._go_on(progress)

    def _go_on(self, progress: OwnDataProgress) -> None:
        assert self._bar is not None, "made before"
        assert self._words is not None, "made with it"
        share = progress.done / progress.expected if progress.expected else 0.0
        self._bar.configure(value=1000 if progress.phase == "checking" else round(1000 * min(1.0, share)))
        self._words.configure(text=_words(progress))

    def _end(self, progress: OwnDataProgress) -> None:
        look = self.look
        match progress.phase:
            case "done":
                self.say(_("Your data is here:"), "body", look.palette.text)
                self.say(look.safe.line(str(progress.path), 600), "second", look.palette.text)
                self.say(_("README.txt in it says what is what."))
            case "cancelled":
                self.say(_("The download was given up. Nothing of it is left."), "body", look.palette.text)
            case _:
                self.say(look.safe.line(progress.problem, 600), "body", look.palette.danger)
                self.say(_("Nothing of it is left."))

    # -- what the person does ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._fetch(self._folder)

    def _open_folder(self) -> None:
        if self._progress is not None:
            path = self._progress.path
            open_address(Address(Kind.PLACE, str(path.parent), path=str(path)))

    def _choose_place(self) -> None:
        chosen = filedialog.askdirectory(
            parent=self.winfo_toplevel(), title=_("Where to"), initialdir=str(nearest(self._folder))
        )
        if chosen and self._place is not None:
            self._folder = Path(chosen)
            self._place.configure(text=self.look.safe.line(chosen, 600))
            self._choose(self._folder)


def _words(progress: OwnDataProgress) -> str:
    if progress.waiting:
        return _("The relay is not there or busy. It goes on by itself.")
    if progress.phase == "checking":
        return _("Looking whether all of it has come…")
    if not progress.done:
        return _("The relay is asked…")
    if not progress.expected:
        return size_text(progress.done)
    return _("{done} of about {all}").format(
        done=size_text(progress.done), all=size_text(max(progress.done, progress.expected))
    )
