"""The sheet in which an emoji is looked for and chosen: by category, by a word of either language, or among the recent ones."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from functools import partial
from typing import Final

from desktop.locale import _
from desktop.settings import SettingsFile
from desktop.view import emoji, emoji_table, kit
from desktop.view.bubble import emoji_picture
from desktop.view.emoji_grid import CELL, EmojiGrid, listen
from desktop.view.emoji_table import Emoji
from desktop.view.flow import Flow
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

RECENT: Final = 20
_COLUMNS: Final = 10
_HEIGHT: Final = 300
_LEAST: Final = 60


class EmojiSheet(Sheet):
    """The keyboard is in the field: letters search, arrows move, Return chooses."""

    WIDTH = _COLUMNS * CELL + 20

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        settings: SettingsFile,
        on_chosen: Callable[[str], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Choose an emoji"))
        px = look.px
        self._settings = settings
        self._on_chosen = on_chosen
        self._table = emoji_table.table()
        self.field = kit.entry(self.body, look)
        self.field.configure(validate="key", validatecommand=(self.register(self._typed), "%P"))
        self.field.pack(fill="x", pady=(0, px(8)))
        self._tabs = Flow(self.body, look, gap=2)
        self._tabs.pack(fill="x", pady=(0, px(4)))
        place = kit.frame(self.body, look)
        self.let_shrink(place, _HEIGHT, _LEAST)
        self.grid_ = EmojiGrid(place, look, self._marked, self._chosen)
        self._name = kit.label(self.body, look, "", "second", look.palette.text2)
        place.pack(fill="x")
        self._name.pack(fill="x", pady=(px(8), 0))
        self.grid_.pack(fill="both", expand=True)
        listen(self.grid_, self.field)
        self._show_all()

    def first_focus(self) -> tk.Misc:
        return self.field

    def _show_all(self) -> None:
        recent = tuple(one for sign in recent_emoji(self._settings) if (one := self._table.named(sign)) is not None)
        parts = [(name, self._drawable(self._table.of(number))) for number, _sign, name in emoji_table.categories()]
        signs = [(sign, name) for _number, sign, name in emoji_table.categories()]
        if recent:
            parts.insert(0, (_("Recent"), recent))
            signs.insert(0, ("", _("Recent")))
        self.grid_.show_parts(parts)
        if not self._tabs.winfo_children():
            for at, (sign, name) in enumerate(signs):
                self._tab(sign, name, partial(self._show_category, at))

    def _show_category(self, number: int) -> None:
        """Whatever is searched for."""
        self.field.delete(0, "end")
        self.grid_.go_to_part(number)
        self.field.focus_set()

    def _tab(self, sign: str, name: str, act: Callable[[], None]) -> None:
        tab = kit.icon_button(self._tabs, self.look, "clock", act, name, size=18)
        if sign and emoji.colour_font() is not None:
            tab.configure(image=emoji_picture(self.look, sign, self.look.px(18))())
        elif sign:
            tab.configure(image="", text=self.look.safe.drawable(sign), compound="text")
        self._tabs.put(tab)

    def _drawable(self, found: tuple[Emoji, ...]) -> tuple[Emoji, ...]:
        """Without a colour font Tk draws them itself, as far as it survives them."""
        if emoji.colour_font() is not None:
            return found
        return tuple(one for one in found if self.look.safe.drawable(one.sign) == one.sign)

    def _typed(self, text: str) -> bool:
        if text.strip():
            self.grid_.show_parts([("", self._drawable(self._table.found(text)))])
        else:
            self._show_all()
        return True

    def _marked(self, one: Emoji | None) -> None:
        self._name.configure(text=one.name if one is not None else _("There is no emoji of that name."))

    def _chosen(self, one: Emoji) -> None:
        note_emoji(self._settings, one.sign)
        self.close()
        self._on_chosen(one.sign)


def recent_emoji(settings: SettingsFile) -> tuple[str, ...]:
    """Those chosen last, the last one first."""
    return tuple(settings.settings.recent_emoji.split())


def note_emoji(settings: SettingsFile, sign: str) -> None:
    """*sign* was chosen."""
    recent = [sign, *(one for one in recent_emoji(settings) if one != sign)]
    settings.change(recent_emoji=" ".join(recent[:RECENT]))
