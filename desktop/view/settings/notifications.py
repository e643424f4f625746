"""How the person is told of messages."""

from __future__ import annotations

import tkinter as tk

from desktop.model.notifications import wishes_of
from desktop.view.notify_panel import NotifyActs, NotifyPanel
from desktop.view.settings.desk import Desk


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """What the system can do is asked for; it comes by `NotifyPanel.show`."""
    intents, chosen = desk.intents, desk.settings.settings
    acts = NotifyActs(intents.set_wishes, intents.set_tray, intents.test_notification)
    panel = NotifyPanel(parent, desk.look, wishes_of(chosen), chosen.tray, desk.notifier, acts)
    panel.after_idle(intents.look_at_notifier)
    return panel
