"""The window's part that shows what is written, and what keeps one from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from desktop.model.attached import AttachedRow
from desktop.screen import ComposerMode
from desktop.view.sheets.stack import SheetStack

if TYPE_CHECKING:
    from desktop.view.main_screen import MainScreen


class Remembered(Protocol):
    """What is shown again when the screen is built anew."""

    composer: tuple[str, bool, str]
    attached: Sequence[AttachedRow]
    mode: ComposerMode
    wait_s: int


class ShowsComposer:
    """Of `desktop.screen.Screen` what concerns the composer."""

    _shown: Remembered
    _main: MainScreen | None
    _sheets: SheetStack

    def show_composer(self, text: str, enabled: bool, hint: str = "") -> None:
        self._shown.composer = (text, enabled, hint)
        if self._main is not None:
            self._main.composer.show(text, enabled, hint)
            if enabled and not self._sheets:
                self._main.focus_front()

    def show_wait(self, seconds: int) -> None:
        self._shown.wait_s = seconds
        if self._main is not None:
            self._main.composer.show_wait(seconds)

    def show_attachments(self, files: Sequence[AttachedRow]) -> None:
        self._shown.attached = files
        if self._main is not None:
            self._main.composer.show_attachments(files)

    def show_composer_mode(self, mode: ComposerMode) -> None:
        self._shown.mode = mode
        if self._main is not None:
            self._main.composer.show_mode(mode)
