"""The relay on this computer: a child process that this client starts, watches and stops, or lets stay.

It is a process of its own, so that a busy window or a crash of it never stops other people's talk. It ends when its standard input ends,
which the system sees to however this client ends; a line ``stay`` before that tells it to go on alone. On its standard output it says
one line of JSON when it is ready; everything else it has to say goes to a log file, whose last words explain a failed start.

One that was let stay is no child of the next client; it is found by its data folder, and stopped by an order.

Where the settings name a relay that clients are to go to, that is another machine's: the own one listens on its own addresses.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

from msgspec.structs import replace

from common.crypto.identity import BadRelayId, parse_relay_id
from common.environment import Sources
from common.errors import ConfigError
from common.protocol.limits import DEFAULT_PORT
from desktop.hosted import HostingEvent, HostingFailed, HostingReady, HostingStarting, HostingStopped
from desktop.locale import _
from desktop.standing import standing, stop_standing

START_S: Final = 60.0
"""A relay that is not ready by then is given up; key derivation on an old computer takes seconds."""
STOP_S: Final = 5.0
STAY: Final = b"stay\n"
_ROOT: Final = Path(__file__).parent.parent
_COMMAND: Final = (sys.executable, "-m", "relay", "run", "--json", "--stop-with-parent")
_EVERYWHERE: Final = ("*", "0.0.0.0", "::", "[::]")
_PORTS_TRIED: Final = 20
_SAID_MAX: Final = 600
_LOG_BYTES: Final = 8192
_LOGGED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:|{\"")
"""How a line of the log begins, as text or as JSON."""
_FLAGS_ON_WINDOWS: Final = 0x08000000 | 0x00000200
"""CREATE_NO_WINDOW and CREATE_NEW_PROCESS_GROUP."""

_log = logging.getLogger(__name__)


class Hosting:
    """At most one relay at a time. Every method may be called from any thread and returns at once, but `stop`."""

    def __init__(
        self,
        tell: Callable[[HostingEvent], None],
        log_path: Path,
        options: Sequence[str] = (),
        *,
        command: Sequence[str] = _COMMAND,
        start_s: float = START_S,
        dotenv_path: Path = _ROOT / ".env",
        data_dir: Path | None = None,
    ) -> None:
        """*tell* is called in a thread of this class. *log_path*: what the relay says goes there. *options*: more arguments.

        *data_dir*: the relay's, where it is not the one that the settings name.
        """
        self._tell = tell
        self._log_path = log_path
        self._command = tuple(command)
        self._where = () if data_dir is None else ("--data-dir", str(data_dir))
        self._options = (*options, *self._where)
        self._dotenv_path = dotenv_path
        self._start_s = start_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._is_wanted = False
        self._stands = False
        """It runs without being a child of this client."""

    @property
    def is_running(self) -> bool:
        """Whether the relay runs, or is being started, as a child of this client; or was found running."""
        with self._turn:
            return self._stands or (self._is_wanted and self._thread is not None and self._thread.is_alive())

    def start(self) -> None:
        """Start the relay: told by `HostingStarting`, then `HostingReady`, `HostingStands` or `HostingFailed`. Nothing if it runs."""
        with self._turn:
            if self._thread is not None and self._thread.is_alive():
                return
            self._is_wanted = True
            self._thread = threading.Thread(target=self._run, name="hosting", daemon=True)
            self._thread.start()

    def look(self) -> None:
        """Find out whether the relay that was let stay still runs: told by `HostingStands`, or not at all."""
        threading.Thread(target=self._look, args=(False,), name="hosting look", daemon=True).start()

    def end(self) -> None:
        """As `stop`, without waiting."""
        threading.Thread(target=self.stop, name="hosting stop", daemon=True).start()

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Ask the relay to end, and wait: told by `HostingStopped`. After *timeout_s* it is ended."""
        with self._turn:
            self._is_wanted = False
            process, thread = self._process, self._thread
            stands, self._stands = self._stands, False
        if stands:
            self._stop_standing()
        if process is not None:
            _close_input(process)
            if not _ends(process, timeout_s):
                _log.warning("the relay on this computer does not end by itself")
                process.terminate()
                if not _ends(process, 1.0):
                    process.kill()
        if thread is not None and thread is not threading.current_thread():
            thread.join(1.0)

    def let_stay(self) -> None:
        """The relay goes on when this client ends; it is no child any more, and nothing more is told of it."""
        with self._turn:
            self._is_wanted = self._stands = False
            process, self._process = self._process, None
            if process is not None and process.stdin is not None:
                with contextlib.suppress(OSError):  # it has ended just now: then there is nothing to stay
                    process.stdin.write(STAY)
                    process.stdin.flush()

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._tell(HostingStarting())
        try:
            process = self._launch()
        except (OSError, ConfigError) as error:
            self._tell(HostingFailed(_("The relay cannot be started: {reason}").format(reason=error)))
            return
        late = threading.Timer(self._start_s, process.kill)
        late.daemon = True
        late.start()
        try:
            is_ready = self._await_ready(process, late)
            while process.stdout is not None and process.stdout.read(4096):
                pass  # nothing more is said there; the end of it is the end of the relay
            code = process.wait()
        finally:
            late.cancel()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):  # what could not be written to it any more does not matter
                        stream.close()
        with self._turn:
            is_ours, self._process = self._process is process, None
            was_wanted, self._is_wanted = self._is_wanted, False
        if was_wanted and not is_ready and self._look(True):
            return
        if was_wanted:
            self._tell(HostingFailed(self._why(is_ready, code)))
        elif is_ours:
            self._tell(HostingStopped())

    def _look(self, asked: bool) -> bool:
        found = standing(self._where)
        if found is not None:
            with self._turn:
                self._stands = True
            self._tell(replace(found, asked=asked))
        return found is not None

    def _stop_standing(self) -> None:
        if problem := stop_standing(self._where):
            self._tell(HostingFailed(_("The relay on this computer does not stop: {reason}").format(reason=problem)))
        else:
            self._tell(HostingStopped())

    def _launch(self) -> subprocess.Popen[bytes]:
        where = own_place(Sources.gather({}, self._dotenv_path))
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open("wb") as log:
            process = subprocess.Popen(
                (*self._command, *where, *self._options),
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl+C in the terminal that the client was started from is not meant for the relay.
                start_new_session=sys.platform != "win32",
                creationflags=_FLAGS_ON_WINDOWS if sys.platform == "win32" else 0,
            )
        with self._turn:
            self._process = process
            is_wanted = self._is_wanted
        if not is_wanted:
            _close_input(process)
        return process

    def _await_ready(self, process: subprocess.Popen[bytes], late: threading.Timer) -> bool:
        assert process.stdout is not None
        for line in process.stdout:
            if _is_upgrading(line):
                late.cancel()  # killed in the middle, it would have to begin anew each time
                self._tell(HostingStarting(upgrading=True))
                continue
            ready = _ready(line)
            if ready is not None:
                late.cancel()
                self._tell(ready)
                return True
            _log.warning("the relay said something else than that it is ready")
        return False

    def _why(self, was_ready: bool, code: int) -> str:
        said = _last_words(self._log_path)
        if was_ready:
            return (
                _("The relay on this computer has ended unexpectedly ({code}). {said}")
                .format(code=code, said=said)
                .strip()
            )
        return _("The relay did not start. {said}").format(said=said or _("It gave no reason.")).strip()


