"""Windows: a value below the person's own ``Run`` key, which Explorer starts at sign-in."""

from __future__ import annotations

import importlib
import subprocess
from typing import Any, Final

from desktop.autostart.entry import Entry

KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"


class RunKey:
    """The values of one person."""

    def __init__(self, winreg: Any = None) -> None:
        """*winreg*: the module, which is there on Windows only."""
        self._winreg = winreg or importlib.import_module("winreg")

    def is_on(self, name: str) -> bool:
        """Whether it is there."""
        return self._read(name) is not None

    def is_current(self, entry: Entry) -> bool:
        """Whether what is there starts exactly *entry*."""
        return self._read(entry.name) == line(entry)

    def write(self, entry: Entry) -> None:
        """Put it there. Raises OSError."""
        reg = self._winreg
        with reg.CreateKeyEx(reg.HKEY_CURRENT_USER, KEY, 0, reg.KEY_SET_VALUE) as key:
            reg.SetValueEx(key, entry.name, 0, reg.REG_SZ, line(entry))

    def remove(self, name: str) -> None:
        """Take it away, if it is there. Raises OSError."""
        reg = self._winreg
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, KEY, 0, reg.KEY_SET_VALUE) as key:
                reg.DeleteValue(key, name)
        except FileNotFoundError:  # neither the value nor, on a fresh account, the key is there
            return

    def _read(self, name: str) -> str | None:
        reg = self._winreg
        try:
            with reg.OpenKey(reg.HKEY_CURRENT_USER, KEY, 0, reg.KEY_QUERY_VALUE) as key:
                return str(reg.QueryValueEx(key, name)[0])
        except FileNotFoundError:
            return None


def line(entry: Entry) -> str:
    """The command, quoted as Windows takes it apart again."""
    return subprocess.list2cmdline(entry.command)
