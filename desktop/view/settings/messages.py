"""What is said of messages beside the messages themselves."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.view import kit
from desktop.view.settings.desk import Desk


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """Whether reactions are told, and what was not sent; both are kept on this computer."""
    look = desk.look
    panel = kit.frame(parent, look)

    def tell(on: bool) -> None:
        desk.settings.change(reactions_told=on)

    told = desk.settings.settings.reactions_told
    kit.switch(panel, look, _("Say who reacted to my messages"), told, tell).pack(fill="x")
    hint = _(
        "In one line below the messages, until it is closed or the conversation is opened again. Never counted as unread."
    )
    kit.paragraph(panel, look, hint, "small", look.palette.text3).pack(fill="x", pady=(look.px(4), 0))
    if desk.user is not None:
        text = _("What you have not sent in conversations that you are no longer in is kept on this computer.")
        kit.paragraph(panel, look, text, "second").pack(fill="x", pady=(look.px(20), look.px(6)))
        kit.button(panel, look, _("Show what was not sent"), desk.intents.show_unsent, icon="clock").pack(anchor="w")
    return panel
