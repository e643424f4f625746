"""How much of the past the relay keeps wherever nothing else is said, and holding all of it."""

from __future__ import annotations

import tkinter as tk

from common.protocol.messages import Answer, Command, GetRetention, Retained
from desktop.locale import _
from desktop.view import kit
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel
from desktop.view.retention_form import RetentionForm


class RetentionPanel(OwnerPanel):
    """Told anew whenever it is opened, and after each change."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        text = _(
            "For all conversations that have no rule of their own. A group's owners and administrators may keep less in it, see “About the group”."
        )
        kit.paragraph(self, self.look, text, "small", self.look.palette.text2).pack(
            fill="x", pady=(0, self.look.px(10))
        )
        self._place = kit.frame(self, self.look)
        self._place.pack(fill="x")
        self._said = ""
        self.form: RetentionForm | None = None
        kit.paragraph(self._place, self.look, _("Asking the relay…"), "second", self.look.palette.text3).pack(fill="x")
        self.after_idle(lambda: self.order(GetRetention()))

    def heard(self, command: Command, answer: Answer) -> None:
        """The rule, or what came of a change."""
        if isinstance(answer, Retained):
            self._show(answer)
        elif self.form is not None:
            self.form.heard(command, answer)

    def refused(self, command: Command, words: str) -> None:
        """Said beside what was pressed."""
        if self.form is None:
            super().refused(command, words)
        else:
            self.form.refused(command, words)

    def _show(self, retained: Retained) -> None:
        look, px = self.look, self.look.px
        for child in self._place.winfo_children():
            child.destroy()
        if self._said:
            kit.paragraph(self._place, look, self._said, "second", look.palette.ok).pack(fill="x", pady=(0, px(8)))
        rule = retained.keeps
        self.form = RetentionForm(
            self._place, look, None, rule, rule, True, self.order, self.desk.ask, self._changed, has_button=True
        )
        self.form.pack(fill="x")

    def _changed(self, words: str) -> None:
        self._said = words
        self.order(GetRetention())


def build(parent: tk.Misc, desk: RelayDesk) -> RetentionPanel:
    """The rule is asked for as it opens."""
    return RetentionPanel(parent, desk)
