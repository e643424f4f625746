"""Looking for messages by their words."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import Final

from common.ids import GroupId, Millis, Seq
from desktop import locale
from desktop.locale import _
from desktop.model.rows import HitRow
from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.look import Look
from desktop.view.picklist import Line
from desktop.view.sheets.picking import PickSheet

PAUSE_MS: Final = 250
"""The relay is asked after this long a pause in typing."""

Search = Callable[[str, GroupId | None, Millis | None], None]


class SearchSheet(PickSheet):
    """Here or everywhere; a hit that is chosen is shown in its place."""

    WIDTH = 560
    HEIGHT = 380

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        here: tuple[GroupId, str] | None,
        everywhere: bool,
        search: Search,
        on_hit: Callable[[GroupId, Seq], None],
    ) -> None:
        """*here*: the open conversation and its name."""
        super().__init__(parent, look, on_close, _("Search messages"))
        self._here = here
        self._everywhere = everywhere or here is None
        self._search = search
        self._on_hit = on_hit
        self._hits: list[HitRow] = []
        self._asked: str | None = None
        self._wants_more = False
        self._job = ""
        self._scopes: tuple[ttk.Button, ...] = ()
        if here is not None:
            row = Flow(self.head, look)
            row.pack(fill="x", pady=(0, look.px(8)))
            self._scopes = (
                kit.button(row, look, _("In this conversation"), lambda: self.set_scope(False)),
                kit.button(row, look, _("Everywhere"), lambda: self.set_scope(True)),
            )
            for button in self._scopes:
                button.configure(padding=(look.px(12), look.px(6)))
                row.put(button)
        self.more = self.add_button(_("Show older ones"), self._ask_more)
        self.again = self.add_button(_("Look again"), self._ask)
        self._offer(more=False, again=False)
        self._mark_scope()
        self.show_lines([], _("Type a few letters of what was said."))
        self.bind("<Destroy>", lambda _event: self._forget_job())

    def set_scope(self, everywhere: bool) -> None:
        """Look everywhere, or only in the open conversation."""
        self._everywhere = everywhere or self._here is None
        self._mark_scope()
        self._ask()
        self.field.focus_set()

    def typed(self, text: str) -> None:
        self._forget_job()
        self._job = self.after(PAUSE_MS, self._ask)

    def chosen(self, index: int) -> None:
        hit = self._hits[index]
        self.close()
        self._on_hit(hit.group, hit.seq)

    def show(self, query: str, hits: Sequence[HitRow], complete: bool, more: bool) -> None:
        """What was found, if it is an answer to the last question."""
        if query != self._asked:
            return
        further = self._wants_more and not (hits and hits[0] in self._hits)
        self._wants_more = False
        self._hits = [*self._hits, *hits] if further else list(hits)
        remark = "" if complete else _("Still looking through older messages; there may be more soon.")
        if not self._hits and complete:
            remark = _("Nothing was found.")
        self.show_lines([self._line(hit) for hit in self._hits], remark)
        self._offer(more, again=not complete)

    def _ask(self) -> None:
        self._forget_job()
        query = self.field.get().strip()
        self._wants_more = False
        self._asked = query
        if query:
            self._search(query, self._scope(), None)
        else:
            self._hits = []
            self.show_lines([], _("Type a few letters of what was said."))
            self._offer(more=False, again=False)

    def _ask_more(self) -> None:
        if self._asked and self._hits:
            self._wants_more = True
            self._search(self._asked, self._scope(), self._hits[-1].at)

    def _scope(self) -> GroupId | None:
        return None if self._everywhere or self._here is None else self._here[0]

    def _mark_scope(self) -> None:
        for button, is_present in zip(self._scopes, (not self._everywhere, self._everywhere), strict=False):
            button.configure(style=f"Window.{'Primary' if is_present else 'Plain'}.TButton")

    def _offer(self, more: bool, again: bool) -> None:
        self.show_button(self.more, more)
        self.show_button(self.again, again)

    def _line(self, hit: HitRow) -> Line:
        now = Millis(int(time.time() * 1000))
        name = self.look.safe.name(hit.author_name)
        title = f"{name} · {self.look.safe.name(hit.group_name)}" if self._scope() is None else name
        words = hit.snippet or ", ".join(file.name for file in hit.files)
        return Line(title, words, hit.author, right=locale.moment(hit.at, now), long=True, marks=hit.marks, name=name)

    def _forget_job(self) -> None:
        if self._job:
            self.after_cancel(self._job)
            self._job = ""
