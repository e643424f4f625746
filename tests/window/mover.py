"""The real client as a program that moves the relay to its own computer, as its owner does by hand: section, password, button, sheet.

Says each phase that it shows in a line, and takes a picture of it: ``python -m tests.window.mover HOME PASSWORD PICTURES``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import ImageGrab

from desktop.app import App, Config
from desktop.view.relay.moving import MovingPanel
from desktop.view.sheets.moving import MovingSheet
from desktop.view.sheets.this_relay import ThisRelaySheet

LOOK_MS = 20


class Mover:
    """Does one thing after the other, each when it can be done."""

    def __init__(self, app: App, password: str, pictures: Path) -> None:
        self.app = app
        self.window = app._window
        self.password = password
        self.pictures = pictures
        self.said: list[str] = []

    def begin(self) -> None:
        self.when(lambda: self.window._around.owning.may, self.open)

    def open(self) -> None:
        self.window._around.owning.open("moving")
        self.when(lambda: self.panel() is not None, self.ask)

    def panel(self) -> MovingPanel | None:
        sheet = self.window._sheets.find(ThisRelaySheet)
        return None if sheet is None else sheet.panel(MovingPanel)

    def ask(self) -> None:
        panel = self.panel()
        assert panel is not None
        self.take("asked")
        panel.password.insert(0, self.password)
        panel.begin.invoke()
        self.follow()

    def follow(self) -> None:
        """Say every phase, and end with the last one."""
        panel = self.panel()
        if panel is not None and panel._problem.cget("text"):
            print("refused", panel._problem.cget("text"), flush=True)
            self.take("refused")
            return
        shown = self.window._around.moving.shown
        if shown is not None and shown.phase not in self.said:
            self.said.append(shown.phase)
            print(shown.phase, shown.problem, flush=True)
            self.take(shown.phase)
            if not shown.is_under_way and shown.phase != "moved":
                sheet = self.window._sheets.find(MovingSheet)
                assert sheet is not None
                sheet.close()
                return
        self.window.root.after(LOOK_MS, self.follow)

    def when(self, condition: Callable[[], object], then: Callable[[], None]) -> None:
        if condition():
            then()
        else:
            self.window.root.after(LOOK_MS, lambda: self.when(condition, then))

    def take(self, name: str) -> None:
        self.window.root.update_idletasks()
        self.window.root.update()
        ImageGrab.grab().save(self.pictures / f"{name}.png")


def main(home: str, password: str, pictures: str) -> None:
    """Until somebody ends it."""
    folder = Path(pictures)
    folder.mkdir(parents=True, exist_ok=True)
    app = App(Config.read(Path(home)))
    app.run(lambda painted: Mover(painted, password, folder).begin())


if __name__ == "__main__":
    main(*sys.argv[1:])
