"""macOS: a LaunchAgent, which launchd reads at the next sign-in."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import Any

from desktop.autostart.entry import Entry
from desktop.autostart.writing import write_whole


class LaunchAgents:
    """The agents of one person."""

    def __init__(self, folder: Path | None = None) -> None:
        """*folder*: in place of the person's own."""
        self._folder = folder or Path.home() / "Library" / "LaunchAgents"

    def place(self, name: str) -> Path:
        """Where the agent of that name is."""
        return self._folder / f"{_label(name)}.plist"

    def is_on(self, name: str) -> bool:
        """Whether it is there."""
        return self.place(name).exists()

    def is_current(self, entry: Entry) -> bool:
        """Whether what is there starts exactly *entry*."""
        try:
            found = plistlib.loads(self.place(entry.name).read_bytes())
        except (plistlib.InvalidFileException, ValueError):
            return False
        return isinstance(found, dict) and found.get("ProgramArguments") == list(entry.command)

    def write(self, entry: Entry) -> None:
        """Put it there. Raises OSError."""
        write_whole(self.place(entry.name), plistlib.dumps(contents(entry)))

    def remove(self, name: str) -> None:
        """Take it away, if it is there; what runs goes on. Raises OSError."""
        self.place(name).unlink(missing_ok=True)


def contents(entry: Entry) -> dict[str, Any]:
    """The agent. It is started once at sign-in and not again when it ends: whoever quits it means that."""
    return {
        "Label": _label(entry.name),
        "ProgramArguments": list(entry.command),
        "RunAtLoad": True,
        "ProcessType": "Interactive",
        "LimitLoadToSessionType": "Aqua",
    }


def _label(name: str) -> str:
    return f"org.pymessenger.{name}"
