"""Which program this is, where one is signed in, and where things are kept on this computer."""

from __future__ import annotations

import sys
import tkinter as tk
from functools import partial

from common import VERSION
from common.crypto.identity import show_relay_id
from desktop.locale import _
from desktop.screen import KEYRING
from desktop.settings import FILE_NAME
from desktop.view import kit
from desktop.view.links import Address, Kind
from desktop.view.opening import open_address
from desktop.view.settings.desk import Desk


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """Facts, each of which can be copied."""
    look, px, place = desk.look, desk.look.px, desk.place
    panel = kit.frame(parent, look)
    tk_version = panel.tk.call("info", "patchlevel")
    python = ".".join(map(str, sys.version_info[:3]))
    _fact(panel, desk, _("Program"), f"Py_messenger {VERSION} · Python {python} · Tk {tk_version}")
    if place is not None:
        _fact(panel, desk, _("Relay"), look.safe.name(place.relay_name))
        _fact(panel, desk, _("The relay's identity"), show_relay_id(place.relay_id), "code")
        kept = _("In the system's keyring.") if place.token_kept_in == KEYRING else place.token_kept_in
        _fact(panel, desk, _("The key that keeps you signed in"), kept)
    folder = desk.settings.folder
    _fact(panel, desk, _("Messages on this computer, sealed"), str(folder))
    _fact(panel, desk, _("These settings"), str(folder / FILE_NAME))
    show = partial(open_address, Address(Kind.PLACE, str(folder), path=str(folder / FILE_NAME)))
    kit.button(panel, look, _("Show the folder"), show, icon="file").pack(anchor="w", pady=(px(6), 0))
    return panel


def _fact(panel: tk.Frame, desk: Desk, name: str, value: str, font: str = "second") -> None:
    look, px = desk.look, desk.look.px
    kit.label(panel, look, name, "small_bold", look.palette.text2).pack(anchor="w")
    row = kit.frame(panel, look)
    row.pack(fill="x", pady=(0, px(10)))

    def copy() -> None:
        panel.clipboard_clear()
        panel.clipboard_append(value)

    kit.icon_button(row, look, "copy", copy, _("Copy"), size=15).pack(side="right", anchor="n")
    kit.paragraph(row, look, look.safe.line(value, 400), font).pack(side="left", fill="x", expand=True)
