"""Puts the relay's unit in place, asks about it, takes it away: what is written, and which programs of systemd are called."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from common.environment import Sources
from common.errors import StartupError
from relay.config import Config
from relay.service.unit import KEYS, NAME, SETTINGS, STATE, Program, system_unit, user_unit

_ROOT: Final = Path(__file__).parents[2]
_SYSTEM_UNITS: Final = Path("/etc/systemd/system")
_WITHIN_S: Final = 120
_OLDEST: Final = 247
"""The version of systemd that has all that the units ask for: ``ProtectProc``."""

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class NoService(StartupError):
    """The service cannot be put in place, taken away, or asked about here; the text says what to do."""


class State(Struct, frozen=True):
    """What the manager says of the service. *active*, *sub*, *enabled*: in its own words, as ``active``, ``running``, ``enabled``."""

    unit: Path
    installed: bool
    active: str = ""
    sub: str = ""
    enabled: str = ""
    says: str = ""
    pid: int = 0

    @property
    def is_running(self) -> bool:
        """Whether it serves."""
        return self.active == "active"


class Service:
    """The relay as a service of the system, or of one person."""

    def __init__(
        self,
        *,
        of_system: bool,
        config: Config,
        user: str | None = None,
        run: Run | None = None,
        folder: Path | None = None,
    ) -> None:
        """*of_system*: else of the person who runs this. *user*: as which existing user it shall run, of the system only.

        *config*: where the person's own relay has its data and key. *run* and *folder*: for tests.
        """
        self.of_system = of_system
        self._config = config
        self._user = user
        self._run = run or _called
        self.unit = (folder or (_SYSTEM_UNITS if of_system else _user_units())) / NAME

    @property
    def data_dir(self) -> Path:
        """Where its data is."""
        return Path("/var/lib") / STATE if self.of_system else self._config.data_dir.absolute()

    @property
    def key_file(self) -> Path:
        """Where its key file is."""
        return Path("/var/lib") / KEYS / "relay.key" if self.of_system else self._config.key_file.absolute()

    def text(self) -> str:
        """The unit.

        Raises:
            NoService: others may not read the program, so a user of its own could not run it.
        """
        program, version = this_program(), self._version()
        if not self.of_system:
            return user_unit(program, version, self.data_dir, self.key_file)
        if self._user is None:
            _refuse_unreadable(program)
        return system_unit(program, version, self._user)

    def install(self, *, later: bool = False) -> State:
        """Write the unit, start it now and at each start of the computer. *later*: not now, and not before the person signs in.

        Raises:
            NoService: it did not work; the text says what to do.
        """
        self._need_manager()
        text = self.text()
        try:
            self.unit.parent.mkdir(parents=True, exist_ok=True)
            self.unit.write_text(text, encoding="utf-8")
        except OSError as error:
            raise NoService(f"{self.unit} cannot be written ({error.strerror or error}).") from error
        self._ask("daemon-reload")
        self._ask("enable", NAME)
        if later:
            return self.state()
        try:
            self._ask("restart", NAME)
        except NoService as error:
            raise NoService(f"{error}\nWhat the relay said: {self._journal()}\n{self._whether_again()}") from error
        if not self.of_system:
            self._linger()
        return self.state()

    def uninstall(self, *, later: bool = False) -> bool:
        """Stop it and take the unit away, data and key stay; whether there was one. *later*: what runs goes on until it is stopped.

        Raises:
            NoService: it did not work; the text says what to do.
        """
        if not self.unit.exists():
            return False
        self._need_manager()
        self._ask("disable", *(() if later else ("--now",)), NAME)
        try:
            self.unit.unlink()
        except OSError as error:
            raise NoService(f"{self.unit} cannot be deleted ({error.strerror or error}).") from error
        self._ask("daemon-reload")
        if not later:
            self._run([*self._systemctl, "reset-failed", NAME])  # it knows the name no more, unless it had failed
        return True

    def state(self) -> State:
        """What the manager says of it."""
        if not self.unit.exists() or shutil.which("systemctl") is None:
            return State(self.unit, self.unit.exists())
        fields = ("ActiveState", "SubState", "UnitFileState", "StatusText", "MainPID")
        done = self._run([*self._systemctl, "show", NAME, f"--property={','.join(fields)}"])
        if done.returncode != 0:
            return State(self.unit, True, says=done.stderr.strip())
        said = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
        return State(
            self.unit,
            True,
            active=said.get("ActiveState", ""),
            sub=said.get("SubState", ""),
            enabled=said.get("UnitFileState", ""),
            says=said.get("StatusText", ""),
            pid=int(said.get("MainPID", "0") or 0),
        )

    @property
    def log_command(self) -> str:
        """How its log is read."""
        return f"journalctl {'' if self.of_system else '--user '}--unit {NAME}"

    # -- the programs of systemd ---------------------------------------------------------------------------------------

    @property
    def _systemctl(self) -> list[str]:
        return ["systemctl", "--no-pager", "--no-ask-password", *(() if self.of_system else ("--user",))]

    def _ask(self, *words: str) -> None:
        done = self._run([*self._systemctl, *words])
        if done.returncode != 0:
            raise NoService(f"systemctl {' '.join(words)}: {(done.stderr or done.stdout).strip()}")

    def _linger(self) -> None:
        """Without it the person's services end when they sign out."""
        done = self._run(["loginctl", "enable-linger"])
        if done.returncode != 0:
            raise NoService(
                f"The service is in place and runs, but ends when you sign out: {done.stderr.strip()}. An administrator can change that: "
                "loginctl enable-linger YOUR-NAME"
            )

    def _whether_again(self) -> str:
        if self.state().active == "activating":
            return "It is tried again every few seconds; `service uninstall` ends that."
        return "It is not tried again by itself; `service uninstall` takes it away."

    def _journal(self) -> str:
        done = self._run([*self.log_command.split(), "--no-pager", "--lines=3", "--output=cat", "_TRANSPORT=stdout"])
        return " ".join(done.stdout.split()) or "nothing"

    def _version(self) -> int:
        if shutil.which("systemctl") is None:
            return _OLDEST
        words = self._run(["systemctl", "--version"]).stdout.split()
        return int(words[1]) if len(words) > 1 and words[1].isdecimal() else _OLDEST

    def _need_manager(self) -> None:
        if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
            raise NoService(
                "This computer is not run by systemd. `service print` shows a unit to copy from; see docs/operations.md for other ways."
            )
        if self._version() < _OLDEST:
            raise NoService(
                f"This systemd is too old: version {self._version()}, and {_OLDEST} is needed. `service print` shows a unit to copy from."
            )


def this_program() -> Program:
    """Where the program that runs now is: its sources, its environment, and the Python below that."""
    found = (_ROOT, Path(sys.prefix), Path(sys.base_prefix).resolve())
    folders = [
        one for one in dict.fromkeys(found) if not any(one != other and one.is_relative_to(other) for other in found)
    ]
    return Program(_ROOT, Path(sys.executable), tuple(folders))


def _refuse_unreadable(program: Program) -> None:
    """The folders above do not matter: those in a home are shown to it alone."""
    for place in (*program.folders, program.root / "relay", program.python.resolve()):
        mode = place.stat().st_mode
        wanted = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
        if mode & wanted != wanted:
            raise NoService(
                f"Other users may not read {place}, so the service cannot run as a user of its own. Either let them (chmod -R o+rX "
                f"'{place}'), or put the program into /opt, or name the user that it shall run as: service install --as NAME"
            )


def _user_units() -> Path:
    folder = Sources.gather({}).path("XDG_CONFIG_HOME", None)
    return (folder or Path.home() / ".config") / "systemd" / "user"


def _called(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_WITHIN_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


def is_root() -> bool:
    """Whether this may change the system."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


__all__ = ["SETTINGS", "NoService", "Service", "State", "is_root", "this_program"]
