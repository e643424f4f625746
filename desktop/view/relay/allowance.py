"""What one person may have and do on the relay, and has: shown when it is asked for."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from common.protocol.messages import LimitName, PersonLimits
from desktop.locale import _
from desktop.view import kit
from desktop.view.limits_form import Ask, LimitsForm, Scope, SetOne
from desktop.view.look import Look


class AllowancePart(tk.Frame):
    """A button, and in its place the limits once the relay has told them."""

    def __init__(self, parent: tk.Misc, look: Look, on_open: Callable[[], None], ask: Ask, on_set: SetOne) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._ask = ask
        self._on_set = on_set
        kit.label(self, look, _("Limits"), "small_bold", look.palette.text2).pack(anchor="w", pady=(0, look.px(5)))
        self._place = kit.frame(self, look)
        self._place.pack(fill="x")
        self.form: LimitsForm | None = None
        kit.button(self._place, look, _("Show their limits"), on_open, "Link", icon="down").pack(anchor="w")

    def show(self, told: PersonLimits, was_set: LimitName | None) -> None:
        """What the relay says. *was_set*: which has just been changed, if one was: the keyboard goes there."""
        had_keyboard = str(self.focus_lastfor()).startswith(f"{self._place}.")
        for child in self._place.winfo_children():
            child.destroy()
        self.form = LimitsForm(self._place, self._look, told.limits, Scope(True, {}), self._ask, self._on_set)
        self.form.pack(fill="x")
        if was_set is not None or had_keyboard:
            self.form.focus_at(was_set)
