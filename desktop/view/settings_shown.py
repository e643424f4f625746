"""The window's part that opens the settings, tells their sections what they wait for, and does what is chosen there for the window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from common.protocol.messages import AccessToken
from desktop.autostart.seen import AutostartSeen
from desktop.events.conversations import OwnStatus
from desktop.intents import Intents
from desktop.locale import _
from desktop.screen import NotifierSight, Place, Question
from desktop.settings import SettingsFile
from desktop.view.around import Around
from desktop.view.look import Look
from desktop.view.placement import Placement
from desktop.view.sheets.stack import SheetStack
from desktop.view.sizing import Sizing

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen
    from desktop.view.secret_shown import Shown
    from desktop.view.settings.desk import Desk

Panel = TypeVar("Panel", bound=tk.Misc)


class ShowsSettings:
    """Remembers what the sections say, for when they are opened."""

    root: tk.Tk
    look: Look
    _intents: Intents
    _settings: SettingsFile
    _sheets: SheetStack
    _around: Around
    _main: MainScreen | None
    _placement: Placement
    _sizing: Sizing
    _ask_sign_out: Callable[[], None]
    redraw: Callable[[], None]
    ask: Callable[[Question, Callable[[str], None]], None]

    def __init__(self) -> None:
        self._notifier = NotifierSight()
        self._starts: AutostartSeen | None = None
        self._place: Place | None = None
        self._made: Shown | None = None
        """The access token that was made last, while the settings are open."""

    def open_settings(self, section: str = "") -> None:
        """The settings, at the section of that name."""
        from desktop.view.sheets.settings import SettingsSheet

        if self._sheets.find(SettingsSheet) is None:
            self._made = None
            self._sheets.open(lambda close: SettingsSheet(self.root, self.look, close, self._desk(), section))

    def _desk(self) -> Desk:
        from desktop.view.settings.desk import Desk

        around = self._around
        user, place = (around.user, self._place) if self._main is not None else (None, None)
        return Desk(
            self.look,
            self._settings,
            self._intents,
            user,
            place,
            around.status,
            self._notifier,
            self._starts,
            self.set_theme,
            self.set_language,
            self.set_zoom,
            self.set_text,
            self._ask_sign_out,
            around.own_data.open,
            around.deleting.open,
            self.ask,
            self._made,
        )

    def _settings_panel(self, kind: type[Panel]) -> Panel | None:
        """The open section of the settings, if it is of that kind."""
        from desktop.view.sheets.settings import SettingsSheet

        sheet = self._sheets.find(SettingsSheet)
        if sheet is None:
            return None
        sheet.after_idle(sheet.hear_panel)  # with what it is about to be told
        return sheet.panel(kind)

    def show_token_made(self, token: AccessToken, secret: str, curl: str) -> None:
        from desktop.view.secret_shown import Shown
        from desktop.view.settings.scripts import TokensPanel

        self._made = Shown(_("Access token “{name}”").format(name=self.look.safe.name(token.name)), secret, curl)
        panel = self._settings_panel(TokensPanel)
        if panel is not None:
            panel.show_made(self._made)
            panel.point_out()

    def show_tokens(self, tokens: Sequence[AccessToken]) -> None:
        from desktop.view.settings.scripts import TokensPanel

        panel = self._settings_panel(TokensPanel)
        if panel is not None:
            panel.show_tokens(tokens)

    def show_place(self, place: Place) -> None:
        self._place = place

    def show_own_status(self, status: OwnStatus) -> None:
        self._around.status = status

    def show_autostart(self, seen: AutostartSeen) -> None:
        from desktop.view.settings.start import StartPanel
        from desktop.view.sheets.settings import SettingsSheet

        self._starts = seen
        sheet = self._sheets.find(SettingsSheet)
        panel = sheet.panel(StartPanel) if sheet is not None else None
        if panel is not None:
            panel.show(seen)

    def show_notifier(self, sight: NotifierSight) -> None:
        from desktop.view.notify_panel import NotifyPanel
        from desktop.view.sheets.settings import SettingsSheet

        self._notifier = sight
        sheet = self._sheets.find(SettingsSheet)
        panel = sheet.panel(NotifyPanel) if sheet is not None else None
        if panel is not None:
            panel.show(sight)

    # -- what is chosen there ------------------------------------------------------------------------------------------

    def set_theme(self, name: str) -> None:
        """Light, dark or as the system."""
        self._settings.change(theme=name)
        self.redraw()
        self._intents.set_theme(name)

    def set_language(self, language: str) -> None:
        """Another language; the controller puts it to use and has everything redrawn."""
        self._settings.change(language=language)
        self._intents.set_language(language)

    def set_zoom(self, percent: int) -> None:
        """Everything larger or smaller."""
        self._sizing.set_zoom(percent)

    def set_text(self, percent: int) -> None:
        """Text alone larger or smaller."""
        self._sizing.set_text(percent)

    def _resized(self) -> None:
        self._placement.fit_zoom()
        self.redraw()
