"""What the surroundings say: settings, language, display. The only place that reads `os.environ`.

A setting comes from the first of these that has it: command line, environment, ``.env``, default. An empty value counts as none, as
container files pass on what nobody has set. ``.env`` is read as values only: it never changes the environment of this or a child process.
"""

from __future__ import annotations

import locale
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from common.errors import ConfigError

_Text = TypeVar("_Text", str, "str | None")
_Integer = TypeVar("_Integer", int, "int | None")
_Path = TypeVar("_Path", Path, "Path | None")

_FLAGS: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
_SECRET_FILE_BYTES: Final = 4096
_SIZE: Final = re.compile(r"(\d{1,15})\s*(?:([KMGT])(?:I?B)?|B)?")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings come from, asked by name. Every reader raises `ConfigError`, which says name, value, origin, and what is allowed."""

    _layers: tuple[tuple[str, Mapping[str, str | None]], ...] = field(repr=False)
    """Origin, as it is told to people, and its values; the first one wins."""

    @classmethod
    def gather(
        cls,
        cli: Mapping[str, str | None],
        dotenv_path: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Sources:
        """The sources of this process. *cli*: options by the setting's name, None where not given; *environ* is for tests.

        Raises:
            ConfigError: the ``.env`` is there and cannot be read.
        """
        layers: list[tuple[str, Mapping[str, str | None]]] = [
            ("on the command line", dict(cli)),
            ("in the environment", dict(os.environ if environ is None else environ)),
        ]
        if dotenv_path is not None and dotenv_path.is_file():
            layers.append((f"in {dotenv_path}", _dotenv(dotenv_path)))
        return cls(tuple(layers))

    def above(self, path: Path) -> Sources:
        """These, and the file at *path* for what none of them has, if there is one.

        Raises:
            ConfigError: it cannot be read.
        """
        if not path.is_file():
            return self
        return Sources((*self._layers, (f"in {path}", _dotenv(path))))

    def text(self, name: str, default: _Text) -> str | _Text:
        """The value without the spaces around it."""
        value, _ = self._find(name)
        return default if value is None else value.strip()

    def integer(self, name: str, default: _Integer, lowest: int, highest: int) -> int | _Integer:
        """A whole number from *lowest* to *highest*, both included."""
        value, origin = self._find(name)
        if value is None:
            return default
        try:
            number = int(value)
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            raise _unusable(name, value, origin, f"a whole number from {lowest} to {highest}")
        return number

    def size(self, name: str, default: int) -> int:
        """A number of bytes: ``0``, ``750M``, ``4 GiB``; K, M, G and T are powers of 1024."""
        value, origin = self._find(name)
        if value is None:
            return default
        match = _SIZE.fullmatch(value.strip().upper())
        if match is None:
            raise _unusable(name, value, origin, "a size such as 0, 750M or 4G")
        power = " KMGT".index(match[2] or " ")
        return int(match[1]) << (10 * power)

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        """One of *options*; capital letters make no difference."""
        value, origin = self._find(name)
        if value is None:
            return default
        chosen = value.strip().lower()
        if chosen not in options:
            raise _unusable(name, value, origin, "one of " + ", ".join(options))
        return chosen

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value, origin = self._find(name)
        if value is None:
            return default
        flag = _FLAGS.get(value.strip().lower())
        if flag is None:
            raise _unusable(name, value, origin, "yes or no")
        return flag

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list, separated by commas or spaces."""
        value, _ = self._find(name)
        return default if value is None else tuple(value.replace(",", " ").split())

    def path(self, name: str, default: _Path) -> Path | _Path:
        """A file or folder; ``~`` is the user's home."""
        value, origin = self._find(name)
        if value is None:
            return default
        try:
            return Path(value.strip()).expanduser()
        except RuntimeError as error:
            raise _unusable(name, value, origin, "a path; whose home “~” means is not known here") from error

    def secret(self, name: str) -> str | None:
        """A passphrase: the value of *name*, or the first line of the file that ``<name>_FILE`` names. Never shown in an error."""
        value, origin = self._find(name)
        path = self.path(f"{name}_FILE", None)
        if path is None:
            return value
        if value is not None:
            raise ConfigError(f"{name} is set {origin} and so is {name}_FILE. Keep one of the two.")
        return secret_in(path, f"{name}_FILE names {path}, which")

    def is_given(self, name: str) -> bool:
        """Whether anybody asked for it: a default may give way to something else, an asked-for value may not."""
        return self._find(name)[0] is not None

    def _find(self, name: str) -> tuple[str | None, str]:
        for origin, values in self._layers:
            value = values.get(name)
            if value is not None and value.strip():
                return value, origin
        return None, ""


def _unusable(name: str, value: str, origin: str, allowed: str) -> ConfigError:
    return ConfigError(f"{name} is “{value}” ({origin}), which cannot be used. Allowed: {allowed}.")


def _dotenv(path: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values  # takes 40 ms, and most starts have no such file

    try:
        return dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The settings in {path} cannot be read ({error}). It must be a readable UTF-8 text file."
        ) from error


def secret_in(path: Path, what: str) -> str:
    """The first line of the file at *path*, which errors call *what*.

    Raises:
        ConfigError: it cannot be read, or is empty.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline(_SECRET_FILE_BYTES).rstrip("\r\n")
    except PermissionError as error:
        raise ConfigError(f"{what} cannot be read ({error.strerror}). Let {_this_user()} read it.") from error
    except OSError as error:
        raise ConfigError(f"{what} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{what} is not a UTF-8 text file.") from error
    if not line.strip():
        raise ConfigError(f"{what} has nothing in its first line.")
    return line


def _this_user() -> str:
    # By number: in a container the name says nothing to those outside, whose file it is.
    return f"user {os.geteuid()}" if hasattr(os, "geteuid") else "the user that runs this program"


# -- the system --------------------------------------------------------------------------------------------------------


def child_environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """The environment for a child process: this one's with *changes*; None takes a variable away."""
    merged: dict[str, str | None] = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def has_display() -> bool:
    """Whether a window could be opened. Tk on Linux and BSD needs an X server (or XWayland), which DISPLAY names."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY"))


def system_language() -> str:
    """The language that this user's system speaks, as a lower-case code ("ru"); "en" when it does not say."""
    for name in _languages():
        code = name.replace("-", "_").partition("_")[0].partition(".")[0].lower()
        if code.isalpha() and code.isascii() and code not in {"c", "posix"}:
            return code
    return "en"


def _languages() -> list[str]:
    """Names of languages or locales, the wanted one first."""
    set_locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    if set_locale:
        # As gettext does it: LANGUAGE is a list that comes first, unless the locale is C.
        preferred = os.environ.get("LANGUAGE", "").split(":") if _speaks(set_locale) else []
        return [*preferred, set_locale]
    if sys.platform == "win32":
        import ctypes

        return [locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")]
    if sys.platform == "darwin":  # programs started from the Finder get no LANG
        return [_macos_locale()]
    return []


def _speaks(name: str) -> bool:
    return name.partition(".")[0] not in {"C", "POSIX"}


def _macos_locale() -> str:
    try:
        asked = subprocess.run(
            ["/usr/bin/defaults", "read", "-g", "AppleLocale"], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()
