"""Moving this relay to the computer that one sits at."""

from __future__ import annotations

import tkinter as tk

from common.protocol.messages import Answer, Command, OfferMove
from desktop.locale import _
from desktop.moves import MoveShown
from desktop.view import kit
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel


class MovingPanel(OwnerPanel):
    """What it means, the owner's password, and a button; or what to do about a move that was broken off."""

    def __init__(self, parent: tk.Misc, desk: RelayDesk) -> None:
        super().__init__(parent, desk)
        look, px = self.look, self.look.px
        name = look.safe.name(desk.relay_name)
        self._unfinished = kit.frame(self, look)
        for text in (
            _(
                "“{name}” can run on this computer instead of where it runs now, with all messages, files and accounts."
            ).format(name=name),
            _(
                "People go on talking while it is fetched. For a moment at the end nobody can write: what is written then waits, and is sent by "
                "itself. Everybody follows without a question. Where it was, the relay ends for good."
            ),
            _("This computer then has to run whenever people are to talk."),
        ):
            kit.paragraph(self, look, text).pack(fill="x", pady=(0, px(8)))
        kit.label(self, look, _("Your password"), "small_bold", look.palette.text2).pack(
            anchor="w", pady=(px(6), px(5))
        )
        self.password = kit.entry(self, look, secret=True)
        self.password.pack(fill="x", pady=(0, px(12)))
        self.password.bind("<Return>", self._pressed)
        self.begin = kit.button(self, look, _("Move it to this computer"), self._ask, "Primary")
        self.begin.pack(anchor="w")
        desk.intents.look_for_move()

    def told_of_move(self, shown: MoveShown) -> None:
        """There is one that was broken off at its last step."""
        if self._unfinished.winfo_children() or shown.phase != "in_doubt":
            return
        look, px = self.look, self.look.px
        text = _(
            "A relay was to move to this computer, and that was broken off at its last step. Finish it first, or forget it."
        )
        kit.paragraph(self._unfinished, look, text, "second", look.palette.warn_text).pack(fill="x", pady=(0, px(6)))
        kit.button(self._unfinished, look, _("Finish the move"), self.desk.intents.finish_move, "Primary").pack(
            anchor="w"
        )
        kit.button(self._unfinished, look, _("Forget it"), self.desk.intents.forget_move).pack(
            anchor="w", pady=(px(6), 0)
        )
        self._unfinished.pack(fill="x", pady=(0, px(14)), after=self._above)
        self.begin.configure(state="disabled")

    def heard(self, command: Command, answer: Answer) -> None:
        """It is allowed: its own sheet shows how far it is."""

    def refused(self, command: Command, words: str) -> None:
        """Mostly the password was wrong."""
        super().refused(command, words)
        self.begin.configure(state="normal")
        self.password.focus_set()

    def _pressed(self, _event: tk.Event[tk.Misc]) -> str:
        self._ask()
        return "break"

    def _ask(self) -> None:
        password = self.password.get()
        if not password:
            self.say_problem(_("Type your password: whoever moves the relay has everything in it."))
            self.password.focus_set()
            return
        self.begin.configure(state="disabled")
        self.password.delete(0, "end")
        self.order(OfferMove(password=password))


def build(parent: tk.Misc, desk: RelayDesk) -> MovingPanel:
    """Nothing is asked of the relay as it opens."""
    return MovingPanel(parent, desk)
