"""Choosing a person: to write to, or to put into a group."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

from desktop.locale import _
from desktop.model.rows import MemberRow
from desktop.view import kit, presence
from desktop.view.layouts import swapped
from desktop.view.look import Look
from desktop.view.picklist import Line
from desktop.view.sheets.base import Sheet
from desktop.view.sheets.picking import PickSheet


class PeopleSheet(PickSheet):
    """Looks for people while a name is typed. The answers come by `show`, perhaps late: only those to the last question count."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        title: str,
        seek: Callable[[str], None],
        on_person: Callable[[MemberRow], None],
        on_group: kit.Command | None = None,
        without: Sequence[int] = (),
        on_code: kit.Command | None = None,
    ) -> None:
        """*on_group*: a new group is wanted instead of a person; *on_code*: one by invitation. *without*: ids of people who are not to be chosen."""
        super().__init__(parent, look, on_close, title)
        self._seek = seek
        self._on_person = on_person
        self._without = frozenset(without)
        self._sought = ""
        self._tried = False
        """The other keyboard layout has been tried for what is sought."""
        self._people: Sequence[MemberRow] = ()
        for label, instead in ((_("New group"), on_group), (_("I have an invitation"), on_code)):
            if instead is not None:
                self.add_button(label, self._instead(instead))
        self.add_button(_("Cancel"), self.close)

    def appear(self) -> None:
        super().appear()
        self.typed(self.field.get())

    def take_over(self, old: Sheet) -> None:
        super().take_over(old)
        self.typed(self.field.get())

    def typed(self, text: str) -> None:
        self._sought = text.strip()
        self._tried = False
        self._seek(self._sought)

    def chosen(self, index: int) -> None:
        person = self._people[index]
        self.close()
        self._on_person(person)

    def show(self, sought: str, people: Sequence[MemberRow]) -> None:
        """Who was found."""
        if sought not in (self._sought, swapped(self._sought)):
            return
        if not people and self._sought and not self._tried:
            self._tried = True
            self._seek(swapped(self._sought))
            return
        self._people = [row for row in people if row.user not in self._without]
        remark = "" if self._people else _("Nobody is called so.") if self._sought else _("Nobody else is here yet.")
        self.show_lines([self._line(row) for row in self._people], remark)

    def _line(self, row: MemberRow) -> Line:
        name = _("Notes to yourself") if row.own else row.name
        words = (f"@{row.username}", presence.words(row.presence), row.status)
        return Line(name, " · ".join(word for word in words if word), row.user, presence=row.presence)

    def _instead(self, act: kit.Command) -> kit.Command:
        def run() -> None:
            self.close()
            act()

        return run
