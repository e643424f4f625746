"""Whether the desktop is dark. Asked once for each redraw; only what answers at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_WINDOWS_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
_ASK_S: Final = 0.4


def is_dark() -> bool:
    """True where the system says so; light where it says nothing."""
    if sys.platform == "win32":
        return _windows_is_dark()
    if sys.platform == "darwin":
        return _answer("defaults", "read", "-g", "AppleInterfaceStyle") == "Dark"
    if shutil.which("gsettings"):
        scheme = _answer("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
        if scheme:
            return "dark" in scheme
    return _files_say_dark(Path.home() / ".config")


def _windows_is_dark() -> bool:
    # Asked so that type checkers of other systems read on; `winreg` exists only there.
    import importlib

    winreg = importlib.import_module("winreg")
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_KEY) as key:
            value, _kind = winreg.QueryValueEx(key, "AppsUseLightTheme")
    except OSError:  # an older Windows without that choice
        return False
    return bool(value == 0)


def _answer(*command: str) -> str:
    """What the system's own tool says; nothing when it fails: the setting exists only where it was chosen."""
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.strip()


def _files_say_dark(config: Path) -> bool:
    """KDE and GTK keep the choice in files."""
    import configparser  # rarely needed, and the first window must be quick

    for path, section, option in (
        (config / "kdeglobals", "General", "ColorScheme"),
        (config / "gtk-4.0" / "settings.ini", "Settings", "gtk-application-prefer-dark-theme"),
        (config / "gtk-3.0" / "settings.ini", "Settings", "gtk-application-prefer-dark-theme"),
        (config / "gtk-3.0" / "settings.ini", "Settings", "gtk-theme-name"),
    ):
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        value = parser.get(section, option, fallback="").lower()
        if value in ("1", "true") or "dark" in value:
            return True
    return False
