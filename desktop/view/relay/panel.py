"""What the sections of “This relay” have in common: they ask the relay, say what was refused, and ask before they do harm."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.protocol.messages import Answer, Command
from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view import kit
from desktop.view.relay.desk import RelayDesk


class OwnerPanel(tk.Frame):
    """A section's frame. What the subclass puts into it stands below the line that says what was refused."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        look = desk.look
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self.desk = desk
        self.look = look
        self._above = kit.frame(self, look)  # keeps its place, and has no height without the line
        self._above.pack(fill="x")
        self._problem = kit.paragraph(self._above, look, "", "second", look.palette.danger)

    def order(self, command: Command) -> None:
        """Ask the relay; what comes of it is told to `heard` or `refused`."""
        self.say_problem("")
        self.desk.intents.order(command)

    def heard(self, command: Command, answer: Answer) -> None:
        """The relay's answer to *command*, which this section or an earlier one has asked for."""

    def refused(self, command: Command, words: str) -> None:
        """The relay, or the network, says no to *command*."""
        self.say_problem(words)

    def say_problem(self, words: str) -> None:
        """What went wrong, above everything; empty: nothing."""
        self._problem.configure(text=words)
        if words:
            self._problem.pack(fill="x", pady=(0, self.look.px(10)))
        else:
            self._problem.pack_forget()
            self._above.configure(height=1)

    def confirm(self, title: str, text: str, yes: str, act: Callable[[], None]) -> None:
        """Ask before something that cannot simply be undone."""
        question = Question(title, text, (Choice("yes", yes, ChoiceKind.DANGER), Choice("no", _("Cancel"))))
        self.desk.ask(question, lambda key: act() if key == "yes" else None)

    def headline(self, text: str) -> tk.Label:
        """Above a part of the section."""
        made = kit.label(self, self.look, text, "small_bold", self.look.palette.text2)
        made.pack(anchor="w", pady=(self.look.px(4), self.look.px(6)))
        return made
