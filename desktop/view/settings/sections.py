"""Which sections the settings have, in their order."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from msgspec import Struct

from desktop.locale import mark
from desktop.view.settings.desk import Desk

Build = Callable[[tk.Misc, Desk], tk.Frame]


class Section(Struct, frozen=True):
    """*name*: of the module that fills it, imported when it is opened. *needs_user*: it is there only for who is signed in."""

    name: str
    title: str
    icon: str
    needs_user: bool = False

    def build(self, parent: tk.Misc, desk: Desk) -> tk.Frame:
        """Its panel."""
        return cast("Build", import_module(f"{__package__}.{self.name}").build)(parent, desk)


SECTIONS: Final = (
    Section("appearance", mark("Appearance"), "sun"),
    Section("you", mark("You"), "user", needs_user=True),
    Section("messages", mark("Messages"), "smile"),
    Section("notifications", mark("Notifications"), "bell"),
    Section("files", mark("Files"), "download"),
    Section("start", mark("At sign-in"), "play"),
    Section("scripts", mark("Scripts"), "key", needs_user=True),
    Section("keys", mark("Keys"), "keyboard"),
    Section("about", mark("About the program"), "info"),
)
