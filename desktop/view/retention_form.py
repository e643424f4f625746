"""Choosing how much of the past is kept, in one conversation or wherever nothing else is said, and holding everything.

What shortens it is counted first; the person is told how many messages go by it, and only who agrees to that number does it.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import structs

from common.ids import GroupId
from common.protocol.messages import Answer, Command, CountExpired, Expired, Keeps, SetHold, SetRetention
from desktop.locale import _, n_
from desktop.screen import Choice, ChoiceKind, Question
from desktop.sizes import count_text
from desktop.view import kit
from desktop.view.keeping import rule_text
from desktop.view.look import Look
from desktop.view.sheets.choosing import Choosing

DAYS: Final[Sequence[int]] = (1, 7, 30, 90, 180, 365, 1095)
ENTRIES: Final[Sequence[int]] = (1_000, 10_000, 100_000)

Ask = Callable[[Question, Callable[[str], None]], None]


class RetentionForm(tk.Frame):
    """Told by `heard` and `refused` what came of what it ordered."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        group: GroupId | None,
        relay: Keeps,
        own: Keeps,
        owns_relay: bool,
        order: Callable[[Command], None],
        ask: Ask,
        done: Callable[[str], None],
        *,
        has_button: bool = False,
    ) -> None:
        """*relay*: its rule; *own*: what holds in *group*, or without one the relay's again. *owns_relay*: they may keep more than that,
        and hold everything. *done* is told what has come of a change, for people. *has_button*: nobody else calls
        `change`.
        """
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self.look = look
        self._group = group
        self._order = order
        self._ask = ask
        self._done = done
        self._wanted: SetRetention | SetHold | None = None
        px = look.px
        kit.paragraph(self, look, rule_text(own), "body").pack(fill="x", pady=(0, px(12)))
        is_of_group = group is not None
        self.days = Choosing[int | None](
            self,
            look,
            _("By age"),
            _choices(DAYS, relay.days, own.days, is_of_group, owns_relay, _days, _("For ever")),
            _present(relay.days, own.days, is_of_group),
        )
        self.days.pack(fill="x", pady=(0, px(10)))
        self.entries = Choosing[int | None](
            self,
            look,
            _("By number: of each conversation the last ones") if not is_of_group else _("By number: the last ones"),
            _choices(ENTRIES, relay.entries, own.entries, is_of_group, owns_relay, _entries, _("All")),
            _present(relay.entries, own.entries, is_of_group),
        )
        self.entries.pack(fill="x", pady=(0, px(8)))
        hint = _("What was said in the last 24 hours stays in any case. Whoever is there reads that it was changed.")
        kit.paragraph(self, look, hint, "small", look.palette.text3).pack(fill="x")
        if has_button:
            kit.button(self, look, _("Change"), self.change, "Primary").pack(anchor="w", pady=(px(10), 0))
        self._said = kit.paragraph(self, look, "", "second", look.palette.text2)
        self._below = kit.frame(self, look)
        self._below.pack(fill="x")
        if owns_relay:
            self._offer_hold(relay, own)

    def change(self) -> None:
        """Count what goes by what is chosen now, and go on from there."""
        days, entries = self.days.value, self.entries.value
        self._count(
            SetRetention(group=self._group, days=days, entries=entries),
            CountExpired(group=self._group, days=days, entries=entries),
        )

    def heard(self, command: Command, answer: Answer) -> None:
        """The relay's answer to *command*."""
        if not isinstance(answer, Expired):
            return
        if isinstance(command, CountExpired) and self._wanted is not None:
            self._say("")
            wanted, self._wanted = structs.replace(self._wanted, loses=answer.messages), None
            if answer.messages:
                self._warn(wanted, answer.messages)
            else:
                self._order(wanted)
        elif isinstance(command, SetRetention | SetHold):
            self._done(_result(answer.messages))

    def refused(self, command: Command, words: str) -> None:
        """The relay, or the network, says no to *command*."""
        if isinstance(command, CountExpired):
            self._wanted = None
        self._say(words, bad=True)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _count(self, wanted: SetRetention | SetHold, counting: CountExpired) -> None:
        self._wanted = wanted
        self._say(_("Counting what would go…"))
        self._order(counting)

    def _warn(self, wanted: SetRetention | SetHold, lost: int) -> None:
        text = n_(
            "{n} message goes by that. It is deleted for good, for everybody, with its files. That cannot be undone.",
            "{n} messages go by that. They are deleted for good, for everybody, with their files. That cannot be undone.",
            lost,
        ).format(n=count_text(lost))
        yes = n_("Delete {n} message", "Delete {n} messages", lost).format(n=count_text(lost))
        choices = (Choice("yes", yes, ChoiceKind.DANGER), Choice("no", _("Cancel")))
        question = Question(_("Delete older messages?"), text, choices)
        self._ask(question, lambda key: self._order(wanted) if key == "yes" else None)

    def _offer_hold(self, relay: Keeps, own: Keeps) -> None:
        look, px, place = self.look, self.look.px, self._below
        kit.separator(place, look).pack(fill="x", pady=(px(14), px(10)))
        kit.label(place, look, _("Hold"), "small_bold", look.palette.text2).pack(anchor="w", pady=(0, px(4)))
        if self._group is not None and relay.held:
            text = _("Everything is held on the whole relay. That ends under “This relay”.")
            kit.paragraph(place, look, text).pack(fill="x")
            return
        text = _(
            "While a hold is on, nothing is deleted by anybody: not by the relay, and no message can be taken back. Everybody sees that it is on."
        )
        kit.paragraph(place, look, text).pack(fill="x", pady=(0, px(8)))
        act = self._release if own.held else self._hold
        kit.button(place, look, _("End the hold") if own.held else _("Hold everything"), act).pack(anchor="w")

    def _hold(self) -> None:
        choices = (Choice("yes", _("Hold everything"), ChoiceKind.PRIMARY), Choice("no", _("Cancel")))
        text = _("Nothing is deleted from now on, and nobody can take a message back, until you end the hold.")
        question = Question(_("Hold everything?"), text, choices)
        self._ask(question, lambda key: self._order(SetHold(group=self._group)) if key == "yes" else None)

    def _release(self) -> None:
        self._count(SetHold(group=self._group, on=False), CountExpired(group=self._group, release=True))

    def _say(self, words: str, *, bad: bool = False) -> None:
        palette = self.look.palette
        self._said.configure(text=words, fg=palette.danger if bad else palette.text2)
        if words:
            self._said.pack(fill="x", pady=(self.look.px(8), 0), before=self._below)
        else:
            self._said.pack_forget()


