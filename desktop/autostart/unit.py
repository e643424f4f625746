"""Linux with systemd: the relay's unit of this person, which the relay's own command line writes."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from common.environment import Sources

NAME: Final = "py-messenger-relay.service"
_WITHIN_S: Final = 60.0
_ROOT: Final = Path(__file__).parents[2]

_log = logging.getLogger(__name__)


class RelayUnit:
    """The unit, where there is a systemd of this person to start it."""

    def __init__(self, folder: Path | None = None, command: Sequence[str] = (sys.executable, "-m", "relay")) -> None:
        """*folder*: in place of the one that the environment names. *command*: the relay's command line."""
        self._folder = folder or _units_folder()
        self._command = tuple(command)

    @property
    def is_on(self) -> bool:
        """Whether it is there, and starts with the person's other programs."""
        wanted = self._folder / "default.target.wants" / NAME
        return (self._folder / NAME).exists() and (wanted.is_symlink() or wanted.exists())

    @property
    def is_lost(self) -> bool:
        """Whether the program that it starts is not there any more."""
        try:
            lines = (self._folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return False
        roots = [line.partition("=")[2].replace("%%", "%") for line in lines if line.startswith("WorkingDirectory=")]
        return any(not Path(root).is_dir() for root in roots)

    def install(self, options: Sequence[str]) -> bool:
        """Put it there, for the next sign-in; False: there is no systemd here that would start it."""
        return self._order("install", options)

    def uninstall(self) -> bool:
        """Take it away, what runs goes on; False: that could not be done."""
        return self._order("uninstall", ())

    def _order(self, word: str, options: Sequence[str]) -> bool:
        command = [*self._command, "service", word, "--user", "--later", "--json", *options]
        try:
            done = subprocess.run(
                command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=_WITHIN_S,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            _log.warning("the relay's command line does not answer: %s", error)
            return False
        if done.returncode != 0:
            _log.info("service %s: %s", word, _reason(done.stdout) or done.stderr.strip())
        return done.returncode == 0


def _reason(said: str) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _units_folder() -> Path:
    folder = Sources.gather({}).path("XDG_CONFIG_HOME", None)
    return (folder or Path.home() / ".config") / "systemd" / "user"
