"""“This relay”: what its owner sees of it, and does with it."""

from __future__ import annotations

import tkinter as tk

from common.protocol.messages import Answer, Command
from desktop.locale import _
from desktop.moves import MoveShown
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel
from desktop.view.relay.sections import SECTIONS
from desktop.view.sheets.sections import SectionsSheet


class ThisRelaySheet(SectionsSheet[RelayDesk]):
    """What the relay answers goes to the section that is open."""

    WIDTH = 760

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, desk: RelayDesk, section: str = "") -> None:
        """*section*: the name of the one to begin with, else the first one."""
        title = _("This relay: {name}").format(name=look.safe.name(desk.relay_name))
        super().__init__(parent, look, on_close, title, SECTIONS, desk, section)

    def answered(self, command: Command, answer: Answer | None, problem: str) -> None:
        """What came of *command*: an answer, or else what kept it from being done, in words."""
        panel = self.panel(OwnerPanel)
        if panel is None:
            return
        if answer is None:
            panel.refused(command, problem)
        else:
            panel.heard(command, answer)
        self.hear_panel()

    def told_of_move(self, shown: MoveShown) -> None:
        """How a move of the relay to this computer stands."""
        from desktop.view.relay.moving import MovingPanel

        if (panel := self.panel(MovingPanel)) is not None:
            panel.told_of_move(shown)
            self.hear_panel()
