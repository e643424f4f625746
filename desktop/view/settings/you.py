"""Who is signed in here, and what they say of themselves."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.view import kit
from desktop.view.settings.desk import Desk
from desktop.view.settings.status import StatusPanel
from desktop.view.sheets.sections import LEFT


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """Name, status, receipts, and the way out."""
    look, px = desk.look, desk.look.px
    panel = kit.frame(parent, look)
    user = desk.user
    assert user is not None
    name = look.safe.name(user.display_name or user.username)
    head = kit.frame(panel, look)
    head.pack(fill="x", pady=(0, px(14)))
    kit.avatar(head, look, name, user.id, 44).pack(side="left", padx=(0, px(12)))
    words = kit.frame(head, look)
    words.pack(side="left", fill="x", expand=True)
    kit.paragraph(words, look, name, "title").pack(fill="x")
    kit.paragraph(words, look, f"@{look.safe.name(user.username)}", "second", look.palette.text2).pack(fill="x")
    status = StatusPanel(panel, look, desk.status, desk.intents.set_presence, desk.intents.set_receipts)
    status.pack(fill="x")
    panel.bind(LEFT, lambda _event: status.say() and None)
    kit.separator(panel, look).pack(fill="x", pady=(px(14), px(8)))
    data = kit.button(panel, look, _("Download my data…"), desk.download_data, "Link", icon="download")
    data.pack(anchor="w", pady=(0, px(4)))
    kit.button(panel, look, _("Sign out on this device"), desk.sign_out, "Link", icon="leave").pack(anchor="w")
    gone = kit.button(panel, look, _("Delete my account…"), desk.delete_account, "Link", icon="trash")
    gone.pack(anchor="w", pady=(px(4), 0))
    return panel
