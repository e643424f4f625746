"""Which sections “This relay” has, in their order."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from importlib import import_module
from typing import Final, cast

from msgspec import Struct

from desktop.locale import mark
from desktop.view.relay.desk import RelayDesk
from desktop.view.relay.panel import OwnerPanel

Build = Callable[[tk.Misc, RelayDesk], OwnerPanel]


class RelaySection(Struct, frozen=True):
    """*name*: of the module that fills it, imported when it is opened."""

    name: str
    title: str
    icon: str

    def build(self, parent: tk.Misc, desk: RelayDesk) -> OwnerPanel:
        """Its panel."""
        return cast("Build", import_module(f"{__package__}.{self.name}").build)(parent, desk)


SECTIONS: Final = (
    RelaySection("state", mark("How it stands"), "info"),
    RelaySection("people", mark("People"), "users"),
    RelaySection("invites", mark("Invitations"), "link"),
    RelaySection("limits", mark("Limits"), "filter"),
    RelaySection("retention", mark("What is kept"), "save"),
    RelaySection("moving", mark("Move"), "server"),
    RelaySection("audit", mark("What was done"), "clock"),
)
