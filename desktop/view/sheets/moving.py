"""How far the move of a relay to this computer is, and what became of it."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk
from typing import Final

from desktop.intents import Intents
from desktop.locale import _, mark, n_
from desktop.moves import MoveShown
from desktop.sizes import size_text
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

REASONS: Final = {
    "occupied": mark(
        "There is a relay's data on this computer already. Two relays do not fit into one folder: stop that one and move its folder away, or "
        "choose another folder with RELAY_DATA_DIR. It is not deleted."
    ),
    "unfinished": mark("A move to this computer was broken off at its last step. Finish it first, or forget it."),
    "no_room": mark("There is not enough room on this computer's disk. Make room, and begin again."),
    "disk_full": mark("The disk of this computer became full. Make room, and begin again."),
    "unreachable": mark("The relay stopped answering. Look at the network, and begin again."),
    "too_new": mark("A later version of this program runs there. Update the one on this computer first."),
    "wrong_ticket": mark("The permission is too old or was used by another computer. Begin again."),
    "move_over": mark("It took too long, and the relay has gone on where it was. Begin again."),
}
"""Of what `python -m relay move` names; anything else is shown in its own words."""
_IN_DOUBT: Final = mark(
    "All of the relay is on this computer, but the other one does not say whether it has handed it over. Start the relay there: it tells. Then "
    "finish the move here. Nothing is lost, and only one of the two goes on."
)


class MovingSheet(Sheet):
    """Closing it lets the move go on; giving it up has a button of its own."""

    WIDTH = 480

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, shown: MoveShown, intents: Intents) -> None:
        super().__init__(parent, look, on_close, _("Moving the relay to this computer"))
        px = look.px
        self._what = kit.paragraph(self.body, look, "", "body")
        self._what.pack(fill="x", pady=(0, px(8)))
        self.bar = ttk.Progressbar(self.body, style="Window.Horizontal.TProgressbar", mode="determinate", maximum=1000)
        self._more = kit.paragraph(self.body, look, "", "second", look.palette.text2)
        self._more.pack(side="bottom", fill="x")
        self._close = self.add_button(_("Close"), self.close, "Primary", default=True)
        self._finish = self.add_button(_("Finish the move"), intents.finish_move, "Primary")
        self._forget = self.add_button(_("Forget it"), intents.forget_move, "Danger")
        self._give_up = self.add_button(_("Give it up"), intents.cancel_move)
        self.show(shown)

    def show(self, shown: MoveShown) -> None:
        """It goes on, or has ended."""
        self._what.configure(text=stage_words(shown, self.look))
        self._more.configure(text=more_words(shown))
        if shown.is_under_way:
            share = shown.done / shown.total if shown.total else 0.0
            self.bar.configure(value=round(1000 * min(1.0, share)))
            self.bar.pack(fill="x", pady=(0, self.look.px(8)), after=self._what)
        else:
            self.bar.pack_forget()
        self._close.configure(text=_("Go on in the background") if shown.is_under_way else _("Close"))
        self.show_button(self._give_up, shown.may_be_given_up)
        self.show_button(self._finish, shown.phase == "in_doubt")
        self.show_button(self._forget, shown.phase == "in_doubt")


def stage_words(shown: MoveShown, look: Look) -> str:
    """What is being done, or what became of it."""
    match shown.phase:
        case "starting":
            return _("Asking the relay…")
        case "copying":
            return _("Fetching files: {done} of {total}").format(
                done=size_text(shown.done), total=size_text(shown.total)
            )
        case "holding":
            return _("Fetching the messages: {done} of {total}").format(
                done=size_text(shown.done), total=size_text(shown.total)
            )
        case "finishing":
            return _("The relay is being handed over…")
        case "moved":
            return _("The relay is on this computer, and is being started…")
        case "serving":
            return _("The relay runs on this computer now. Everybody follows by themselves.")
        case "given_up":
            return _("It was given up. The relay goes on where it was.")
        case "forgotten":
            return _("What was fetched is deleted.")
        case "in_doubt":
            return _(_IN_DOUBT)
        case _:
            why = _(REASONS[shown.reason]) if shown.reason in REASONS else look.safe.line(shown.problem, 600)
            return _("The relay was not moved, and goes on where it was. {why}").format(why=why)


def more_words(shown: MoveShown) -> str:
    """How fast, for how long, and what it means for others."""
    match shown.phase:
        case "copying":
            return " ".join(filter(None, (_("People go on talking."), _pace(shown))))
        case "holding":
            return " · ".join(
                filter(None, (_("What is written now waits, and is sent when the relay is here."), _pace(shown)))
            )
        case "serving":
            return _(
                "Let this computer run as long as people are to talk. Where it was, the relay does not start by itself any more."
            )
        case "forgotten":
            return _("If the relay does not run where it was: python -m relay move take-back, there.")
        case _:
            return ""


def _pace(shown: MoveShown) -> str:
    if shown.left_s is None or shown.rate <= 0 or shown.left_s < 1:
        return ""
    seconds = round(shown.left_s)
    left = n_("{n} second left", "{n} seconds left", seconds).format(n=seconds)
    if seconds >= 60:
        minutes = round(seconds / 60)
        left = n_("{n} minute left", "{n} minutes left", minutes).format(n=minutes)
    rate = _("{size} a second").format(size=size_text(round(shown.rate)))
    return f"{left} · {rate}"
