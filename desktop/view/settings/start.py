"""What starts when the person signs in to this computer."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from desktop.autostart.seen import AutostartSeen
from desktop.locale import _
from desktop.view import kit
from desktop.view.settings.desk import Desk


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """What starts is asked for; it comes by `StartPanel.show`."""
    panel = StartPanel(parent, desk)
    panel.after_idle(desk.intents.look_at_autostart)
    return panel


class StartPanel(tk.Frame):
    """Two switches; that of the relay is there only where one runs on this computer, or starts on it."""

    def __init__(self, parent: tk.Misc, desk: Desk) -> None:
        look = desk.look
        super().__init__(parent, bg=look.palette.window, bd=0, highlightthickness=0)
        self._look = look
        self._has_relay = desk.settings.settings.own_relay != ""
        intents = desk.intents
        self.client = kit.switch(self, look, _("Start with this computer"), False, intents.start_client_at_sign_in)
        self.client.pack(fill="x")
        self._say(
            self, _("When you sign in, it starts minimised, or as the icon beside the clock where you have that.")
        )
        self._relay_part = kit.frame(self, look)
        self.relay = kit.switch(
            self._relay_part, look, _("Start the relay on this computer as well"), False, intents.start_relay_at_sign_in
        )
        self.relay.pack(fill="x", pady=(look.px(14), 0))
        self._say(
            self._relay_part,
            _(
                "When you sign in, also without this window: others can talk at once. One that runs now goes on either way. To have it "
                "before anybody signs in, see “Always on” in the README."
            ),
        )
        self._problem = kit.paragraph(self, look, "", "small", look.palette.danger)
        self.show(desk.starts)

    def show(self, seen: AutostartSeen | None) -> None:
        """What is known now; None: it is being found out."""
        for switch in (self.client, self.relay):
            switch.state(["disabled" if seen is None else "!disabled"])
        if seen is None:
            return
        _set(self.client, seen.client)
        _set(self.relay, seen.relay)
        if self._has_relay or seen.relay:
            self._relay_part.pack(fill="x")
        self._problem.configure(text=self._look.safe.line(seen.problem, 400))
        if seen.problem:
            self._problem.pack(fill="x", pady=(self._look.px(10), 0))
        else:
            self._problem.pack_forget()

    def _say(self, parent: tk.Misc, text: str) -> None:
        kit.paragraph(parent, self._look, text, "small", self._look.palette.text3).pack(
            fill="x", pady=(self._look.px(4), 0)
        )


def _set(switch: ttk.Checkbutton, on: bool) -> None:
    switch.state(["!alternate", "selected" if on else "!selected"])
