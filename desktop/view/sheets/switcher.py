"""Going to another conversation by a few letters of its name."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from common.ids import GroupId
from desktop.locale import _
from desktop.model.rows import RailRow
from desktop.view import fuzzy, kit
from desktop.view.look import Look
from desktop.view.picklist import Line
from desktop.view.sheets.picking import PickSheet


class SwitcherSheet(PickSheet):
    """All conversations, also those out of sight; the last one that somebody spoke in comes first."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        rows: Sequence[RailRow],
        on_open: Callable[[GroupId], None],
    ) -> None:
        super().__init__(parent, look, on_close, _("Go to a conversation"))
        self._all = sorted(rows, key=lambda row: -(row.at or 0))
        self._fitting: Sequence[RailRow] = ()
        self._on_open = on_open
        self.typed("")

    def typed(self, text: str) -> None:
        fitting = [(fuzzy.fitness(text, row.name), row) for row in self._all]
        fitting = [(how_well, row) for how_well, row in fitting if how_well != fuzzy.NO_FIT]
        self._fitting = [row for _how_well, row in sorted(fitting, key=lambda pair: -pair[0])]
        remark = "" if self._fitting else _("No conversation is called so.")
        self.show_lines([_line(row) for row in self._fitting], remark)

    def chosen(self, index: int) -> None:
        group = self._fitting[index].group
        self.close()
        self._on_open(group)


def _line(row: RailRow) -> Line:
    words = [row.preview]
    if row.hidden:
        words.insert(0, _("out of sight"))
    elif not row.joined:
        words.insert(0, _("You can join this group"))
    unread = str(row.unread) if row.unread else ""
    return Line(
        row.name,
        " · ".join(word for word in words if word),
        row.peer if row.peer is not None else row.group,
        row.kind != "direct",
        unread,
        row.presence,
    )
