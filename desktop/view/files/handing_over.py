"""A file that has come, handed to the system: opened by its program, or shown in its folder. What may run is asked about first."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from desktop.locale import _
from desktop.screen import Choice, ChoiceKind, Question
from desktop.view.files import kinds
from desktop.view.look import Look
from desktop.view.opening import folder_command

OPEN: Final = "open"
FOLDER: Final = "folder"

_log = logging.getLogger(__name__)


def question(path: Path, look: Look) -> Question | None:
    """What to ask before *path* is opened; None: it only shows something."""
    if not kinds.runs(path.name) and not _is_executable(path):
        return None
    text = _(
        "“{name}” came from somebody else and can do on this computer whatever you can. Open it only if you expected it."
    )
    return Question(
        _("Run this program?"),
        text.format(name=look.safe.name_of_file(path.name)),
        (
            Choice(FOLDER, _("Show in its folder"), ChoiceKind.PRIMARY),
            Choice(OPEN, _("Open it"), ChoiceKind.DANGER),
            Choice("", _("Cancel")),
        ),
    )


def _is_executable(path: Path) -> bool:
    return sys.platform != "win32" and path.is_file() and os.access(path, os.X_OK)


def open_file(path: Path) -> None:
    """By the program that the system has for it. Returns at once."""
    _aside(lambda: _open(path))


def show_in_folder(path: Path) -> None:
    """In the file manager. Returns at once."""
    _aside(lambda: _show(path))


def open_command(path: Path, platform: str) -> list[str]:
    """What opens *path* on Linux and macOS."""
    return ["open" if platform == "darwin" else "xdg-open", str(path)]


def _open(path: Path) -> None:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - the person asked for it, and what runs was asked about
    else:
        _start(open_command(path, sys.platform))


def _show(path: Path) -> None:
    arguments = folder_command(str(path), sys.platform)
    if arguments is not None:
        _start(arguments)


def _start(arguments: list[str] | str) -> None:
    subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _aside(act: object) -> None:
    """On a thread of its own: a program, or a share, may take long to answer."""

    def run() -> None:
        try:
            act()  # type: ignore[operator]
        except OSError as error:
            _log.warning("a file could not be handed to the system: %s", error)

    threading.Thread(target=run, name="open a file", daemon=True).start()
