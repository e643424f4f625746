"""Linux and other desktops of freedesktop.org: a file in ``autostart``, as the Desktop Entry and Autostart specifications have it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from common.environment import Sources
from desktop.autostart.entry import Entry
from desktop.autostart.writing import write_whole

_RESERVED: Final = re.compile(r"[\s\"'\\><~|&;$*?#()`]")
_ESCAPED: Final = re.compile(r'(["`$\\])')
_OFF: Final = re.compile(r"^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$", re.MULTILINE)


class XdgAutostart:
    """The entries of one person."""

    def __init__(self, folder: Path | None = None) -> None:
        """*folder*: in place of the one that the environment names."""
        self._folder = folder or _autostart_folder()

    def place(self, name: str) -> Path:
        """Where the entry of that name is."""
        return self._folder / f"{name}.desktop"

    def is_on(self, name: str) -> bool:
        """Whether it is there, and not switched off by a tool of the desktop."""
        try:
            return _OFF.search(self.place(name).read_text(encoding="utf-8", errors="replace")) is None
        except FileNotFoundError:
            return False

    def is_current(self, entry: Entry) -> bool:
        """Whether what is there starts exactly *entry*."""
        return f"\nExec={_exec(entry)}\n" in self.place(entry.name).read_text(encoding="utf-8", errors="replace")

    def write(self, entry: Entry) -> None:
        """Put it there. Raises OSError."""
        write_whole(self.place(entry.name), text(entry).encode())

    def remove(self, name: str) -> None:
        """Take it away, if it is there. Raises OSError."""
        self.place(name).unlink(missing_ok=True)


def text(entry: Entry) -> str:
    """The file."""
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        f"Name={entry.title}",
        f"Exec={_exec(entry)}",
        "Terminal=false",
        "StartupNotify=false",
        "X-GNOME-Autostart-enabled=true",
    )
    return "\n".join(lines) + "\n"


def _exec(entry: Entry) -> str:
    """First as an argument is quoted, then as a value is escaped; a per cent sign would be a field code."""
    command = " ".join(_quoted(word) for word in entry.command)
    return (
        command.replace("%", "%%").replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    )


def _quoted(word: str) -> str:
    if word and not _RESERVED.search(word):
        return word
    return '"' + _ESCAPED.sub(r"\\\1", word) + '"'


def _autostart_folder() -> Path:
    folder = Sources.gather({}).path("XDG_CONFIG_HOME", None)
    is_usable = folder is not None and folder.is_absolute()  # others are to be ignored, by the specification
    return (folder if folder is not None and is_usable else Path.home() / ".config") / "autostart"
