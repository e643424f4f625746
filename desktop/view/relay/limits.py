"""How much one person may have and do on the relay, and for whom it is otherwise."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence
from typing import Final

from common.protocol.messages import (
    Answer,
    Command,
    LimitException,
    LimitName,
    ListLimits,
    PersonLimits,
    SetLimit,
)
from desktop.locale import _, n_
from desktop.sizes import count_text
from desktop.view import kit
from desktop.view.limits_form import LimitsForm, Scope, amount_text
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel

_NAMED: Final = 10
"""So many people are named of whom a limit is otherwise; of more only the number is said."""


class LimitsPanel(OwnerPanel):
    """Told anew whenever it is opened, and after each change."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        text = _(
            "How much one person may have and do here. It counts for everybody; for one alone it is set under “People”. "
            "What is set takes nothing away that somebody has."
        )
        kit.paragraph(self, self.look, text, "small", self.look.palette.text2).pack(
            fill="x", pady=(0, self.look.px(10))
        )
        self._place = kit.frame(self, self.look)
        self._place.pack(fill="x")
        self.form: LimitsForm | None = None
        self._was_set: LimitName | None = None
        kit.paragraph(self._place, self.look, _("Asking the relay…"), "second", self.look.palette.text3).pack(fill="x")
        self.after_idle(lambda: self.order(ListLimits()))

    def heard(self, command: Command, answer: Answer) -> None:
        """What counts, and that something was changed."""
        match command, answer:
            case ListLimits(user=None), PersonLimits():
                self._show(answer)
            case SetLimit(user=None, limit=name), _:
                self._was_set = name
                self.order(ListLimits())
            case _:
                pass

    def refused(self, command: Command, words: str) -> None:
        """Said beside the field, where there is one."""
        if not (isinstance(command, SetLimit) and self.form is not None and self.form.say(words)):
            super().refused(command, words)

    def _show(self, told: PersonLimits) -> None:
        for child in self._place.winfo_children():
            child.destroy()
        scope = Scope(is_person=False, others=self._others(told.exceptions))
        self.form = LimitsForm(self._place, self.look, told.limits, scope, self.desk.ask, self._set)
        self.form.pack(fill="x")
        if self._was_set is not None:
            self.form.focus_at(self._was_set)
            self._was_set = None

    def _others(self, exceptions: Sequence[LimitException]) -> dict[str, str]:
        """Of each limit for whom it is otherwise, in words."""
        by_limit: dict[str, list[LimitException]] = {}
        for each in exceptions:
            by_limit.setdefault(each.name, []).append(each)
        return {name: self._named(several) for name, several in by_limit.items()}

    def _named(self, exceptions: Sequence[LimitException]) -> str:
        words = [
            f"{self.look.safe.name(each.user.display_name or each.user.username)} ({amount_text(each.name, each.value)})"
            for each in exceptions[:_NAMED]
        ]
        if (more := len(exceptions) - _NAMED) > 0:
            words.append(n_("{n} more", "{n} more", more).format(n=count_text(more)))
        return ", ".join(words)

    def _set(self, name: LimitName, value: int | None) -> None:
        self.order(SetLimit(limit=name, value=value))


def build(parent: tk.Misc, desk: RelayDesk) -> LimitsPanel:
    """They are asked for as it opens."""
    return LimitsPanel(parent, desk)
