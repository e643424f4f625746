"""``python -m desktop`` opens the client's window."""

from __future__ import annotations

import argparse
import importlib.util
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from common import packages

if __name__ == "__main__" and not packages.are_here():
    packages.go_on("desktop")

from common.environment import has_display
from common.errors import StartupError

NO_WINDOW: Final = 2
"""Exit code: this machine shows no windows, or a setting cannot be used."""

_NO_TKINTER: Final = (
    "This Python has no tkinter, which the window needs. Install it (Debian, Ubuntu: apt install python3-tk; Fedora: dnf install "
    "python3-tkinter; macOS: brew install python-tk), or run only the relay: python -m relay run"
)
_NO_DISPLAY: Final = (
    "There is no display to open a window on (DISPLAY is not set). Start the client on a desktop, or run only the relay here: "
    "python -m relay run"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client until its window is closed; the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if importlib.util.find_spec("_tkinter") is None:
        return _give_up(_NO_TKINTER)
    if not has_display():
        return _give_up(_NO_DISPLAY)
    # Only now: it imports tkinter.
    from desktop.app import Config, run

    try:
        run(Config.read(options.home, options.server, in_background=options.background))
    except StartupError as error:
        return _give_up(str(error))
    return 0


def _give_up(reason: str) -> int:
    print(reason, file=sys.stderr)
    return NO_WINDOW


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m desktop", description="The window of Py_messenger.")
    parser.add_argument(
        "--server",
        metavar="HOST",
        help="go to the relay at this host instead of looking around (as SERVER_HOST; its port is SERVER_PORT)",
    )
    parser.add_argument(
        "--home",
        metavar="FOLDER",
        type=Path,
        help="where this client keeps its files; another folder is another person",
    )
    parser.add_argument(
        "--background",
        action="store_true",
        help="start minimised, or as the icon beside the clock: for who has just signed in to the computer",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
