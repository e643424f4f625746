"""How the window looks: theme, language, sizes."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from desktop import locale
from desktop.locale import _
from desktop.view import kit, scale
from desktop.view.settings.desk import Desk
from desktop.view.sheets.choosing import Choosing


def build(parent: tk.Misc, desk: Desk) -> tk.Frame:
    """Each choice changes the window at once."""
    look, chosen, px = desk.look, desk.settings.settings, desk.look.px
    panel = kit.frame(parent, look)
    themes = (("system", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
    Choosing(panel, look, _("Theme"), themes, chosen.theme, desk.set_theme).pack(fill="x", pady=(0, px(14)))
    languages = (("", _("As the system")), *((code, locale.language_name(code)) for code in locale.languages()))
    Choosing(panel, look, _("Language"), languages, chosen.language, desk.set_language).pack(fill="x", pady=(0, px(14)))
    Choosing(panel, look, _("Interface"), _sizes(chosen.scale), chosen.scale, desk.set_zoom).pack(fill="x")
    hint = _("All of it, text too: Ctrl and +, −, 0.")
    kit.paragraph(panel, look, hint, "small", look.palette.text3).pack(fill="x", pady=(px(4), px(14)))
    Choosing(panel, look, _("Text"), _sizes(chosen.text), chosen.text, desk.set_text).pack(fill="x")
    hint = _("Text alone, on top of that: Ctrl+Alt and +, −, 0. Together they enlarge it up to {percent} %.")
    kit.paragraph(panel, look, hint.format(percent=scale.MOST), "small", look.palette.text3).pack(
        fill="x", pady=(px(4), 0)
    )
    return panel


def _sizes(present: int) -> Sequence[tuple[int, str]]:
    """Those to choose from, and the present one, which an older version may have kept."""
    return [(size, f"{size} %") for size in sorted({*scale.STEPS, present})]
