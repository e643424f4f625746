"""The limits of people, each with what counts and what would count otherwise, and a field to set another one.

What lowers a limit is asked about first: it counts at once.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from tkinter import ttk
from typing import Final

from msgspec import Struct

from common.protocol.messages import LimitName, PersonLimit
from desktop.locale import _, mark
from desktop.screen import Choice, ChoiceKind, Question
from desktop.sizes import count_text, size_text
from desktop.view import kit
from desktop.view.flow import Flow
from desktop.view.look import Look

LIMITS: Final[dict[LimitName, str]] = {
    "links": mark("clients connected at once"),
    "devices": mark("devices signed in"),
    "messages_per_minute": mark("messages in a minute"),
    "messages_per_hour": mark("messages in an hour"),
    "files": mark("size of all files"),
    "uploads": mark("files on their way"),
    "groups": mark("groups made"),
    "invites": mark("invitations given out"),
    "webhooks": mark("webhooks made"),
    "tokens": mark("access tokens"),
}
"""The limits of one person that this client knows, by their names on the wire, in their order."""
_MOST: Final = 2**53 - 1
_MEGABYTE: Final = 1 << 20

Ask = Callable[[Question, Callable[[str], None]], None]
SetOne = Callable[[LimitName, int | None], None]
"""Is given the limit, and what is to count: 0 is no limit, None what counts otherwise."""


class Scope(Struct, frozen=True):
    """For whom the limits are: *is_person*, or everybody. *others*: in words, for whom each is otherwise."""

    is_person: bool
    others: Mapping[str, str]


class LimitsForm(tk.Frame):
    """Made anew for each answer of the relay. One limit at a time has the field."""

    def __init__(
        self, parent: tk.Misc, look: Look, limits: Sequence[PersonLimit], scope: Scope, ask: Ask, on_set: SetOne
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._scope = scope
        self._ask = ask
        self._on_set = on_set
        self._openers: dict[LimitName, ttk.Button] = {}
        by_name = {each.name: each for each in limits}
        for name in LIMITS:
            if name in by_name:
                self._put(name, by_name[name])
        self.editor = LimitEditor(self, look, scope, self._set, self._cancel)

    def focus_at(self, name: LimitName | None) -> None:
        """The keyboard goes to the button of that limit, or (None) of the first one."""
        opener = self._openers.get(name) if name is not None else next(iter(self._openers.values()), None)
        if opener is not None:
            opener.focus_set()

    def say(self, words: str) -> bool:
        """What went wrong, beside the field; false: there is no field now."""
        if not self.editor.winfo_manager():
            return False
        self.editor.say(words)
        return True

    def _put(self, name: LimitName, limit: PersonLimit) -> None:
        look, px = self._look, self._look.px
        place = kit.frame(self, look)
        place.pack(fill="x", pady=(0, px(9)))
        row = kit.frame(place, look)
        row.pack(fill="x")
        opener = kit.button(row, look, _("Change"), lambda: self._edit(place, name, limit), "Link")
        opener.pack(side="right", anchor="n", padx=(px(8), 0))
        self._openers[name] = opener
        kit.paragraph(row, look, _said(name, limit.value), "second_bold" if limit.changed else "second").pack(fill="x")
        for words in self._facts(name, limit):
            kit.paragraph(row, look, words, "small", look.palette.text3).pack(fill="x")

    def _facts(self, name: LimitName, limit: PersonLimit) -> Sequence[str]:
        facts = []
        if limit.used is not None:
            facts.append(_("now: {amount}").format(amount=used_text(name, limit.used)))
        if limit.changed:
            words = _("everybody else: {amount}") if self._scope.is_person else _("default: {amount}")
            facts.append(words.format(amount=amount_text(name, limit.otherwise)))
        else:
            facts.append(_("as everybody") if self._scope.is_person else _("the default"))
        lines = [" · ".join(facts)]
        if others := self._scope.others.get(name):
            lines.append(_("Otherwise for: {people}").format(people=others))
        return lines

    def _edit(self, place: tk.Misc, name: LimitName, limit: PersonLimit) -> None:
        self.editor.show(name, limit)
        self.editor.pack(in_=place, fill="x", pady=(self._look.px(6), 0))
        self.editor.lift(place)  # Tab goes by this order too
        self.editor.field.focus_set()

    def _cancel(self, name: LimitName) -> None:
        self.editor.pack_forget()
        self.focus_at(name)

    def _set(self, name: LimitName, limit: PersonLimit, value: int | None) -> None:
        if not is_lower(limit.otherwise if value is None else value, limit.value):
            self._on_set(name, value)
            return
        text = _(
            "{limit}. It counts at once. Nothing is taken away: who has more keeps it, and gets no more until it is less."
        ).format(limit=_said(name, limit.otherwise if value is None else value))
        choices = (Choice("yes", _("Lower it"), ChoiceKind.DANGER), Choice("no", _("Cancel")))
        question = Question(_("Lower the limit?"), text, choices)
        self._ask(question, lambda key: self._on_set(name, value) if key == "yes" else None)


class LimitEditor(tk.Frame):
    """A field for a number, and what can be chosen in its place; made once, for one limit after the other."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        scope: Scope,
        on_set: Callable[[LimitName, PersonLimit, int | None], None],
        on_cancel: Callable[[LimitName], None],
    ) -> None:
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self._gap = px(6)
        self._scope = scope
        self._on_set = on_set
        self._on_cancel = on_cancel
        self._present: tuple[LimitName, PersonLimit] | None = None
        self._label = kit.label(self, look, "", "small_bold", look.palette.text2)
        self._label.pack(anchor="w", pady=(0, px(4)))
        self.field = kit.entry(self, look)
        self.field.pack(fill="x", pady=(0, self._gap))
        self.field.bind("<Return>", self._returned)
        self._problem = kit.paragraph(self, look, "", "small", look.palette.danger)
        self._buttons = Flow(self, look)
        self._buttons.pack(fill="x")
        self._take_it = kit.button(self._buttons, look, _("Set"), self._take, "Primary")
        self._none = kit.button(self._buttons, look, _("No limit"), lambda: self._set(0))
        self._otherwise = kit.button(self._buttons, look, "", lambda: self._set(None))
        self._leave = kit.button(self._buttons, look, _("Cancel"), self._cancel)

    def show(self, name: LimitName, limit: PersonLimit) -> None:
        """Be the field of that limit."""
        self._present = name, limit
        self._label.configure(text=_("In megabytes") if name == "files" else _("How many"))
        self.field.delete(0, "end")
        if limit.value:
            self.field.insert(0, str(-(-limit.value // _unit(name))))
            self.field.selection_range(0, "end")
        self._problem.pack_forget()
        words = _("As everybody: {amount}") if self._scope.is_person else _("Default: {amount}")
        self._otherwise.configure(text=words.format(amount=amount_text(name, limit.otherwise)))
        shown = {self._take_it: True, self._none: bool(limit.value), self._otherwise: limit.changed, self._leave: True}
        for button in shown:
            self._buttons.take(button)
        for button in (each for each, is_shown in shown.items() if is_shown):
            self._buttons.put(button)

    def say(self, words: str) -> None:
        """What went wrong, above the buttons."""
        self._problem.configure(text=words)
        self._problem.pack(fill="x", pady=(0, self._gap), before=self._buttons)

    def _returned(self, _event: tk.Event[tk.Misc]) -> str:
        self._take()
        return "break"  # else it would press the sheet's own button, too

    def _cancel(self) -> None:
        assert self._present is not None, "it is shown for a limit"
        self._on_cancel(self._present[0])

    def _take(self) -> None:
        assert self._present is not None, "it is shown for a limit"
        value = number_of(self.field.get(), _unit(self._present[0]))
        if value is not None:
            self._set(value)
            return
        self.say(_("Enter a whole number, from 1."))

    def _set(self, value: int | None) -> None:
        assert self._present is not None, "it is shown for a limit"
        self._on_set(*self._present, value)


def number_of(text: str, unit: int) -> int | None:
    """How much *text* says, counted in *unit*; None: it is no number that a limit could be."""
    digits = "".join(text.split()).replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(_MOST))):
        return None
    value = int(digits) * unit
    return value if 1 <= value <= _MOST else None


def is_lower(wanted: int, present: int) -> bool:
    """Whether less may be had by *wanted* than by *present*; 0 is no limit."""
    return bool(wanted) and (not present or wanted < present)


def amount_text(name: str, value: int) -> str:
    """A limit in words: 0 is none."""
    return used_text(name, value) if value else _("no limit")


def used_text(name: str, value: int) -> str:
    """So much of it."""
    return size_text(value) if name == "files" else count_text(value)


def _unit(name: LimitName) -> int:
    return _MEGABYTE if name == "files" else 1


def _said(name: LimitName, value: int) -> str:
    words = _("{limit}: {amount}").format(limit=_(LIMITS[name]), amount=amount_text(name, value))
    return words[:1].upper() + words[1:]
