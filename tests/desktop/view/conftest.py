"""A real window on a virtual screen, and a list of what was asked for in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop import locale
from desktop.settings import SettingsFile
from desktop.view.window import Window

DEADLINE_S = 5.0


class Asked:
    """Every intent, as (name, arguments), in the order in which it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((name, *arguments))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of that name."""
        return [call[1:] for call in self.calls if call[0] == name]


class Stage:
    """The window, what was asked for in it, and patience."""

    def __init__(self, folder: Path) -> None:
        self.asked = Asked()
        self.settings = SettingsFile(folder)
        self.settings.change(theme="light", geometry="1000x700+20+20")
        self.window = Window(self.asked, self.settings)
        self.window.root.report_callback_exception = self._failed
        self.failures: list[BaseException] = []

    def _failed(self, _kind: Any, error: BaseException, _trace: Any) -> None:
        self.failures.append(error)

    def pump(self) -> None:
        """Let Tk do all that it has to do now."""
        self.window.root.update()

    def wait(self, condition: Callable[[], object], what: str = "") -> None:
        """Pump until *condition* holds; fails at the deadline."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, what or "the window did not get there in time"
            self.window.root.update()

    @property
    def screen(self) -> Any:
        return self.window.screen


@pytest.fixture
def stage(display: str, tmp_path: Path) -> Iterator[Stage]:
    locale.use("en")
    stage = Stage(tmp_path)
    yield stage
    stage.window.close()
    locale.use("en")
    assert not stage.failures, f"in a callback of Tk: {stage.failures[0]!r}"
