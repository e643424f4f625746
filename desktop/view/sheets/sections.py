"""A sheet of sections: their names at the left (above, where the window is narrow), and what the chosen one says."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from tkinter import ttk
from typing import Final, Generic, Protocol, TypeVar

from desktop.locale import _
from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

Panel = TypeVar("Panel", bound=tk.Misc)
Desk = TypeVar("Desk")
DeskIn = TypeVar("DeskIn", contravariant=True)
LEFT: Final = "<<SectionLeft>>"
"""Told to a section's frame when the person goes elsewhere: what was typed and not told yet takes effect."""
_NAMES: Final = 190
_HIGH: Final = 380
"""The sheet keeps its height while one goes from section to section; logical pixels."""


class SectionOf(Protocol[DeskIn]):
    """*title* is marked for translation, not translated."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def icon(self) -> str: ...
    def build(self, parent: tk.Misc, desk: DeskIn, /) -> tk.Frame:
        """Its panel."""


class SectionsSheet(Sheet, Generic[Desk]):
    """Up and Down, or Ctrl+PgUp and Ctrl+PgDn from anywhere, go through the sections; Tab goes into one."""

    WIDTH = 700

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        title: str,
        sections: Sequence[SectionOf[Desk]],
        desk: Desk,
        section: str = "",
    ) -> None:
        """*desk*: what the sections may know and do. *section*: the name of the one to begin with, else the first one."""
        super().__init__(parent, look, on_close, title)
        self._desk = desk
        self._sections = sections
        self.section = ""
        px = look.px
        self._is_wide = self.room >= look.tx(self.WIDTH)
        names = kit.frame(self.body, look) if self._is_wide else Flow(self.body, look)
        self._names: dict[str, ttk.Button] = {}
        for one in self._sections:
            made = kit.button(names, look, _(one.title), lambda name=one.name: self.show_section(name), "Nav", one.icon)  # type: ignore[misc]
            self._names[one.name] = made
            if not self._is_wide:
                kit.Tip(made, look, _(one.title))
            if isinstance(names, Flow):
                names.put(made)
            else:
                made.pack(fill="x", pady=(0, px(2)))
            for key, by in (("Up", -1), ("Down", 1)):
                made.bind(f"<{key}>", lambda _event, by=by: self._step(by))  # type: ignore[misc]
        if self._is_wide:
            kit.fixed_frame(names, look, width=_NAMES, height=1).pack()
            names.pack(side="left", fill="y", padx=(0, px(20)))
            kit.fixed_frame(self.body, look, width=1, height=_HIGH).pack(side="left")
        else:
            names.pack(fill="x", pady=(0, px(16)))
        self._place = kit.frame(self.body, look)
        self._place.pack(side="left" if self._is_wide else "top", fill="both", expand=True)
        self._panel: tk.Frame | None = None
        self.bind_class(self._tag, "<Control-Prior>", lambda _event: self._step(-1))
        self.bind_class(self._tag, "<Control-Next>", lambda _event: self._step(1))
        self.add_button(_("Done"), self.close, "Primary", default=True)
        self.show_section(section)

    def show_section(self, name: str) -> None:
        """Open that one; the first, where there is none of that name."""
        section = next((one for one in self._sections if one.name == name), self._sections[0])
        if section.name == self.section:
            return
        if self._panel is not None:
            self._panel.event_generate(LEFT)
            self._panel.destroy()
        self.section = section.name
        for one in self._sections:
            button, is_open = self._names[one.name], one is section
            button.state(["selected" if is_open else "!selected"])
            if not self._is_wide:  # the others' pictures say enough, and leave the room to what is open
                button.configure(text=f" {_(one.title)}" if is_open else "", compound="left" if is_open else "image")
        self._panel = section.build(self._place, self._desk)
        self._panel.pack(fill="x")
        self.hear(self._panel)

    def hear_panel(self) -> None:
        """Something was made in the open section later: its keys and its wheel do the same as everywhere."""
        if self._panel is not None:
            self.hear(self._panel)

    def panel(self, kind: type[Panel]) -> Panel | None:
        """The open section's panel, if it is of that kind."""
        return self._panel if isinstance(self._panel, kind) else None

    def close(self) -> None:
        if self._panel is not None:
            self._panel.event_generate(LEFT)
        super().close()

    def first_focus(self) -> tk.Misc:
        return self._names[self.section]

    def take_over(self, old: Sheet) -> None:
        assert isinstance(old, SectionsSheet)
        self.show_section(old.section)
        super().take_over(old)

    def _step(self, by: int) -> str:
        names = list(self._names)
        wanted = names[(names.index(self.section) + by) % len(names)]
        self.show_section(wanted)
        self._names[wanted].focus_set()
        return "break"
