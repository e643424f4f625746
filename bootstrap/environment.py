"""The virtual environment .venv.

It is in one of four states, told apart without starting anything, so that every start after the first is quick:

    missing      no .venv, or one whose Python or a package is gone, or one that was moved: made anew
    unfinished   a start was interrupted while it installed (.venv/unfinished is there): made anew
    bare         a working environment without our stamp, or with another requirements file's: installed into
    ready        .venv/messenger.json has the hash of the requirements that are wanted now, and their files are there
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional

from bootstrap.commands import ENTRY, WINDOWS, mending
from bootstrap.contents import files_of, lacks, site_packages, there
from bootstrap.pip import count_pins, failure, known_failure, last_error, tell_progress, unwritable
from bootstrap.progress import Progress, run_lines
from bootstrap.trouble import NO_ENSUREPIP, NOT_INSTALLED, Trouble
from bootstrap.words import say
from bootstrap.words import translated as _

HERE = os.path.dirname(ENTRY)
REQUIREMENTS = {"run": ["requirements.txt"], "test": ["requirements.txt", "requirements-dev.txt"]}


def tkinter_is_here() -> bool:
    """Does the Python that runs now have tkinter, and the libraries that it loads?"""
    from importlib.util import find_spec

    try:
        import _tkinter  # noqa: F401
    except ImportError:
        return False
    return find_spec("tkinter") is not None


class Environment:
    """The virtual environment of the checkout in *folder*."""

    def __init__(self, folder: str = HERE) -> None:
        self.folder = folder
        self.path = os.path.join(folder, ".venv")
        self.python = os.path.join(self.path, *(("Scripts", "python.exe") if WINDOWS else ("bin", "python")))
        self.log = os.path.join(folder, ".venv", "install.log")
        self._stamp = os.path.join(self.path, "messenger.json")
        self._unfinished = os.path.join(self.path, "unfinished")
        self._lock = os.path.join(folder, ".venv.lock")

    def state(self, wanted: str) -> str:
        """ "ready", "bare", "unfinished" or "missing", for the requirements *wanted* ("run" or "test")."""
        if not os.path.isdir(self.path):
            return "missing"
        if os.path.exists(self._unfinished):
            return "unfinished"
        if not os.path.exists(self.python):  # also false when the Python that it links to is gone
            return "missing"
        stamp = self._read_stamp()
        if stamp and stamp.get("folder") != os.path.realpath(self.path):
            return "missing"
        if stamp.get("interpreter") != self._interpreter() and not self._works(stamp.get("version")):
            return "missing"
        site, installed = site_packages(self.path), stamp.get("installed")
        files = installed.get(self.hash_of(wanted)) if isinstance(installed, dict) else None
        if files is None:  # pip would leave half a package alone
            return "missing" if lacks(site, files_of(site, self._requirements(wanted))) else "bare"
        return "missing" if lacks(site, files) else "ready"

    def has_tkinter(self) -> bool:
        """Does the environment's Python have tkinter? If there is no environment: will it, once it is made?"""
        if not os.path.exists(self.python) or self.base() == os.path.realpath(sys.executable):
            return tkinter_is_here()
        return subprocess.call([self.python, "-c", "import _tkinter, tkinter"], stderr=subprocess.DEVNULL) == 0

    def _state(self, wanted: str, window: bool) -> str:
        state = self.state(wanted)
        return "missing" if window and state in ("ready", "bare") and not self.has_tkinter() else state

    def hash_of(self, wanted: str) -> str:
        digest = hashlib.sha256()
        for name in self._requirements(wanted):
            with open(name, "rb") as file:
                digest.update(file.read().replace(b"\r\n", b"\n") + b"\0")
        return digest.hexdigest()

    def _requirements(self, wanted: str) -> List[str]:
        return [os.path.join(self.folder, name) for name in REQUIREMENTS[wanted]]

    def prepare(self, wanted: str, window: bool = False) -> None:
        """Return when the environment is ready for *wanted*; for a *window* its Python must have tkinter.

        Two starts at once take turns. Raises Trouble.
        """
        if self._state(wanted, window) == "ready":
            return
        try:
            with open(self._lock, "a+b") as lock:
                self._take(lock)
                state = self._state(wanted, window)  # the other start may have done it
                if state != "ready":
                    self._prepare(wanted, state, [] if WINDOWS else [lock.fileno()])
        except OSError as error:
            raise unwritable(error, self.path) from error

    def remove(self) -> None:
        if os.path.islink(self.path):
            os.unlink(self.path)
        elif os.path.isdir(self.path):
            shutil.rmtree(self.path)

    def base(self) -> str:
        """The Python that the environment was made with."""
        return os.path.realpath(self.python)

    def _take(self, lock: Any) -> None:
        """Hold *lock* until its file is closed; the system frees it when the process dies."""
        told = False
        while True:
            try:
                if WINDOWS:
                    import msvcrt

                    lock.seek(0)
                    msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
                else:
                    import fcntl

                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                if not told:
                    say(_("Another start is installing; waiting for it …"))
                    told = True
                time.sleep(0.2)

    def _prepare(self, wanted: str, state: str, keep: List[int]) -> None:
        begun = time.monotonic()
        if state in ("missing", "unfinished"):
            if os.path.isdir(self.path):
                if not self._is_ours():
                    raise Trouble(
                        NOT_INSTALLED,
                        "{path} is not a virtual environment; move it away, then run: {command}",
                        path=self.path,
                    )
                say(_("The environment was unfinished, incomplete, moved, or made for another Python: making it anew."))
                self.remove()
            self._make(keep)
        self._install(wanted, keep)
        say(_("Ready in {seconds:.0f} s.").format(seconds=time.monotonic() - begun))

    def _is_ours(self) -> bool:
        known = ("pyvenv.cfg", "unfinished", "messenger.json")
        return not os.listdir(self.path) or any(os.path.exists(os.path.join(self.path, name)) for name in known)

    def _make(self, keep: List[int]) -> None:
        from importlib.util import find_spec

        missing = Trouble(
            NO_ENSUREPIP,
            "{path} cannot make virtual environments, because its ensurepip is missing; run: {command}",
            path=sys.executable,
            command=mending("ensurepip"),
        )
        if find_spec("venv") is None or find_spec("ensurepip") is None:
            raise missing
        say(_("Making the environment") + " " + self.path)
        os.makedirs(self.path)
        self._touch(self._unfinished)
        base = getattr(sys, "_base_executable", sys.executable) or sys.executable
        # Apart from each other, because venv keeps to itself what ensurepip says.
        for command in (
            [base, "-m", "venv", "--without-pip", self.path],
            [self.python, "-Im", "ensurepip", "--upgrade", "--default-pip"],
        ):
            lines: List[str] = []
            if run_lines(command, lines.append, lambda: None, keep) != 0:
                said = "\n".join(lines)
                cause = known_failure(said, self.path)  # before room is made again
                self.remove()
                if re.search("No module named '?ensurepip", said):
                    raise missing
                raise cause or Trouble(
                    NOT_INSTALLED,
                    "The environment cannot be made ({reason}); to try again, run: {command}",
                    reason=last_error(said),
                )
        os.unlink(self._unfinished)

    def _install(self, wanted: str, keep: List[int]) -> None:
        names = self._requirements(wanted)
        progress = Progress("Installing", sum(count_pins(name) for name in names))
        said: List[str] = []

        def hear(line: str) -> None:
            said.append(line)
            tell_progress(progress, line)

        options = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--prefer-binary"]
        if "PIP_RETRIES" not in os.environ:
            options += ["--retries", "2"]
        self._touch(self._unfinished)
        pip = [self.python, "-m", "pip", "install"] + options + ["-r", names[-1]]
        code = run_lines(pip, hear, progress.tick, keep)
        progress.end()
        with open(self.log, "w", encoding="utf-8") as log:
            log.write("\n".join(said) + "\n")
        if code != 0:
            if not any(line.startswith("Installing collected packages") for line in said):
                os.unlink(self._unfinished)  # pip has changed nothing yet: what was there is still good
            raise failure("\n".join(said), self.log)
        # requirements-dev.txt includes requirements.txt, so that who has "test" has "run"
        self._write_stamp([name for name in REQUIREMENTS if set(REQUIREMENTS[name]) <= set(REQUIREMENTS[wanted])])
        os.unlink(self._unfinished)

    def _works(self, version: Optional[str] = None) -> bool:
        """Does the environment's Python run, with pip, new enough, and as *version* if given?"""
        ask = "import sys, pip; print('{}.{}'.format(*sys.version_info[:2])); sys.exit(sys.version_info < (3, 11))"
        try:
            answer = subprocess.run(
                [self.python, "-c", ask],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=30,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return answer.returncode == 0 and version in (None, answer.stdout.decode().strip())

    def _interpreter(self) -> List[Any]:
        """What changes when the Python under the environment is replaced."""
        real = os.path.realpath(self.python)
        status = os.stat(real)
        return [real, status.st_size, int(status.st_mtime)]

    def _version(self) -> str:
        """The "3.11" of the Python that the environment was made with, which need not be the one that runs now."""
        with open(os.path.join(self.path, "pyvenv.cfg"), encoding="utf-8") as file:
            found = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", file.read(), re.MULTILINE)
        return found.group(1) if found else ""

    def _read_stamp(self) -> Dict[str, Any]:
        try:
            with open(self._stamp, encoding="utf-8") as file:
                stamp = json.load(file)
        except (OSError, ValueError):  # absent or torn: as good as none
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _write_stamp(self, installed: List[str]) -> None:
        site = site_packages(self.path)
        stamp = {
            "folder": os.path.realpath(self.path),
            "interpreter": self._interpreter(),
            "version": self._version(),
            # What is not there right after the installation (a virus scanner?) would not be after the next one either.
            "installed": {
                self.hash_of(name): there(site, files_of(site, self._requirements(name))) for name in installed
            },
        }
        with open(self._stamp + ".new", "w", encoding="utf-8") as file:
            json.dump(stamp, file, indent=1)
        os.replace(self._stamp + ".new", self._stamp)

    @staticmethod
    def _touch(path: str) -> None:
        with open(path, "wb"):
            pass
