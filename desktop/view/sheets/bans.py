"""Who was taken out of a group for good, and letting them come back."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence

from common.ids import Millis
from desktop import locale
from desktop.locale import _
from desktop.model.rows import BanRow
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet


class BansSheet(Sheet):
    """One line a person, the last ban first; the list comes anew after each change."""

    WIDTH = 480

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        bans: Sequence[BanRow],
        allow: Callable[[BanRow], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Taken out for good"))
        self._allow = allow
        self.bans: Sequence[BanRow] = ()
        self._lines = kit.frame(self.body, look)
        self._lines.pack(fill="x")
        self.add_button(_("Close"), self.close, "Primary", default=True)
        self.show(bans)

    def show(self, bans: Sequence[BanRow]) -> None:
        """Another list."""
        self.bans = bans
        had_keyboard = str(self.focus_lastfor()).startswith(f"{self._lines}.")
        for child in self._lines.winfo_children():
            child.destroy()
        for ban in bans:
            self._line(ban)
        if not bans:
            kit.paragraph(self._lines, self.look, _("Nobody is banned from this group.")).pack(fill="x")
        self.hear(self._lines)
        if had_keyboard:
            self.first_focus().focus_set()

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, BansSheet)
        self.show(old.bans)
        super().take_over(old)

    def _line(self, ban: BanRow) -> None:
        look, px, safe = self.look, self.look.px, self.look.safe
        row = kit.frame(self._lines, look)
        row.pack(fill="x", pady=(0, px(8)))
        kit.avatar(row, look, safe.name(ban.name), ban.user, 34).pack(side="left", anchor="n", padx=(0, px(10)))
        kit.button(row, look, _("Allow again"), lambda: self._allow(ban), "Link").pack(side="right", anchor="n")
        words = kit.frame(row, look)
        words.pack(side="left", fill="x", expand=True)
        kit.paragraph(words, look, f"{safe.name(ban.name)} · @{safe.name(ban.username)}", "second_bold").pack(fill="x")
        when = locale.moment(ban.at, Millis(int(time.time() * 1000)))
        said = _("By {name}, {moment}").format(name=safe.name(ban.by_name), moment=when)
        kit.paragraph(words, look, said, "small", look.palette.text2).pack(fill="x")
