"""How much of a conversation's past is kept: for who leads there."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.protocol.messages import Answer, Command, GetRetention, Keeps, Retained
from desktop.locale import _
from desktop.model.rows import Header
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.retention_form import Ask, RetentionForm
from desktop.view.sheets.base import Sheet


class RetentionSheet(Sheet):
    """The relay is asked for its own rule first; a group keeps no more than that."""

    WIDTH = 520

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        header: Header,
        owns_relay: bool,
        order: Callable[[Command], None],
        ask: Ask,
        say: Callable[[str], None],
    ) -> None:
        """*say*: in passing, when it is done."""
        super().__init__(parent, look, on_close, _("How long messages are kept"))
        self._header = header
        self._owns_relay = owns_relay
        self._order = order
        self._ask = ask
        self._told = say
        name = look.safe.name(header.name)
        kit.paragraph(self.body, look, name, "small", look.palette.text2).pack(fill="x", pady=(0, look.px(6)))
        self._waiting = kit.paragraph(self.body, look, _("Asking the relay…"), "second", look.palette.text3)
        self._waiting.pack(fill="x")
        self.form: RetentionForm | None = None
        self._change = self.add_button(_("Change"), self._ask_change, "Primary", default=True)
        self._change.configure(state="disabled")
        self.add_button(_("Cancel"), self.close)
        self.after_idle(lambda: order(GetRetention()))

    def answered(self, command: Command, answer: Answer | None, problem: str) -> None:
        """What came of *command*: an answer, or else what kept it from being done, in words."""
        if isinstance(answer, Retained):
            self._show(answer.keeps)
        elif self.form is None:
            self._waiting.configure(text=problem, fg=self.look.palette.danger)
        elif answer is None:
            self.form.refused(command, problem)
        else:
            self.form.heard(command, answer)

    def _show(self, relay: Keeps) -> None:
        if self.form is not None:
            return
        self._waiting.destroy()
        header = self._header
        self.form = RetentionForm(
            self.body,
            self.look,
            header.group,
            relay,
            header.keeps or Keeps(),
            self._owns_relay,
            self._order,
            self._ask,
            self._end,
        )
        self.form.pack(fill="x")
        self.hear(self.form)
        self._change.configure(state="normal")

    def _ask_change(self) -> None:
        if self.form is not None:
            self.form.change()

    def _end(self, words: str) -> None:
        self.close()
        self._told(words)
