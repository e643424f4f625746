"""What who leads a group does so that it stays quiet: mute somebody, and let there be a pause between messages."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from common.ids import GroupId, UserId
from common.protocol.messages import MuteMember, SetSlow
from desktop import durations
from desktop.intents import Intents
from desktop.locale import _
from desktop.model.rows import Header, MemberRow
from desktop.view.look import Look
from desktop.view.overlay import Choice as MenuLine
from desktop.view.sheets.stack import SheetStack

PAUSES: Final[Sequence[int]] = (0, 10, 30, 60, 300, 3600)


class Quieting:
    """One for the window's life."""

    def __init__(self, root: tk.Misc, look: Callable[[], Look], sheets: SheetStack, intents: Intents) -> None:
        self._root = root
        self._look = look
        self._sheets = sheets
        self._intents = intents

    def lines(self, header: Header, row: MemberRow, is_below: bool) -> Sequence[MenuLine]:
        """For the menu of a person of the open conversation. *is_below*: the own rank there reaches them."""
        if not header.may_rename or row.own or not is_below:
            return ()
        group, user = header.group, row.user
        if row.muted:
            return (MenuLine("check", _("Let write again"), lambda: self._order(group, user, on=False)),)
        return (MenuLine("bell", _("Mute…"), lambda: self.open_mute(row.name, user, group)),)

    def open_mute(self, name: str, user: UserId, group: GroupId | None) -> None:
        """Ask for how long; without *group* it is for the whole relay."""
        from desktop.view.sheets.mute import MuteSheet

        self._sheets.open(
            lambda close: MuteSheet(
                self._root,
                self._look(),
                close,
                name,
                lambda seconds: self._order(group, user, seconds=seconds),
                everywhere=group is None,
            )
        )

    def set_slow(self, group: GroupId, seconds: int) -> None:
        """Let so many seconds be between two messages of one member."""
        self._intents.order(SetSlow(group=group, seconds=seconds))

    def _order(self, group: GroupId | None, user: UserId, *, on: bool = True, seconds: int | None = None) -> None:
        self._intents.order(MuteMember(group=group, user=user, on=on, seconds=seconds))


def pauses(present: int) -> Sequence[tuple[int, str]]:
    """The pauses to choose from, and how they are called; the *present* one is among them."""
    seconds = sorted({*PAUSES, present})
    return [(each, durations.in_words(each) if each else _("Off")) for each in seconds]


def slow_words(seconds: int) -> str:
    """What a pause means for who writes there."""
    return _("Slow mode: {time} between two messages of one person.").format(time=durations.in_words(seconds))