def own_place(sources: Sources) -> tuple[str, ...]:
    """The arguments that keep the own relay from listening where *sources* say that another machine's is."""
    if sources.text("SERVER_HOST", "*") in _EVERYWHERE:
        return ()
    if not sources.is_given("SERVER_PORT"):
        return "--host", "*"
    return "--host", "*", "--port", str(_free_port())


def _free_port() -> int:
    """The usual port, or the next free one; any, when none of them is."""
    for port in range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED):
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port
    return 0


def _ready(line: bytes) -> HostingReady | None:
    try:
        said: dict[str, Any] = json.loads(line)
        if said["ready"] is not True:
            return None
        return HostingReady(
            relay_id=parse_relay_id(said["relay_id"]),
            name=str(said["name"]),
            port=int(said["port"]),
            owner_code=str(said.get("owner_code") or ""),
            recovery_code=str(said.get("recovery_code") or ""),
        )
    except (ValueError, TypeError, KeyError, BadRelayId):
        return None


def _is_upgrading(line: bytes) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and "upgrading" in said


def _ends(process: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        process.wait(within_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _close_input(process: subprocess.Popen[bytes]) -> None:
    stream: IO[bytes] | None = process.stdin
    if stream is not None:
        with contextlib.suppress(OSError):  # it has ended already
            stream.close()


def _last_words(path: Path) -> str:
    """What was said last in the log at *path*: the lines after those of the log itself, or the last of them, where they are
    a trace or the usage."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _LOG_BYTES))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    except OSError:
        return ""
    said: list[str] = []
    for line in filter(None, lines):
        said = [line] if _LOGGED.match(line) else [*said, line]
    if len(said) > 1 and _LOGGED.match(said[0]):
        said = said[1:]
    if any(line.startswith(("Traceback ", "usage:")) for line in said):
        said = said[-1:]
    return " ".join(said)[:_SAID_MAX]
