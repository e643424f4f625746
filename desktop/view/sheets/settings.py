"""The settings."""

from __future__ import annotations

import tkinter as tk

from desktop.locale import _
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.settings.desk import Desk
from desktop.view.settings.sections import SECTIONS
from desktop.view.sheets.sections import SectionsSheet


class SettingsSheet(SectionsSheet[Desk]):
    """What a person chooses here takes effect at once."""

    def __init__(self, parent: tk.Misc, look: Look, on_close: kit.Command, desk: Desk, section: str = "") -> None:
        """*section*: the name of the one to begin with, else the first one."""
        sections = [one for one in SECTIONS if desk.user is not None or not one.needs_user]
        super().__init__(parent, look, on_close, _("Settings"), sections, desk, section)
