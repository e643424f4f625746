"""The part of the settings that says how the person is told of messages, with a test that helps when nothing is seen."""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from desktop.locale import _
from desktop.model.notify_advice import advise
from desktop.notifications import Privacy, Wishes
from desktop.screen import NotifierSight
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.choosing import Choosing


class NotifyActs(Struct, frozen=True):
    """What the panel asks for; every change takes effect at once."""

    set_wishes: Callable[[Wishes], None]
    set_tray: Callable[[bool], None]
    test: Callable[[], None]


class NotifyPanel(tk.Frame):
    """Fed by `show`; tells `NotifyActs`."""

    def __init__(
        self, parent: tk.Misc, look: Look, wishes: Wishes, tray: bool, sight: NotifierSight, acts: NotifyActs
    ) -> None:
        """*tray*: whether closing the window is to leave an icon beside the clock."""
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        px = look.px
        self._look = look
        self._wishes = wishes
        self._wants_tray = tray
        self._acts = acts
        self._switch(_("Show a notification of new messages"), wishes.is_on, lambda on: self._wish(is_on=on))
        says: Sequence[tuple[Privacy, str]] = (
            ("text", _("Name and text")),
            ("name", _("Name only")),
            ("nothing", _("Neither")),
        )
        self.privacy = Choosing[Privacy](
            self, look, _("What it says"), says, wishes.privacy, lambda privacy: self._wish(privacy=privacy)
        )
        self.privacy.pack(fill="x", pady=(px(10), px(4)))
        hint = _("Many systems keep what notifications said, and show it on the locked screen.")
        kit.paragraph(self, look, hint, "small", look.palette.text3).pack(fill="x", pady=(0, px(10)))
        self._switch(_("With a sound"), wishes.sound, lambda on: self._wish(sound=on))
        self._switch(
            _("Let calls by my name through “do not disturb”"),
            wishes.calls_in_dnd,
            lambda on: self._wish(calls_in_dnd=on),
        )
        self._tray = kit.frame(self, look)
        kit.switch(
            self._tray, look, _("Closing the window leaves an icon beside the clock"), tray, self._tray_wish
        ).pack(fill="x", pady=(px(6), 0))
        self._no_tray = kit.paragraph(self._tray, look, "", "small", look.palette.text3)
        self._row = kit.frame(self, look)
        self._row.pack(fill="x", pady=(px(12), 0))
        self.test_button = kit.button(self._row, look, _("Test notification"), acts.test, icon="bell")
        self.test_button.pack(side="left", anchor="n")
        self.state = kit.paragraph(self._row, look, "", "second")
        self.state.pack(side="left", fill="x", expand=True, padx=(px(12), 0), pady=(px(7), 0))
        self.advice = kit.paragraph(self, look, "", "small", look.palette.text2)
        self.show(sight)

    def show(self, sight: NotifierSight) -> None:
        """What is known of the system now."""
        palette = self._look.palette
        said = advise(sys.platform, sight.service, sight.test)
        self.state.configure(text=said.state, fg=palette.text2 if said.is_good else palette.danger)
        self.advice.configure(text=said.advice)
        if said.advice:
            self.advice.pack(fill="x", pady=(self._look.px(8), 0))
        else:
            self.advice.pack_forget()
        if sight.tray.possible or self._wants_tray:
            self._tray.pack(fill="x", before=self._row)
        else:
            self._tray.pack_forget()
        missing = _("Here nobody shows such an icon: closing the window ends the client.")
        self._no_tray.configure(text="" if sight.tray.possible else missing)
        if sight.tray.possible:
            self._no_tray.pack_forget()
        else:
            self._no_tray.pack(fill="x")

    def _switch(self, text: str, value: bool, command: Callable[[bool], None]) -> None:
        kit.switch(self, self._look, text, value, command).pack(fill="x", pady=(self._look.px(6), 0))

    def _wish(self, **changes: object) -> None:
        wishes = replace(self._wishes, **changes)
        if wishes != self._wishes:
            self._wishes = wishes
            self._acts.set_wishes(wishes)

    def _tray_wish(self, on: bool) -> None:
        if on != self._wants_tray:
            self._wants_tray = on
            self._acts.set_tray(on)
