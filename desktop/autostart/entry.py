"""What is to be started at sign-in, as a value: a name of its own, and a command that does nothing once this program has gone elsewhere."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

LAUNCHER: Final = Path(__file__).with_name("launch.py")
GUARD: Final = '[ -x "$0" ] && [ -e "$1" ] || exit 0; exec "$0" "$@"'
"""For a shell: the program that was moved or removed since is not missed at each sign-in."""
_WINDOWLESS: Final = "pythonw.exe"


class Entry(Struct, frozen=True):
    """*name*: of the entry, in letters that every system takes. *title*: for people. *command*: program and arguments."""

    name: str
    title: str
    command: tuple[str, ...]


def client_entry(home: Path | None = None, python: Path | None = None, platform: str = sys.platform) -> Entry:
    """The client's. *home*: its folder, where it is not the usual one: that is another person, and has an entry of its own."""
    which = "" if home is None else f"-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
    where = () if home is None else ("--home", str(home))
    return Entry(f"pymessenger{which}", "Py_messenger", _command(("desktop", "--background", *where), python, platform))


def relay_entry(options: Sequence[str] = (), python: Path | None = None, platform: str = sys.platform) -> Entry:
    """The relay's on this computer. *options*: more arguments."""
    return Entry("pymessenger-relay", "Py_messenger relay", _command(("relay", "run", *options), python, platform))


def _command(words: Sequence[str], python: Path | None, platform: str) -> tuple[str, ...]:
    program = python or Path(sys.executable)
    if platform != "win32":
        return ("/bin/sh", "-c", GUARD, str(program), str(LAUNCHER), *words)
    windowless = program.with_name(_WINDOWLESS)  # the other one opens a console
    return (str(windowless if windowless.exists() else program), str(LAUNCHER), *words)
