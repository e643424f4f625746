"""The person's choices about the window: theme, language, size; and signing out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Final

from desktop import locale
from desktop.locale import _
from desktop.settings import Settings
from desktop.view import kit
from desktop.view.look import Look
from desktop.view.sheets.base import Sheet

ZOOMS: Final = (85, 100, 115, 130, 150)


class PreferencesSheet(Sheet):
    """Every choice takes effect at once."""

    WIDTH = 440

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        on_close: kit.Command,
        settings: Settings,
        on_theme: Callable[[str], None],
        on_language: Callable[[str], None],
        on_zoom: Callable[[int], None],
        on_sign_out: Callable[[], None] | None,
    ) -> None:
        super().__init__(parent, look, on_close, _("Settings"))
        themes = (("system", _("As the system")), ("light", _("Light")), ("dark", _("Dark")))
        self._choose(_("Theme"), themes, settings.theme, on_theme)
        languages = (("", _("As the system")), *((code, locale.language_name(code)) for code in locale.languages()))
        self._choose(_("Language"), languages, settings.language, on_language)
        zooms = [(str(zoom), f"{zoom} %") for zoom in ZOOMS]
        self._choose(_("Size"), zooms, str(settings.scale), lambda zoom: on_zoom(int(zoom)))
        if on_sign_out is not None:
            kit.separator(self.body, look).pack(fill="x", pady=(look.px(8), look.px(10)))
            row = kit.frame(self.body, look)
            row.pack(fill="x")
            kit.button(row, look, _("Sign out on this device"), on_sign_out, "Link", icon="leave").pack(side="left")
        self.add_button(_("Done"), self.close, "Primary", default=True)

    def _choose(
        self, title: str, choices: Sequence[tuple[str, str]], present: str, on_choice: Callable[[str], None]
    ) -> None:
        """A row of buttons, of which one is the present choice."""
        look = self.look
        kit.label(self.body, look, title, "small_bold", look.palette.text2).pack(anchor="w", pady=(0, look.px(5)))
        row = kit.frame(self.body, look)
        row.pack(fill="x", pady=(0, look.px(14)))
        for value, label in choices:
            kind: kit.ButtonKind = "Primary" if value == present else "Plain"
            made = kit.button(row, look, label, lambda value=value: on_choice(value), kind)  # type: ignore[misc]
            made.configure(padding=(look.px(12), look.px(7)))
            made.pack(side="left", padx=(0, look.px(6)))

    def first_focus(self) -> tk.Misc:
        return self
