"""Moves the relay to this computer: a child process fetches it (`python -m relay move …`), as another one will run it afterwards.

It gives up when its standard input ends, which the system sees to however this client ends; from the last step on it does not, so that the
relay is nowhere in between. What it says are lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast, get_args

from common.crypto.identity import BadRelayId, parse_relay_id
from desktop.locale import _
from desktop.moves import MovePhase, MoveShown

LOOKED_BACK_S: Final = 5.0
"""The rate is that of so many seconds."""
_ROOT: Final = Path(__file__).parent.parent
_NO_WINDOW_ON_WINDOWS: Final = 0x08000000
_ENDS: Final[dict[str, MovePhase]] = {"not_moved": "not_moved", "given_up": "given_up", "in_doubt": "in_doubt"}

_log = logging.getLogger(__name__)


class Moving:
    """At most one move at a time. Every method may be called from any thread and returns at once."""

    def __init__(
        self,
        tell: Callable[[MoveShown], None],
        options: Sequence[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """*tell* is called in a thread of this class. *options*: where the relay's data and key are to be, when not as the settings say."""
        self._tell = tell
        self._options = tuple(options)
        self._clock = clock
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_busy = False
        self._begun = 0
        """Moves, so far."""

    def receive(self, link: str) -> None:
        """Take over the relay of that link: told by `MoveShown`, again and again."""
        self._begin(("receive", "--stop-with-parent"), link)

    def finish(self) -> None:
        """Go on with a move that was left in doubt."""
        self._begin(("finish",), "")

    def drop(self) -> None:
        """Delete what was fetched by such a move."""
        self._begin(("give-up", "--yes"), "")

    def look(self) -> None:
        """Find out whether there is such a move: told by `MoveShown` with ``in_doubt``, or not at all."""
        with self._turn:
            begun = self._begun
        threading.Thread(target=self._look, args=(begun,), name="move look", daemon=True).start()

    def give_up(self) -> None:
        """Call it off, where it still can be."""
        with self._turn:
            process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended already
                process.stdin.close()

    def _begin(self, words: tuple[str, ...], line: str) -> None:
        with self._turn:
            if self._is_busy:
                return
            self._is_busy = True
            self._begun += 1
        threading.Thread(target=self._run, args=(words, line), name="move", daemon=True).start()

    # -- in the thread -------------------------------------------------------------------------------------------------

    def _run(self, words: tuple[str, ...], line: str) -> None:
        if words[0] != "give-up":
            self._tell(MoveShown("starting"))
        shown = MoveShown("not_moved", problem=_("The program that moves relays cannot be started."))
        try:
            process = self._launch(words)
            with self._turn:
                self._process = process
            if line:
                _say(process, line)
            shown = self._follow(process)
        except OSError as error:
            shown = MoveShown("not_moved", problem=str(error))
        finally:
            with self._turn:
                self._process, self._is_busy = None, False
        self._tell(shown)

    def _launch(self, words: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "relay", "move", *words, "--json", *self._options],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            # Ctrl+C in the terminal that the client was started from is not meant for it.
            start_new_session=sys.platform != "win32",
            creationflags=_NO_WINDOW_ON_WINDOWS if sys.platform == "win32" else 0,
        )

    def _follow(self, process: subprocess.Popen[str]) -> MoveShown:
        """Tell how far it is; what it comes to."""
        pace, shown = _Pace(self._clock), MoveShown("not_moved", problem=_("It ended without a word."))
        assert process.stdout is not None
        for line in process.stdout:
            found = _understood(line)
            if found is None:
                _log.warning("the program that moves relays says something that is not understood")
            elif found.is_under_way:
                self._tell(pace.of(found))
            else:
                shown = found
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what could not be written to it any more does not matter
                    stream.close()
        return shown

    def _look(self, begun: int) -> None:
        """*begun*: how many moves had been, for what is found may be part of one that has begun meanwhile."""
        try:
            process = self._launch(("status",))
            said, _errors = process.communicate()
        except OSError as error:
            _log.warning("whether a relay was to move here cannot be asked: %s", error)
            return
        with contextlib.suppress(
            ValueError, KeyError, TypeError
        ):  # an error of its own: then there is nothing to go on with
            is_unfinished = json.loads(said)["state"] == "unfinished"
            with self._turn:
                is_of_before = begun == self._begun and not self._is_busy
            if is_unfinished and is_of_before:
                self._tell(MoveShown("in_doubt"))


class _Pace:
    """How fast it goes, from what came in the last seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._phase = ""
        self._seen: deque[tuple[float, int]] = deque()

    def of(self, shown: MoveShown) -> MoveShown:
        """*shown*, with its rate and what is left."""
        if shown.phase != self._phase:
            self._phase = shown.phase
            self._seen.clear()
        now = self._clock()
        self._seen.append((now, shown.done))
        while now - self._seen[0][0] > LOOKED_BACK_S:
            self._seen.popleft()
        since, before = self._seen[0]
        rate = (shown.done - before) / (now - since) if now > since else 0.0
        left_s = (shown.total - shown.done) / rate if rate > 0 else None
        return MoveShown(shown.phase, shown.done, shown.total, rate, left_s)


def _say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # it has ended already, and says why
        process.stdin.write(f"{line}\n")
        process.stdin.flush()


def _understood(line: str) -> MoveShown | None:
    try:
        said: dict[str, Any] = json.loads(line)
        match said["type"]:
            case "Progress" if said["stage"] in get_args(MovePhase):
                return MoveShown(cast("MovePhase", said["stage"]), int(said["done"]), int(said["total"]))
            case "Received":
                return MoveShown("moved", relay_id=parse_relay_id(said["relay_id"]))
            case "Done":
                return MoveShown("forgotten")
            case "NotDone":
                phase = _ENDS.get(said["code"], "not_moved")
                return MoveShown(phase, reason=str(said.get("reason", "")), problem=str(said["message"]))
    except (ValueError, TypeError, KeyError, BadRelayId):
        pass
    return None