def _choices(
    offered: Sequence[int],
    relay: int,
    own: int,
    is_of_group: bool,
    owns_relay: bool,
    words: Callable[[int], str],
    all_of_it: str,
) -> Sequence[tuple[int | None, str]]:
    """What can be chosen, and how it is called. A group keeps no more than the relay, unless the relay's owner says so."""
    numbers = sorted({*offered, own, relay} - {0})
    if not is_of_group:
        return [(0, all_of_it), *((each, words(each)) for each in numbers)]
    as_relay = _("As the relay: {rule}").format(rule=words(relay)) if relay else all_of_it
    within = [each for each in numbers if each != relay and (owns_relay or not relay or each < relay or each == own)]
    longest = [(0, all_of_it)] if owns_relay and relay else []
    return [(None, as_relay), *((each, words(each)) for each in within), *longest]


def _present(relay: int, own: int, is_of_group: bool) -> int | None:
    return None if is_of_group and own == relay else own


def _days(days: int) -> str:
    return n_("{n} day", "{n} days", days).format(n=count_text(days))


def _entries(entries: int) -> str:
    return count_text(entries)


def _result(lost: int) -> str:
    if not lost:
        return _("It is so from now on. Nothing was deleted by that.")
    text = n_("It is so from now on. {n} message is deleted.", "It is so from now on. {n} messages are deleted.", lost)
    return text.format(n=count_text(lost))
