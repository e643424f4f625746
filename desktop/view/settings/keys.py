"""The keys that do something, as a list to look at."""

from __future__ import annotations

import tkinter as tk

from desktop.view.settings.desk import Desk
from desktop.view.sheets.shortcuts import KeyList


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """The same list as by F1."""
    return KeyList(parent, desk.look)
